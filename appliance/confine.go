package appliance

import (
	"encoding/json"
	"errors"
	"fmt"
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

// SandboxReport is the content of SandboxFile.
type SandboxReport struct {
	Setting string         `json:"setting"`
	Kernel  sandbox.Kernel `json:"kernel"`
	Gateway Confined       `json:"gateway"`
	Door    *Confined      `json:"door,omitempty"` // the process that holds the gate's sockets
	Missing string         `json:"missing,omitempty"`
}

// doored is a unit with a process that holds the gate's sockets.
type doored interface{ Door() *Confined }

// confine restricts the process as the settings say and writes down what holds.
func confine(u Unit, v *Values, config string, log *slog.Logger) error {
	r := SandboxReport{Setting: v.Text("sandbox"), Kernel: sandbox.Look(), Gateway: Confined{PID: os.Getpid()}}
	if d, ok := u.(doored); ok {
		r.Door = d.Door()
	}
	var missing error
	if r.Setting != "off" {
		r.Gateway.State, missing = sandbox.Daemon(sandboxPaths(v, config))
		if r.Door != nil && !r.Door.State.Whole() {
			missing = errors.Join(missing, fmt.Errorf("the door of the gate is not confined: %s", r.Door.State))
		}
	}
	if missing != nil {
		r.Missing = missing.Error()
		if r.Setting == "require" {
			return fmt.Errorf("sandbox = require: %w", missing)
		}
		log.Warn("the sandbox is not whole", "kernel", r.Kernel.String(), "missing", missing)
	}
	log.Info("sandbox", "setting", r.Setting, "state", r.Gateway.State.String())
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	name := filepath.Join(v.Text("data_dir"), SandboxFile)
	if err := os.WriteFile(name+".tmp", append(text, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".tmp", name)
}

// sandboxPaths is what a gateway still sees: its data, its configuration, and what Go
// reads for names, time zones, certificates and figures of the process.
func sandboxPaths(v *Values, config string) sandbox.Paths {
	p := sandbox.Paths{
		Read: []string{"/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/services", "/etc/localtime", "/etc/ssl", "/etc/pki",
			"/usr/share/zoneinfo", "/usr/share/ca-certificates", "/proc/self", "/proc/sys/net/core/somaxconn", "/sys/fs/cgroup", "/sys/kernel/mm/transparent_hugepage"},
		Write: []string{v.Text("data_dir"), "/dev/null"},
	}
	if config != "" {
		p.Read = append(p.Read, config)
	}
	list := func(key string) (out []string) {
		for _, s := range strings.Split(v.Text(key), ",") {
			if s = strings.TrimSpace(s); s != "" {
				out = append(out, s)
			}
		}
		return out
	}
	p.Read, p.Write = append(p.Read, list("sandbox_read")...), append(p.Write, list("sandbox_write")...)
	return p
}
