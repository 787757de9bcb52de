package store

import (
	"context"
	"fmt"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// bench is a log on the disk with ordinary telemetry.
type bench struct {
	*rig
	dir    string
	points int
}

func newBench(b *testing.B, devices, rows, batch int) *bench {
	r := &bench{rig: &rig{t: b}, dir: b.TempDir()}
	r.openLog()
	g := telemetry.New(1, telemetry.Start)
	var recs []commitlog.Record
	for row := 0; row < rows; row += batch {
		for d := range devices {
			ev := &event.Event{Kind: event.Tablet, Tablet: g.Tablet(d, int64(row), batch)}
			p, err := event.Append(nil, ev)
			r.must(err)
			l := ev.Label()
			recs = append(recs, commitlog.Record{Label: commitlog.Label{Kind: l.Kind, Key: l.Key, Lo: l.Lo, Hi: l.Hi}, Payload: p})
			r.points += batch * telemetry.Columns
			if len(recs) == 100 {
				_, err := r.log.Append(context.Background(), recs...)
				r.must(err)
				recs = recs[:0]
			}
		}
	}
	if len(recs) > 0 {
		_, err := r.log.Append(context.Background(), recs...)
		r.must(err)
	}
	b.Cleanup(func() { _ = r.log.Close() })
	return r
}

func (r *bench) openLog() {
	l, err := commitlog.Open(vfs.OS(), path.Join(r.dir, "log"), commitlog.Config{Reserve: -1}, r.logger())
	r.must(err)
	r.log = l
}

func (r *bench) config(name string) Config {
	return Config{FS: vfs.OS(), Dir: path.Join(r.dir, name), FilesDir: path.Join(r.dir, "files"), Log: r.log, Logger: r.logger(),
		Compaction: Compaction{Off: true, BytesPerSecond: -1, Recompress: true, Compressor: tablet.Zstd}}
}

// BenchmarkStore reads a log of ordinary telemetry into memtables (read), and on into
// files (flush); then it merges the files with ZSTD.
func BenchmarkStore(b *testing.B) {
	for _, size := range []struct{ devices, rows, batch int }{{100, 5000, 1000}, {1000, 500, 10}, {1000, 200, 1}} {
		b.Run(fmt.Sprintf("devices=%d/rows=%d/batch=%d", size.devices, size.rows, size.batch), func(b *testing.B) {
			r := newBench(b, size.devices, size.rows, size.batch)
			ctx := context.Background()
			var read, flush, merge time.Duration
			var flushed, merged int64
			for i := range b.N {
				cfg := r.config(fmt.Sprint("store", i))
				cfg.Memory = 16 << 20
				began := time.Now()
				s, err := Open(ctx, cfg)
				r.must(err)
				v, err := s.View(ctx)
				r.must(err)
				read += time.Since(began)
				v.Close()
				r.must(s.Flush(ctx))
				flush += time.Since(began)
				flushed = s.Stats().FileBytes
				began = time.Now()
				r.must(s.Compact(ctx))
				merge += time.Since(began)
				merged = s.Stats().FileBytes
				r.must(s.Close())
			}
			n := float64(r.points) * float64(b.N)
			b.ReportMetric(n/read.Seconds(), "read-points/s")
			b.ReportMetric(n/flush.Seconds(), "flush-points/s")
			b.ReportMetric(n/merge.Seconds(), "merge-points/s")
			b.ReportMetric(float64(flushed)/float64(r.points), "flushed-B/point")
			b.ReportMetric(float64(merged)/float64(r.points), "merged-B/point")
		})
	}
}

// BenchmarkReopen opens a store whose points are all in files.
func BenchmarkReopen(b *testing.B) {
	r := newBench(b, 1000, 500, 50)
	ctx := context.Background()
	cfg := r.config("store")
	s, err := Open(ctx, cfg)
	r.must(err)
	r.must(s.Flush(ctx))
	r.must(s.Close())
	for b.Loop() {
		s, err := Open(ctx, cfg)
		r.must(err)
		v, err := s.View(ctx)
		r.must(err)
		v.Close()
		r.must(s.Close())
	}
}

// BenchmarkMillionSeries: 10⁵ devices with ten series each write a row a minute; the
// peak is that of the whole process, the log included.
func BenchmarkMillionSeries(b *testing.B) {
	g := telemetry.New(1, telemetry.Start)
	r := &bench{rig: &rig{t: b}, dir: b.TempDir()}
	r.openLog()
	b.Cleanup(func() { _ = r.log.Close() })
	cfg := r.config("store")
	s, err := Open(context.Background(), cfg)
	r.must(err)
	rows := 0
	for b.Loop() {
		for range 20 {
			var recs []commitlog.Record
			for d := range 100_000 {
				tab := g.Tablet(d, int64(rows)*60, 1)
				tab.Device = fmt.Sprintf("root.plant.line%d.d%d", d/1000, d)
				ev := &event.Event{Kind: event.Tablet, Tablet: tab}
				p, err := event.Append(nil, ev)
				r.must(err)
				l := ev.Label()
				recs = append(recs, commitlog.Record{Label: commitlog.Label{Kind: l.Kind, Key: l.Key, Lo: l.Lo, Hi: l.Hi}, Payload: p})
				if len(recs) == 1000 {
					_, err := r.log.Append(context.Background(), recs...)
					r.must(err)
					recs = recs[:0]
				}
			}
			rows++
		}
		v, err := s.View(context.Background())
		r.must(err)
		v.Close()
	}
	st := s.Stats()
	b.ReportMetric(float64(peak()>>20), "peak-MiB")
	b.ReportMetric(float64(rows)*1e6, "points")
	b.ReportMetric(float64(st.Flushes), "flushes")
	b.ReportMetric(st.FlushTime.Seconds(), "flush-s")
	b.ReportMetric(float64(st.FileBytes)/1e6, "file-MB")
	r.must(s.Flush(context.Background()))
	b.ReportMetric(float64(s.Stats().FileBytes)/float64(rows)/1e6, "B/point")
	r.must(s.Close())
}

// peak returns the largest resident size of the process so far, in bytes.
func peak() int64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	var kb int64
	for _, l := range strings.Split(string(b), "\n") {
		if v, ok := strings.CutPrefix(l, "VmHWM:"); ok {
			_, _ = fmt.Sscan(v, &kb)
		}
	}
	return kb << 10
}

// BenchmarkDeletions reads many devices of a store in which deletions of some of their
// points wait for a merge.
func BenchmarkDeletions(b *testing.B) {
	for _, n := range []int{0, 20_000} {
		b.Run(fmt.Sprintf("deletions=%d", n), func(b *testing.B) {
			r := newBench(b, 200, 500, 100)
			ctx := context.Background()
			s, err := Open(ctx, r.config("store"))
			r.must(err)
			defer s.Close()
			r.Store = s
			r.must(s.Flush(ctx))
			for i := range n {
				at := telemetry.Start + int64(i/200)*telemetry.Step
				r.delete(at, at, telemetry.Device(i%200)+".load")
			}
			r.must(s.Flush(ctx))
			for b.Loop() {
				if have := len(r.content()); have != r.points-n {
					b.Fatalf("%d points of %d", have, r.points-n)
				}
			}
			b.ReportMetric(float64(s.Stats().Tombstones), "tombstones")
		})
	}
}
