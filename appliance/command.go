package appliance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/sluice-gateway/sluice/internal/vfs"
	"github.com/spf13/cobra"
)

// Product is one of the two daemons as the command line sees it.
type Product struct {
	Side  Side
	Short string // one line of help
	// New wires the unit; it opens nothing yet.
	New func(v *Values, log *slog.Logger) (Unit, error)
	// Hidden are commands that only the product itself runs.
	Hidden []*cobra.Command
}

// Command returns the root command of a daemon.
func Command(p Product) *cobra.Command {
	root := &cobra.Command{Use: p.Side.String(), Short: p.Short, SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(runCommand(p), initCommand(p), configCommand(p), VersionCommand())
	root.AddCommand(p.Hidden...)
	return root
}

// Main runs a root command and returns the exit code: 0 success, 1 failure, 2 bad
// configuration, or what the error itself says by a method ExitCode.
func Main(root *cobra.Command) int {
	err := root.Execute()
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", root.Name(), err)
	if h := hint(err); h != "" {
		fmt.Fprintf(os.Stderr, "hint: %s\n", h)
	}
	var ce *ConfigError
	if errors.As(err, &ce) {
		return 2
	}
	var coded interface{ ExitCode() int }
	if errors.As(err, &coded) {
		return coded.ExitCode()
	}
	return 1
}

// hint gives the one line that helps with a likely mistake.
func hint(err error) string {
	switch {
	case errors.Is(err, vfs.ErrLocked):
		return "another gateway runs with this data directory; stop it or give another --data"
	case errors.Is(err, syscall.EADDRINUSE):
		return "the port is taken; give another one (port 0 lets the kernel choose) or off"
	case errors.Is(err, syscall.EACCES), errors.Is(err, os.ErrPermission):
		return "run as the user who owns the data directory; ports below 1024 need rights"
	}
	return ""
}

func runCommand(p Product) *cobra.Command {
	c := &cobra.Command{Use: "run", Short: "run the gateway in the foreground", Args: cobra.NoArgs}
	file := c.Flags().String("config", "", "configuration file (.yaml or .properties); none is needed")
	AddFlags(c.Flags(), p.Side)
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		v, err := loadFor(cmd, p.Side, *file)
		if err != nil {
			return err
		}
		floor := limitMemory(v.Size("memory_limit_bytes"))
		defer runtime.KeepAlive(floor)
		log := newLogger(os.Stderr, v)
		u, err := p.New(v, log)
		if err != nil {
			return err
		}
		signals := make(chan os.Signal, 2)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		defer signal.Stop(signals)
		return Serve(context.Background(), u, Host{Stdout: cmd.OutOrStdout(), Log: log, Signals: signals, Limit: v.Duration("stop_timeout"),
			Confine: func(u Unit) error { return confine(u, v, *file, log) }})
	}
	return c
}

// How the Go runtime collects garbage. There may be half as much as there is in use: most of
// that is cells of memtables, in which the collector finds no pointers, so to collect often
// costs little. The floor keeps it from collecting all the time when little is in use; it
// is never touched, so it takes no memory.
const (
	gcPercent = 50
	gcFloor   = 32 << 20
)

// limitMemory sets the soft limit of the Go runtime and how it collects, unless the
// environment did. The caller keeps what it returns.
func limitMemory(bytes int64) []byte {
	if bytes > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(bytes)
	}
	if os.Getenv("GOGC") != "" {
		return nil
	}
	debug.SetGCPercent(gcPercent)
	return make([]byte, gcFloor)
}

func loadFor(cmd *cobra.Command, side Side, file string) (*Values, error) {
	in := Input{Side: side, FileName: file, Environment: os.Environ(), Flags: cmd.Flags()}
	if file != "" {
		text, err := readLimited(file)
		if err != nil {
			return nil, err
		}
		in.FileText = text
	}
	return Load(in)
}

func readLimited(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxConfigBytes+1))
}

func newLogger(w io.Writer, v *Values) *slog.Logger {
	level := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}[v.Text("log_level")]
	o := &slog.HandlerOptions{Level: level}
	if v.Text("log_format") == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

func initCommand(p Product) *cobra.Command {
	c := &cobra.Command{Use: "init", Short: "make a data directory and a commented configuration file", Args: cobra.NoArgs}
	file := c.Flags().String("config", "", "where to write the configuration file; default gateway.yaml in the data directory")
	AddFlags(c.Flags(), p.Side)
	precision := c.Flags().String("timestamp-precision", "ms", "unit of timestamps (ms, us, ns); it cannot be changed later")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		v, err := loadFor(cmd, p.Side, "")
		if err != nil {
			return err
		}
		for _, s := range Settings() {
			if s.Key == "timestamp_precision" {
				if err := s.check(*precision); err != nil {
					return &ConfigError{[]Problem{{Source: "command line", Key: "--timestamp-precision", Message: err.Error()}}}
				}
			}
		}
		dir := v.Text("data_dir")
		id, made, err := OpenIdentity(vfs.OS(), dir, p.Side, *precision, cmd.Flags().Changed("timestamp-precision"))
		if err != nil {
			return err
		}
		name := *file
		if name == "" {
			name = filepath.Join(dir, "gateway.yaml")
		}
		if err := writeNew(name, Sample(p.Side, v, id.Precision)); err != nil {
			return err
		}
		verb := "made"
		if !made {
			verb = "kept"
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s data directory %s (cluster id %s)\nwrote %s\nnext: %s run --config %s\n", verb, dir, id.ClusterID, name, p.Side, name)
		return nil
	}
	return c
}

// writeNew refuses to overwrite a file.
func writeNew(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

func configCommand(p Product) *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "look at the configuration"}
	lint := &cobra.Command{Use: "lint FILE", Short: "check a configuration file and list every problem", Args: cobra.ExactArgs(1)}
	lint.RunE = func(cmd *cobra.Command, args []string) error {
		text, err := readLimited(args[0])
		if err != nil {
			return err
		}
		if _, err := Load(Input{Side: p.Side, FileName: args[0], FileText: text, Environment: os.Environ()}); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: no problems\n", args[0])
		return nil
	}
	reference := &cobra.Command{Use: "reference", Short: "print every setting with its default", Args: cobra.NoArgs}
	reference.RunE = func(cmd *cobra.Command, _ []string) error {
		_, err := io.WriteString(cmd.OutOrStdout(), Reference(p.Side))
		return err
	}
	c.AddCommand(lint, reference)
	return c
}

// VersionCommand prints the version of the binary.
func VersionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "print the version", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		_, err := fmt.Fprintln(cmd.OutOrStdout(), Version())
		return err
	}}
}

// Release is the version of this tree.
const Release = "0.1.0"

// Version describes the binary: release, commit and Go version.
func Version() string {
	out := "sluice " + Release
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return out
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			out += " commit " + s.Value[:12]
		}
		if s.Key == "vcs.modified" && s.Value == "true" {
			out += " (modified)"
		}
	}
	return out + " " + info.GoVersion
}
