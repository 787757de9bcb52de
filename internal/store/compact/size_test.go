package compact

import (
	"bytes"
	"context"
	"testing"

	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// plant is a memtable full of ordinary telemetry.
func plant(devices, rows int, first int64) memory {
	g, m := telemetry.New(1, telemetry.Start), memory{}
	for d := range devices {
		for at := 0; at < rows; at += 1000 {
			x := g.Tablet(d, first+int64(at), min(1000, rows-at))
			m[x.Device] = append(m[x.Device], x)
		}
	}
	return m
}

func write(t testing.TB, inputs []merge.Input, o Options) (*bytes.Buffer, Result) {
	t.Helper()
	var b bytes.Buffer
	res, err := Write(context.Background(), inputs, &b, o)
	if err != nil {
		t.Fatal(err)
	}
	return &b, res
}

// TestSizes holds the promise of bytes per point: 1.6 with LZ4 after a flush, 1.2 with
// ZSTD after compaction.
func TestSizes(t *testing.T) {
	var files []merge.Input
	points, size := int64(0), 0
	for i := range 4 {
		b, res := write(t, []merge.Input{{Mem: plant(3, 20_000, int64(i)*20_000)}}, Options{})
		files = append(files, merge.Input{File: open(t, b.Bytes())})
		points, size = points+res.Points, size+b.Len()
	}
	if per := float64(size) / float64(points); per > 1.6 {
		t.Errorf("%.3f bytes per point after flush", per)
	} else {
		t.Logf("%.3f bytes per point after flush", per)
	}
	b, res := write(t, files, Options{Recompress: true, Compressor: tablet.Zstd, Reencode: true})
	if res.Points != points {
		t.Fatalf("%d points, want %d", res.Points, points)
	}
	if per := float64(b.Len()) / float64(points); per > 1.2 {
		t.Errorf("%.3f bytes per point after compaction", per)
	} else {
		t.Logf("%.3f bytes per point after compaction", per)
	}
	r := open(t, b.Bytes())
	for d := range r.Devices() {
		for s := range r.Series(d) {
			var cur tsfile.ChunkCursor
			if err := r.OpenChunk(&cur, s, 0, 0); err != nil {
				t.Fatal(err)
			}
			t.Log(s.Name, cur.Schema().Encoding)
		}
		break
	}
}

func BenchmarkFlush(b *testing.B) {
	m := plant(10, 10_000, 0)
	for b.Loop() {
		write(b, []merge.Input{{Mem: m}}, Options{})
	}
	b.ReportMetric(float64(b.N)*10*10_000*10/b.Elapsed().Seconds(), "points/s")
}

func BenchmarkCompact(b *testing.B) {
	var files []merge.Input
	for i := range 4 {
		x, _ := write(b, []merge.Input{{Mem: plant(3, 10_000, int64(i)*9_000)}}, Options{})
		files = append(files, merge.Input{File: open(b, x.Bytes())})
	}
	for _, c := range []struct {
		name string
		o    Options
	}{{"LZ4", Options{}}, {"ZSTD", Options{Recompress: true, Compressor: tablet.Zstd, Reencode: true}}} {
		b.Run(c.name, func(b *testing.B) {
			var res Result
			for b.Loop() {
				_, res = write(b, files, c.o)
			}
			b.ReportMetric(float64(b.N)*float64(res.Points)/b.Elapsed().Seconds(), "points/s")
		})
	}
}

// BenchmarkFlushWide: many series with few points each.
func BenchmarkFlushWide(b *testing.B) {
	m := plant(3000, 3, 0)
	b.ReportAllocs()
	for b.Loop() {
		write(b, []merge.Input{{Mem: m}}, Options{})
	}
	b.ReportMetric(float64(b.N)*3000*10/b.Elapsed().Seconds(), "series/s")
}
