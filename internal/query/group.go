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
	panes   *agg.Panes   // nil: the windows are computed each for itself
	endTime bool
	desc    bool
	wanted  []int // distinct series
	need    []agg.Need
	places  []int // column of the result -> wanted
	slice   int64 // windows of the next slice
	next    int64 // windows done

	sheet
	out  tablet.Tablet
	held int64
}

// sheet is the windows that are computed at once.
type sheet struct {
	now    []agg.Window // of the slice, ascending
	parts  []agg.Window // the panes of the slice; now, if there are none
	states []agg.State  // parts x wanted
	folded []agg.State  // windows x wanted, of panes
	result []agg.State  // states or folded
}

// maxSlice bounds the windows computed at once.
const maxSlice = 16384

const stateBytes = int64(unsafe.Sizeof(agg.State{}))

// Next implements rows.Stream.
func (g *grouped) Next() (*tablet.Tablet, error) {
	total := int64(1)
	if g.windows != nil {
		total = g.windows.Len()
	}
	if g.next >= total {
		return nil, io.EOF
	}
	one := stateBytes * int64(len(g.wanted))
	room := g.budget.Most() / 4 / one
	held := func(n int64) int64 { return n }
	if p := g.panes; p != nil { // panes, windows and what fold needs
		held = func(n int64) int64 { return n*(p.Every+1) + 2*p.Each }
		room = (room - 2*p.Each) / (p.Every + 1)
	}
	n := max(1, min(g.slice, total-g.next, room))
	if err := g.budget.Take(held(n)*one - g.held); err != nil {
		g.held = held(n) * one
		return nil, err
	}
	g.held = held(n) * one
	first := g.next
	if g.desc {
		first = total - g.next - n
	}
	g.next += n
	g.slice = min(4*g.slice, maxSlice)
	g.lay(first, n)
	g.states = cleared(g.states, len(g.parts)*len(g.wanted))
	if err := g.compute(); err != nil {
		return nil, err
	}
	g.result = g.states
	if g.panes != nil {
		g.fold()
	}
	return g.block(), nil
}

func cleared(s []agg.State, n int) []agg.State {
	s = slices.Grow(s[:0], n)[:n]
	clear(s)
	return s
}

// lay finds n windows from a first one, and their panes.
func (g *grouped) lay(first, n int64) {
	g.now = g.now[:0]
	for k := first; k < first+n; k++ {
		w := agg.Window{Lo: math.MinInt64, Hi: math.MaxInt64}
		if g.windows != nil {
			w = g.windows.At(k)
		}
		g.now = append(g.now, w)
	}
	if g.panes == nil {
		g.parts = g.now
		return
	}
	g.parts = g.parts[:0]
	for k := first * g.panes.Every; k < min(g.panes.Len(), (first+n-1)*g.panes.Every+g.panes.Each); k++ {
		g.parts = append(g.parts, g.panes.At(k))
	}
}

// fold puts the windows together of their panes. What begins in a block of panes and goes
// on to its end is known from the back, the rest is added as the window moves on: two
// steps a pane, whatever the length of a window.
func (g *grouped) fold() {
	w := len(g.wanted)
	g.folded = cleared(g.folded, len(g.now)*w)
	tails := make([]agg.State, g.panes.Each)
	for k, s := range g.wanted {
		typ := g.selection.series[s].typ
		var head agg.State // of the panes from end on
		begin, end, next := 0, 0, 0
		for i := range g.now {
			lo := i * int(g.panes.Every)
			hi := min(lo+int(g.panes.Each), len(g.parts))
			if lo >= end {
				for j := hi - 1; j >= lo; j-- {
					tails[j-lo] = g.states[j*w+k]
					if j+1 < hi {
						tails[j-lo].Merge(&tails[j+1-lo], typ)
					}
				}
				begin, end, next, head = lo, hi, hi, agg.State{}
			}
			for ; next < hi; next++ {
				head.Merge(&g.states[next*w+k], typ)
			}
			r := &g.folded[i*w+k]
			*r = tails[lo-begin]
			r.Merge(&head, typ)
		}
	}
	g.result = g.folded
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
	return sort.Search(len(g.parts), func(i int) bool { return g.parts[i].Hi >= t })
}

// statistics takes what is known of a chunk if it lies wholly within every window that it
// touches.
func (g *grouped) statistics(k int, typ tablet.DataType, s *tsfile.Statistics) bool {
	from := g.first(s.Start)
	to := from
	for ; to < len(g.parts) && g.parts[to].Lo <= s.End; to++ {
		if s.Start < g.parts[to].Lo || s.End > g.parts[to].Hi {
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
	for w := g.first(times[0]); w < len(g.parts) && g.parts[w].Lo <= last; w++ {
		lo, hi := g.parts[w].Lo, g.parts[w].Hi
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
			c.fn.Put(&g.out.Columns[extra+k], &g.result[i*len(g.wanted)+g.places[k]])
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
