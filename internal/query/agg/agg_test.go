package agg

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// TestFixedWindows compares with a loop.
func TestFixedWindows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 5000 {
		g := sql.GroupBy{Start: int64(r.IntN(100) - 50), LeftOpen: r.IntN(2) == 0}
		g.End = g.Start + 1 + int64(r.IntN(100))
		g.Interval.Ticks, g.Step.Ticks = 1+int64(r.IntN(30)), 1+int64(r.IntN(30))
		w := NewWindows(g, time.Millisecond)
		k := int64(0)
		for s := g.Start; s < g.End; s += g.Step.Ticks {
			e := min(s+g.Interval.Ticks, g.End)
			want := Window{Lo: s, Hi: e - 1, Label: s, End: e - 1}
			if g.LeftOpen {
				want = Window{Lo: s + 1, Hi: e, Label: e, End: e}
			}
			if got := w.At(k); got != want {
				t.Fatalf("%+v: window %d is %+v, want %+v", g, k, got, want)
			}
			k++
		}
		if w.Len() != k {
			t.Fatalf("%+v: %d windows, want %d", g, w.Len(), k)
		}
	}
}

// TestExtremeWindows: ranges as long as time itself overflow nothing.
func TestExtremeWindows(t *testing.T) {
	for _, step := range []sql.Duration{{Ticks: 1}, {Ticks: math.MaxInt64 / 4}, {Months: 1}, {Months: 120_000}, {Months: 1, Ticks: 5}} {
		for _, open := range []bool{true, false} {
			g := sql.GroupBy{Start: math.MinInt64, End: math.MaxInt64, LeftOpen: open, Interval: step, Step: step}
			if step.Months > 0 {
				g.Start, g.End = -62_135_596_800_000, 253_402_300_799_999 // years 1 to 9999
			}
			w := NewWindows(g, time.Millisecond)
			last := w.At(w.Len() - 1)
			if w.Len() < 1 || last.Hi > g.End || last.Lo < g.Start || w.At(0).Lo > g.Start+1 {
				t.Errorf("%+v: %d windows, the last %+v", step, w.Len(), last)
			}
		}
	}
}

// TestMonths: days that a month does not have become its last, counted from the start.
func TestMonths(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	for _, zone := range []*time.Location{time.UTC, berlin, time.FixedZone("", 8*3600)} {
		at := func(month time.Month, day int) int64 {
			return time.Date(2024, month, day, 0, 0, 0, 0, zone).UnixMilli()
		}
		w := NewWindows(sql.GroupBy{Start: at(1, 31), End: at(12, 31), Interval: sql.Duration{Months: 1}, Step: sql.Duration{Months: 1}, Zone: zone}, time.Millisecond)
		want := []int64{at(1, 31), at(2, 29), at(3, 31), at(4, 30), at(5, 31), at(6, 30), at(7, 31), at(8, 31), at(9, 30), at(10, 31), at(11, 30)}
		if w.Len() != int64(len(want)) {
			t.Fatalf("%d windows, want %d", w.Len(), len(want))
		}
		for k, lo := range want {
			if got := w.At(int64(k)); got.Lo != lo || k > 0 && w.At(int64(k-1)).Hi != lo-1 {
				t.Errorf("%s, window %d: %+v, want it to begin at %d", zone, k, got, lo)
			}
		}
	}
}

// TestFloats: NaN is no extreme, and the sum of what has one is NaN.
func TestFloats(t *testing.T) {
	nan := math.NaN()
	for _, values := range [][]float64{{nan}, {nan, 1, 2}, {1, nan, 2}, {2, 1, nan}} {
		var s State
		c := tablet.Column{Schema: tablet.Schema{Type: tablet.Double}, Doubles: values}
		s.Add(&c, []int64{1, 2, 3}[:len(values)], 0, len(values), NeedSum|NeedExtremes|NeedEnds)
		var sum, lo, hi tablet.Column
		sum.Type, lo.Type, hi.Type = tablet.Double, tablet.Double, tablet.Double
		Sum.Put(&sum, &s)
		MinValue.Put(&lo, &s)
		MaxValue.Put(&hi, &s)
		if !math.IsNaN(sum.Doubles[0]) {
			t.Errorf("%v: sum %v", values, sum.Doubles)
		}
		if len(values) == 1 {
			if !lo.Nulls.Get(0) || !hi.Nulls.Get(0) {
				t.Errorf("%v: extremes %v %v", values, lo.Doubles, hi.Doubles)
			}
		} else if lo.Doubles[0] != 1 || hi.Doubles[0] != 2 {
			t.Errorf("%v: extremes %v %v", values, lo.Doubles, hi.Doubles)
		}
	}
	bad := &tsfile.Statistics{Count: 2}
	bad.Min.Bits, bad.Max.Bits = math.Float64bits(nan), math.Float64bits(1)
	if Exact(tablet.Double, NeedExtremes, bad) || !Exact(tablet.Double, NeedSum, bad) {
		t.Error("extremes with NaN are not exact")
	}
}

// TestParts: points taken in any pieces and any order give the same.
func TestParts(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 2000 {
		n := 1 + r.IntN(30)
		c := tablet.Column{Schema: tablet.Schema{Type: tablet.Int64}, Nulls: tablet.NewBitmap(n)}
		times := make([]int64, n)
		for i := range n {
			times[i] = int64(i * 3)
			c.Int64s = append(c.Int64s, int64(r.IntN(100)-50))
			if r.IntN(3) == 0 {
				c.Nulls.Set(i)
			}
		}
		const need = NeedSum | NeedExtremes | NeedEnds
		var whole, parts State
		whole.Add(&c, times, 0, n, need)
		cut := r.IntN(n + 1)
		parts.Add(&c, times, cut, n, need)
		parts.Add(&c, times, 0, cut, need)
		for f := Count; f <= MaxTime; f++ {
			typ, _ := f.Type(tablet.Int64)
			a, b := tablet.Column{Schema: tablet.Schema{Type: typ}}, tablet.Column{Schema: tablet.Schema{Type: typ}}
			f.Put(&a, &whole)
			f.Put(&b, &parts)
			if a.Nulls.Get(0) != b.Nulls.Get(0) || a.Text(0) != b.Text(0) {
				t.Fatalf("%s: %s and %s", f, a.Text(0), b.Text(0))
			}
		}
	}
}

func TestNames(t *testing.T) {
	for i, name := range sql.Aggregates() {
		if f, ok := Parse(name); !ok || f.String() != name || int(f) != i {
			t.Errorf("%s is %v", name, f)
		}
	}
	if _, ok := Parse("median"); ok {
		t.Error("median")
	}
}
