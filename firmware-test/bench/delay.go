package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
)

// oneWay is the delay of the slow gate in each direction.
const oneWay = 100 * time.Millisecond

func slowGate() []string {
	return []string{"--delay-out", oneWay.String(), "--delay-back", oneWay.String()}
}

// slowRows measures single rows of one client through a slow gate: how fast the
// client may write, and how far the outer side is behind when it stops.
func slowRows(ctx context.Context, e *env) error {
	c, err := newChain(ctx, e, "rows", nil, slowGate()...)
	if err != nil {
		return err
	}
	defer c.kill()
	const rows = 3000
	g := telemetry.New(1, telemetry.Start)
	began := time.Now()
	for i := range int64(rows) {
		if err := c.in.Insert(ctx, g.Tablet(0, i, 1)); err != nil {
			return err
		}
	}
	written := time.Since(began)
	if err := c.drained(ctx, time.Minute); err != nil {
		return err
	}
	behind := time.Since(began) - written
	if err := c.verify(ctx, rows); err != nil {
		return err
	}
	e.add(fmt.Sprintf("single rows at %v one way: written", oneWay), fmt.Sprintf("%.0f rows/s", rows/written.Seconds()), "", true)
	e.add("  backlog when the client stops", behind.Round(time.Millisecond).String(), "<= 1s", behind <= time.Second)
	_, err = c.stop(ctx)
	return err
}

// slowTablets measures what arrives through a slow gate with the default parameters.
func slowTablets(ctx context.Context, e *env) error {
	const points = 10_000_000
	x, err := load{name: "tablets", points: points, gate: slowGate()}.run(ctx, e)
	if err != nil {
		return err
	}
	e.add(fmt.Sprintf("tablets at %v one way, default parameters: arrived", oneWay), perSecond(points/x.arrived.Seconds()), "", true)
	return nil
}

// stopAndWait compares the requests per second through a slow gate with what
// stop-and-wait allows: lanes / round trip.
func stopAndWait(ctx context.Context, e *env) error {
	const lanes = 4
	c, err := newChain(ctx, e, "law", []string{"connector.lanes", fmt.Sprint(lanes), "connector.frame.max-bytes", "262144"}, slowGate()...)
	if err != nil {
		return err
	}
	defer c.kill()
	l, err := newLoader(c.inner.RPC)
	if err != nil {
		return err
	}
	if err := c.gate.Set(ctx, "partition", "both"); err != nil { // a backlog first, so that every lane is busy from the start
		return err
	}
	if _, err := l.points(ctx, 20_000_000); err != nil {
		return err
	}
	if err := c.gate.Set(ctx, "partition", "off"); err != nil {
		return err
	}
	pause(ctx, 2*time.Second) // what was under way when the gate opened is not typical
	first, err := c.gate.Verdict(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	const window = 10 * time.Second
	pause(ctx, window)
	last, err := c.gate.Verdict(ctx)
	if err != nil {
		return err
	}
	took := time.Since(began)
	left, err := c.remaining(ctx)
	if err != nil {
		return err
	}
	if left == 0 {
		return fmt.Errorf("the backlog was gone before %v had passed", window)
	}
	requests := float64(last.Requests-first.Requests) / took.Seconds()
	law := lanes / (2 * oneWay).Seconds()
	perRequest := float64(last.BytesOut-first.BytesOut) / float64(last.Requests-first.Requests)
	e.add(fmt.Sprintf("tablets at %v one way, %d lanes, frames of %.0f KiB", oneWay, lanes, perRequest/1024), fmt.Sprintf("%.1f requests/s", requests), "", true)
	e.add("  of what stop-and-wait allows", fmt.Sprintf("%.0f %%", 100*requests/law), ">= 90 %", requests >= 0.9*law)
	if err := c.drained(ctx, drainLimit); err != nil {
		return err
	}
	if err := c.verify(ctx, l.rows); err != nil {
		return err
	}
	_, err = c.stop(ctx)
	return err
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
