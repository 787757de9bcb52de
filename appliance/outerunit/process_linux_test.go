package outerunit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/appliance"
	"github.com/sluice-gateway/sluice/appliance/gatectl"
	"github.com/sluice-gateway/sluice/appliance/outerunit"
	"github.com/sluice-gateway/sluice/firmware-test/oldkernel"
	"github.com/sluice-gateway/sluice/firmware-test/proc"
	"github.com/sluice-gateway/sluice/internal/sandbox"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// What a gateway that this test binary plays finds in its environment.
const (
	without = "TEST_KERNEL_WITHOUT" // parts of the sandbox that the kernel lacks
	unlink  = "TEST_UNLINK"         // a file that is removed before the start
)

func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "outer-gateway":
		for _, part := range strings.Fields(os.Getenv(without)) {
			if err := oldkernel.Without(oldkernel.Sandbox()[part]...); err != nil {
				panic(err)
			}
		}
		if name := os.Getenv(unlink); name != "" {
			if err := os.Remove(name); err != nil {
				panic(err)
			}
		}
		os.Exit(appliance.Main(appliance.Command(outerunit.Product())))
	case "gatectl":
		os.Exit(appliance.Main(gatectl.Command(vfs.OS())))
	}
	os.Exit(m.Run())
}

// place is where a gateway runs.
type place struct {
	t    *testing.T
	dir  string
	port string // of the gate
}

func newPlace(t *testing.T) *place {
	t.Helper()
	if testing.Short() {
		t.Skip("starts whole gateways; their parts have tests of their own for the race detector")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &place{t: t, dir: t.TempDir(), port: "127.0.0.1:0"}
	for _, name := range []string{"outer-gateway", "gatectl"} {
		if err := os.Symlink(self, filepath.Join(p.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *place) spec(env []string, flags ...string) proc.Spec {
	args := append([]string{"run", "--data", filepath.Join(p.dir, "data"), "--rpc-listen", "off", "--http-listen", "127.0.0.1:0", "--air-gap-listen", p.port}, flags...)
	return proc.Spec{Name: "outer-gateway", Path: filepath.Join(p.dir, "outer-gateway"), Args: args, Env: env, Drop: "SLUICE_", Log: filepath.Join(p.dir, "log")}
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// start starts a gateway, which must become ready, and returns its page's address.
func (p *place) start(s proc.Spec) (g *proc.Process, page string) {
	p.t.Helper()
	g, err := proc.Start(s)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(g.Kill)
	line, err := g.Await(soon(p.t), "ready ")
	if err != nil {
		p.t.Fatal(err)
	}
	f := proc.Fields(line)
	p.port = f["air-gap"]
	return g, f["http"]
}

func (p *place) report() (r appliance.SandboxReport) {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, "data", appliance.SandboxFile))
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

func (p *place) gatectl(args ...string) string {
	p.t.Helper()
	out, err := proc.Run(soon(p.t), proc.Spec{Name: "gatectl", Path: filepath.Join(p.dir, "gatectl"), Args: append([]string{"--data", filepath.Join(p.dir, "data")}, args...)})
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

func (p *place) dial() net.Conn {
	p.t.Helper()
	c, err := net.Dial("tcp", p.port)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { c.Close() })
	return c
}

func (p *place) stop(g *proc.Process) {
	p.t.Helper()
	if code, err := g.Stop(soon(p.t)); err != nil || code != 0 {
		p.t.Errorf("exit code %d, %v\n%s", code, err, g.Tail(20))
	}
}

func has(t *testing.T, where, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s does not say %q:\n%s", where, w, text)
		}
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// wholeHere skips where this test binary cannot be confined as the products can.
func wholeHere(t *testing.T) {
	t.Helper()
	if _, _, e := syscall.AllThreadsSyscall(syscall.SYS_GETPID, 0, 0, 0); e == syscall.ENOTSUP {
		t.Skip("NOT TESTED: a binary with cgo (race detector) cannot restrict all its threads; the products have none")
	}
	if len(sandbox.Look().Lacks()) > 0 {
		t.Skipf("NOT TESTED: this kernel lacks a part of the sandbox: %s", sandbox.Look())
	}
}

// TestOldKernel: where the kernel lacks a part of the sandbox, require refuses to
// start and try goes on; both say what is missing, in the log, on the page, in the
// file that gatectl shows, and in the audit log.
func TestOldKernel(t *testing.T) {
	for _, c := range []struct{ lacks, words, door string }{
		{"landlock", "no Landlock (Linux 5.19 or later; a boot option lsm= must name it)", "seccomp only"},
		{"seccomp", "no seccomp filters (Linux 4.14 or later)", "Landlock only"},
		{"landlock seccomp", "no seccomp filters (Linux 4.14 or later)", "off"},
	} {
		t.Run(c.lacks, func(t *testing.T) {
			if c.lacks == "seccomp" {
				wholeHere(t)
			}
			p := newPlace(t)
			s := p.spec([]string{without + "=" + c.lacks}, "--sandbox", "require")
			g, err := proc.Start(s)
			if err != nil {
				t.Fatal(err)
			}
			<-g.Done()
			if code, err := g.Stop(soon(t)); err != nil || code != 1 {
				t.Errorf("require: exit code %d, %v", code, err)
			}
			has(t, "the refusal", g.Tail(3), "outer-gateway: sandbox = require, but this system has", c.words, "sandbox = try would go on without")

			g, page := p.start(p.spec([]string{without + "=" + c.lacks})) // try is the default
			has(t, "the log", g.Tail(50), "level=WARN", c.words, "the sandbox is not whole")
			if r := p.report(); r.Door == nil || r.Door.State.String() != c.door {
				t.Errorf("the door: %+v, want %s", r.Door, c.door)
			}
			has(t, "gatectl sandbox status", p.gatectl("sandbox", "status"), "setting   sandbox = try", "door      "+c.door, "missing   ")
			has(t, "/metrics", fetch(t, "http://"+page+"/metrics"), "sluice_sandbox_whole 0")
			has(t, "/healthz", fetch(t, "http://"+page+"/healthz"), c.words)
			p.stop(g)
			has(t, "the audit log", p.gatectl("audit", "export", "--jsonl"), c.words)
		})
	}
}

// TestConfined: the kernel itself says that both processes are confined, and that
// only the door holds the gate's sockets.
func TestConfined(t *testing.T) {
	wholeHere(t)
	p := newPlace(t)
	g, page := p.start(p.spec(nil, "--sandbox", "require"))
	p.dial()
	r := p.report()
	for name, c := range map[string]appliance.Confined{"gateway": r.Gateway, "door": *r.Door} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.PID))
		if err != nil {
			t.Fatal(err)
		}
		has(t, name, string(text), "NoNewPrivs:\t1", "Seccomp:\t2")
	}
	has(t, "gatectl sandbox status", p.gatectl("sandbox", "status"), "gateway   on (seccomp, Landlock version", "door      on (seccomp, Landlock version", "Seccomp 2")
	has(t, "/metrics", fetch(t, "http://"+page+"/metrics"), "sluice_sandbox_whole 1")
	if n := gateSockets(t, p.port, r.Door.PID); n < 1 {
		t.Errorf("the door holds %d sockets of the gate", n)
	}
	if n := gateSockets(t, p.port, r.Gateway.PID); n != 0 {
		t.Errorf("the gateway holds %d sockets of the gate", n)
	}
	p.stop(g)
}

// gateSockets counts the sockets of a process that are bound to an address.
func gateSockets(t *testing.T, addr string, pid int) (n int) {
	t.Helper()
	table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	number, err := net.LookupPort("tcp", port)
	if err != nil {
		t.Fatal(err)
	}
	inodes := map[string]bool{}
	for _, l := range strings.Split(string(table), "\n") {
		if f := strings.Fields(l); len(f) > 9 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", number)) {
			inodes["socket:["+f[9]+"]"] = true
		}
	}
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if target, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil && inodes[target] {
			n++
		}
	}
	return n
}

// TestDoorKilled: the gateway ends with an error when its door does.
func TestDoorKilled(t *testing.T) {
	p := newPlace(t)
	g, _ := p.start(p.spec(nil))
	if err := syscall.Kill(p.report().Door.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-g.Done()
	code, err := g.Stop(soon(t))
	if err != nil || code != 1 {
		t.Errorf("exit code %d, %v", code, err)
	}
	has(t, "the log", g.Tail(3), "the door of the gate is gone")
	p.start(p.spec(nil)) // on the same port, at once
}

// TestGatewayKilled: the door ends with its gateway, resets the connections, and the
// next gateway gets the port; several times.
func TestGatewayKilled(t *testing.T) {
	p := newPlace(t)
	for range 3 {
		g, _ := p.start(p.spec(nil))
		c := p.dial()
		g.Kill()
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("a byte came")
		}
	}
}

// TestStops: SIGTERM to both processes in either order, as a service manager sends it,
// ends both softly; a door that hangs does not keep the gateway.
func TestStops(t *testing.T) {
	for _, c := range []struct {
		name   string
		before syscall.Signal // to the door
	}{{"the gateway alone", 0}, {"the door first", syscall.SIGTERM}, {"a door that hangs", syscall.SIGSTOP}} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlace(t)
			g, _ := p.start(p.spec(nil))
			door := p.report().Door.PID
			if c.before != 0 {
				if err := syscall.Kill(door, c.before); err != nil {
					t.Fatal(err)
				}
			}
			p.stop(g)
			if err := syscall.Kill(door, 0); err != syscall.ESRCH {
				t.Errorf("the door is still there: %v", err)
			}
			p.start(p.spec(nil))
		})
	}
}

// TestBinaryGone: the door is the binary that runs, also when its file has been
// removed or replaced, and when it was started by a relative path.
func TestBinaryGone(t *testing.T) {
	p := newPlace(t)
	name := filepath.Join(p.dir, "outer-gateway")
	s := p.spec([]string{unlink + "=" + name})
	s.Path, s.Dir = "./outer-gateway", p.dir
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(self, name); err != nil { // another file system
		b, err := os.ReadFile(self)
		if err == nil {
			err = os.WriteFile(name, b, 0o700)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	g, _ := p.start(s)
	if _, err := os.Stat(name); err == nil {
		t.Fatal("the file is still there")
	}
	if r := p.report(); r.Door == nil {
		t.Error("no door")
	}
	p.stop(g)
}
