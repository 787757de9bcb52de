package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/peer"
)

// warmUp is what both sides get before the clock starts.
const warmUp = 1_000_000

// drainLimit bounds how long a backlog may need.
const drainLimit = 15 * time.Minute

// rate measures D1 end to end, and the same client writing to a real IoTDB alone.
func rate(ctx context.Context, e *env) error {
	var ours, alone float64
	for i := range e.o.best {
		r, err := rateOfChain(ctx, e, i)
		if err != nil {
			return err
		}
		ours = max(ours, r)
	}
	e.add(fmt.Sprintf("D1, %d points, 1000-row tablets, one client, best of %d", e.o.points, e.o.best), perSecond(ours), "", true)
	if !e.o.peer {
		return nil
	}
	n, err := e.peer(ctx)
	if err != nil {
		return err
	}
	defer n.Kill()
	l, err := newLoader(n.RPC())
	if err != nil {
		return err
	}
	if _, err := l.points(ctx, warmUp); err != nil {
		return err
	}
	for i := range e.o.best {
		took, err := l.points(ctx, e.o.points)
		if err != nil {
			return err
		}
		r := float64(e.o.points) / took.Seconds()
		alone = max(alone, r)
		e.add(fmt.Sprintf("  real IoTDB alone, warm, run %d", i+1), perSecond(r), "", true)
	}
	e.add("D1 end to end against a real IoTDB alone", fmt.Sprintf("%.2f x", ours/alone), ">= 0.5 x", ours >= 0.5*alone)
	return nil
}

// rateOfChain returns points per second from the first insert until the last point is outside.
func rateOfChain(ctx context.Context, e *env, i int) (float64, error) {
	name := fmt.Sprintf("rate%d", i)
	x, err := load{name: name, warm: warmUp, points: e.o.points}.run(ctx, e)
	if err != nil {
		return 0, err
	}
	if err := os.RemoveAll(e.dir + "/" + name); err != nil {
		return 0, err
	}
	r := float64(e.o.points) / x.arrived.Seconds()
	perPoint := float64(x.wire) / float64(e.o.points)
	e.add(fmt.Sprintf("  run %d: written", i+1), perSecond(float64(e.o.points)/x.written.Seconds()), "", true)
	e.add(fmt.Sprintf("  run %d: arrived outside", i+1), perSecond(r), "", true)
	e.add(fmt.Sprintf("  run %d: bytes per point on the wire", i+1), fmt.Sprintf("%.2f", perPoint), "<= 6.5", perPoint <= 6.5)
	e.add(fmt.Sprintf("  run %d: resident inner, outer", i+1), fmt.Sprintf("%s, %s", mib(x.inner), mib(x.outer)), "", true)
	return r, nil
}

// wire measures bytes per point with the compressor that receivers from 1.3.3 on take.
func wire(ctx context.Context, e *env) error {
	const points = 2_000_000
	for _, compressor := range []string{"zstd", "lz4"} {
		x, err := load{name: compressor, points: points, pipe: []string{"connector.compressor", compressor}}.run(ctx, e)
		if err != nil {
			return err
		}
		per := float64(x.last.BytesOut) / points
		target := ""
		if compressor == "zstd" {
			target = "<= 3"
		}
		e.add("bytes per point on the wire, compressor "+compressor, fmt.Sprintf("%.2f", per), target, per <= 3)
		e.add("  arrived outside", perSecond(points/x.arrived.Seconds()), "", true)
	}
	return nil
}

func perSecond(r float64) string { return fmt.Sprintf("%.2f M points/s", r/1e6) }

func mib(n int64) string { return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20)) }

// peer starts a real IoTDB. The caller kills it.
func (e *env) peer(ctx context.Context) (*peer.Node, error) {
	lib, err := peer.Fetch(ctx)
	if err != nil {
		return nil, err
	}
	return peer.Start(ctx, lib, e.dir+"/peer")
}
