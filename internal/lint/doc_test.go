package lint

import (
	"go/ast"
	"go/token"
	"testing"
)

// TestPackageComments asks for a package comment in every package.
func TestPackageComments(t *testing.T) {
	r := tree(t)
	documented := map[string]bool{}
	production := map[string]bool{}
	r.production(func(s source) {
		production[s.pkg] = true
		if s.ast.Doc != nil {
			documented[s.pkg] = true
		}
	})
	for p := range production {
		if !documented[p] {
			t.Errorf("package %s has no package comment: write doc.go (what it is, a byte or state diagram, what it does not do)", p)
		}
	}
}

// TestExportedComments asks for a comment on every exported name outside tests.
func TestExportedComments(t *testing.T) {
	r := tree(t)
	r.production(func(s source) {
		if s.ast.Name.Name == "main" {
			return
		}
		for _, d := range s.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
					t.Errorf("%s:%d: %s has no comment", s.path, r.line(d), funcName(d))
				}
			case *ast.GenDecl:
				exportedSpecs(t, r, s, d)
			}
		}
	})
}

func exportedReceiver(d *ast.FuncDecl) bool {
	return d.Recv == nil || ast.IsExported(receiverName(d))
}

func exportedSpecs(t *testing.T, r *repo, s source, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
				t.Errorf("%s:%d: type %s has no comment", s.path, r.line(spec), spec.Name.Name)
			}
		case *ast.ValueSpec:
			for _, n := range spec.Names {
				if n.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					t.Errorf("%s:%d: %s has no comment", s.path, r.line(n), n.Name)
				}
			}
		}
	}
}

// TestNoInit refuses init functions and mutable package variables: what exists
// must be readable in the wiring, and tests must be able to run in parallel.
func TestNoInit(t *testing.T) {
	r := tree(t)
	r.production(func(s source) {
		for _, d := range s.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					t.Errorf("%s:%d: init function: register explicitly in the wiring", s.path, r.line(d))
				}
			case *ast.GenDecl:
				if d.Tok == token.VAR {
					globals(t, r, s, d)
				}
			}
		}
	})
}

// globals allows error values, constant tables and compile-time checks: anything
// assigned once. A variable without a value is state.
func globals(t *testing.T, r *repo, s source, d *ast.GenDecl) {
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		if len(v.Values) == 0 && !isEmbed(d, v) && !excepted(s.pkg+"."+v.Names[0].Name) {
			t.Errorf("%s:%d: package variable %s without a value is state: put it into a type", s.path, r.line(v), v.Names[0].Name)
		}
	}
}

func isEmbed(d *ast.GenDecl, v *ast.ValueSpec) bool {
	for _, doc := range []*ast.CommentGroup{d.Doc, v.Doc} {
		if doc == nil {
			continue
		}
		for _, c := range doc.List {
			if len(c.Text) > 10 && c.Text[:10] == "//go:embed" {
				return true
			}
		}
	}
	return false
}
