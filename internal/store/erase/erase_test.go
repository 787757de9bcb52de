package erase

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/store/merge"
)

func of(t *testing.T, pos uint64) func(event.Request, error) Deletion {
	return func(r event.Request, err error) Deletion {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		d, ok := Of(pos, r)
		if !ok {
			t.Fatal("it deletes nothing")
		}
		return d
	}
}

func TestOf(t *testing.T) {
	data := of(t, 5)(request.DeleteDataPlan([]string{"root.a.*.x"}, 10, 20))
	series := of(t, 6)(request.DeleteTimeseriesPlan([]string{"root.a.d.*"}))
	database := of(t, 7)(request.DeleteDatabasePlan("root.a"))
	all := merge.Range{Lo: math.MinInt64, Hi: math.MaxInt64}
	for _, c := range []struct {
		d            Deletion
		device, name string
		want         []merge.Range
	}{
		{data, "root.a.d", "x", []merge.Range{{Lo: 10, Hi: 20}}},
		{data, "root.a.d", "y", nil},
		{series, "root.a.d", "y", []merge.Range{all}},
		{series, "root.a.e", "y", nil},
		{database, "root.a.e.f", "y", []merge.Range{all}},
		{database, "root.a", "y", []merge.Range{all}},
		{database, "root.ab.e", "y", nil},
	} {
		if have := c.d.Ranges(nil, c.device, c.name); !slices.Equal(have, c.want) {
			t.Errorf("%d: %s.%s: %v, want %v", c.d.Pos, c.device, c.name, have, c.want)
		}
		if touches := c.d.Touches(c.device, 12, 12); len(c.want) > 0 && !touches {
			t.Errorf("%d does not touch %s", c.d.Pos, c.device)
		}
	}
	if _, ok := Of(1, event.Request{Type: 100, Body: []byte{1, 2, 3}}); ok {
		t.Error("a plan that cannot be read deletes something")
	}
	set := Set{}.With(data).With(series).With(database)
	for pos, n := range map[uint64]int{0: 3, 4: 3, 5: 2, 6: 1, 7: 0, math.MaxUint64: 0} {
		if have := set.After(pos).Len(); have != n {
			t.Errorf("%d deletions behind %d, want %d", have, pos, n)
		}
	}
	if r := set.Within(30, 40).Ranges(nil, "root.a.d", "x"); len(r) != 2 {
		t.Errorf("%v within 30..40", r)
	}
	if r := (Set{}).With(data).Within(30, 40); r.Len() != 0 {
		t.Errorf("%d deletions within 30..40", r.Len())
	}
}

// TestNormalize compares with a set of times.
func TestNormalize(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		var list []merge.Range
		var want [64]bool
		for range rnd.IntN(6) {
			lo := int64(rnd.IntN(60))
			hi := min(63, lo+int64(rnd.IntN(8)))
			list = append(list, merge.Range{Lo: lo, Hi: hi})
			for i := lo; i <= hi; i++ {
				want[i] = true
			}
		}
		last := int64(-2)
		var have [64]bool
		for _, r := range Normalize(list) {
			if r.Lo <= last+1 {
				t.Fatalf("%v: not joined", list)
			}
			last = r.Hi
			for i := r.Lo; i <= r.Hi; i++ {
				have[i] = true
			}
		}
		if have != want {
			t.Fatalf("%v", list)
		}
	}
	if n := Normalize([]merge.Range{{Lo: 5, Hi: math.MaxInt64}, {Lo: 9, Hi: math.MaxInt64}}); len(n) != 1 {
		t.Error(n)
	}
}
