package lint

import (
	"go/ast"
	"strings"
	"testing"
)

// Maxima; the reasons are in docs/design/house-rules.md.
const (
	maxFileLines      = 700
	maxFuncLines      = 100
	maxWireFuncLines  = 80
	maxFields         = 15
	maxMethods        = 20
	maxIfaceMethods   = 5
	maxParams         = 5
	maxPackageLines   = 4000
	wirePathPackages  = "framing handshake inner receiver outer internal/request internal/commitlog"
	configTypeSuffixA = "Config"
	configTypeSuffixB = "Options"
)

func TestFileSize(t *testing.T) {
	r := tree(t)
	perPackage := map[string]int{}
	r.production(func(s source) {
		perPackage[s.pkg] += s.lines
		if s.lines > maxFileLines && !excepted(s.path) {
			t.Errorf("%s: %d lines, at most %d: split it by noun", s.path, s.lines, maxFileLines)
		}
	})
	for p, n := range perPackage {
		if n > maxPackageLines && !excepted(p) {
			t.Errorf("package %s: %d lines, at most %d: split the package", p, n, maxPackageLines)
		}
	}
}

func TestFunctionSize(t *testing.T) {
	r := tree(t)
	wire := map[string]bool{}
	for _, p := range strings.Fields(wirePathPackages) {
		if !r.packages()[p] {
			t.Errorf("rule names package %s, which does not exist", p)
		}
		wire[p] = true
	}
	r.production(func(s source) {
		limit := maxFuncLines
		if wire[s.pkg] {
			limit = maxWireFuncLines
		}
		for _, d := range s.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			name := s.pkg + "." + funcName(fn)
			if n := r.span(fn); n > limit && !excepted(name) {
				t.Errorf("%s:%d: %s has %d lines, at most %d", s.path, r.line(fn), name, n, limit)
			}
			if n := fn.Type.Params.NumFields(); n > maxParams && !excepted(name) {
				t.Errorf("%s:%d: %s has %d parameters, at most %d: pass a struct", s.path, r.line(fn), name, n, maxParams)
			}
		}
	})
}

func TestTypeSize(t *testing.T) {
	r := tree(t)
	methods := map[string]int{}
	r.production(func(s source) {
		for _, d := range s.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil {
				methods[s.pkg+"."+receiverName(fn)]++
			}
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			checkType(t, r, s, spec)
			return true
		})
	})
	for name, n := range methods {
		if n > maxMethods && !excepted(name) {
			t.Errorf("type %s has %d methods, at most %d", name, n, maxMethods)
		}
	}
}

func checkType(t *testing.T, r *repo, s source, spec *ast.TypeSpec) {
	name := s.pkg + "." + spec.Name.Name
	switch typ := spec.Type.(type) {
	case *ast.StructType:
		isConfig := strings.HasSuffix(name, configTypeSuffixA) || strings.HasSuffix(name, configTypeSuffixB)
		if n := typ.Fields.NumFields(); n > maxFields && !isConfig && !excepted(name) {
			t.Errorf("%s:%d: struct %s has %d fields, at most %d", s.path, r.line(spec), name, n, maxFields)
		}
	case *ast.InterfaceType:
		if n := typ.Methods.NumFields(); n > maxIfaceMethods && !excepted(name) {
			t.Errorf("%s:%d: interface %s has %d methods, at most %d: split off the optional ones", s.path, r.line(spec), name, n, maxIfaceMethods)
		}
	}
}

func funcName(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return fn.Name.Name
	}
	return receiverName(fn) + "." + fn.Name.Name
}

func receiverName(fn *ast.FuncDecl) string {
	typ := fn.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.Name
		default:
			return "?"
		}
	}
}
