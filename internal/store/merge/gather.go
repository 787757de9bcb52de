package merge

import (
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// gather puts the rows of windows together and makes the tablet that goes out.
type gather struct {
	s       *Scanner
	rows    int
	keys    []int64
	cols    []tablet.Column // owned
	view    tablet.Tablet   // handed out
	blank   []tablet.Column // null cells for columns without values
	scratch []tablet.Column
	keep    []int32
	dead    tablet.Bitmap
	pick    []pick
}

// pick says where the cell of a row comes from.
type pick struct {
	src *tablet.Binary
	row int32
}

func (g *gather) init(s *Scanner) {
	g.s = s
	g.cols, g.blank, g.scratch = fitting(g.cols, s.q.Columns), fitting(g.blank, s.q.Columns), fitting(g.scratch, s.q.Columns)
	g.view = tablet.Tablet{Device: s.q.Device, Columns: grow(g.view.Columns, len(s.q.Columns))}
}

func (g *gather) bytes() int {
	n := 8*cap(g.keys) + 4*cap(g.keep) + cap(g.dead) + 16*cap(g.pick)
	for i := range g.cols {
		n += columnBytes(&g.cols[i]) + columnBytes(&g.blank[i]) + columnBytes(&g.scratch[i])
	}
	return n
}

func (g *gather) reset() {
	g.rows, g.keys = 0, g.keys[:0]
	for i := range g.cols {
		emptied(&g.cols[i])
		g.cols[i].Nulls = g.cols[i].Nulls[:0]
	}
}

// direct makes a tablet that shares the memory of the blocks; nil if rows would have no
// value at all.
func (g *gather) direct(w *window) *tablet.Tablet {
	g.view.Aligned = g.s.aligned
	g.view.Times = w.keys
	if g.s.q.Desc {
		g.keys = append(g.keys[:0], w.keys...)
		g.view.Times = g.times(g.keys)
	}
	full := false
	for i := range g.view.Columns {
		c := &g.view.Columns[i]
		var src *part
		for j := range w.parts {
			if w.parts[j].st.column(i) != nil {
				src = &w.parts[j]
				break
			}
		}
		if src == nil {
			*c = g.null(i, w.rows)
			continue
		}
		*c = view(src.st.column(i), src.rows, &g.scratch[i])
		c.Schema, c.Category = g.s.q.Columns[i], tablet.Field
		full = full || c.Nulls == nil
	}
	if !full && g.markDead(g.view.Columns, w.rows) > 0 {
		g.keys = g.keys[:0]
		return nil
	}
	return &g.view
}

// times turns keys back into times; keys may be changed.
func (g *gather) times(keys []int64) []int64 {
	if g.s.q.Desc {
		for i := range keys {
			keys[i] = ^keys[i]
		}
	}
	return keys
}

// null returns n null cells of column i.
func (g *gather) null(i, n int) tablet.Column {
	b := &g.blank[i]
	if have := 8 * (len(b.Nulls) - 1); have < n {
		room := max(n, min(g.s.q.Rows, 2*n))
		b.Nulls = growBits(b.Nulls, room+7)
		for j := range b.Nulls {
			b.Nulls[j] = 0xff
		}
		growCells(b, 8*(len(b.Nulls)-1))
	}
	return view(b, rows{0, n}, nil)
}

// markDead marks the rows in which every column is null and counts them.
func (g *gather) markDead(cols []tablet.Column, n int) int {
	size := (n + 7) / 8
	g.dead = grow(g.dead, size)
	for i := range g.dead {
		g.dead[i] = 0xff
	}
	if n&7 != 0 {
		g.dead[size-1] = 1<<(n&7) - 1
	}
	for i := range cols {
		b := cols[i].Nulls
		if len(b) < size {
			for j := len(b); j < size; j++ {
				g.dead[j] = 0
			}
		}
		for j, v := range b[:min(size, len(b))] {
			g.dead[j] &= v
		}
	}
	return g.dead.Count(n)
}

// add appends the rows of a window.
func (g *gather) add(w *window) {
	g.keys = append(g.keys, w.keys...)
	for i := range g.cols {
		g.addColumn(w, i)
	}
	g.rows += w.rows
}

func (g *gather) addColumn(w *window, i int) {
	c := &g.cols[i]
	w.from = w.from[:0]
	for _, p := range w.parts {
		if p.rows.to > p.rows.from && p.st.column(i) != nil {
			w.from = append(w.from, p)
		}
	}
	switch {
	case len(w.from) == 0:
		appendNulls(c, g.rows, w.rows)
	case len(w.from) == 1 && w.groups[w.from[0].group].same:
		appendRange(c, g.rows, w.from[0].st.column(i), w.from[0].rows)
	case c.Type.Physical() == tablet.PhysicalBytes:
		g.choose(w, i)
	default:
		g.overlay(w, i)
	}
}

// overlay writes the layers over each other, the oldest first.
func (g *gather) overlay(w *window, i int) {
	c := &g.cols[i]
	growCells(c, g.rows+w.rows)
	c.Nulls = growBits(c.Nulls, g.rows+w.rows)
	setBits(c.Nulls, g.rows, g.rows+w.rows)
	for _, p := range w.from {
		scatter(c, g.places(w, p), p.st.column(i), p.rows)
	}
}

// places returns where the rows of a part go, counted from the first gathered row.
func (g *gather) places(w *window, p part) []int32 {
	grp := &w.groups[p.group]
	n := p.rows.to - p.rows.from
	g.keep = grow(g.keep, n)
	base := int32(g.rows)
	if grp.same {
		for j := range g.keep {
			g.keep[j] = base + int32(j)
		}
		return g.keep
	}
	for j, at := range grp.place[:n] {
		g.keep[j] = base + at
	}
	return g.keep
}

// choose does overlay for cells of variable length.
func (g *gather) choose(w *window, i int) {
	c := &g.cols[i]
	g.pick = grow(g.pick, w.rows)
	clear(g.pick)
	for _, p := range w.from {
		src, grp := p.st.column(i), &w.groups[p.group]
		for j := range p.rows.to - p.rows.from {
			row := p.rows.from + j
			if src.Nulls.Get(row) {
				continue
			}
			at := j
			if !grp.same {
				at = int(grp.place[j])
			}
			g.pick[at] = pick{&src.Bytes, int32(row)}
		}
	}
	c.Nulls = growBits(c.Nulls, g.rows+w.rows)
	for j, p := range g.pick {
		if p.src == nil {
			c.Bytes.Append(nil)
			c.Nulls.Set(g.rows + j)
			continue
		}
		c.Bytes.Append(p.src.At(int(p.row)))
	}
}

// finish returns the gathered rows that have a value; nil if there are none.
func (g *gather) finish() *tablet.Tablet {
	if g.rows == 0 {
		return nil
	}
	for i := range g.cols {
		if b := g.cols[i].Nulls; len(b) > 0 && b.Count(g.rows) == 0 {
			g.view.Columns[i] = g.cols[i]
			g.view.Columns[i].Nulls = nil
			continue
		}
		g.view.Columns[i] = g.cols[i]
	}
	dead := 0
	if len(g.cols) > 0 {
		dead = g.markDead(g.view.Columns, g.rows)
	}
	if dead == g.rows {
		return nil
	}
	keys := g.keys
	if dead > 0 {
		g.keep = g.keep[:0]
		for r := range g.rows {
			if !g.dead.Get(r) {
				g.keep = append(g.keep, int32(r))
			}
		}
		keys = packCells(keys, g.keep)
		for i := range g.view.Columns {
			pack(&g.view.Columns[i], g.keep)
		}
	}
	g.view.Times = g.times(keys)
	g.view.Aligned = g.s.aligned
	return &g.view
}
