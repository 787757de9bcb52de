package merge

import (
	"math"
	"slices"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// memSource hands out the tablets of a memtable; descending, in pieces turned around.
type memSource struct {
	s       *Scanner
	tablets []*tablet.Tablet // in the order of keys
	deleted [][]Range        // by query column
	next    int
	rest    rows // of the current tablet, not handed out yet
	piece   rows
	own     []tablet.Bitmap
	buf     []tablet.Column // descending
	times   []int64
	spare   tablet.Binary
}

func (s *Scanner) memStream(tablets []*tablet.Tablet, deleted func(string) []Range) *stream {
	m := &memSource{s: s}
	for _, t := range tablets {
		if len(t.Times) > 0 && t.Times[0] <= s.q.Hi && t.Times[len(t.Times)-1] >= s.q.Lo {
			m.tablets = append(m.tablets, t)
			s.aligned = s.aligned || t.Aligned
		}
	}
	if len(m.tablets) == 0 {
		return nil
	}
	if s.q.Desc {
		slices.Reverse(m.tablets)
	}
	n := len(s.q.Columns)
	st := &stream{src: m, block: block{cols: make([]tablet.Column, n), at: make([]int, n), has: make([]bool, n)}}
	m.own = make([]tablet.Bitmap, n)
	m.buf = make([]tablet.Column, n)
	for i := range n {
		st.at[i] = i
	}
	if deleted != nil {
		m.deleted = make([][]Range, n)
		for i := range n {
			m.deleted[i] = deleted(s.q.Columns[i].Name)
		}
	}
	return st
}

func (m *memSource) advance(st *stream) (bool, error) {
	for m.rest.from >= m.rest.to {
		if m.next == len(m.tablets) {
			return false, nil
		}
		m.rest = within(m.tablets[m.next].Times, m.s.q.Lo, m.s.q.Hi)
		m.next++
	}
	t := m.tablets[m.next-1]
	m.piece = m.rest
	if m.s.q.Desc {
		m.piece.from = max(m.rest.from, m.rest.to-m.s.q.Rows)
		m.rest.to = m.piece.from
	} else {
		m.rest.from = m.rest.to
	}
	st.lo, st.hi = span(t.Times[m.piece.from], t.Times[m.piece.to-1], m.s.q.Desc)
	st.state = pending
	return true, nil
}

func (m *memSource) deepen(st *stream) (bool, error) {
	t := m.tablets[m.next-1]
	wanted := false
	for i, w := range m.s.q.Columns {
		c := find(t, i, w.Name)
		st.has[i] = c != nil && c.Type == w.Type
		if st.has[i] {
			m.column(st, i, c)
			wanted = true
		}
	}
	if !wanted {
		st.state = idle
		return true, st.step()
	}
	if !m.s.q.Desc {
		st.keys = t.Times
		st.settle(m.piece)
		return true, nil
	}
	m.times = append(m.times[:0], t.Times[m.piece.from:m.piece.to]...)
	slices.Reverse(m.times)
	for i := range m.times {
		m.times[i] = ^m.times[i]
	}
	st.keys = m.times
	st.settle(rows{0, len(m.times)})
	return true, nil
}

// column prepares column i of the current piece.
func (m *memSource) column(st *stream, i int, c *tablet.Column) {
	t := m.tablets[m.next-1]
	st.cols[i] = *c
	if m.deleted != nil && len(m.deleted[i]) > 0 {
		m.own[i] = erase(&st.cols[i], t.Times, m.deleted[i], m.own[i])
	}
	if !m.s.q.Desc {
		return
	}
	b := &m.buf[i]
	emptied(b)
	clear(b.Nulls)
	b.Schema = c.Schema
	appendRange(b, 0, &st.cols[i], m.piece)
	reverse(b, m.piece.to-m.piece.from, &m.spare)
	st.cols[i] = *b
}

// find returns a column of t, looking at place i first.
func find(t *tablet.Tablet, i int, name string) *tablet.Column {
	if i < len(t.Columns) && t.Columns[i].Name == name {
		return &t.Columns[i]
	}
	for j := range t.Columns {
		if t.Columns[j].Name == name {
			return &t.Columns[j]
		}
	}
	return nil
}

func (m *memSource) hull() Range {
	out := Range{math.MaxInt64, math.MinInt64}
	for _, t := range m.tablets {
		out = Range{min(out.Lo, t.Times[0]), max(out.Hi, t.Times[len(t.Times)-1])}
	}
	return out
}

func (m *memSource) covers(c int, r Range) bool {
	for _, t := range m.tablets {
		if t.Times[0] <= r.Hi && t.Times[len(t.Times)-1] >= r.Lo && find(t, c, m.s.q.Columns[c].Name) != nil {
			return true
		}
	}
	return false
}

func (m *memSource) bytes() int {
	n := 8*cap(m.times) + cap(m.spare.Data) + 4*cap(m.spare.Ends)
	for i := range m.buf {
		n += columnBytes(&m.buf[i]) + cap(m.own[i])
	}
	return n
}
