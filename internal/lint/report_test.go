package lint

import (
	"fmt"
	"go/ast"
	"os"
	"sort"
	"strings"
	"testing"
)

// TestReport prints the figures of the repository when REPORT is set (make report):
// they are read, not enforced.
func TestReport(t *testing.T) {
	if os.Getenv("REPORT") == "" {
		t.Log("set REPORT=1 (make report) to print the figures")
		return
	}
	r := tree(t)
	type figures struct {
		files, funcs       []int
		prod, test, remark int
	}
	per := map[string]*figures{}
	all := &figures{}
	for _, s := range r.files {
		if per[s.pkg] == nil {
			per[s.pkg] = &figures{}
		}
		for _, f := range []*figures{per[s.pkg], all} {
			if s.test {
				f.test += s.lines
				continue
			}
			f.prod += s.lines
			f.files = append(f.files, s.lines)
			for _, c := range s.ast.Comments {
				f.remark += r.span(c)
			}
			for _, d := range s.ast.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok {
					f.funcs = append(f.funcs, r.span(fn))
				}
			}
		}
	}
	names := make([]string, 0, len(per))
	for n := range per {
		names = append(names, n)
	}
	sort.Strings(names)
	var b strings.Builder
	fmt.Fprintf(&b, "%-34s %6s %6s %5s  %-14s %-12s %s\n", "package", "prod", "test", "t/p", "file p50/90/max", "func p50/90/max", "comment:code")
	line := func(n string, f *figures) {
		code := max(f.prod-f.remark, 1)
		fmt.Fprintf(&b, "%-34s %6d %6d %5.2f  %-15s %-15s %.2f\n", n, f.prod, f.test, float64(f.test)/float64(max(f.prod, 1)),
			spread(f.files), spread(f.funcs), float64(f.remark)/float64(code))
	}
	for _, n := range names {
		line(n, per[n])
	}
	line("all", all)
	fmt.Println(b.String())
}

func spread(v []int) string {
	if len(v) == 0 {
		return "-"
	}
	sort.Ints(v)
	at := func(p int) int { return v[p*(len(v)-1)/100] }
	return fmt.Sprintf("%d/%d/%d", at(50), at(90), v[len(v)-1])
}
