//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "e2e: network namespaces are a thing of Linux")
	os.Exit(3)
}
