package main

import (
	"context"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/gatesim"
)

// crossing is what a load through the gate took.
type crossing struct {
	written, arrived time.Duration
	wire             int64 // bytes towards the outside
	inner, outer     int64 // resident memory at the end
	last             gatesim.Verdict
}

// load starts a chain, warms it up, writes points through it and checks that all of
// them have arrived and that the law held.
func (e *env) load(ctx context.Context, name string, warm, points int64, pipe []string, gate ...string) (x crossing, err error) {
	c, err := newChain(ctx, e, name, pipe, gate...)
	if err != nil {
		return x, err
	}
	defer c.kill()
	l, err := newLoader(c.inner.RPC)
	if err != nil {
		return x, err
	}
	if warm > 0 {
		if _, err = l.points(ctx, warm); err == nil {
			err = c.drained(ctx, drainLimit)
		}
		if err != nil {
			return x, err
		}
	}
	before, err := c.gate.Verdict(ctx)
	if err != nil {
		return x, err
	}
	began := time.Now()
	if x.written, err = l.points(ctx, points); err != nil {
		return x, err
	}
	if err = c.drained(ctx, drainLimit); err != nil {
		return x, err
	}
	x.arrived = time.Since(began)
	x.inner, x.outer = c.inner.Resident(), c.outer.Resident()
	if x.last, err = c.gate.Verdict(ctx); err != nil {
		return x, err
	}
	x.wire = x.last.BytesOut - before.BytesOut
	if err = c.verify(ctx, l.rows); err != nil {
		return x, err
	}
	_, err = c.stop(ctx)
	return x, err
}
