package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
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

// candidate is what is compared. The candidates take turns, so that a machine that is busy
// for a while is so for all of them.
type candidate interface {
	// round writes and reads once; sum is that of all cells read.
	round(ctx context.Context) (write, read time.Duration, sum int64, err error)
	// close ends it and returns the bytes of the file.
	close() (int64, error)
}

// outcome holds the rounds of one candidate.
type outcome struct {
	name        string
	candidate   candidate
	write, read []time.Duration
	bytes       int64
	err         error
}

// best is the fastest of the rounds: everything that is not the candidate only slows it down.
func best(rounds []time.Duration) time.Duration { return slices.Min(rounds) }

var errSum = errors.New("the cells read are not those written")

func (o *outcome) round(ctx context.Context, want int64) {
	w, r, sum, err := o.candidate.round(ctx)
	if err == nil && sum != want {
		err = errSum
	}
	o.write, o.read, o.err = append(o.write, w), append(o.read, r), err
}

func main() {
	s := setting{}
	flag.IntVar(&s.devices, "devices", 10, "devices with ten series each")
	flag.IntVar(&s.rows, "rows", 100_000, "rows of each device")
	flag.IntVar(&s.batch, "batch", 10_000, "rows of a tablet")
	flag.IntVar(&s.rounds, "rounds", 7, "rounds, in which the candidates take turns; the best of each counts")
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
	var all []*outcome
	defer func() {
		for _, o := range all {
			if o.candidate != nil {
				_, _ = o.candidate.close()
			}
		}
	}()
	for _, c := range []struct {
		name  string
		start func(context.Context, *setting, *data) (candidate, error)
	}{{"sluice tsfile", startOurs}, {"Java tsfile 2.0.1", startJava}, {"parquet-go, ZSTD", startParquet}, {"CSV + zstd", startCSV}} {
		if !strings.Contains(c.name, only) {
			continue
		}
		o := &outcome{name: c.name}
		o.candidate, o.err = c.start(ctx, &s, d)
		all = append(all, o)
	}
	compete(ctx, &s, all, d.sum())
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return report(&s, all)
}

// compete lets the candidates take turns; one that fails is out.
func compete(ctx context.Context, s *setting, all []*outcome, want int64) {
	for range s.rounds {
		for _, o := range all {
			if o.err == nil && ctx.Err() == nil {
				o.round(ctx, want)
			}
		}
	}
	for _, o := range all {
		if o.candidate == nil {
			continue
		}
		bytes, err := o.candidate.close()
		o.bytes, o.err, o.candidate = bytes, errors.Join(o.err, err), nil
	}
}

// report prints the table and whether the targets are met.
func report(s *setting, all []*outcome) error {
	fmt.Printf("%d points: %d devices, %d rows of 10 series, tablets of %d rows, best of %d rounds in turn\n\n", s.points(), s.devices, s.rows, s.batch, s.rounds)
	fmt.Printf("%-20s %14s %14s %14s\n", "", "write points/s", "read points/s", "bytes/point")
	var failed []error
	for _, o := range all {
		if o.err != nil {
			fmt.Printf("%-20s %v\n", o.name, o.err)
			failed = append(failed, fmt.Errorf("%s: %w", o.name, o.err))
			continue
		}
		fmt.Printf("%-20s %14s %14s %14.3f\n", o.name, rate(s, best(o.write)), rate(s, best(o.read)), float64(o.bytes)/float64(s.points()))
	}
	if len(all) >= 2 && all[0].err == nil && all[1].err == nil {
		a, b := all[0], all[1]
		fmt.Println()
		target("write, times Java", float64(best(b.write))/float64(best(a.write)), "at least 1.5", func(v float64) bool { return v >= 1.5 })
		target("read, times Java", float64(best(b.read))/float64(best(a.read)), "at least 3", func(v float64) bool { return v >= 3 })
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
