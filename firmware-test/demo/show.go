package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/rig"
	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
)

// show is the demo on its way.
type show struct {
	out          io.Writer
	dir          string
	inner, outer *rig.Gateway
	gate         *rig.Simulator
	cable        cable
	in, outside  *goclient.Client
}

func (s *show) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// play is the demo from start to end.
func (s *show) play(ctx context.Context, b rig.Bin) (err error) {
	began := time.Now()
	if s.outer, err = b.Outer(ctx, s.dir); err != nil {
		return err
	}
	if s.gate, err = b.Gate(ctx, s.dir, s.outer.AirGap); err != nil {
		return err
	}
	s.record(ctx, b)
	if s.inner, err = b.Inner(ctx, s.dir); err != nil {
		return err
	}
	s.say("A one-way gate: only the inner side opens connections, bytes flow outwards,\nand at most one byte per request, all bits 0 or all bits 1, comes back.\n")
	s.say("     control network                                   office network")
	s.say("   ┌─────────────────┐        ┌──────────┐        ┌─────────────────┐")
	s.say("   │  inner-gateway  │═══════►│   gate   │═══════►│  outer-gateway  │")
	s.say("   └─────────────────┘◄─1 bit─└──────────┘◄─1 bit─└─────────────────┘")
	s.say("   clients %-15s  gate %-15s clients %s", s.inner.RPC, s.gate.Listen, s.outer.RPC)
	s.say("\nAll three run on this machine; they were ready after %v.\n", time.Since(began).Round(time.Millisecond))
	if s.in, err = goclient.Await(ctx, s.inner.RPC); err != nil {
		return err
	}
	if s.outside, err = goclient.Await(ctx, s.outer.RPC); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{s.quickStart, s.telemetry, s.outage} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// quickStart is the quick start of IoTDB's pipes, with the air-gap connector.
func (s *show) quickStart(ctx context.Context) error {
	s.say("── 1. A point crosses the gate ──────────────────────────────────────────\n")
	for _, statement := range []string{rig.AirGapPipe("a2b", s.gate.Listen), "start pipe a2b", "INSERT INTO root.db.d(time, m) values (1, 1)"} {
		s.say("inner> %s", statement)
		if err := s.in.Exec(ctx, statement); err != nil {
			return err
		}
	}
	written := time.Now()
	t, err := s.until(ctx, "SELECT ** FROM root", func(t *goclient.Table) bool { return len(t.Cells) == 1 })
	if err != nil {
		return err
	}
	s.say("outer> SELECT ** FROM root")
	t.Write(s.out)
	s.say("It was readable outside %v after the insert, and is on the disk of both sides.\n", time.Since(written).Round(time.Millisecond))
	return nil
}

// telemetry sends more than one point.
func (s *show) telemetry(ctx context.Context) error {
	const devices, rows = 10, 1000
	s.say("── 2. %d points of ordinary telemetry ──────────────────────────────\n", devices*rows*telemetry.Columns)
	g := telemetry.New(1, telemetry.Start)
	began := time.Now()
	for d := range devices {
		if err := s.in.Insert(ctx, g.Tablet(d, 0, rows)); err != nil {
			return err
		}
	}
	written := time.Since(began)
	count := "SELECT count(temperature) FROM root.plant.*"
	if _, err := s.until(ctx, count, all(devices, rows)); err != nil {
		return err
	}
	s.say("inner> insertTablet × %d: acknowledged, so durable, after %v", devices, written.Round(time.Millisecond))
	s.say("outer> all of them there %v after the first insert; the last rows of one device:", time.Since(began).Round(time.Millisecond))
	t, err := s.outside.Query(ctx, fmt.Sprintf("SELECT running, load, temperature, flow FROM root.plant.d0 WHERE time >= %d", g.Time(rows-3)))
	if err != nil {
		return err
	}
	t.Write(s.out)
	return s.aggregate(ctx, g)
}

// aggregate asks outside for figures over steps of ten seconds.
func (s *show) aggregate(ctx context.Context, g *telemetry.Generator) error {
	at := func(row int64) string { return time.UnixMilli(g.Time(row)).UTC().Format(time.RFC3339) }
	query := fmt.Sprintf("SELECT count(temperature), avg(temperature) FROM root.plant.d0 GROUP BY ([%s, %s), 10s)", at(0), at(30))
	t, err := s.outside.Query(ctx, query)
	if err != nil {
		return err
	}
	s.say("outer> %s", query)
	t.Write(s.out)
	s.say("")
	return nil
}

// outage kills the outer gateway in the middle.
func (s *show) outage(ctx context.Context) error {
	s.say("── 3. The outer gateway dies (kill -9) and comes back ───────────────────\n")
	s.outer.Kill()
	if err := s.in.Exec(ctx, "INSERT INTO root.db.d(time, m) values (2, 2), (3, 3)"); err != nil {
		return err
	}
	s.say("inner> INSERT INTO root.db.d(time, m) values (2, 2), (3, 3)    -- acknowledged: the inner side keeps it")
	if err := s.outer.Restart(ctx); err != nil {
		return err
	}
	began := time.Now()
	s.outside.Abandon()
	var err error
	if s.outside, err = goclient.Await(ctx, s.outer.RPC); err != nil {
		return err
	}
	t, err := s.until(ctx, "SELECT m FROM root.db.d", func(t *goclient.Table) bool { return len(t.Cells) == 3 })
	if err != nil {
		return err
	}
	s.say("outer> SELECT m FROM root.db.d                                 -- %v after its restart", time.Since(began).Round(time.Millisecond))
	t.Write(s.out)
	s.say("")
	return nil
}

// all reports that the counts of a table add up.
func all(devices, rows int) func(*goclient.Table) bool {
	return func(t *goclient.Table) bool {
		n := 0
		for _, row := range t.Cells {
			for _, c := range row {
				if c == fmt.Sprint(rows) {
					n++
				}
			}
		}
		return n == devices
	}
}

// until asks outside until the answer is the wanted one.
func (s *show) until(ctx context.Context, query string, ok func(*goclient.Table) bool) (*goclient.Table, error) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		t, err := s.outside.Query(ctx, query)
		var refused *goclient.StatusError
		if err != nil && !errors.As(err, &refused) { // a path that does not exist yet is no reason to give up
			return nil, err
		}
		if err == nil && ok(t) {
			return t, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("outside, %s: the rows did not arrive: %w", query, errors.Join(err, ctx.Err()))
		}
	}
}

// end prints the verdict and stops everything.
func (s *show) end() error {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if s.in == nil || s.outside == nil {
		return nil // it never began; kill does the rest
	}
	s.in.Abandon()
	s.outside.Abandon()
	err := errors.Join(s.inner.Stop(ctx), s.outer.Stop(ctx))
	v, gateErr := s.gate.Stop(ctx)
	s.say("── The gate's verdict ───────────────────────────────────────────────────\n")
	s.say("  connections opened by the inner side   %12d", v.Connections)
	s.say("  connections opened by the outer side   %12d   (there is no way to)", 0)
	s.say("  requests outwards                      %12d", v.Requests)
	s.say("  bytes outwards                         %12d", v.BytesOut)
	s.say("  bytes back                             %12d   (%d × 00, %d × ff)", v.BytesBack, v.Zeros, v.Ones)
	s.say("  violations                             %12d", v.Violations)
	err = errors.Join(err, s.prove(ctx))
	s.say("\n── Where to look next ───────────────────────────────────────────────────\n")
	s.say("  README.md           try it against your own IoTDB; configuration")
	s.say("  docs/               design, formats, reference")
	s.say("  make interop        the same with a real Apache IoTDB on both sides")
	s.say("  make crash          kill -9 and cut at random, compare every point")
	s.say("\nEverything is stopped; nothing was left behind.")
	return errors.Join(err, gateErr)
}

// kill ends whatever still runs.
func (s *show) kill() {
	if s.inner != nil {
		s.inner.Kill()
	}
	if s.outer != nil {
		s.outer.Kill()
	}
	if s.gate != nil {
		s.gate.Kill()
	}
	if s.cable.recorder != nil {
		s.cable.recorder.Kill()
	}
}
