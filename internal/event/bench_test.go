package event

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
)

func BenchmarkAppend(b *testing.B) {
	for _, rows := range []int{1, 100, 1000} {
		ev := &Event{Kind: Tablet, Tablet: random(rand.New(rand.NewPCG(1, 2)), rows, 10, 0)}
		b.Run(fmt.Sprintf("rows=%d/columns=10", rows), func(b *testing.B) {
			buf, err := Append(nil, ev)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = Append(buf[:0], ev)
			}
			b.ReportMetric(float64(rows*10)*float64(b.N)/b.Elapsed().Seconds(), "points/s")
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, rows := range []int{1, 100, 1000} {
		buf, err := Append(nil, &Event{Kind: Tablet, Tablet: random(rand.New(rand.NewPCG(1, 2)), rows, 10, 0)})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("rows=%d/columns=10", rows), func(b *testing.B) {
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(buf); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows*10)*float64(b.N)/b.Elapsed().Seconds(), "points/s")
		})
	}
}

// BenchmarkAlternative encodes the same tablet as JSON.
func BenchmarkAlternative(b *testing.B) {
	t := random(rand.New(rand.NewPCG(1, 2)), 1000, 10, 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Marshal(t); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(10000*float64(b.N)/b.Elapsed().Seconds(), "points/s")
}

func BenchmarkLabel(b *testing.B) {
	ev := &Event{Kind: Tablet, Tablet: random(rand.New(rand.NewPCG(1, 2)), 1000, 10, 0)}
	for b.Loop() {
		ev.Label()
	}
}
