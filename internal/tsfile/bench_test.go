package tsfile

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// telemetry makes n rows of ten measurements of five types, as meters send them.
func telemetry(n int, aligned bool, z tablet.Compressor) *tablet.Tablet {
	r := rand.New(rand.NewSource(1))
	t := &tablet.Tablet{Device: "root.plant.line1.m1", Aligned: aligned}
	for i := range n {
		t.Times = append(t.Times, 1700000000000+int64(i)*1000)
	}
	for j, typ := range []tablet.DataType{tablet.Double, tablet.Double, tablet.Float, tablet.Float, tablet.Int32, tablet.Int32,
		tablet.Int64, tablet.Int64, tablet.Boolean, tablet.Boolean} {
		c := tablet.Column{Schema: tablet.Schema{Name: fmt.Sprintf("s%d", j), Type: typ, Encoding: tablet.DefaultEncoding(typ), Compressor: z}, Category: tablet.Field}
		walk := 100
		for i := range n {
			walk += r.Intn(5) - 2
			switch typ {
			case tablet.Double:
				c.Doubles = append(c.Doubles, float64(walk)/4)
			case tablet.Float:
				c.Floats = append(c.Floats, float32(walk)/4)
			case tablet.Int32:
				c.Int32s = append(c.Int32s, int32(walk))
			case tablet.Int64:
				c.Int64s = append(c.Int64s, int64(walk)+int64(i))
			case tablet.Boolean:
				c.Bools = append(c.Bools, i/500%2 == 0)
			}
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

const benchRows = 100_000

func BenchmarkWrite(b *testing.B) {
	for _, aligned := range []bool{false, true} {
		for _, z := range []tablet.Compressor{tablet.Uncompressed, tablet.LZ4, tablet.Zstd} {
			b.Run(fmt.Sprintf("aligned=%v/compressor=%s", aligned, z), func(b *testing.B) {
				t := telemetry(benchRows, aligned, z)
				size := int64(0)
				for b.Loop() {
					w, err := NewWriter(io.Discard, WriterOptions{})
					if err != nil {
						b.Fatal(err)
					}
					if err := w.Write(t); err != nil {
						b.Fatal(err)
					}
					if err := w.Close(); err != nil {
						b.Fatal(err)
					}
					size = w.Size()
				}
				report(b, size)
			})
		}
	}
}

func report(b *testing.B, size int64) {
	points := float64(benchRows * 10)
	b.ReportMetric(points*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpoints/s")
	if size > 0 {
		b.ReportMetric(float64(size)/points, "B/point")
	}
}

func BenchmarkRead(b *testing.B) {
	for _, aligned := range []bool{false, true} {
		for _, z := range []tablet.Compressor{tablet.Uncompressed, tablet.LZ4, tablet.Zstd} {
			b.Run(fmt.Sprintf("aligned=%v/compressor=%s", aligned, z), func(b *testing.B) {
				file := written(b, WriterOptions{}, func(w *Writer) {
					if err := w.Write(telemetry(benchRows, aligned, z)); err != nil {
						b.Fatal(err)
					}
				})
				b.ReportAllocs()
				for b.Loop() {
					r, err := Open(bytes.NewReader(file), int64(len(file)), Limits{})
					if err != nil {
						b.Fatal(err)
					}
					s, err := r.Scan(Everything(PathDevice("root.plant.line1.m1")))
					if err != nil {
						b.Fatal(err)
					}
					n := 0
					for t, err := s.Next(); err != io.EOF; t, err = s.Next() {
						if err != nil {
							b.Fatal(err)
						}
						n += t.Points()
					}
					if n != benchRows*10 {
						b.Fatal(n)
					}
				}
				report(b, 0)
			})
		}
	}
}
