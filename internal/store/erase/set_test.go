package erase

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Touches reports whether some series of a device may lose points within lo to hi.
func (d *Deletion) Touches(device string, lo, hi int64) bool {
	for i := range d.Parts {
		p := &d.Parts[i]
		if p.Lo <= hi && p.Hi >= lo && p.What.Device(device) != tablet.NoSeries {
			return true
		}
	}
	return false
}

// Ranges appends what a series loses to one deletion.
func (d *Deletion) Ranges(dst []merge.Range, device, measurement string) []merge.Range {
	for i := range d.Parts {
		p := &d.Parts[i]
		if p.Lo <= p.Hi && p.What.MatchSeries(device, measurement) {
			dst = append(dst, merge.Range{Lo: p.Lo, Hi: p.Hi})
		}
	}
	return dst
}

// linear is Set.Ranges in the obvious way, as a set of times.
func linear(list []Deletion, after uint64, lo, hi int64, device, measurement string) []merge.Range {
	var out []merge.Range
	for i := range list {
		if list[i].Pos > after {
			out = list[i].Ranges(out, device, measurement)
		}
	}
	return clip(out, lo, hi)
}

func clip(r []merge.Range, lo, hi int64) []merge.Range {
	var out []merge.Range
	for _, x := range Normalize(r) {
		if x.Lo, x.Hi = max(x.Lo, lo), min(x.Hi, hi); x.Lo <= x.Hi {
			out = append(out, x)
		}
	}
	return out
}

// anything returns a matcher of any kind around a few short names.
func anything(t *testing.T, rnd *rand.Rand) tablet.Matcher {
	names := []string{"a", "ab", "b", "`a.b`", "*", "**", "a*", "`*`"}
	path := "root"
	for range 1 + rnd.IntN(4) {
		path += "." + names[rnd.IntN(len(names))]
	}
	p, err := tablet.CompilePattern(path)
	if err != nil {
		t.Fatal(path, err)
	}
	if rnd.IntN(4) > 0 {
		return p
	}
	text := []string{"", "r", "root", "root.", "root.a", "root.a.", "root.a.b", "root.`a.b`", "root.a.`a.b`", "root.a.a", "root.ab.a"}[rnd.IntN(11)]
	if text == "" {
		return p
	}
	m, err := tablet.CompilePrefix(text)
	if err != nil {
		t.Fatal(text, err)
	}
	return m
}

// TestSet compares sets of one origin with the obvious way, while they grow.
func TestSet(t *testing.T) {
	devices := []string{"root", "root.a", "root.ab", "root.a.b", "root.a.`a.b`", "root.`a.b`", "root.a.a.ab", "root.b.a.a.a"}
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		var set Set
		var list []Deletion
		var older []Set
		for pos := uint64(1); pos <= 40; pos++ {
			d := Deletion{Pos: pos, lo: 100, hi: -1}
			for range 1 + rnd.IntN(2) {
				lo := int64(rnd.IntN(50))
				p := Part{What: anything(t, rnd), Lo: lo, Hi: lo + int64(rnd.IntN(30)) - 2}
				d.Parts = append(d.Parts, p)
				d.lo, d.hi = min(d.lo, p.Lo), max(d.hi, p.Hi)
			}
			list = append(list, d)
			set = set.With(d)
			older = append(older, set)
			n := rnd.IntN(len(older))
			after, lo := uint64(rnd.IntN(40)), int64(rnd.IntN(60))
			hi := lo + int64(rnd.IntN(20))
			device := devices[rnd.IntN(len(devices))]
			name := []string{"a", "ab", "b", "`a.b`"}[rnd.IntN(4)]
			want := linear(list[:n+1], after, lo, hi, device, name)
			cut := older[n].After(after).Within(lo, hi)
			if have := clip(cut.Ranges(nil, device, name), lo, hi); !slices.Equal(have, want) {
				t.Fatalf("seed %d, %d deletions after %d within %d..%d of %s.%s: %v, want %v", seed, n+1, after, lo, hi, device, name, have, want)
			}
			if len(want) > 0 && !cut.Touches(device, lo, hi) {
				t.Fatalf("seed %d: %s is not touched", seed, device)
			}
		}
		for _, upTo := range []uint64{40, 25} {
			less := set.Without(set.Covered(upTo))
			for _, device := range devices {
				for after := range uint64(41) {
					have := Normalize(less.After(after).Ranges(nil, device, "a"))
					if want := linear(list, after, -10, 200, device, "a"); !slices.Equal(have, want) {
						t.Fatalf("seed %d, without those covered up to %d: %s.a after %d: %v, want %v", seed, upTo, device, after, have, want)
					}
				}
			}
		}
	}
}

// TestCovered: a deletion of the same path that takes more stands for older ones.
func TestCovered(t *testing.T) {
	var set Set
	for i, x := range []struct {
		path   string
		lo, hi int64
	}{{"root.a.d.x", 0, 10}, {"root.a.d.x", 5, 20}, {"root.a.e.x", 0, 10}, {"root.a.d.x", 0, 6}, {"root.a.d.x", 12, 30}, {"root.a.d.x", 7, 11}} {
		set = set.With(of(t, uint64(i+1))(request.DeleteDataPlan([]string{x.path}, x.lo, x.hi)))
	}
	if have := set.Covered(6); !slices.Equal(have, []uint64{1, 2}) {
		t.Error(have)
	}
	if have := set.Covered(5); !slices.Equal(have, []uint64{1}) { // by 2 and 4 together
		t.Error(have)
	}
}

// BenchmarkRanges asks for what a series loses while many deletions of other devices
// wait, with the index and by looking at each.
func BenchmarkRanges(b *testing.B) {
	for _, n := range []int{100, 50_000} {
		var set Set
		var list []Deletion
		for i := range n {
			req, err := request.DeleteDataPlan([]string{fmt.Sprintf("root.plant.line%d.d%d.x", i%100, i)}, 0, 100)
			if err != nil {
				b.Fatal(err)
			}
			d, _ := Of(uint64(i+1), event.Request{Type: req.Type, Body: req.Body})
			list, set = append(list, d), set.With(d)
		}
		b.Run(fmt.Sprintf("deletions=%d/index", n), func(b *testing.B) {
			for b.Loop() {
				if len(set.After(0).Within(0, 50).Ranges(nil, "root.plant.line7.d7", "x")) != 1 {
					b.Fatal("not found")
				}
			}
		})
		b.Run(fmt.Sprintf("deletions=%d/linear", n), func(b *testing.B) {
			for b.Loop() {
				if len(linear(list, 0, 0, 50, "root.plant.line7.d7", "x")) != 1 {
					b.Fatal("not found")
				}
			}
		})
	}
}
