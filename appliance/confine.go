package appliance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/sluice-gateway/sluice/internal/sandbox"
)

// SandboxFile is the name of the file in a data directory that says what the
// gateway that runs there has given up.
const SandboxFile = "sandbox.json"

// Confined is a process and what it has given up.
type Confined struct {
	PID   int           `json:"pid"`
	State sandbox.State `json:"state"`
}

// SandboxReport is the content of SandboxFile, of the part sandbox of /healthz, and
// of the entry in the audit log.
type SandboxReport struct {
	Setting string         `json:"setting"`
	Kernel  sandbox.Kernel `json:"kernel"`
	Gateway Confined       `json:"gateway"`
	Door    *Confined      `json:"door,omitempty"`    // the process that holds the gate's sockets
	Lacks   []string       `json:"lacks,omitempty"`   // what cannot be given up on this system, in plain words
	Missing string         `json:"missing,omitempty"` // the errors behind it
}

// Whole reports that all that can be given up is, where it was wanted.
func (r SandboxReport) Whole() bool { return r.Setting == "off" || r.Missing == "" }

// String is one line for a person.
func (r SandboxReport) String() string {
	s := fmt.Sprintf("sandbox = %s, gateway %s", r.Setting, r.Gateway.State)
	if r.Door != nil {
		s += ", door of the gate " + r.Door.State.String()
	}
	if len(r.Lacks) > 0 && r.Setting != "off" {
		s += "; this system has " + strings.Join(r.Lacks, "; and ")
	}
	return s
}

// doored is a unit with a process that holds the gate's sockets.
type doored interface{ Door() *Confined }

// told is a unit that wants to know what was given up.
type told interface{ Confined(SandboxReport) error }

// confiner restricts the process of a unit. kernel and daemon are those of package
// sandbox, but in tests.
type confiner struct {
	kernel sandbox.Kernel
	daemon func(sandbox.Paths) (sandbox.State, error)
	log    *slog.Logger
}

// confine restricts the process as the settings say and writes down what holds.
func confine(u Unit, v *Values, config string, log *slog.Logger) error {
	k := sandbox.Look()
	return confiner{k, k.Daemon, log}.confine(u, v, config)
}

func (c confiner) confine(u Unit, v *Values, config string) error {
	r := SandboxReport{Setting: v.Text("sandbox"), Kernel: c.kernel, Gateway: Confined{PID: os.Getpid()}}
	var failure error
	if r.Setting != "off" {
		if d, ok := u.(doored); ok {
			r.Door = d.Door()
		}
		failure = c.restrict(&r, v, config)
	}
	if t, ok := u.(told); ok {
		if err := t.Confined(r); err != nil && failure == nil {
			failure = err
		}
	}
	if failure != nil {
		return failure
	}
	return writeReport(v.Text("data_dir"), r)
}

// restrict takes the rights. An error means that the gateway must not run.
func (c confiner) restrict(r *SandboxReport, v *Values, config string) error {
	p := sandboxPaths(v, config)
	if err := hidden(v.Text("data_dir"), p); err != nil {
		r.Missing = err.Error()
		return err
	}
	for _, path := range append(words(v, "sandbox_read"), append(words(v, "sandbox_write"), words(v, "load_directory")...)...) {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			c.log.Warn("a directory of the settings does not exist: if it is made now, the sandbox hides it until the next start", "path", path)
		}
	}
	var missing error
	r.Gateway.State, missing = c.daemon(p)
	if r.Door != nil && !r.Door.State.Whole() {
		missing = errors.Join(missing, fmt.Errorf("the door of the gate is not confined: %s", r.Door.State))
	}
	if missing == nil {
		c.log.Info(r.String())
		return nil
	}
	r.Lacks, r.Missing = c.kernel.Lacks(), missing.Error()
	if r.Setting == "require" {
		if len(r.Lacks) > 0 {
			return fmt.Errorf("sandbox = require, but this system has %s (%w); sandbox = try would go on without", strings.Join(r.Lacks, "; and "), missing)
		}
		return fmt.Errorf("sandbox = require, but rights could not be given up: %w; sandbox = try would go on without", missing)
	}
	c.log.Warn("the sandbox is not whole; the gateway runs all the same (sandbox = require would refuse)", "state", r.Gateway.State.String(), "error", missing)
	for _, w := range r.Lacks {
		c.log.Warn("this system has " + w)
	}
	return nil
}

func writeReport(dir string, r SandboxReport) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	name := filepath.Join(dir, SandboxFile)
	if err := os.WriteFile(name+".tmp", append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".tmp", name)
}

// words are the parts of a setting that are separated by commas.
func words(v *Values, key string) (out []string) {
	for _, s := range strings.Split(v.Text(key), ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// sandboxPaths is what a gateway still sees: its data, its configuration, what LOAD
// may read (and remove), and what Go reads for names, time zones, certificates and
// figures of the process.
func sandboxPaths(v *Values, config string) sandbox.Paths {
	p := sandbox.Paths{
		Read: []string{"/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/services", "/etc/localtime", "/etc/ssl", "/etc/pki",
			"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager/resolv.conf",
			"/usr/share/zoneinfo", "/etc/zoneinfo", "/usr/share/ca-certificates",
			"/proc/self", "/proc/stat", "/proc/sys/net/core/somaxconn", "/sys/fs/cgroup", "/sys/kernel/mm/transparent_hugepage"},
		Write: []string{v.Text("data_dir"), "/dev/null"},
	}
	for _, variable := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR", "ZONEINFO"} { // read by Go
		p.Read = append(p.Read, filepath.SplitList(os.Getenv(variable))...)
	}
	if config != "" {
		p.Read = append(p.Read, config)
	}
	p.Read = append(p.Read, words(v, "sandbox_read")...)
	p.Write = append(append(p.Write, words(v, "sandbox_write")...), words(v, "load_directory")...)
	return p
}

// hidden refuses links of the data directory to places that the sandbox would hide.
// They are not granted by themselves: whoever may write in the data directory could
// then grant everything.
func hidden(dir string, p sandbox.Paths) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Type()&fs.ModeSymlink == 0 {
			continue
		}
		name := filepath.Join(dir, e.Name())
		target, err := filepath.EvalSymlinks(name)
		if err != nil {
			continue // a link to nothing hides nothing
		}
		if !seen(target, p.Write) {
			return fmt.Errorf("%s is a link to %s, which the sandbox hides: name that place in sandbox_write, or set sandbox = off", name, target)
		}
	}
	return nil
}

// seen reports that a path without links is one of the granted ones or below one.
func seen(path string, granted []string) bool {
	for _, g := range granted {
		real, err := filepath.EvalSymlinks(g)
		if err != nil {
			continue
		}
		if real, err = filepath.Abs(real); err != nil {
			continue
		}
		if rel, err := filepath.Rel(real, path); err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
			return true
		}
	}
	return false
}
