package telemetry

import (
	"fmt"
	"hash/fnv"
	"reflect"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// TestGolden pins the stream: the figures of two versions are comparable only if
// they were measured on the same values.
func TestGolden(t *testing.T) {
	g := New(1, Start)
	h := fnv.New64a()
	for d := range 3 {
		fmt.Fprint(h, *g.Tablet(d, 1_000_000, 2000))
	}
	if got, want := h.Sum64(), uint64(0x8a4ab1a9c59471ff); got != want {
		t.Errorf("ordinary telemetry of seed 1 has changed: %#x, was %#x", got, want)
	}
}

func TestAnyPartIsTheSame(t *testing.T) {
	g := New(7, 0)
	whole := g.Tablet(3, 0, 1500)
	reused := g.Tablet(9, 77, 900) // other content, to be overwritten
	for first := 0; first < 1500; first += 123 {
		n := min(123, 1500-first)
		g.Fill(reused, 3, int64(first), n)
		if reused.Device != "root.plant.d3" || !reflect.DeepEqual(reused.Times, whole.Times[first:first+n]) {
			t.Fatalf("rows %d: %s, times differ", first, reused.Device)
		}
		for i := range whole.Columns {
			w, r := &whole.Columns[i], &reused.Columns[i]
			same := true
			switch w.Type.Physical() {
			case tablet.PhysicalBool:
				same = reflect.DeepEqual(w.Bools[first:first+n], r.Bools)
			case tablet.PhysicalInt32:
				same = reflect.DeepEqual(w.Int32s[first:first+n], r.Int32s)
			case tablet.PhysicalInt64:
				same = reflect.DeepEqual(w.Int64s[first:first+n], r.Int64s)
			case tablet.PhysicalFloat:
				same = reflect.DeepEqual(w.Floats[first:first+n], r.Floats)
			case tablet.PhysicalDouble:
				same = reflect.DeepEqual(w.Doubles[first:first+n], r.Doubles)
			}
			if !same {
				t.Errorf("rows %d.., series %s differ", first, w.Name)
			}
		}
	}
}

func TestShapeIsWhatTheDocumentSays(t *testing.T) {
	const rows = 20_000
	tab := New(5, Start).Tablet(0, 0, rows)
	if tab.Rows() != rows || tab.Points() != rows*Columns || tab.Times[1]-tab.Times[0] != Step {
		t.Fatalf("%d rows, %d points", tab.Rows(), tab.Points())
	}
	types := map[tablet.DataType]int{}
	for _, s := range Schema() {
		types[s.Type]++
	}
	if len(types) != 5 || types[tablet.Float] != 2 || types[tablet.Boolean] != 2 {
		t.Errorf("types %v", types)
	}
	c := tab.Columns
	changes, running := 0, 0
	for i := 1; i < rows; i++ {
		if c[0].Bools[i] != c[0].Bools[i-1] {
			changes++
		}
		if c[0].Bools[i] {
			running++
		}
		if d := c[4].Int64s[i] - c[4].Int64s[i-1]; d < 13 || d > 17 {
			t.Fatalf("energy grows by %d at row %d", d, i)
		}
		if d := c[5].Int64s[i] - c[5].Int64s[i-1]; d < 0 || d > 1 {
			t.Fatalf("cycles grow by %d", d)
		}
	}
	if changes == 0 || changes > rows/512 || running < rows/2 {
		t.Errorf("running changes %d times and is true %d times", changes, running)
	}
	inside := func(name string, lo, hi float64, at func(i int) float64, step float64) {
		for i := range rows {
			if v := at(i); v < lo || v > hi {
				t.Fatalf("%s is %v at row %d", name, v, i)
			}
			if i > 0 && (at(i)-at(i-1) > step || at(i-1)-at(i) > step) {
				t.Fatalf("%s jumps from %v to %v at row %d", name, at(i-1), at(i), i)
			}
		}
	}
	inside("valve", 0, 1000, func(i int) float64 { return float64(c[2].Int32s[i]) }, 5)
	inside("load", 0, 50_000, func(i int) float64 { return float64(c[3].Int32s[i]) }, 790)
	inside("temperature", 20, 90, func(i int) float64 { return float64(c[6].Floats[i]) }, 0.7)
	inside("vibration", 0, 8, func(i int) float64 { return float64(c[7].Floats[i]) }, 0.31)
	inside("pressure", 9.8, 10.2, func(i int) float64 { return c[8].Doubles[i] }, 0.004)
	inside("flow", 100, 140, func(i int) float64 { return c[9].Doubles[i] }, 0.67)
}

func TestSeedAndDeviceMatter(t *testing.T) {
	a, b, c := New(1, 0).Tablet(0, 0, 500), New(2, 0).Tablet(0, 0, 500), New(1, 0).Tablet(1, 0, 500)
	for i := range a.Columns {
		if i < 2 || i == 5 {
			continue // too few changes in 500 rows to demand a difference
		}
		if reflect.DeepEqual(a.Columns[i], b.Columns[i]) || reflect.DeepEqual(a.Columns[i], c.Columns[i]) {
			t.Errorf("series %s is the same for another seed or device", a.Columns[i].Name)
		}
	}
}

func TestFillAllocatesNothingWhenReused(t *testing.T) {
	g, tab := New(1, 0), new(tablet.Tablet)
	g.Fill(tab, 0, 0, 1000)
	if n := testing.AllocsPerRun(100, func() { g.Fill(tab, 12345, 1000, 1000) }); n > 2 {
		t.Errorf("%v allocations, two of them are the device's name", n)
	}
}

func BenchmarkFill(b *testing.B) {
	g, tab := New(1, 0), new(tablet.Tablet)
	row := int64(0)
	for b.Loop() {
		g.Fill(tab, 0, row, 1000)
		row += 1000
	}
	b.ReportMetric(float64(b.N)*1000*Columns/b.Elapsed().Seconds(), "points/s")
}
