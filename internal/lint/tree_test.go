package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/sluice-gateway/sluice"

// source is one parsed Go file of the repository.
type source struct {
	path  string // slash path from the repository root
	pkg   string // folder of the file, "." for the root
	test  bool
	lines int
	ast   *ast.File
}

// repo is the parsed repository: every Go file outside testdata, hidden folders
// and generated code.
type repo struct {
	fset  *token.FileSet
	root  string
	files []source
}

var load = sync.OnceValues(parseRepo)

func tree(t testing.TB) *repo {
	t.Helper()
	r, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func parseRepo() (*repo, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	r := &repo{fset: token.NewFileSet(), root: root}
	err = filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipDir(root, p, d.Name())
		}
		if !strings.HasSuffix(p, ".go") {
			return nil
		}
		return r.add(p)
	})
	return r, err
}

func skipDir(root, p, name string) error {
	if p != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin") {
		return fs.SkipDir
	}
	return nil
}

func (r *repo) add(p string) error {
	text, err := os.ReadFile(p)
	if err != nil {
		return err
	}
	f, err := parser.ParseFile(r.fset, p, text, parser.ParseComments)
	if err != nil {
		return err
	}
	if ast.IsGenerated(f) {
		return nil
	}
	rel, err := filepath.Rel(r.root, p)
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	r.files = append(r.files, source{path: rel, pkg: path.Dir(rel), test: strings.HasSuffix(rel, "_test.go"),
		lines: strings.Count(string(text), "\n"), ast: f})
	return nil
}

// production calls f for every file that is not a test.
func (r *repo) production(f func(source)) {
	for _, s := range r.files {
		if !s.test {
			f(s)
		}
	}
}

// packages returns the folders that hold Go files.
func (r *repo) packages() map[string]bool {
	m := map[string]bool{}
	for _, s := range r.files {
		m[s.pkg] = true
	}
	return m
}

func (r *repo) line(n ast.Node) int { return r.fset.Position(n.Pos()).Line }

func (r *repo) span(n ast.Node) int { return r.fset.Position(n.End()).Line - r.line(n) + 1 }
