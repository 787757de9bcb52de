package appliance

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/sandbox"
)

// unit is a unit with a door that notes what it is told.
type unit struct {
	door *Confined
	told *SandboxReport
}

func (*unit) Start(context.Context) (Ready, error) { return Ready{}, nil }
func (*unit) Stop(context.Context) error           { return nil }
func (*unit) Failed() <-chan error                 { return nil }
func (u *unit) Door() *Confined                    { return u.door }
func (u *unit) Confined(r SandboxReport) error     { u.told = &r; return nil }

// TestConfine: what each setting does with what the kernel can, and says.
func TestConfine(t *testing.T) {
	whole, none := sandbox.State{Seccomp: true, Landlock: 7}, sandbox.State{}
	good, bare := sandbox.Kernel{Seccomp: true, Landlock: 7, System: "linux/amd64"}, sandbox.Kernel{System: "linux/amd64"}
	for _, c := range []struct {
		name, setting  string
		kernel         sandbox.Kernel
		gateway, door  sandbox.State
		err            error
		refused, warns string
		line           string
	}{
		{"off", "off", good, whole, whole, nil, "", "", "sandbox = off, gateway off"},
		{"require, whole", "require", good, whole, whole, nil, "", "", "sandbox = require, gateway on (seccomp, Landlock version 7), door of the gate on (seccomp, Landlock version 7)"},
		{"try, whole", "try", good, whole, whole, nil, "", "", "sandbox = try, gateway on (seccomp, Landlock version 7), door of the gate on (seccomp, Landlock version 7)"},
		{"require, nothing", "require", bare, none, none, sandbox.ErrUnsupported, "sandbox = require, but this system has no seccomp filters (Linux 4.14 or later)", "", ""},
		{"try, nothing", "try", bare, none, none, sandbox.ErrUnsupported, "", "this system has no Landlock", "sandbox = try, gateway off, door of the gate off; this system has no seccomp filters (Linux 4.14 or later): the gateway could run programs and open doors, and what holds the gate's sockets could send more than a byte at a time; and no Landlock (Linux 5.19 or later; a boot option lsm= must name it): the gateway sees every file that its user may see"},
		{"require, only the door not", "require", good, whole, sandbox.State{Seccomp: true}, nil, "rights could not be given up: the door of the gate is not confined: seccomp only", "", ""},
		{"try, only the door not", "try", good, whole, none, nil, "", "the door of the gate is not confined", "sandbox = try, gateway on (seccomp, Landlock version 7), door of the gate off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			v, err := Load(Input{Side: Outer, FileName: "x.yaml", FileText: []byte("data_dir: " + dir + "\nsandbox: " + c.setting + "\n")})
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			u, asked := &unit{door: &Confined{PID: 1, State: c.door}}, false
			err = confiner{c.kernel, func(p sandbox.Paths) (sandbox.State, error) { asked = true; return c.gateway, c.err },
				slog.New(slog.NewTextHandler(&log, nil))}.confine(u, v, "")
			if asked != (c.setting != "off") {
				t.Errorf("the process was restricted: %v", asked)
			}
			if u.told == nil {
				t.Fatal("the unit was told nothing")
			}
			_, missing := os.Stat(filepath.Join(dir, SandboxFile))
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) || missing == nil {
					t.Errorf("error %v, want %q; file: %v", err, c.refused, missing)
				}
				return
			}
			if err != nil || missing != nil || u.told.String() != c.line {
				t.Errorf("error %v, file %v, says\n%s\nwant\n%s", err, missing, u.told, c.line)
			}
			if warned := strings.Contains(log.String(), "level=WARN"); warned != (c.warns != "") || !strings.Contains(log.String(), c.warns) {
				t.Errorf("the log, want %q:\n%s", c.warns, &log)
			}
		})
	}
}

// TestHiddenLink: a folder of the data directory that is a link to a place outside is
// refused, with the setting that helps; with that setting it is not.
func TestHiddenLink(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(dir, "log")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ more, want string }{{"", "which the sandbox hides: name that place in sandbox_write"}, {"sandbox_write: " + filepath.Dir(elsewhere) + "\n", ""}} {
		v, err := Load(Input{Side: Inner, FileName: "x.yaml", FileText: []byte("data_dir: " + dir + "\nsandbox: try\n" + c.more)})
		if err != nil {
			t.Fatal(err)
		}
		k := sandbox.Kernel{Seccomp: true, Landlock: 7, System: "linux/amd64"}
		err = confiner{k, func(p sandbox.Paths) (sandbox.State, error) { return sandbox.State{Seccomp: true, Landlock: 7}, nil }, slog.New(slog.DiscardHandler)}.confine(&unit{}, v, "")
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v", c.more, err)
		}
	}
}
