package logscan

import (
	"sort"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// merger builds columns of one span of rows. Rows are numbered along times.
type merger struct {
	s     *scanned
	times []int64
	first int             // series index of cols[0]
	cols  []tablet.Column // every cell null at first
	texts [][][]byte      // cells of the variable columns until they are packed
	place []int32         // row of each row of the present part
}

// merge returns the columns of series first..first+n-1 at the given times, from parts
// in log order and the deletions between them.
func (s *scanned) merge(times []int64, parts []part, first, n int) []tablet.Column {
	m := &merger{s: s, times: times, first: first, cols: make([]tablet.Column, n), texts: make([][][]byte, n)}
	for i := range m.cols {
		m.alloc(i)
	}
	next := 0
	for i := range parts {
		next = m.deletions(next, parts[i].pos)
		m.add(&parts[i])
	}
	m.deletions(next, ^uint64(0))
	for i := range m.cols {
		m.pack(i)
	}
	return m.cols
}

func (m *merger) alloc(i int) {
	c, rows := &m.cols[i], len(m.times)
	src := &m.s.series[m.first+i]
	c.Name, c.Type, c.Category = src.name, src.typ, tablet.Field
	c.Nulls = tablet.NewBitmap(rows)
	for j := range c.Nulls {
		c.Nulls[j] = 0xff
	}
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		c.Bools = make([]bool, rows)
	case tablet.PhysicalInt32:
		c.Int32s = make([]int32, rows)
	case tablet.PhysicalInt64:
		c.Int64s = make([]int64, rows)
	case tablet.PhysicalFloat:
		c.Floats = make([]float32, rows)
	case tablet.PhysicalDouble:
		c.Doubles = make([]float64, rows)
	case tablet.PhysicalBytes:
		m.texts[i] = make([][]byte, rows)
	}
}

// deletions applies those from index next on that come before a position, and
// returns the index of the first that does not.
func (m *merger) deletions(next int, before uint64) int {
	for ; next < len(m.s.deleted) && m.s.deleted[next].pos < before; next++ {
		d := m.s.deleted[next]
		from := sort.Search(len(m.times), func(i int) bool { return m.times[i] >= d.lo })
		to := sort.Search(len(m.times), func(i int) bool { return m.times[i] > d.hi })
		if from >= to {
			continue
		}
		for i := range m.cols {
			if k := m.first + i; d.coversSeries(k, &m.s.series[k]) {
				for r := from; r < to; r++ {
					m.cols[i].Nulls.Set(r)
				}
			}
		}
	}
	return next
}

// add puts the cells of a part into their rows.
func (m *merger) add(p *part) {
	contiguous := m.rows(p)
	for j, k := range p.cols {
		if k -= m.first; k < 0 || k >= len(m.cols) {
			continue
		}
		src, dst := &p.t.Columns[j], &m.cols[k]
		if contiguous && len(src.Nulls) == 0 && dst.Type.Physical() != tablet.PhysicalBytes {
			copyCells(dst, int(m.place[0]), src, p.from, p.to)
			clearNulls(dst.Nulls, int(m.place[0]), p.to-p.from)
			continue
		}
		m.scatter(k, src, p)
	}
}

// rows finds the row of every row of the part and reports whether they follow each
// other.
func (m *merger) rows(p *part) bool {
	m.place = m.place[:0]
	at := sort.Search(len(m.times), func(i int) bool { return m.times[i] >= p.first() })
	contiguous := true
	for i := p.from; i < p.to; i++ {
		t := p.t.Times[i]
		for m.times[at] < t {
			at++
		}
		contiguous = contiguous && (i == p.from || int(m.place[len(m.place)-1]) == at-1)
		m.place = append(m.place, int32(at))
	}
	return contiguous
}

func copyCells(dst *tablet.Column, at int, src *tablet.Column, from, to int) {
	switch dst.Type.Physical() {
	case tablet.PhysicalBool:
		copy(dst.Bools[at:], src.Bools[from:to])
	case tablet.PhysicalInt32:
		copy(dst.Int32s[at:], src.Int32s[from:to])
	case tablet.PhysicalInt64:
		copy(dst.Int64s[at:], src.Int64s[from:to])
	case tablet.PhysicalFloat:
		copy(dst.Floats[at:], src.Floats[from:to])
	case tablet.PhysicalDouble:
		copy(dst.Doubles[at:], src.Doubles[from:to])
	}
}

func clearNulls(b tablet.Bitmap, at, n int) {
	for n > 0 && at&7 != 0 {
		b[at>>3] &^= 1 << (at & 7)
		at, n = at+1, n-1
	}
	for ; n >= 8; at, n = at+8, n-8 {
		b[at>>3] = 0
	}
	for ; n > 0; at, n = at+1, n-1 {
		b[at>>3] &^= 1 << (at & 7)
	}
}

// scatter copies the cells of a part that are not null, one by one.
func (m *merger) scatter(k int, src *tablet.Column, p *part) {
	dst := &m.cols[k]
	physical := dst.Type.Physical()
	for i := p.from; i < p.to; i++ {
		if src.Nulls.Get(i) {
			continue
		}
		r := m.place[i-p.from]
		dst.Nulls[r>>3] &^= 1 << (r & 7)
		switch physical {
		case tablet.PhysicalBool:
			dst.Bools[r] = src.Bools[i]
		case tablet.PhysicalInt32:
			dst.Int32s[r] = src.Int32s[i]
		case tablet.PhysicalInt64:
			dst.Int64s[r] = src.Int64s[i]
		case tablet.PhysicalFloat:
			dst.Floats[r] = src.Floats[i]
		case tablet.PhysicalDouble:
			dst.Doubles[r] = src.Doubles[i]
		case tablet.PhysicalBytes:
			m.texts[k][r] = src.Bytes.At(i)
		}
	}
}

// pack turns the gathered cells of a variable column into its final form.
func (m *merger) pack(k int) {
	cells := m.texts[k]
	if cells == nil {
		return
	}
	c, size := &m.cols[k], 0
	for i, v := range cells {
		if !c.Nulls.Get(i) {
			size += len(v)
		}
	}
	c.Bytes = tablet.Binary{Ends: make([]uint32, 0, len(cells)), Data: make([]byte, 0, size)}
	for i, v := range cells {
		if c.Nulls.Get(i) {
			v = nil
		}
		c.Bytes.Append(v)
	}
}
