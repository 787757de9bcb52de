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
)

func recordCommand() *cobra.Command {
	var (
		interfaces []string
		output     string
		length     time.Duration
	)
	cmd := &cobra.Command{
		Use:   "record -i INTERFACE… -o FILE",
		Short: "capture interfaces (Linux) into a pcapng file until SIGINT",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			if length > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, length)
				defer cancel()
			}
			return record(ctx, cmd.OutOrStdout(), interfaces, output)
		},
	}
	cmd.Flags().StringSliceVarP(&interfaces, "interface", "i", nil, "interface to capture; each is a cable of its name")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write")
	cmd.Flags().DurationVar(&length, "for", 0, "stop after this time")
	for _, name := range []string{"interface", "output"} {
		cobra.CheckErr(cmd.MarkFlagRequired(name))
	}
	return cmd
}

func record(ctx context.Context, stdout io.Writer, interfaces []string, output string) error {
	f, err := os.OpenFile(output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	stats, err := capture.Record(ctx, w, interfaces, func() { fmt.Fprintf(stdout, "ready: capturing %v\n", interfaces) })
	if err = errors.Join(err, w.Flush(), f.Close()); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s: %d packets, %d dropped\n", output, stats.Packets, stats.Dropped)
	return nil
}
