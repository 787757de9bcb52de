package merge

import (
	"math"
	"sort"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Keys: everything behind a source sees times as ascending keys: the time itself, or its
// complement when the newest rows come first.
func key(t int64, desc bool) int64 {
	if desc {
		return ^t
	}
	return t
}

// span returns the keys of a range of times.
func span(lo, hi int64, desc bool) (from, to int64) {
	if desc {
		return ^hi, ^lo
	}
	return lo, hi
}

type state uint8

const (
	idle    state = iota // no block: ask the source to advance
	pending              // the bounds of the block are known
	loaded               // its rows are there
	ended
)

// stream is one ordered sequence of blocks: an aligned device, one series of another
// device, or the tablets of a memtable.
type stream struct {
	src   source
	order int // of its layer
	state state
	lo    int64 // keys of the block; of what is left of it when loaded
	hi    int64
	block
}

// block is a set of rows that share their times.
type block struct {
	keys []int64
	pos  int             // rows before it are used up
	cols []tablet.Column // one per wanted column of the stream
	at   []int           // its place in the query
	has  []bool          // false: nothing in this block
}

// source makes the blocks of a stream.
type source interface {
	// advance goes to the next block and sets the stream's bounds; false at the end.
	advance(st *stream) (bool, error)
	// deepen loads the block, or narrows its bounds, or goes to a later one; false at the end.
	deepen(st *stream) (bool, error)
	// hull returns times outside of which the stream has no values.
	hull() Range
	// covers reports whether the stream may have values of query column c within r.
	covers(c int, r Range) bool
}

// step calls advance or deepen and keeps the state.
func (st *stream) step() error {
	var ok bool
	var err error
	if st.state == idle {
		ok, err = st.src.advance(st)
	} else {
		ok, err = st.src.deepen(st)
	}
	if err == nil && !ok {
		st.state = ended
	}
	return err
}

// settle finishes a loaded block: rows outside the query are cut off.
func (st *stream) settle(r rows) {
	st.keys, st.pos, st.state = st.keys[:r.to], r.from, loaded
	if r.from >= r.to {
		st.state = idle
		return
	}
	st.lo, st.hi = st.keys[r.from], st.keys[r.to-1]
}

// use marks rows up to to as handed out.
func (st *stream) use(to int) {
	st.pos = to
	if to == len(st.keys) {
		st.state = idle
		return
	}
	st.lo = st.keys[to]
}

// until returns the end of the rows whose keys are at most h.
func (st *stream) until(h int64) int {
	if st.hi <= h {
		return len(st.keys)
	}
	return st.pos + sort.Search(len(st.keys)-st.pos, func(i int) bool { return st.keys[st.pos+i] > h })
}

// within returns the rows of ascending times that lie in lo..hi.
func within(times []int64, lo, hi int64) rows {
	r := rows{0, len(times)}
	if len(times) == 0 {
		return r
	}
	if times[0] < lo {
		r.from = sort.Search(len(times), func(i int) bool { return times[i] >= lo })
	}
	if times[len(times)-1] > hi {
		r.to = sort.Search(len(times), func(i int) bool { return times[i] > hi })
	}
	return r
}

// cover says how much of a span of times ranges cover.
type cover uint8

const (
	nothing cover = iota
	some
	all
)

// covered compares sorted, disjoint ranges with lo..hi.
func covered(ranges []Range, lo, hi int64) cover {
	i := sort.Search(len(ranges), func(i int) bool { return ranges[i].Hi >= lo })
	if i == len(ranges) || ranges[i].Lo > hi {
		return nothing
	}
	for at := lo; ; i++ {
		if i == len(ranges) || ranges[i].Lo > at {
			return some
		}
		if ranges[i].Hi >= hi {
			return all
		}
		at = ranges[i].Hi + 1
	}
}

// erase makes the cells of deleted times null; own is the bitmap to use.
func erase(c *tablet.Column, times []int64, deleted []Range, own tablet.Bitmap) tablet.Bitmap {
	copied := false
	for _, d := range deleted {
		r := within(times, d.Lo, d.Hi)
		if d.Lo > times[len(times)-1] {
			break
		}
		if r.from >= r.to {
			continue
		}
		if !copied {
			own = growBits(own[:0], len(times))
			clear(own)
			if c.Nulls != nil {
				orBits(own, 0, c.Nulls, 0, len(times))
			}
			c.Nulls, copied = own, true
		}
		setBits(c.Nulls, r.from, r.to)
	}
	return own
}

// fuse sorts ranges and joins those that touch or overlap.
func fuse(list []Range) []Range {
	if len(list) < 2 {
		return list
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Lo < list[j].Lo })
	out := list[:1]
	for _, r := range list[1:] {
		last := &out[len(out)-1]
		if last.Hi == math.MaxInt64 || r.Lo <= last.Hi+1 {
			last.Hi = max(last.Hi, r.Hi)
			continue
		}
		out = append(out, r)
	}
	return out
}
