package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
	"github.com/sluice-gateway/sluice/firmware-test/oneway"
)

// maxShown is how many findings watch prints while it runs.
const maxShown = 100

// live is where packets are taken from.
type live struct {
	interfaces []string
	output     string // "" = no file
	length     time.Duration
}

func (l *live) flags(cmd *cobra.Command, output string) {
	f := cmd.Flags()
	f.StringSliceVarP(&l.interfaces, "interface", "i", nil, "interface to capture; each is a cable of its name")
	f.StringVarP(&l.output, "output", "o", "", output)
	f.DurationVar(&l.length, "for", 0, "stop after this time")
	cobra.CheckErr(cmd.MarkFlagRequired("interface"))
}

// context ends with SIGINT, SIGTERM or the time. A second signal kills.
func (l *live) context() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	if l.length == 0 {
		return ctx, stop
	}
	ctx, cancel := context.WithTimeout(ctx, l.length)
	return ctx, func() { cancel(); stop() }
}

// record captures until ctx ends, into the output file and into w.
func (l *live) record(ctx context.Context, w io.Writer, ready func()) (stats capture.RecordStats, err error) {
	all := []io.Writer{w}
	if l.output != "" {
		f, e := os.OpenFile(l.output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if e != nil {
			return stats, e
		}
		b := bufio.NewWriterSize(f, 1<<20)
		all = append(all, b)
		defer func() {
			if err = errors.Join(err, b.Flush(), f.Close()); err != nil && stats.Packets == 0 {
				err = errors.Join(err, os.Remove(l.output))
			}
		}()
	}
	return capture.Record(ctx, io.MultiWriter(all...), l.interfaces, ready)
}

func recordCommand() *cobra.Command {
	var l live
	cmd := &cobra.Command{
		Use:   "record -i INTERFACE… -o FILE",
		Short: "capture interfaces (Linux) into a pcapng file until Ctrl-C",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := l.context()
			defer stop()
			out := cmd.OutOrStdout()
			stats, err := l.record(ctx, io.Discard, func() { fmt.Fprintf(out, "ready: capturing %v\n", l.interfaces) })
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%s: %d packets, %d dropped\n", l.output, stats.Packets, stats.Dropped)
			return nil
		},
	}
	l.flags(cmd, "file to write")
	cobra.CheckErr(cmd.MarkFlagRequired("output"))
	return cmd
}

func watchCommand() *cobra.Command {
	var (
		l live
		o judgeOptions
	)
	cmd := &cobra.Command{
		Use:   "watch -i INTERFACE… [-o FILE]",
		Short: "capture interfaces (Linux) and judge them at the same time; Ctrl-C gives the verdict",
		Long: "Captures and judges at once: findings are printed as they come, the report when Ctrl-C or --for ends it.\n" +
			"What is judged is what -o writes, so the report can be checked against the file. Packets the kernel\n" +
			"dropped make the verdict not proven.\n\n" + exitCodes,
		Example: "  oneway-prove watch -i eth1 -i eth2 --inner 10.1.0.0/16 --outer-cable eth2 -o both.pcapng --html report.html",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := l.context()
			defer stop()
			return o.watch(ctx, &l, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	l.flags(cmd, "file to keep the capture in")
	o.flags(cmd.Flags())
	return cmd
}

// watch judges what is being captured: the recording goes through a pipe to the judge,
// in the form it has in a file.
func (o *judgeOptions) watch(ctx context.Context, l *live, stdout, stderr io.Writer) error {
	if err := o.parse(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out, in := io.Pipe()
	var stats capture.RecordStats
	recorded := make(chan error, 1)
	go func() {
		var err error
		stats, err = l.record(ctx, in, func() { fmt.Fprintf(stderr, "ready: capturing %v; Ctrl-C ends and judges\n", l.interfaces) })
		recorded <- err
		in.CloseWithError(err) // nil is io.EOF
	}()
	name := l.output
	if name == "" {
		name = "live"
	}
	r, err := o.judgeStream(name, out, stderr)
	cancel() // where judging failed
	out.CloseWithError(err)
	if failed := <-recorded; failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "%d packets captured, %d dropped\n", stats.Packets, stats.Dropped)
	return o.deliver(stdout, r)
}

func (o *judgeOptions) judgeStream(name string, src io.Reader, stderr io.Writer) (*oneway.Report, error) {
	f, err := capture.NewFile(name, "", src)
	if err != nil {
		return nil, err
	}
	shown := 0
	return judge(o.settings, capture.NewReader(f), func(f oneway.Finding) {
		if shown++; shown <= maxShown {
			fmt.Fprintf(stderr, "FINDING: %s\n", f)
		} else if shown == maxShown+1 {
			fmt.Fprintln(stderr, "FINDING: and more; the report counts them")
		}
	})
}
