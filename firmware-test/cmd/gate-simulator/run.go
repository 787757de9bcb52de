package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/firmware-test/gatesim"
)

// errBroken ends the command with exit code 1 and no further message.
var errBroken = errors.New("the one-way law was broken")

type options struct {
	listen, target, http, trap string
	seed                       uint64
	settings                   gatesim.Settings
}

func run(args []string, stdout, stderr io.Writer) int {
	var o options
	cmd := &cobra.Command{
		Use:           "gate-simulator --listen HOST:PORT --target HOST:PORT",
		Short:         "A one-way gate made of software",
		Long:          "Stands between the inner and the outer side of a one-way gate, enforces the one-way law,\nand can behave as badly as real gates do. Settings can be changed while it runs:\n  curl -d partition=both http://HOST:PORT/set",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), o, stdout)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.listen, "listen", "", "inner port, port 0 = chosen by the kernel (required)")
	flags.StringVar(&o.target, "target", "", "outer side's port (required)")
	flags.StringVar(&o.http, "http", "off", "control port, port 0 = chosen by the kernel, off = none")
	flags.StringVar(&o.trap, "trap", "off", "port on the outer side on which every connection is a violation, off = none")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the random faults")
	for _, k := range gatesim.Keys() {
		flags.Var(&settingFlag{key: k[0], settings: &o.settings}, k[0], k[1])
	}
	cmd.MarkFlagRequired("listen")
	cmd.MarkFlagRequired("target")
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	switch err := cmd.ExecuteContext(ctx); {
	case err == nil:
		return 0
	case errors.Is(err, errBroken):
		return 1
	default:
		fmt.Fprintln(stderr, "gate-simulator:", err)
		return 2
	}
}

// settingFlag is a pflag.Value over one key of the settings.
type settingFlag struct {
	key      string
	settings *gatesim.Settings
}

func (f *settingFlag) String() string {
	if f.settings == nil {
		return ""
	}
	return f.settings.Get(f.key)
}

func (f *settingFlag) Set(v string) error { return f.settings.Set(f.key, v) }

func (f *settingFlag) Type() string { return "value" }

// serve runs the gate until ctx ends and prints the verdict.
func serve(ctx context.Context, o options, stdout io.Writer) error {
	cfg := gatesim.Config{Listen: gatesim.ListenTCP(o.listen), Dial: gatesim.DialTCP(o.target), Seed: o.seed, Settings: o.settings}
	trapAddr := "off"
	if o.trap != "off" {
		l, err := net.Listen("tcp", o.trap)
		if err != nil {
			return fmt.Errorf("open the trap: %w", err)
		}
		cfg.Trap, trapAddr = l, l.Addr().String()
	}
	g, err := gatesim.New(cfg)
	if err != nil {
		return err
	}
	defer g.Close()
	httpAddr := "off"
	if o.http != "off" {
		l, err := net.Listen("tcp", o.http)
		if err != nil {
			return fmt.Errorf("open the control port: %w", err)
		}
		httpAddr = l.Addr().String()
		srv := &http.Server{Handler: gatesim.Control(g), ReadHeaderTimeout: 5 * time.Second}
		go srv.Serve(l)
		defer srv.Close()
	}
	line := fmt.Sprintf("ready listen=%s http=%s", g.Addr(), httpAddr)
	if o.trap != "off" {
		line += " trap=" + trapAddr
	}
	fmt.Fprintln(stdout, line)
	<-ctx.Done()
	g.Close()
	v := g.Verdict()
	fmt.Fprintln(stdout, v)
	fmt.Fprintln(stdout, v.JSON())
	if !v.OneWay() {
		return errBroken
	}
	return nil
}
