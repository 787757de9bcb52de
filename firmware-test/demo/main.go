package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// demoTime is more than the demo ever needs.
const demoTime = 55 * time.Second

func main() {
	bin := flag.String("bin", "bin", "directory of the binaries")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := demo(ctx, *bin); err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		stop()
		os.Exit(1)
	}
}

func demo(ctx context.Context, bin string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, demoTime)
	defer cancel()
	b, err := rig.Find(bin)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sluice-demo-")
	if err != nil {
		return err
	}
	s := &show{out: os.Stdout, dir: dir}
	defer s.kill()
	err = errors.Join(s.play(ctx, b), s.end())
	if err != nil {
		return fmt.Errorf("%w\nlogs are kept in %s", err, dir)
	}
	return os.RemoveAll(dir)
}
