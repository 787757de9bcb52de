package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// runTime is more than a run ever needs.
const runTime = 4 * time.Minute

// exitImpossible is the exit code where the machine cannot do it.
const exitImpossible = 3

func main() {
	bin := flag.String("bin", "bin", "directory of the binaries")
	out := flag.String("out", "bin/e2e", "directory of captures and logs; it is emptied")
	sandbox := flag.String("sandbox", "require", "sandbox setting of both gateways")
	check := flag.Bool("check", false, "only say whether it can run here (exit code 0 or not)")
	flag.Parse()
	if err := possible(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e: CANNOT RUN HERE:", err)
		os.Exit(exitImpossible)
	}
	if *check {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin, *out, *sandbox); err != nil {
		fmt.Fprintln(os.Stderr, "\ne2e:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, bin, out, sandbox string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	if _, err = rig.Find(bin); err != nil {
		return err
	}
	if err = os.RemoveAll(out); err == nil {
		err = os.MkdirAll(out, 0o700)
	}
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sluice-e2e-")
	if err != nil {
		return err
	}
	r := &stage{bin: bin, out: out, dir: dir, sandbox: sandbox}
	defer func() {
		r.kill()
		if e := r.net.close(); e != nil {
			err = errors.Join(err, e)
		}
		if err != nil {
			err = fmt.Errorf("%w\nlogs are kept in %s", err, dir)
			return
		}
		err = os.RemoveAll(dir)
	}()
	if r.bin, err = filepath.Abs(bin); err != nil {
		return err
	}
	if err = r.net.open(ctx); err != nil {
		return err
	}
	if err = r.play(ctx); err != nil {
		return err
	}
	return r.judge(ctx)
}
