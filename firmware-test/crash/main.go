package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

func main() {
	bin := flag.String("bin", "bin", "directory of the binaries")
	seed := flag.Uint64("seed", 1, "seed of the first round")
	rounds := flag.Int("rounds", 20, "number of rounds")
	dir := flag.String("dir", "", "directory for data and logs, kept afterwards; none = a temporary one, kept only after a failure")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := crash(ctx, *bin, *dir, *seed, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "crash:", err)
		stop()
		os.Exit(1)
	}
}

// crash runs all rounds on one pair of gateways.
func crash(ctx context.Context, bin, dir string, seed uint64, rounds int) (err error) {
	b, err := rig.Find(bin)
	if err != nil {
		return err
	}
	if dir == "" {
		if dir, err = os.MkdirTemp("", "sluice-crash-"); err != nil {
			return err
		}
		defer func() {
			if err == nil {
				err = os.RemoveAll(dir)
			} else {
				fmt.Fprintln(os.Stderr, "crash: data and logs are kept in", dir)
			}
		}()
	}
	p, err := start(ctx, b, dir)
	if err != nil {
		return err
	}
	defer p.kill()
	began := time.Now()
	var total tally
	var done []finished
	for r := range rounds {
		f, t, err := p.round(ctx, seed+uint64(r))
		if err != nil {
			return fmt.Errorf("round %d (repeat with SEED=%d ROUNDS=1): %w", r, seed+uint64(r), err)
		}
		fmt.Printf("round %3d seed %d: %s\n", r, seed+uint64(r), t)
		total.add(t)
		done = append(done, f)
	}
	for _, f := range done {
		if err := p.again(ctx, f.database, f.holds); err != nil {
			return fmt.Errorf("all rounds once more: %w", err)
		}
	}
	v, err := p.stop(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%d rounds in %v: %s\n%s\n", rounds, time.Since(began).Round(time.Second), total, v)
	return nil
}
