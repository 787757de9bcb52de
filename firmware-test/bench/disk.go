package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/goclient"
	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
)

// compactionLimit bounds how long the background may take to merge files.
const compactionLimit = 2 * time.Minute

// disk measures bytes per point of ordinary telemetry: after a flush, and after the
// files were merged with ZSTD.
func disk(ctx context.Context, e *env) error {
	settings := filepath.Join(e.dir, "disk.properties")
	if err := os.WriteFile(settings, []byte("store_compaction_compressor=ZSTD\nstore_compaction_bytes_per_second=0\nstore_memtable_bytes=16MiB\n"), 0o600); err != nil {
		return err
	}
	g, err := e.bin.Inner(ctx, e.dir, "--config", settings)
	if err != nil {
		return err
	}
	defer g.Kill()
	w, err := newWriters(g.RPC, e.o.points)
	if err != nil {
		return err
	}
	defer w.close()
	if _, err := w.run(ctx, 1); err != nil {
		return err
	}
	c, err := goclient.Open(ctx, g.RPC)
	if err != nil {
		return err
	}
	defer c.Abandon()
	began := time.Now()
	if err := c.Exec(ctx, "flush"); err != nil {
		return err
	}
	e.add("flush of what was in memory", ms(time.Since(began)), "", true)
	files, flushed := tsfiles(g.Dir)
	per := float64(flushed) / float64(w.points)
	e.add(fmt.Sprintf("bytes per point after the flush, %d files", files), fmt.Sprintf("%.2f", per), "<= 1.6", per <= 1.6)
	merged := settle(ctx, g.Dir, files)
	count, bytes := tsfiles(g.Dir)
	per = float64(bytes) / float64(w.points)
	e.add(fmt.Sprintf("  after compaction with ZSTD, %d files, %.1f s", count, merged.Seconds()), fmt.Sprintf("%.2f", per), "<= 1.2", per <= 1.2)
	got, err := pointsOf(ctx, c, "root.plant.**")
	if err != nil {
		return err
	}
	if got != w.points {
		return fmt.Errorf("%d points are there, %d were written", got, w.points)
	}
	return g.Stop(ctx)
}

// settle waits until the number and size of the files have not changed for a while.
func settle(ctx context.Context, dir string, files int) time.Duration {
	began, changed := time.Now(), time.Now()
	size := int64(-1)
	for ctx.Err() == nil && time.Since(began) < compactionLimit {
		n, s := tsfiles(dir)
		if n != files || s != size {
			files, size, changed = n, s, time.Now()
		}
		if time.Since(changed) > 10*time.Second {
			break
		}
		pause(ctx, 200*time.Millisecond)
	}
	return changed.Sub(began)
}

// tsfiles counts the TsFiles below the store of a data directory.
func tsfiles(dir string) (n int, size int64) {
	filepath.WalkDir(filepath.Join(dir, "store"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && strings.HasSuffix(path, ".tsfile") {
			if info, err := d.Info(); err == nil {
				n, size = n+1, size+info.Size()
			}
		}
		return nil // what vanishes while we look does not count
	})
	return n, size
}

// minutes is how many rows each device gets in the bench series.
const minutes = 12

// rowsPerCall is how many records one request carries.
const rowsPerCall = 1000

// millionSeries measures memory and start with very many series that are each
// written once a minute; here the minutes follow each other without a pause.
func millionSeries(ctx context.Context, e *env) error {
	g, err := e.bin.Inner(ctx, e.dir)
	if err != nil {
		return err
	}
	defer g.Kill()
	c, err := goclient.Open(ctx, g.RPC)
	if err != nil {
		return err
	}
	most, slowest, all := int64(0), time.Duration(0), time.Duration(0)
	for minute := range int64(minutes) {
		began := time.Now()
		for first := 0; first < e.o.devices; first += rowsPerCall {
			if err := c.InsertRows(ctx, minuteOf(minute, first, min(rowsPerCall, e.o.devices-first))); err != nil {
				return err
			}
			most = max(most, g.Resident())
		}
		took := time.Since(began)
		slowest, all = max(slowest, took), all+took
	}
	e.add(fmt.Sprintf("%d series of %d devices: a minute is written in", e.o.devices*telemetry.Columns, e.o.devices), ms(all/minutes), "", true)
	e.add(fmt.Sprintf("  the slowest of %d minutes", minutes), ms(slowest), "<= 1m0s", slowest <= time.Minute)
	e.add("  most resident", mib(most), "<= 1024 MiB", most <= 1<<30)
	c.Abandon()
	for _, end := range []struct {
		name string
		do   func() error
	}{{"kill -9", func() error { g.Kill(); return nil }}, {"stop", func() error { return g.Stop(ctx) }}} {
		if err := end.do(); err != nil {
			return err
		}
		began := time.Now()
		if err := g.Restart(ctx); err != nil {
			return err
		}
		ready := time.Since(began)
		if err := e.whole(ctx, g.RPC); err != nil {
			return err
		}
		took := time.Since(began)
		e.add("  start after "+end.name+": ready", ms(ready), "", true)
		e.add("  start after "+end.name+": every series counted, points read", ms(took), "<= 10s", took <= 10*time.Second)
		e.add("  resident after it", mib(g.Resident()), "<= 1024 MiB", g.Resident() <= 1<<30)
	}
	return g.Stop(ctx)
}

// whole checks that every series is there, and the points of some devices.
func (e *env) whole(ctx context.Context, addr string) error {
	c, err := goclient.Await(ctx, addr)
	if err != nil {
		return err
	}
	defer c.Abandon()
	t, err := c.Query(ctx, "count timeseries root.plant.**")
	if err != nil {
		return err
	}
	if want := strconv.Itoa(e.o.devices * telemetry.Columns); len(t.Cells) != 1 || t.Cells[0][0] != want {
		return fmt.Errorf("%v series are there, want %s", t.Cells, want)
	}
	for d := 0; d < e.o.devices; d += e.o.devices/10 + 1 {
		got, err := pointsOf(ctx, c, fmt.Sprintf("root.plant.l%d.d%d", d/1000, d))
		if err != nil {
			return err
		}
		if got != minutes*telemetry.Columns {
			return fmt.Errorf("device %d has %d points", d, got)
		}
	}
	return nil
}

// minuteOf makes one row of each of some devices.
func minuteOf(minute int64, first, n int) *goclient.Rows {
	r := &goclient.Rows{}
	for _, s := range telemetry.Schema() {
		r.Measurements = append(r.Measurements, s.Name)
	}
	for d := first; d < first+n; d++ {
		v := uint64(d)*31 + uint64(minute)
		b := []byte{0, byte(v & 1), 0, byte(v >> 1 & 1)}
		for range 2 {
			b = binary.BigEndian.AppendUint32(append(b, 1), uint32(v%1000))
		}
		for range 2 {
			b = binary.BigEndian.AppendUint64(append(b, 2), v)
		}
		for range 2 {
			b = binary.BigEndian.AppendUint32(append(b, 3), math.Float32bits(float32(v%700)/10))
		}
		for range 2 {
			b = binary.BigEndian.AppendUint64(append(b, 4), math.Float64bits(float64(v%4000)/100))
		}
		r.Devices = append(r.Devices, fmt.Sprintf("root.plant.l%d.d%d", d/1000, d))
		r.Times = append(r.Times, telemetry.Start+minute*60_000)
		r.Values = append(r.Values, b)
	}
	return r
}
