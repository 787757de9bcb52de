package memtable

import (
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Sizes of blocks.
const (
	firstRows = 4   // of the first block of a device
	mostRows  = 512 // of a block
	largeRows = 64  // a tablet with as many rows is kept by reference
	maxWide   = 256 // columns up to which a block takes rows that lack most of them
)

// shape is the columns of a block, shared by all devices that have the same.
type shape struct {
	cols  []tablet.Schema
	place []int          // of a column among those of its kind
	count [kinds]int     // columns by kind
	index map[string]int // nil for few columns
	bytes int            // of a row
}

// kinds is one more than the largest tablet.Physical.
const kinds = int(tablet.PhysicalBytes) + 1

func newShape(cols []tablet.Schema) *shape {
	s := &shape{cols: cols, place: make([]int, len(cols)), bytes: 8}
	for i := range cols {
		k := cols[i].Type.Physical()
		s.place[i] = s.count[k]
		s.count[k]++
		s.bytes += max(4, cols[i].Type.Width())
	}
	if len(cols) > 8 {
		s.index = make(map[string]int, len(cols))
		for i := range cols {
			s.index[cols[i].Name] = i
		}
	}
	return s
}

// find returns the column of a name, -1 if there is none; hint is tried first.
func (s *shape) find(hint int, name string) int {
	if hint < len(s.cols) && s.cols[hint].Name == name {
		return hint
	}
	if s.index != nil {
		if i, ok := s.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range s.cols {
		if s.cols[i].Name == name {
			return i
		}
	}
	return -1
}

// block is some rows of one device. Rows before n never change.
type block struct {
	*shape
	n, cap  int
	aligned bool
	long    []int64 // times, then the INT64 columns, cap cells each
	int32s  []int32
	floats  []float32
	doubles []float64
	bools   []bool
	bytes   []tablet.Binary // by place
	nulls   []tablet.Bitmap // by column; nil: no cell is null
}

func newBlock(s *shape, rows int, aligned bool) *block {
	b := &block{shape: s, cap: rows, aligned: aligned, long: make([]int64, rows*(1+s.count[tablet.PhysicalInt64]))}
	if n := s.count[tablet.PhysicalInt32]; n > 0 {
		b.int32s = make([]int32, rows*n)
	}
	if n := s.count[tablet.PhysicalFloat]; n > 0 {
		b.floats = make([]float32, rows*n)
	}
	if n := s.count[tablet.PhysicalDouble]; n > 0 {
		b.doubles = make([]float64, rows*n)
	}
	if n := s.count[tablet.PhysicalBool]; n > 0 {
		b.bools = make([]bool, rows*n)
	}
	if n := s.count[tablet.PhysicalBytes]; n > 0 {
		b.bytes = make([]tablet.Binary, n)
	}
	return b
}

// blockBytes is what a new block costs.
func blockBytes(s *shape, rows int) int64 {
	return int64(320 + rows*s.bytes + 48*s.count[tablet.PhysicalBytes])
}

// append copies all rows of t, which fit; where[i] is the place of column i of t. It
// returns the bytes that were needed beyond the block.
func (b *block) append(t *tablet.Tablet, where []int) int64 {
	rows := t.Rows()
	copy(b.long[b.n:], t.Times)
	grown, seen := int64(0), 0
	for i, to := range where {
		c := &t.Columns[i]
		grown += b.cells(to, c, rows)
		if c.Nulls != nil {
			grown += b.setNulls(to, c.Nulls, rows)
		}
		seen++
	}
	if seen < len(b.cols) {
		grown += b.fillMissing(where, rows)
	}
	b.n += rows
	return grown
}

// cells copies the cells of one column behind the last row.
func (b *block) cells(to int, c *tablet.Column, rows int) int64 {
	at := b.place[to]*b.cap + b.n
	switch c.Type.Physical() {
	case tablet.PhysicalInt64:
		copy(b.long[at+b.cap:], c.Int64s[:rows])
	case tablet.PhysicalInt32:
		copy(b.int32s[at:], c.Int32s[:rows])
	case tablet.PhysicalFloat:
		copy(b.floats[at:], c.Floats[:rows])
	case tablet.PhysicalDouble:
		copy(b.doubles[at:], c.Doubles[:rows])
	case tablet.PhysicalBool:
		copy(b.bools[at:], c.Bools[:rows])
	case tablet.PhysicalBytes:
		dst := &b.bytes[b.place[to]]
		base := uint32(len(dst.Data))
		n := uint32(0)
		if rows > 0 {
			n = c.Bytes.Ends[rows-1]
		}
		dst.Data = append(dst.Data, c.Bytes.Data[:n]...)
		for _, e := range c.Bytes.Ends[:rows] {
			dst.Ends = append(dst.Ends, base+e)
		}
		return int64(n)
	}
	return 0
}

func (b *block) bitmap(col int) (tablet.Bitmap, int64) {
	if b.nulls == nil {
		b.nulls = make([]tablet.Bitmap, len(b.cols))
	}
	if b.nulls[col] == nil {
		b.nulls[col] = tablet.NewBitmap(b.cap)
		return b.nulls[col], int64(b.cap/8 + 32)
	}
	return b.nulls[col], 0
}

func (b *block) setNulls(col int, nulls tablet.Bitmap, rows int) int64 {
	if nulls.Count(rows) == 0 {
		return 0
	}
	m, grown := b.bitmap(col)
	for r := range rows {
		if nulls.Get(r) {
			m.Set(b.n + r)
		}
	}
	return grown
}

// fillMissing makes the cells null of the columns that the new rows lack.
func (b *block) fillMissing(where []int, rows int) int64 {
	have := make([]bool, len(b.cols))
	for _, i := range where {
		have[i] = true
	}
	grown := int64(0)
	for i := range b.cols {
		if have[i] {
			continue
		}
		m, g := b.bitmap(i)
		grown += g
		for r := range rows {
			m.Set(b.n + r)
		}
		if b.cols[i].Type.Physical() == tablet.PhysicalBytes {
			dst := &b.bytes[b.place[i]]
			for range rows {
				dst.Ends = append(dst.Ends, uint32(len(dst.Data)))
			}
		}
	}
	return grown
}

// tablet returns the first n rows. Cells are shared, null bits copied.
func (b *block) tablet(device string, n int) *tablet.Tablet {
	t := &tablet.Tablet{Device: device, Aligned: b.aligned, Times: b.long[:n:n], Columns: make([]tablet.Column, len(b.cols))}
	for i := range b.cols {
		c := &t.Columns[i]
		c.Schema, c.Category = b.cols[i], tablet.Field
		at := b.place[i] * b.cap
		switch c.Type.Physical() {
		case tablet.PhysicalInt64:
			at += b.cap
			c.Int64s = b.long[at : at+n : at+n]
		case tablet.PhysicalInt32:
			c.Int32s = b.int32s[at : at+n : at+n]
		case tablet.PhysicalFloat:
			c.Floats = b.floats[at : at+n : at+n]
		case tablet.PhysicalDouble:
			c.Doubles = b.doubles[at : at+n : at+n]
		case tablet.PhysicalBool:
			c.Bools = b.bools[at : at+n : at+n]
		case tablet.PhysicalBytes:
			src := &b.bytes[b.place[i]]
			c.Bytes = tablet.Binary{Ends: src.Ends[:n:n], Data: src.Data}
		}
		if b.nulls != nil && b.nulls[i] != nil && b.nulls[i].Count(n) > 0 {
			c.Nulls = append(tablet.Bitmap(nil), b.nulls[i]...)
		}
	}
	return t
}
