package memtable

import (
	"cmp"
	"iter"
	"maps"
	"math"
	"slices"
	"sort"

	"github.com/sluice-gateway/sluice/internal/store/erase"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// View is what a table held at a moment. It implements merge.Memory and may be used by
// several goroutines.
type View struct {
	t       *Table
	epoch   uint32
	deleted erase.Set
	devices int
	lo, hi  int64
}

var _ merge.Memory = (*View)(nil)

// View returns the present content.
func (t *Table) View() *View {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := &View{t: t, epoch: t.epoch, deleted: t.deleted, devices: len(t.devices), lo: t.lo, hi: t.hi}
	t.epoch++
	return v
}

// Times returns the smallest and largest time before deletions; lo > hi: no row.
func (v *View) Times() (lo, hi int64) { return v.lo, v.hi }

// Devices implements merge.Memory: all devices in the order of a version 3 file of
// ordinary names. Some may have no rows.
func (v *View) Devices() iter.Seq[string] {
	v.t.mu.RLock()
	names := make([]string, 0, len(v.t.devices))
	for name, d := range v.t.devices {
		if n, _ := d.at(v.epoch); n > 0 {
			names = append(names, name)
		}
	}
	v.t.mu.RUnlock()
	slices.Sort(names)
	return slices.Values(names)
}

// Span returns the times of a device before deletions; lo > hi: no row.
func (v *View) Span(name string) (lo, hi int64) {
	v.t.mu.RLock()
	defer v.t.mu.RUnlock()
	d := v.t.devices[name]
	if d == nil {
		return math.MaxInt64, math.MinInt64
	}
	return d.lo, d.hi
}

// Tablets implements merge.Memory.
func (v *View) Tablets(name string) []*tablet.Tablet {
	return v.Within(name, math.MinInt64, math.MaxInt64)
}

// piece is the visible rows of one chunk.
type piece struct {
	*tablet.Tablet
	lo, hi int64
	strict bool // times grow and none repeats
	order  int  // in the log
}

// Within returns the rows of a device from lo to hi: times ascend without repetition
// within and across the tablets. Cells may be shared with the table.
func (v *View) Within(name string, lo, hi int64) []*tablet.Tablet {
	pieces := v.pieces(name, lo, hi)
	if len(pieces) == 0 {
		return nil
	}
	slices.SortStableFunc(pieces, func(a, b piece) int { return cmp.Compare(a.lo, b.lo) })
	out := make([]*tablet.Tablet, 0, len(pieces))
	for len(pieces) > 0 { // pieces that overlap, directly or through others
		n, end := 1, pieces[0].hi
		for n < len(pieces) && pieces[n].lo <= end {
			end = max(end, pieces[n].hi)
			n++
		}
		if n == 1 && pieces[0].strict {
			out = append(out, pieces[0].Tablet)
		} else {
			out = append(out, join(pieces[:n]))
		}
		pieces = pieces[n:]
	}
	return out
}

// pieces returns the chunks of a device in log order, cut to lo..hi, without what was
// deleted.
func (v *View) pieces(name string, lo, hi int64) []piece {
	type part struct {
		*tablet.Tablet
		deleted int
	}
	var parts []part
	v.t.mu.RLock()
	if d := v.t.devices[name]; d != nil && d.lo <= hi && d.hi >= lo {
		n, rows := d.at(v.epoch)
		parts = make([]part, 0, n)
		for i := range d.chunks[:n] {
			c := &d.chunks[i]
			switch {
			case c.block == nil:
				parts = append(parts, part{c.tab, int(c.deleted)})
			case i == n-1:
				parts = append(parts, part{c.block.tablet(name, rows), int(c.deleted)})
			default:
				parts = append(parts, part{c.block.tablet(name, c.n), int(c.deleted)})
			}
		}
	}
	v.t.mu.RUnlock()
	out := make([]piece, 0, len(parts))
	for i := range parts {
		p := piece{Tablet: parts[i].Tablet, order: i}
		if p.cut(lo, hi) && p.erase(v.deleted.From(parts[i].deleted)) {
			out = append(out, p)
		}
	}
	return out
}

// cut restricts a piece to times; false if nothing is left.
func (p *piece) cut(lo, hi int64) bool {
	times := p.Times
	if len(times) == 0 {
		return false
	}
	p.strict = true
	p.lo, p.hi = times[0], times[0]
	for i := 1; i < len(times); i++ {
		t := times[i]
		if t <= times[i-1] {
			p.strict = false
		}
		p.lo, p.hi = min(p.lo, t), max(p.hi, t)
	}
	if p.lo >= lo && p.hi <= hi {
		return true
	}
	if p.lo > hi || p.hi < lo {
		return false
	}
	if p.strict {
		from := sort.Search(len(times), func(i int) bool { return times[i] >= lo })
		to := from + sort.Search(len(times)-from, func(i int) bool { return times[from+i] > hi })
		if from == to {
			return false
		}
		p.Tablet = p.Slice(from, to)
		p.lo, p.hi = times[from], times[to-1]
		return true
	}
	var keep []int32
	for i, t := range times {
		if t >= lo && t <= hi {
			keep = append(keep, int32(i))
		}
	}
	return p.gather(keep)
}

// gather keeps some rows; false if there are none.
func (p *piece) gather(keep []int32) bool {
	if len(keep) == 0 {
		return false
	}
	refs := make([]ref, len(keep))
	for i, r := range keep {
		refs[i] = ref{time: p.Times[r], row: r}
	}
	p.lo, p.hi = math.MaxInt64, math.MinInt64
	p.Tablet = collect([]piece{*p}, refs, false)
	for _, t := range p.Times {
		p.lo, p.hi = min(p.lo, t), max(p.hi, t)
	}
	return true
}

// erase makes cells null that were deleted later; rows without cells go. False if
// nothing is left.
func (p *piece) erase(later erase.Set) bool {
	var cut []merge.Range
	t := p.Tablet
	if !later.Touches(p.Device, p.lo, p.hi) {
		return true
	}
	later = later.Within(p.lo, p.hi)
	touched := false
	t = &tablet.Tablet{Device: t.Device, Aligned: t.Aligned, Times: t.Times, Columns: slices.Clone(t.Columns)}
	for i := range t.Columns {
		c := &t.Columns[i]
		cut = erase.Normalize(later.Ranges(cut[:0], t.Device, c.Name))
		if len(cut) == 0 {
			continue
		}
		touched = true
		nulls := tablet.NewBitmap(len(t.Times))
		copy(nulls, c.Nulls)
		c.Nulls = nulls
		for r, at := range t.Times {
			k := sort.Search(len(cut), func(i int) bool { return cut[i].Hi >= at })
			if k < len(cut) && cut[k].Lo <= at {
				nulls.Set(r)
			}
		}
	}
	if !touched {
		return true
	}
	p.Tablet = t
	var keep []int32
	for r := range t.Times {
		for i := range t.Columns {
			if !t.Columns[i].Nulls.Get(r) {
				keep = append(keep, int32(r))
				break
			}
		}
	}
	return len(keep) == len(t.Times) || p.gather(keep)
}

// Buckets returns the distinct values of a monotonic function of the times, ascending.
// What was deleted counts too.
func (v *View) Buckets(of func(t int64) int64) []int64 {
	if v.lo > v.hi {
		return nil
	}
	if first, last := of(v.lo), of(v.hi); first == last {
		return []int64{first}
	}
	set := map[int64]struct{}{}
	for name := range v.Devices() {
		if lo, hi := v.Span(name); of(lo) == of(hi) {
			set[of(lo)] = struct{}{}
			continue
		}
		for _, p := range v.pieces(name, math.MinInt64, math.MaxInt64) {
			last := of(p.Times[0])
			set[last] = struct{}{}
			for _, t := range p.Times {
				if b := of(t); b != last {
					set[b], last = struct{}{}, b
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}
