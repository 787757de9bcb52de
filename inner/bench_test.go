package inner

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// telemetry makes n tablets of ordinary telemetry: 10 measurements of 5 types,
// slowly changing, in steps of a second.
func telemetry(n, rows, devices int) []*event.Event {
	rnd := rand.New(rand.NewPCG(1, 1))
	types := []tablet.DataType{tablet.Float, tablet.Double, tablet.Int32, tablet.Int64, tablet.Boolean}
	var out []*event.Event
	for i := range n {
		t := &tablet.Tablet{Device: fmt.Sprintf("root.plant.b%d", i%devices)}
		for r := range rows {
			t.Times = append(t.Times, 1_700_000_000_000+int64((i/devices*rows+r)*1000))
		}
		for c := range 10 {
			col := tablet.Column{Schema: tablet.Schema{Name: fmt.Sprintf("s%d", c), Type: types[c%5], Compressor: tablet.LZ4}, Category: tablet.Field}
			v := 20.0
			for range rows {
				v += rnd.Float64() - 0.5
				switch col.Type {
				case tablet.Float:
					col.Floats = append(col.Floats, float32(v))
				case tablet.Double:
					col.Doubles = append(col.Doubles, v)
				case tablet.Int32:
					col.Int32s = append(col.Int32s, int32(v))
				case tablet.Int64:
					col.Int64s = append(col.Int64s, int64(v))
				case tablet.Boolean:
					col.Bools = append(col.Bools, v > 20)
				}
			}
			t.Columns = append(t.Columns, col)
		}
		out = append(out, &event.Event{Kind: event.Tablet, Tablet: t})
	}
	return out
}

// BenchmarkSink sends telemetry through net.Pipe to a receiver that checks frames
// and answers at once. The alternative to batching is one event per request.
func BenchmarkSink(b *testing.B) {
	for _, c := range []struct {
		rows, lanes int
		attributes  []string
	}{
		{1000, 1, nil}, {1000, 4, nil},
		{1, 1, nil}, {1, 4, nil}, {1, 4, []string{"batch.enable", "false"}},
		{1000, 4, []string{"compressor", "zstd"}}, {1000, 4, []string{"compressor", "lz4"}},
	} {
		name := fmt.Sprintf("rows=%d/lanes=%d", c.rows, c.lanes)
		for i := 1; i < len(c.attributes); i += 2 {
			name += "/" + c.attributes[i-1] + "=" + c.attributes[i]
		}
		b.Run(name, func(b *testing.B) { benchSink(b, c.rows, append(c.attributes, "lanes", fmt.Sprint(c.lanes))) })
	}
}

func benchSink(b *testing.B, rows int, attributes []string) {
	evs := telemetry(512, rows, 16)
	g := &gate{react: func(c *peer, _ int, _ request.Type, _ []byte) { c.ok() }}
	s := open(b, g, &acks{}, attributes...)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		if err := s.Write(b.Context(), plugin.Item{Pos: 1, Event: evs[i%len(evs)]}); err != nil {
			b.Fatal(err)
		}
	}
	drain(b, s)
	b.StopTimer()
	c := s.Counters()
	_ = s.Close()
	points := float64(b.N * rows * 10)
	b.ReportMetric(points/b.Elapsed().Seconds()/1e6, "Mpoints/s")
	b.ReportMetric(float64(c.Requests)/b.Elapsed().Seconds(), "frames/s")
	b.ReportMetric(float64(c.Bytes)/points, "bytes/point")
}

// BenchmarkLink is the wire alone: the same frame of 64 KiB again and again.
func BenchmarkLink(b *testing.B) {
	ours, theirs := net.Pipe()
	go func() {
		defer ours.Close()
		r := framing.NewReader(ours, framing.Limits{})
		buf := make([]byte, 1<<17)
		for {
			if _, _, err := r.Next(buf); err != nil {
				return
			}
			_, _ = ours.Write([]byte{0})
		}
	}()
	t := &transport{observer: &observer{}}
	k := newLink(b.Context(), theirs, t)
	defer k.Close()
	frame := append(t.Begin(nil), make([]byte, 64<<10)...)
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Send(b.Context(), frame, 1e9); err != nil {
			b.Fatal(err)
		}
	}
}
