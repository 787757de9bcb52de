package lint

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestThreatModelNamesRealTests: each `package:Test` of the threat model exists.
func TestThreatModelNamesRealTests(t *testing.T) {
	r := tree(t)
	text, err := os.ReadFile(filepath.Join(r.root, "docs", "threat-model.md"))
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, s := range r.files {
		for _, d := range s.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && s.test && fn.Recv == nil {
				have[s.pkg+":"+fn.Name.Name] = true
			}
		}
	}
	named := regexp.MustCompile("`([a-z0-9/-]+:Test[A-Za-z0-9]+)`").FindAllStringSubmatch(string(text), -1)
	if len(named) < 10 {
		t.Errorf("the threat model names %d tests", len(named))
	}
	for _, n := range named {
		if !have[n[1]] {
			t.Errorf("docs/threat-model.md names %s, which does not exist", n[1])
		}
	}
}
