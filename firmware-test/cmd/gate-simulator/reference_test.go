package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/firmware-test/gatesim"
)

const page = "../../../docs/reference/gate-simulator.md"

// TestReferenceGolden compares the table of settings in the reference page with
// the settings; UPDATE=1 rewrites it.
func TestReferenceGolden(t *testing.T) {
	const begin, end = "<!-- settings: generated -->\n", "<!-- end of settings -->\n"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has lost its markers", page)
	}
	var zero gatesim.Settings
	table := "| setting | default | meaning |\n|---|---|---|\n"
	for _, k := range gatesim.Keys() {
		table += fmt.Sprintf("| `%s` | `%s` | %s |\n", k[0], zero.Get(k[0]), k[1])
	}
	want := before + begin + table + end + after
	if want == string(text) {
		return
	}
	if os.Getenv("UPDATE") == "" {
		t.Fatalf("%s is not up to date; rewrite it with UPDATE=1", page)
	}
	if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}
