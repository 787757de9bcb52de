package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

// setting is what all candidates share.
type setting struct {
	dir     string
	devices int
	rows    int // of each device
	batch   int // rows of a tablet
	rounds  int
}

func (s *setting) points() int64 { return int64(s.devices) * int64(s.rows) * 10 }

// outcome is the best round of one candidate.
type outcome struct {
	name        string
	write, read time.Duration
	bytes       int64
	err         error
}

func main() {
	s := setting{}
	flag.IntVar(&s.devices, "devices", 10, "devices with ten series each")
	flag.IntVar(&s.rows, "rows", 100_000, "rows of each device")
	flag.IntVar(&s.batch, "batch", 10_000, "rows of a tablet")
	flag.IntVar(&s.rounds, "rounds", 7, "rounds; the best counts")
	only := flag.String("only", "", "run only candidates whose name contains this")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, s, *only); err != nil {
		fmt.Fprintln(os.Stderr, "tsbench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, s setting, only string) error {
	dir, err := os.MkdirTemp("", "tsbench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s.dir = dir
	d := newData(&s)
	if err := d.store(filepath.Join(dir, "data")); err != nil {
		return err
	}
	want := d.sum()
	var all []outcome
	for _, c := range []struct {
		name string
		run  func(context.Context, *setting, *data) (outcome, error)
	}{{"sluice tsfile", ours}, {"Java tsfile 2.0.1", java}, {"parquet-go, ZSTD", parquet}, {"CSV + zstd", csv}} {
		if !strings.Contains(c.name, only) {
			continue
		}
		o, err := c.run(withSum(ctx, want), &s, d)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		o.name, o.err = c.name, err
		all = append(all, o)
	}
	return report(&s, all)
}

// report prints the table and whether the targets are met.
func report(s *setting, all []outcome) error {
	fmt.Printf("%d points: %d devices, %d rows of 10 series, tablets of %d rows, best of %d rounds\n\n", s.points(), s.devices, s.rows, s.batch, s.rounds)
	fmt.Printf("%-20s %14s %14s %14s\n", "", "write points/s", "read points/s", "bytes/point")
	var failed []error
	for _, o := range all {
		if o.err != nil {
			fmt.Printf("%-20s %v\n", o.name, o.err)
			failed = append(failed, fmt.Errorf("%s: %w", o.name, o.err))
			continue
		}
		fmt.Printf("%-20s %14s %14s %14.3f\n", o.name, rate(s, o.write), rate(s, o.read), float64(o.bytes)/float64(s.points()))
	}
	if len(all) >= 2 && all[0].err == nil && all[1].err == nil {
		a, b := all[0], all[1]
		fmt.Println()
		target("write, times Java", float64(b.write)/float64(a.write), "at least 1.5", func(v float64) bool { return v >= 1.5 })
		target("read, times Java", float64(b.read)/float64(a.read), "at least 3", func(v float64) bool { return v >= 3 })
		target("size, times Java", float64(a.bytes)/float64(b.bytes), "0.97 to 1.03", func(v float64) bool { return v >= 0.97 && v <= 1.03 })
	}
	return errors.Join(failed...)
}

func rate(s *setting, d time.Duration) string {
	return fmt.Sprintf("%.1f M", float64(s.points())/d.Seconds()/1e6)
}

func target(what string, v float64, want string, met func(float64) bool) {
	verdict := "met"
	if !met(v) {
		verdict = "MISSED"
	}
	fmt.Printf("%-20s %14.2f   %s: %s\n", what, v, want, verdict)
}
