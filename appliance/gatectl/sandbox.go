package gatectl

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/appliance"
	"github.com/sluice-gateway/sluice/internal/sandbox"
)

func (t *tool) sandboxCommand() *cobra.Command {
	c := &cobra.Command{Use: "sandbox", Short: "what the kernel can take from a gateway, and what it has taken"}
	c.AddCommand(&cobra.Command{Use: "status", Short: "the kernel, the gateway of --data as it wrote it down, and what the kernel says of its processes", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return t.sandboxStatus(cmd.OutOrStdout())
		}})
	return c
}

func (t *tool) sandboxStatus(w io.Writer) error {
	fmt.Fprintf(w, "kernel    %s\n", sandbox.Look())
	if err := t.check(); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(t.data, appliance.SandboxFile))
	if errors.Is(err, fs.ErrNotExist) {
		_, err = fmt.Fprintln(w, "gateway   has not run since there is a sandbox")
		return err
	}
	if err != nil {
		return err
	}
	var r appliance.SandboxReport
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("%s: %w", appliance.SandboxFile, err)
	}
	fmt.Fprintf(w, "setting   sandbox = %s\n", r.Setting)
	fmt.Fprintf(w, "gateway   %s; %s\n", r.Gateway.State, processState(r.Gateway.PID))
	if r.Door != nil {
		fmt.Fprintf(w, "door      %s; %s\n", r.Door.State, processState(r.Door.PID))
	}
	if r.Missing != "" {
		fmt.Fprintf(w, "missing   %s\n", strings.ReplaceAll(r.Missing, "\n", "; "))
	}
	return nil
}

// processState is what the kernel says of a process; it does not know Landlock.
func processState(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return fmt.Sprintf("process %d does not run", pid)
	}
	name, found := "", []string{}
	for _, l := range strings.Split(string(text), "\n") {
		key, value, _ := strings.Cut(l, ":")
		value = strings.TrimSpace(value)
		switch key {
		case "Name":
			name = value
		case "Seccomp", "Seccomp_filters", "NoNewPrivs":
			found = append(found, key+" "+value)
		}
	}
	return fmt.Sprintf("kernel about process %d (%s): %s", pid, name, strings.Join(found, ", "))
}
