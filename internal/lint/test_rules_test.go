package lint

import (
	"go/ast"
	"testing"
)

// TestNoSleepInTests: a test that sleeps is slow and flaky at once. Use a
// testing/synctest bubble (where sleeping costs nothing) or wait for the event.
func TestNoSleepInTests(t *testing.T) {
	r := tree(t)
	for _, s := range r.files {
		if !s.test || importsPath(s, "testing/synctest") || excepted(s.path) {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "Sleep" {
				return true
			}
			if id, ok := sel.X.(*ast.Ident); ok && id.Name == "time" {
				t.Errorf("%s:%d: time.Sleep in a test: use testing/synctest or wait for the event itself", s.path, r.line(sel))
			}
			return true
		})
	}
}

func importsPath(s source, path string) bool {
	for _, i := range s.ast.Imports {
		if i.Path.Value == `"`+path+`"` {
			return true
		}
	}
	return false
}
