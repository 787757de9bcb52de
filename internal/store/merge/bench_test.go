package merge

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"testing"

	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

const benchRows = 100_000

// plantFile is one device of ordinary telemetry from row first on.
func plantFile(b testing.TB, first int64, aligned bool) Input {
	g := telemetry.New(1, telemetry.Start)
	var out bytes.Buffer
	w, err := tsfile.NewWriter(&out, tsfile.WriterOptions{})
	if err != nil {
		b.Fatal(err)
	}
	t := g.Tablet(0, first, benchRows)
	t.Aligned = aligned
	if err := errors.Join(w.Write(t), w.Close()); err != nil {
		b.Fatal(err)
	}
	f, err := tsfile.Open(bytes.NewReader(out.Bytes()), int64(out.Len()), tsfile.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	return Input{File: f}
}

func BenchmarkScan(b *testing.B) {
	plain, shifted := plantFile(b, 0, false), plantFile(b, benchRows/2, false)
	takeAll := func(int, *tsfile.Statistics) bool { return true }
	for _, c := range []struct {
		name   string
		inputs []Input
		q      Query
		points int
	}{
		{"layers=1", []Input{plain}, Query{}, 10 * benchRows},
		{"layers=1/aligned", []Input{plantFile(b, 0, true)}, Query{}, 10 * benchRows},
		{"layers=1/desc", []Input{plain}, Query{Desc: true}, 10 * benchRows},
		{"layers=2/half", []Input{plain, shifted}, Query{}, 15 * benchRows},
		{"layers=2/same", []Input{plain, plain}, Query{}, 10 * benchRows},
		{"layers=1/stats", []Input{plain}, Query{Stats: takeAll}, 10 * benchRows},
		{"memory=1", []Input{{Mem: memory{"root.plant.d0": {telemetry.New(1, telemetry.Start).Tablet(0, 0, benchRows)}}}}, Query{}, 10 * benchRows},
	} {
		b.Run(c.name, func(b *testing.B) {
			q := c.q
			q.Device, q.Columns, q.Lo, q.Hi = "root.plant.d0", telemetry.Schema(), math.MinInt64, math.MaxInt64
			b.ReportAllocs()
			for b.Loop() {
				s, err := Scan(context.Background(), c.inputs, q)
				if err != nil {
					b.Fatal(err)
				}
				for err == nil {
					_, err = s.Next()
				}
				if err != io.EOF {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*float64(c.points)/b.Elapsed().Seconds(), "points/s")
		})
	}
}
