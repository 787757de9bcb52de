// Command gate-simulator is a one-way gate made of software; see package gatesim.
//
//	gate-simulator --listen 127.0.0.1:0 --target 127.0.0.1:9780 --http 127.0.0.1:0
//
// It prints one line `ready listen=HOST:PORT http=HOST:PORT`, carries connections
// until SIGINT or SIGTERM, then prints the verdict as a line for people and as
// JSON. The exit code is 1 when the one-way law was broken, 2 for a bad command line.
package main

import (
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}
