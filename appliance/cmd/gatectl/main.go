// Command gatectl is the operator's tool of both gateways. It works on the files
// of a data directory, whether the gateway runs or not.
package main

import (
	"os"

	"github.com/sluice-gateway/sluice/appliance"
	"github.com/sluice-gateway/sluice/appliance/gatectl"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func main() { os.Exit(appliance.Main(gatectl.Command(vfs.OS()))) }
