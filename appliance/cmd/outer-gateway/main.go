// Command outer-gateway is the outer side of a one-way gate.
package main

import (
	"os"

	"github.com/sluice-gateway/sluice/appliance"
	"github.com/sluice-gateway/sluice/appliance/outerunit"
)

func main() { os.Exit(appliance.Main(appliance.Command(outerunit.Product()))) }
