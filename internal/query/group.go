package query

import (
	"io"
	"math"
	"slices"
	"sort"
	"unsafe"

	"github.com/sluice-gateway/sluice/internal/query/agg"
	"github.com/sluice-gateway/sluice/internal/query/pred"
	"github.com/sluice-gateway/sluice/internal/query/rows"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// grouped computes the windows of a GROUP BY some at a time.
type grouped struct {
	builder
	windows *agg.Windows // nil: one window of all times
	endTime bool
	desc    bool
	wanted  []int // distinct series
	need    []agg.Need
	places  []int // column of the result -> wanted
	slice   int64 // windows of the next slice
	next    int64 // windows done

	now    []agg.Window // of the slice, ascending
	states []agg.State  // windows x wanted
	out    tablet.Tablet
	held   int64
}

// maxSlice bounds the windows computed at once.
const maxSlice = 16384

// Next implements rows.Stream.
func (g *grouped) Next() (*tablet.Tablet, error) {
	total := int64(1)
	if g.windows != nil {
		total = g.windows.Len()
	}
	if g.next >= total {
		return nil, io.EOF
	}
	one := int64(unsafe.Sizeof(agg.State{})) * int64(len(g.wanted))
	n := max(1, min(g.slice, total-g.next, g.budget.Most()/4/one))
	if err := g.budget.Take(n*one - g.held); err != nil {
		g.held = n * one
		return nil, err
	}
	g.held = n * one
	first := g.next
	if g.desc {
		first = total - g.next - n
	}
	g.next += n
	g.slice = min(4*g.slice, maxSlice)
	g.now = g.now[:0]
	for k := first; k < first+n; k++ {
		w := agg.Window{Lo: math.MinInt64, Hi: math.MaxInt64}
		if g.windows != nil {
			w = g.windows.At(k)
		}
		g.now = append(g.now, w)
	}
	g.states = slices.Grow(g.states[:0], int(n)*len(g.wanted))[:int(n)*len(g.wanted)]
	clear(g.states)
	if err := g.compute(); err != nil {
		return nil, err
	}
	return g.block(), nil
}

// compute fills the states of the slice.
func (g *grouped) compute() error {
	hull := []pred.Range{{Lo: g.now[0].Lo, Hi: g.now[len(g.now)-1].Hi}}
	ranges := pred.Intersect(g.pred.Times(maxRanges), hull)
	if len(ranges) == 0 {
		return nil
	}
	if !g.pred.ByTime() {
		all := make([]int, len(g.wanted))
		for i := range all {
			all[i] = i
		}
		return g.drain(g.raw(g.wanted, ranges), all)
	}
	if len(ranges) > maxRanges {
		ranges = []pred.Range{{Lo: ranges[0].Lo, Hi: ranges[len(ranges)-1].Hi}}
	}
	at := make(map[int]int, len(g.wanted))
	for i, k := range g.wanted {
		at[k] = i
	}
	list := g.devices(g.wanted)
	one := g.windows == nil || g.fleet || len(list) > manyDevices // a scan costs more than what is decoded
	for _, d := range list {
		parts := [][]int{d.series}
		if !one && !g.selection.series[d.series[0]].aligned { // nothing is gained by a join of what is decoded
			parts = slices.Collect(slices.Chunk(d.series, 1))
		}
		for _, list := range parts {
			if err := g.scan(d.name, list, at, ranges); err != nil {
				return err
			}
		}
	}
	return nil
}

// scan reads some series of a device, or their statistics.
func (g *grouped) scan(name string, list []int, at map[int]int, ranges []pred.Range) error {
	q := g.query(name, list)
	wanted := make([]int, len(list))
	for i, k := range list {
		wanted[i] = at[k]
	}
	q.Stats = func(i int, s *tsfile.Statistics) bool {
		return g.statistics(wanted[i], g.selection.series[list[i]].typ, s)
	}
	return g.drain(rows.NewDevice(g.reading(), q, ranges), wanted)
}

// drain takes all rows of a stream, whose columns are the given ones of wanted.
func (g *grouped) drain(s rows.Stream, wanted []int) error {
	defer s.Close()
	for {
		t, err := s.Next()
		switch {
		case isEOF(err):
			return nil
		case err != nil:
			return err
		}
		g.add(t, wanted)
	}
}

// first returns the first window that ends at or after a time.
func (g *grouped) first(t int64) int {
	return sort.Search(len(g.now), func(i int) bool { return g.now[i].Hi >= t })
}

// statistics takes what is known of a chunk if it lies wholly within every window that it
// touches.
func (g *grouped) statistics(k int, typ tablet.DataType, s *tsfile.Statistics) bool {
	from := g.first(s.Start)
	to := from
	for ; to < len(g.now) && g.now[to].Lo <= s.End; to++ {
		if s.Start < g.now[to].Lo || s.End > g.now[to].Hi {
			return false
		}
	}
	if to == from {
		return true
	}
	if !agg.Exact(typ, g.need[k], s) {
		return false
	}
	for w := from; w < to; w++ {
		g.states[w*len(g.wanted)+k].AddStats(typ, s, g.need[k])
	}
	return true
}

// add takes rows, which ascend in time.
func (g *grouped) add(t *tablet.Tablet, wanted []int) {
	times := t.Times
	last := times[len(times)-1]
	from := 0
	for w := g.first(times[0]); w < len(g.now) && g.now[w].Lo <= last; w++ {
		lo, hi := g.now[w].Lo, g.now[w].Hi
		from += gallop(times[from:], lo)
		to := len(times)
		if hi < last {
			to = from + gallop(times[from:], hi+1)
		}
		if from == to {
			continue
		}
		states := g.states[w*len(g.wanted):]
		for i, k := range wanted {
			states[k].Add(&t.Columns[i], times, from, to, g.need[k])
		}
	}
}

// gallop returns the index of the first time that is not less than t.
func gallop(times []int64, t int64) int {
	if len(times) == 0 || times[0] >= t {
		return 0
	}
	step := 1
	for step < len(times) && times[step] < t {
		step *= 2
	}
	lo := step / 2
	return lo + sort.Search(min(step, len(times))-lo, func(i int) bool { return times[lo+i] >= t })
}

// block makes the rows of the slice.
func (g *grouped) block() *tablet.Tablet {
	g.out.Times = g.out.Times[:0]
	extra := 0
	if g.endTime {
		extra = 1
	}
	g.out.Columns = make([]tablet.Column, extra+len(g.columns))
	for i, c := range g.columns {
		g.out.Columns[extra+i] = tablet.Column{Schema: tablet.Schema{Name: c.name, Type: c.typ}, Category: tablet.Field}
	}
	for i := range g.now {
		if g.desc {
			i = len(g.now) - 1 - i
		}
		g.out.Times = append(g.out.Times, g.now[i].Label)
		if g.endTime {
			c := &g.out.Columns[0]
			c.Type = endTimeType
			c.Int64s = append(c.Int64s, g.now[i].End)
		}
		for k, c := range g.columns {
			c.fn.Put(&g.out.Columns[extra+k], &g.states[i*len(g.wanted)+g.places[k]])
		}
	}
	if g.windows == nil {
		g.out.Times[0] = 0
	}
	return &g.out
}

// Close implements rows.Stream.
func (g *grouped) Close() {
	_ = g.budget.Take(-g.held)
	g.held, g.next = 0, math.MaxInt64
}
