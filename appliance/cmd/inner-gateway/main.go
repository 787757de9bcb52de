// Command inner-gateway is the inner side of a one-way gate.
package main

import (
	"os"

	"github.com/sluice-gateway/sluice/appliance"
	"github.com/sluice-gateway/sluice/appliance/innerunit"
)

func main() { os.Exit(appliance.Main(appliance.Command(innerunit.Product()))) }
