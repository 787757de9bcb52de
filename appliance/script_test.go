package appliance_test

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sluice-gateway/sluice/appliance"
	"github.com/sluice-gateway/sluice/appliance/gatectl"
	"github.com/sluice-gateway/sluice/appliance/innerunit"
	"github.com/sluice-gateway/sluice/appliance/outerunit"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"inner-gateway": func() { os.Exit(appliance.Main(appliance.Command(innerunit.Product()))) },
		"outer-gateway": func() { os.Exit(appliance.Main(appliance.Command(outerunit.Product()))) },
		"gatectl":       func() { os.Exit(appliance.Main(gatectl.Command(vfs.OS()))) },
	})
}

// TestScripts runs the binaries as a user does; each block of a script says what
// it pins.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}
