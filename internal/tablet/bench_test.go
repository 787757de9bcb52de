package tablet

import (
	"math/rand/v2"
	"testing"
)

// BenchmarkBuilder merges 100 tablets of 10 rows and 10 columns.
func BenchmarkBuilder(b *testing.B) {
	small := random(rand.New(rand.NewPCG(1, 2)), "root.plant.b1", 10)
	var m Builder
	b.ReportAllocs()
	for b.Loop() {
		m.Reset()
		for range 100 {
			m.Add(small)
		}
	}
	b.ReportMetric(float64(100*10*10)*float64(b.N)/b.Elapsed().Seconds(), "points/s")
}

// BenchmarkMatch compares patterns with the prefix of 1.2.
func BenchmarkMatch(b *testing.B) {
	for _, s := range []string{"root.**", "root.plant.**", "root.plant.*.temp*", "root.**.temp"} {
		p, err := CompilePattern(s)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("pattern="+s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.MatchSeries("root.plant.unit1", "temp")
			}
		})
	}
	p, _ := CompilePrefix("root.plant.u")
	b.Run("prefix=root.plant.u", func(b *testing.B) {
		for b.Loop() {
			p.MatchSeries("root.plant.unit1", "temp")
		}
	})
}

func BenchmarkDeviceHash(b *testing.B) {
	for _, d := range []string{"root.plant.unit1.b1", "root.plant.`1d`.b1"} {
		b.Run("device="+d, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				DeviceHash(d)
			}
		})
	}
}
