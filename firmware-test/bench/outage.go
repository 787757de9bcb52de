package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"
)

// outage measures the inner side while the outer side is gone under full load, its
// start with the backlog, and the way back.
func outage(ctx context.Context, e *env) error {
	c, err := newChain(ctx, e, "outage", nil)
	if err != nil {
		return err
	}
	defer c.kill()
	l, err := newLoader(c.inner.RPC)
	if err != nil {
		return err
	}
	if _, err := l.points(ctx, warmUp); err != nil {
		return err
	}
	c.out.Abandon()
	c.outer.Kill()
	times, sizes, err := underLoad(ctx, c, l, e.o)
	if err != nil {
		return err
	}
	most := int64(0)
	for _, s := range sizes {
		most = max(most, s)
	}
	half := len(times) / 2
	slope := slopeOf(times[half:], sizes[half:])
	load := "full load"
	if e.o.pace > 0 {
		load = fmt.Sprintf("%.1f M points/s", e.o.pace/1e6)
	}
	e.add(fmt.Sprintf("outer side gone for %v at %s, %d M points", e.o.outage, load, l.rows*10/1_000_000), mib(most)+" resident", "<= 256 MiB", most <= 256<<20)
	grown := slope * (times[len(times)-1] - times[half])
	e.add("  slope over the second half", fmt.Sprintf("%+.1f MiB/min", slope*60/(1<<20)), fmt.Sprintf("about 0 (grown by %.1f MiB, at most 4)", grown/(1<<20)), grown <= 4<<20)
	backlog := sizeOf(c.inner.Dir)
	c.in.Abandon()
	c.inner.Kill()
	began := time.Now()
	if err := c.inner.Restart(ctx); err != nil {
		return err
	}
	took := time.Since(began)
	e.add(fmt.Sprintf("start after kill -9 with a backlog of %.2f GiB", float64(backlog)/(1<<30)), ms(took), "<= 2s", took <= 2*time.Second)
	began = time.Now()
	if err := errors.Join(c.outer.Restart(ctx), c.reconnect(ctx)); err != nil {
		return err
	}
	if err := c.drained(ctx, time.Hour); err != nil {
		return err
	}
	took = time.Since(began)
	e.add("  backlog delivered", perSecond(float64(l.rows*10)/took.Seconds()), "", true)
	e.add("  resident inner, outer afterwards", mib(c.inner.Resident())+", "+mib(c.outer.Resident()), "", true)
	if err := c.verify(ctx, l.rows); err != nil {
		return err
	}
	_, err = c.stop(ctx)
	return err
}

// underLoad writes for a while and samples the resident memory of the inner gateway.
func underLoad(ctx context.Context, c *chain, l *loader, o options) (times []float64, sizes []int64, err error) {
	d, first := o.outage, l.rows
	began, sampled := time.Now(), time.Time{}
	for time.Since(began) < d {
		if ahead := time.Duration(float64((l.rows-first)*10)/max(o.pace, 1)*1e9) - time.Since(began); o.pace > 0 && ahead > 0 {
			time.Sleep(ahead)
		}
		if err := errors.Join(l.write(), ctx.Err()); err != nil {
			return nil, nil, err
		}
		if time.Since(sampled) >= 500*time.Millisecond {
			sampled = time.Now()
			times, sizes = append(times, time.Since(began).Seconds()), append(sizes, c.inner.Resident())
		}
	}
	if len(times) < 4 {
		return nil, nil, fmt.Errorf("%d samples in %v are too few", len(times), d)
	}
	return times, sizes, nil
}

// slopeOf returns the slope of the line through the samples (least squares), in bytes per second.
func slopeOf(times []float64, sizes []int64) float64 {
	var st, ss, stt, sts float64
	for i, t := range times {
		s := float64(sizes[i])
		st, ss, stt, sts = st+t, ss+s, stt+t*t, sts+t*s
	}
	n := float64(len(times))
	return (n*sts - st*ss) / (n*stt - st*st)
}

func sizeOf(dir string) (size int64) {
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil // what vanishes while we look does not count
	})
	return size
}
