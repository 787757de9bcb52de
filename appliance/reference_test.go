package appliance

import (
	"os"
	"path/filepath"
	"testing"
)

// TestReferenceGolden keeps docs/reference/settings.md equal to the declarations.
// Rewrite with UPDATE=1.
func TestReferenceGolden(t *testing.T) {
	got := "# Settings\n\nGenerated from the declarations (`make docs`). A flag wins over the environment (`SLUICE_` and the name in capitals), the environment\n" +
		"over the file, the file over the default. In YAML a nested mapping joins its keys with `_`.\n\n" +
		"## inner-gateway\n\n" + Reference(Inner) + "\n## outer-gateway\n\n" + Reference(Outer)
	golden := filepath.Join("..", "docs", "reference", "settings.md")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v: run make docs", err)
	}
	if string(want) != got {
		t.Error("docs/reference/settings.md is not what the declarations say: run make docs")
	}
}
