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

// load is some points that are written through a chain of their own.
type load struct {
	name   string
	warm   int64 // points before the clock starts
	points int64
	pipe   []string // parameters of the pipe
	gate   []string // flags of the gate
}

// run starts the chain, warms it up, writes the points and checks that all of them
// have arrived and that the law held.
func (o load) run(ctx context.Context, e *env) (x crossing, err error) {
	c, err := newChain(ctx, e, o.name, o.pipe, o.gate...)
	if err != nil {
		return x, err
	}
	defer c.kill()
	l, err := newLoader(c.inner.RPC)
	if err != nil {
		return x, err
	}
	if o.warm > 0 {
		if _, err = l.points(ctx, o.warm); err == nil {
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
	if x.written, err = l.points(ctx, o.points); err != nil {
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
