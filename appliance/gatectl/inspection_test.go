package gatectl

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// TestInspectionPack: secrets are masked, what is missing is said, every file of the
// page is there.
func TestInspectionPack(t *testing.T) {
	data, out := t.TempDir(), filepath.Join(t.TempDir(), "pack")
	for name, text := range map[string]string{"identity.json": "{}", "gateway.yaml": "rpc_listen: 127.0.0.1:1\nssl_password: hunter2\n"} {
		if err := os.WriteFile(filepath.Join(data, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := Command(vfs.OS())
	var b bytes.Buffer
	c.SetOut(&b)
	c.SetArgs([]string{"--data", data, "inspection-pack", "-o", out, "--binary", os.Args[0]})
	if err := c.Execute(); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(filepath.Join(out, "configuration.txt"))
	if err != nil || strings.Contains(string(config), "hunter2") || !strings.Contains(string(config), "127.0.0.1:1") {
		t.Errorf("configuration %q, error %v", config, err)
	}
	page, err := os.ReadFile(filepath.Join(out, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sbom-", "clauses.csv", "none given", "SR 2.12", "对照原文核实", "sandbox.txt"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if err := c.Execute(); err == nil {
		t.Error("a pack was written over another one")
	}
}
