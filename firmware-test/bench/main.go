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
	"syscall"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/rig"
)

// options are the sizes of the runs.
type options struct {
	points  int64
	best    int
	peer    bool
	outage  time.Duration
	pace    float64 // most points per second during the outage; 0 = as fast as it goes
	samples int
	devices int // of the bench series; each has ten series
}

// bench is one group of figures.
type bench struct {
	name string
	run  func(ctx context.Context, e *env) error
}

func benches() []bench {
	return []bench{{"idle", idle}, {"latency", latency}, {"rows", slowRows}, {"tablets", slowTablets}, {"law", stopAndWait}, {"wire", wire}, {"rate", rate}, {"outage", outage},
		{"door", door}, {"disk", disk}, {"series", millionSeries}}
}

// env is what a bench has.
type env struct {
	bin     rig.Bin
	dir     string // removed after the bench
	o       options
	figures []figure
}

// figure is one measured number.
type figure struct {
	name   string
	value  string
	target string
	met    bool
}

// add notes a figure; an empty target means that there is none.
func (e *env) add(name, value, target string, met bool) {
	f := figure{name, value, target, met || target == ""}
	e.figures = append(e.figures, f)
	fmt.Println("  " + f.String())
}

func (f figure) String() string {
	s := fmt.Sprintf("%-58s %22s", f.name, f.value)
	if f.target != "" {
		s += "   target " + f.target
		if !f.met {
			s += "   MISSED"
		}
	}
	return s
}

func main() {
	var o options
	bin := flag.String("bin", "bin", "directory of the binaries")
	only := flag.String("only", "", "names of benches separated by commas (store = door,disk,series); none = all")
	flag.Int64Var(&o.points, "points", 10_000_000, "points of the rate")
	flag.IntVar(&o.best, "best", 3, "runs of the rate")
	flag.BoolVar(&o.peer, "peer", true, "measure a real IoTDB side by side")
	flag.DurationVar(&o.outage, "outage", time.Minute, "how long the outer side is gone under full load")
	flag.Float64Var(&o.pace, "pace", 0, "most points per second while the outer side is gone; 0 = full load")
	flag.IntVar(&o.samples, "samples", 200, "points of the latency")
	flag.IntVar(&o.devices, "devices", 100_000, "devices of the bench series, ten series each")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin, *only, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, bin, only string, o options) error {
	b, err := rig.Find(bin)
	if err != nil {
		return err
	}
	names := []string{}
	for _, n := range strings.Split(strings.ReplaceAll(only, "store", "door,disk,series"), ",") {
		if n != "" {
			names = append(names, n)
		}
	}
	for _, n := range names {
		if !slices.ContainsFunc(benches(), func(b bench) bool { return b.name == n }) {
			return fmt.Errorf("there is no bench %q", n)
		}
	}
	var all []figure
	var errs []error
	for _, x := range benches() {
		if len(names) > 0 && !slices.Contains(names, x.name) {
			continue
		}
		fmt.Println(x.name)
		dir, err := os.MkdirTemp("", "sluice-bench-")
		if err != nil {
			return err
		}
		e := &env{bin: b, dir: filepath.Clean(dir), o: o}
		if err := x.run(ctx, e); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w (logs in %s)", x.name, err, dir))
		} else if err := os.RemoveAll(dir); err != nil {
			errs = append(errs, err)
		}
		all = append(all, e.figures...)
		if ctx.Err() != nil {
			break
		}
	}
	fmt.Println("\nall figures")
	for _, f := range all {
		fmt.Println("  " + f.String())
	}
	return errors.Join(errs...)
}
