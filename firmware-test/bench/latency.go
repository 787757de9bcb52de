package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
)

// latency measures one point through an idle gate: from the call of the client
// until a query outside returns it.
func latency(ctx context.Context, e *env) error {
	c, err := newChain(ctx, e, "latency", nil)
	if err != nil {
		return err
	}
	defer c.kill()
	var took, acknowledged []time.Duration
	for i := range e.o.samples + 1 {
		at := telemetry.Start + int64(i)*telemetry.Step
		began := time.Now()
		if err := c.in.Exec(ctx, fmt.Sprintf("insert into root.plant.d0(time, m) values (%d, %d.5)", at, i)); err != nil {
			return err
		}
		ack := time.Since(began)
		if err := visible(ctx, c.out, fmt.Sprintf("select m from root.plant.d0 where time = %d", at)); err != nil {
			return err
		}
		if i > 0 { // the first one creates the series
			took, acknowledged = append(took, time.Since(began)), append(acknowledged, ack)
		}
		pause(ctx, 10*time.Millisecond) // the gate is idle again
	}
	slices.Sort(took)
	slices.Sort(acknowledged)
	e.add("one point through an idle gate, median", ms(took[len(took)/2]), "<= 20ms", took[len(took)/2] <= 20*time.Millisecond)
	e.add("  99 % of them", ms(took[len(took)*99/100]), "", true)
	e.add("  acknowledged inside, median", ms(acknowledged[len(took)/2]), "", true)
	_, err = c.stop(ctx)
	return err
}

// visible asks until a row is there.
func visible(ctx context.Context, c *goclient.Client, query string) error {
	for limit := time.Now().Add(10 * time.Second); ; {
		t, err := c.Query(ctx, query)
		var refused *goclient.StatusError
		if err != nil && !errors.As(err, &refused) {
			return err
		}
		if err == nil && len(t.Cells) == 1 {
			return nil
		}
		if time.Now().After(limit) || ctx.Err() != nil {
			return fmt.Errorf("%s: nothing after 10 s (%v)", query, err)
		}
	}
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// idle measures what a gateway costs that has nothing to do.
func idle(ctx context.Context, e *env) error {
	ready := time.Duration(1 << 62)
	for i := range 5 {
		began := time.Now()
		g, err := e.bin.Inner(ctx, fmt.Sprintf("%s/ready%d", e.dir, i))
		if err != nil {
			return err
		}
		ready = min(ready, time.Since(began))
		if err := g.Stop(ctx); err != nil {
			return err
		}
	}
	e.add("inner-gateway ready after its start, best of 5", ms(ready), "<= 300ms", ready <= 300*time.Millisecond)
	c, err := newChain(ctx, e, "idle", nil)
	if err != nil {
		return err
	}
	defer c.kill()
	pause(ctx, 3*time.Second)
	for _, g := range []struct {
		name string
		size int64
	}{{"inner-gateway", c.inner.Resident()}, {"outer-gateway", c.outer.Resident()}} {
		e.add("idle "+g.name+" with one pipe, resident", mib(g.size), "<= 40 MiB", g.size <= 40<<20)
		st, err := os.Stat(filepath.Join(string(e.bin), g.name))
		if err != nil {
			return err
		}
		e.add("  size of its binary", fmt.Sprintf("%.1f MB", float64(st.Size())/1e6), "<= 30 MB", st.Size() <= 30e6)
	}
	_, err = c.stop(ctx)
	return err
}
