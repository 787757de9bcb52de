// Command oneway-prove judges captured packets of a one-way gate; see package
// oneway and docs/operate/oneway-prove.md.
//
//	oneway-prove judge --inner 10.1.0.0/16 --html report.html inner=a.pcapng outer=b.pcapng
//	oneway-prove watch -i eth1 --inner 10.1.0.0/16
//	oneway-prove record -i eth1 -i eth2 -o both.pcapng
//	oneway-prove keygen -o inspector
//	oneway-prove check --key inspector.pub report.json a.pcapng b.pcapng
//
// Exit codes of judge and watch: 0 passed, 1 failed, 3 not proven. Of check: 0 genuine, 1
// not. Of all: 2 for a command that could not be carried out.
package main

import (
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}
