package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/proc"
	"github.com/sluice-gateway/sluice/firmware-test/rig"
	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
)

// devices and rows of one load.
const (
	devices = 8
	rows    = 1000
)

// play is the traffic of a run, in order.
func (s *stage) play(ctx context.Context) (err error) {
	if err = s.startRecords(ctx); err != nil {
		return err
	}
	if err = s.startOuter(ctx); err != nil {
		return err
	}
	s.gate, err = s.start(ctx, s.net.gate, "gate-simulator", "gate-simulator",
		"--listen", gateInner+gatePort, "--target", outerHost+gatePort, "--delay-out", "2ms", "--delay-back", "1ms")
	if err != nil {
		return err
	}
	if err = s.startInner(ctx); err != nil {
		return err
	}
	for _, act := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"both sides are in their sandboxes", s.confined},
		{"schema, points and deletes cross the gate", s.traffic},
		{"the outer side scans", s.scans},
		{"the outer gateway dies and comes back", s.outage},
		{"the inner gateway dies and comes back", s.innerDeath},
		{"stop", s.end},
	} {
		began := time.Now()
		if err := act.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", act.name, err)
		}
		say("e2e: %-45s %v", act.name, time.Since(began).Round(time.Millisecond))
	}
	return nil
}

func (s *stage) exec(ctx context.Context, statements ...string) error {
	for _, q := range statements {
		if err := s.in.Exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// load writes rows first, first+1, … of every device.
func (s *stage) load(ctx context.Context, first int64) error {
	g := telemetry.New(1, telemetry.Start)
	for d := range devices {
		if err := s.in.Insert(ctx, g.Tablet(d, first, rows)); err != nil {
			return err
		}
	}
	return nil
}

// total is the number of points of one series of every device that are outside.
const total = "SELECT count(temperature) FROM root.plant.*"

func (s *stage) traffic(ctx context.Context) error {
	pipe := rig.AirGapPipe("a2b", gateInner+gatePort, rig.Everything()...)
	err := s.exec(ctx, pipe, "start pipe a2b",
		"CREATE DATABASE root.db", "CREATE TIMESERIES root.db.d.declared WITH DATATYPE=INT64, ENCODING=PLAIN",
		"INSERT INTO root.db.d(time, m) values (1, 1), (2, 2), (3, 3)")
	if err != nil {
		return err
	}
	if err := s.load(ctx, 0); err != nil {
		return err
	}
	if err := s.until(ctx, total, devices*rows); err != nil {
		return err
	}
	err = s.exec(ctx, "DELETE FROM root.db.d.m WHERE time <= 2",
		fmt.Sprintf("DELETE FROM root.plant.d0.* WHERE time < %d", telemetry.Start+100*telemetry.Step), "DELETE TIMESERIES root.plant.d1.temperature")
	if err != nil {
		return err
	}
	if err := s.until(ctx, "SELECT count(m) FROM root.db.d", 1); err != nil {
		return err
	}
	return s.until(ctx, total, (devices-1)*rows-100)
}

// confined asks gatectl, inside each namespace, what the kernel says of the processes.
func (s *stage) confined(ctx context.Context) error {
	if s.sandbox != "require" {
		say("  sandbox = %s: not looked at", s.sandbox)
		return nil
	}
	for _, side := range []struct {
		ns, name string
		lines    []string
	}{{s.net.inner, "inner", []string{"gateway   on ("}}, {s.net.outer, "outer", []string{"gateway   on (", "door      on ("}}} {
		out, err := proc.Run(ctx, proc.Spec{Name: "gatectl", Path: "ip", Args: []string{"netns", "exec", side.ns, filepath.Join(s.bin, "gatectl"), "--data", filepath.Join(s.dir, side.name), "sandbox", "status"}})
		if err != nil {
			return err
		}
		for _, l := range side.lines {
			_, rest, found := strings.Cut(out, "\n"+l)
			if rest, _, _ = strings.Cut(rest, "\n"); !found || !strings.Contains(rest, "NoNewPrivs 1, Seccomp 2") {
				return fmt.Errorf("%s gateway: no line %q of a process with a filter in:\n%s", side.name, l, out)
			}
		}
	}
	return nil
}

// scans tries every door from the outer side: the hosts of the inner cable, and the
// gate on both of its addresses.
func (s *stage) scans(context.Context) error {
	return within(s.net.outer, func() error {
		for _, addr := range []string{innerHost, gateInner, gateOuter} {
			ports := scanned()
			open, err := scan(addr, ports)
			if err != nil {
				return err
			}
			s.attempts += len(ports)
			if len(open) > 0 {
				return fmt.Errorf("%s answers on ports %v", addr, open)
			}
			answered, err := knock(addr, known())
			if err != nil {
				return err
			}
			if answered > 0 {
				return fmt.Errorf("%s answers %d datagrams", addr, answered)
			}
			s.datagrams += len(known())
		}
		return nil
	})
}

// outage kills the outer gateway under load.
func (s *stage) outage(ctx context.Context) error {
	s.outer.Kill()
	if err := s.load(ctx, rows); err != nil {
		return err
	}
	if err := s.startOuter(ctx); err != nil {
		return err
	}
	return s.until(ctx, total, (2*devices-1)*rows-100)
}

func (s *stage) innerDeath(ctx context.Context) error {
	s.inner.Kill()
	if err := s.startInner(ctx); err != nil {
		return err
	}
	if err := s.load(ctx, 2*rows); err != nil {
		return err
	}
	return s.until(ctx, total, (3*devices-1)*rows-100)
}

// until waits until the numbers in the answer to a query outside add up to want.
func (s *stage) until(ctx context.Context, query string, want int) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	last := 0
	for {
		t, err := s.outside.Query(ctx, query)
		var refused *goclient.StatusError
		if err != nil && !errors.As(err, &refused) {
			return err
		}
		if err == nil {
			if last = sum(t); last == want {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("outside, %s: %d instead of %d: %w", query, last, want, errors.Join(err, ctx.Err()))
		}
	}
}

func sum(t *goclient.Table) (n int) {
	for _, row := range t.Cells {
		for _, c := range row {
			if v, err := strconv.Atoi(c); err == nil {
				n += v
			}
		}
	}
	return n
}
