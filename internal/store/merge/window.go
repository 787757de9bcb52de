package merge

import (
	"slices"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// window is the part of the loaded blocks whose rows come next.
type window struct {
	parts  []part
	rows   int
	direct bool    // all parts have the same keys and no column comes twice
	keys   []int64 // of the window; shared with a block if direct
	own    []int64
	groups []group // of parts with the same keys
	spare  []int64
	from   []part // by column, while rows are put together
}

// part is what one stream gives to a window.
type part struct {
	st    *stream
	rows  rows
	group int
}

// group is one of the different key lists of a window, and where its rows go.
type group struct {
	keys  []int64
	same  bool // keys of the group are those of the window
	place []int32
}

func (w *window) bytes() int {
	n := 8 * (cap(w.own) + cap(w.spare))
	for i := range w.groups[:cap(w.groups)] {
		n += 4 * cap(w.groups[:cap(w.groups)][i].place)
	}
	return n
}

// cut takes the rows up to where the first loaded block ends, at most limit.
func (w *window) cut(streams []*stream, limit int) {
	w.parts = w.parts[:0]
	first := true
	var horizon int64
	for _, st := range streams {
		if st.state == loaded && (first || st.hi < horizon) {
			horizon, first = st.hi, false
		}
	}
	for _, st := range streams {
		if st.state == loaded && st.lo <= horizon {
			w.parts = append(w.parts, part{st: st, rows: rows{st.pos, st.until(horizon)}})
		}
	}
	w.group()
	if len(w.groups) > 1 {
		w.unite(limit)
		return
	}
	w.rows = min(limit, len(w.groups[0].keys))
	w.keys = w.groups[0].keys[:w.rows]
	w.groups[0].same = true
	for i := range w.parts {
		w.parts[i].rows.to = w.parts[i].rows.from + w.rows
	}
	w.direct = w.unique()
}

// group finds the parts that have equal keys.
func (w *window) group() {
	groups := w.groups[:0]
next:
	for i := range w.parts {
		p := &w.parts[i]
		keys := p.st.keys[p.rows.from:p.rows.to]
		for g := range groups {
			if slices.Equal(groups[g].keys, keys) {
				p.group = g
				continue next
			}
		}
		p.group = len(groups)
		if len(groups) < cap(groups) {
			groups = groups[:len(groups)+1]
			groups[p.group].keys, groups[p.group].same = keys, false
		} else {
			groups = append(groups, group{keys: keys})
		}
	}
	w.groups = groups
}

// unite makes the keys of the window of those of several groups.
func (w *window) unite(limit int) {
	w.direct = false
	keys := append(w.own[:0], w.groups[0].keys...)
	other := w.spare
	for _, g := range w.groups[1:] {
		other = union(other[:0], keys, g.keys)
		keys, other = other, keys
	}
	w.own, w.spare = keys, other
	w.keys = keys[:min(limit, len(keys))]
	w.rows = len(w.keys)
	last := w.keys[w.rows-1]
	for i := range w.groups {
		g := &w.groups[i]
		n, _ := slices.BinarySearch(g.keys, last)
		if n < len(g.keys) && g.keys[n] == last {
			n++
		}
		g.keys = g.keys[:n]
		if g.same = n == w.rows; g.same {
			continue
		}
		g.place = grow(g.place, n)
		at := int32(0)
		for j, k := range g.keys {
			for w.keys[at] != k {
				at++
			}
			g.place[j] = at
		}
	}
	for i := range w.parts {
		p := &w.parts[i]
		p.rows.to = p.rows.from + len(w.groups[p.group].keys)
	}
}

// union merges two ascending lists.
func union(dst, a, b []int64) []int64 {
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		x, y := a[i], b[j]
		switch {
		case x < y:
			dst = append(dst, x)
			i++
		case x > y:
			dst = append(dst, y)
			j++
		default:
			dst = append(dst, x)
			i++
			j++
		}
	}
	return append(append(dst, a[i:]...), b[j:]...)
}

// unique reports whether no column comes from two parts.
func (w *window) unique() bool {
	for i := range w.parts {
		for j, at := range w.parts[i].st.at {
			if w.parts[i].st.has[j] && w.twice(i, at) {
				return false
			}
		}
	}
	return true
}

func (w *window) twice(i, at int) bool {
	for _, p := range w.parts[:i] {
		if p.st.column(at) != nil {
			return true
		}
	}
	return false
}

// use marks the rows of the window as handed out.
func (w *window) use() {
	for _, p := range w.parts {
		if p.rows.to > p.rows.from {
			p.st.use(p.rows.to)
		}
	}
}

// column returns the stream's column of a place in the query; nil if the block has none.
func (st *stream) column(at int) *tablet.Column {
	if at < len(st.at) && st.at[at] == at {
		if st.has[at] {
			return &st.cols[at]
		}
		return nil
	}
	for j, a := range st.at {
		if a == at && st.has[j] {
			return &st.cols[j]
		}
	}
	return nil
}
