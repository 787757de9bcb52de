package lint

import (
	"go/ast"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// closure returns every package that pkg (a folder of the repository) needs.
func closure(t *testing.T, pkg string) map[string]bool {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "./"+pkg)
	cmd.Dir = tree(t).root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -deps ./%s: %v", pkg, err)
	}
	m := map[string]bool{}
	for _, p := range strings.Fields(string(out)) {
		m[p] = true
	}
	return m
}

// TestClosures: an inspector's claim, checked: the inner binary holds neither the
// accepting nor the applying side, the outer nothing of the sending side.
func TestClosures(t *testing.T) {
	rules := []struct{ pkg, never, why string }{
		{"appliance/cmd/inner-gateway", "receiver outer", "the inner daemon must not contain the accepting side"},
		{"appliance/cmd/outer-gateway", "inner", "the outer daemon must not contain the sending side"},
		{"appliance/cmd/gatectl", "inner receiver outer", "the operator's tool works on files only"},
		{"receiver", "internal/vfs internal/commitlog internal/arrival internal/auditlog outer", "who decides the answer byte must not reach a disk"},
		{"inner", "internal/commitlog internal/auditlog internal/rpc receiver outer", "the sending side sees events, not storage"},
		{"internal/audit", "internal/vfs internal/auditlog", "those who record must not reach a disk"},
		{"firmware-test/gatesim", "inner receiver outer handshake", "the judge shares no code with the judged but framing"},
		{"firmware-test/oneway", "inner receiver outer handshake internal/request", "the verifier shares no code with the daemons but framing"},
	}
	existing := tree(t).packages()
	for _, rule := range rules {
		have := closure(t, rule.pkg)
		for _, p := range strings.Fields(rule.never) {
			if !existing[p] {
				t.Errorf("rule for %s names package %s, which does not exist", rule.pkg, p)
			}
			if have[module+"/"+p] {
				t.Errorf("%s imports %s: %s", rule.pkg, p, rule.why)
			}
		}
	}
}

// TestPurePackages: the wire path is pure: no sockets, files, logs or chance.
func TestPurePackages(t *testing.T) {
	pure := strings.Fields("framing handshake internal/tablet internal/event internal/request internal/wirebuf internal/compress internal/tsfile internal/pipe/sql internal/pipe/sql/scan internal/pipe/sql/timestamp internal/status internal/result")
	banned := map[string]bool{"net": true, "net/http": true, "os": true, "os/exec": true, "log": true, "log/slog": true, "math/rand": true, "math/rand/v2": true}
	existing := tree(t).packages()
	for _, p := range pure {
		if !existing[p] {
			t.Errorf("rule names package %s, which does not exist", p)
		}
		eachImport(t, func(s source, path string) {
			if s.pkg == p && banned[path] {
				t.Errorf("%s imports %s: this package is pure; hand the result in as an argument", s.path, path)
			}
		})
	}
}

// TestNetOnlyAtTheDoors keeps sockets where they belong.
func TestNetOnlyAtTheDoors(t *testing.T) {
	allowed := strings.Fields("inner receiver internal/rpc internal/thriftsink internal/sender appliance firmware-test")
	eachImport(t, func(s source, path string) {
		if path != "net" && path != "net/http" || under(s.pkg, allowed) {
			return
		}
		t.Errorf("%s imports %s: sockets belong to %s", s.path, path, strings.Join(allowed, ", "))
	})
}

// TestFilesOnlyThroughVFS keeps file operations behind one door, so that every
// fault can be injected.
func TestFilesOnlyThroughVFS(t *testing.T) {
	allowed := strings.Fields("internal/vfs appliance firmware-test")
	eachImport(t, func(s source, path string) {
		if path == "os" && !under(s.pkg, allowed) {
			t.Errorf("%s imports os: use internal/vfs", s.path)
		}
	})
}

// TestClientsAreForTests: IoTDB's own clients are what gateways are tried with, no
// part of them.
func TestClientsAreForTests(t *testing.T) {
	eachImport(t, func(s source, path string) {
		if strings.HasPrefix(path, "github.com/apache/iotdb-client-go") && !under(s.pkg, []string{"firmware-test"}) {
			t.Errorf("%s imports %s: clients of IoTDB belong to firmware-test", s.path, path)
		}
	})
}

// TestOneAnswerSite: in package receiver, and in the door that takes its place before
// the gate, exactly one call writes to a connection, in answer.go. What door and
// gateway tell each other goes through streams with names of their own.
func TestOneAnswerSite(t *testing.T) {
	r := tree(t)
	sites := map[string][]string{"receiver": nil, "receiver/door": nil}
	writes := map[string]bool{"Write": true, "WriteTo": true, "ReadFrom": true, "WriteString": true, "Writev": true, "Sendmsg": true, "Sendto": true, "WriteMsgUnix": true,
		"Splice": true, "Tee": true, "Vmsplice": true, "Sendfile": true, "Pwrite": true, "Pwritev": true, "Copy": true, "CopyN": true, "CopyBuffer": true}
	r.production(func(s source) {
		if _, ok := sites[s.pkg]; !ok {
			return
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "SYS_WRITE" && !strings.HasSuffix(s.path, "/move_linux.go") {
				sites[s.pkg] = append(sites[s.pkg], s.path+":"+strconv.Itoa(r.line(sel)))
			}
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !writes[sel.Sel.Name] {
				return true
			}
			if x, ok := sel.X.(*ast.SelectorExpr); ok && s.pkg == "receiver/door" && (x.Sel.Name == "stream" || x.Sel.Name == "to") {
				return true // to the door; a syscall.RawConn to the gateway, which waits only: see TestCallsOfTheDoor
			}
			sites[s.pkg] = append(sites[s.pkg], s.path+":"+strconv.Itoa(r.line(call)))
			return true
		})
	})
	for pkg, found := range sites {
		if len(found) != 1 || !strings.HasPrefix(found[0], pkg+"/answer") {
			t.Errorf("calls that write to a connection in package %s: %v; exactly one is allowed, in answer.go", pkg, found)
		}
	}
}

// TestCallsOfTheDoor: besides the answer, the door writes and moves to the gateway at
// one place each, and makes no other system calls of its own that send.
func TestCallsOfTheDoor(t *testing.T) {
	r := tree(t)
	found := map[string]int{}
	r.production(func(s source) {
		if s.pkg != "receiver/door" {
			return
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && strings.HasPrefix(sel.Sel.Name, "SYS_") {
				found[filepath.Base(s.path)+" "+sel.Sel.Name]++
			}
			return true
		})
	})
	want := map[string]int{"answer_linux.go SYS_WRITE": 1, "move_linux.go SYS_WRITE": 1, "move_linux.go SYS_SPLICE": 1, "move_linux.go SYS_READ": 1, "move_linux.go SYS_IOCTL": 1}
	if !maps.Equal(found, want) {
		t.Errorf("system calls of the door: %v, want %v", found, want)
	}
}

// TestInnerNeverListens: package inner does not even name a listener.
func TestInnerNeverListens(t *testing.T) {
	r := tree(t)
	inClosure := closure(t, "inner")
	r.production(func(s source) {
		if !inClosure[module+"/"+s.pkg] {
			return
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && strings.HasPrefix(sel.Sel.Name, "Listen") {
				if id, ok := sel.X.(*ast.Ident); ok && id.Name == "net" {
					t.Errorf("%s:%d: net.%s in the closure of package inner", s.path, r.line(sel), sel.Sel.Name)
				}
			}
			return true
		})
	})
}

// TestDependencyGoldens: docs/deps/NAME.txt lists the modules outside the
// standard library in each binary; a new one is a visible change.
// Rewrite with UPDATE=1 go test ./internal/lint -run TestDependencyGoldens.
func TestDependencyGoldens(t *testing.T) {
	for _, name := range []string{"inner-gateway", "outer-gateway", "gatectl"} {
		var deps []string
		for p := range closure(t, "appliance/cmd/"+name) {
			if strings.Contains(strings.SplitN(p, "/", 2)[0], ".") {
				deps = append(deps, p)
			}
		}
		sort.Strings(deps)
		got := strings.Join(deps, "\n") + "\n"
		golden := filepath.Join(tree(t).root, "docs", "deps", name+".txt")
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Errorf("%v: run UPDATE=1 go test ./internal/lint -run TestDependencyGoldens", err)
		}
		if string(want) != got {
			t.Errorf("the packages in %s changed; look at the difference and rewrite docs/deps/%s.txt with UPDATE=1", name, name)
		}
	}
}

func eachImport(t *testing.T, f func(s source, path string)) {
	t.Helper()
	tree(t).production(func(s source) {
		for _, i := range s.ast.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			f(s, p)
		}
	})
}

func under(pkg string, roots []string) bool {
	for _, r := range roots {
		if pkg == r || strings.HasPrefix(pkg, r+"/") {
			return true
		}
	}
	return false
}
