package event

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

func appendColumn(dst []byte, c *tablet.Column, rows int) []byte {
	if hasNulls(c.Nulls, rows) {
		dst = appendNulls(dst, c.Nulls, rows)
	}
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		dst = slices.Grow(dst, rows)
		at := len(dst)
		dst = dst[:at+rows]
		out := dst[at:]
		for i, v := range c.Bools {
			b := byte(0)
			if v {
				b = 1
			}
			out[i] = b
		}
	case tablet.PhysicalInt32:
		var out []byte
		dst, out = extend(dst, 4*rows)
		for i, v := range c.Int32s {
			binary.LittleEndian.PutUint32(out[4*i:4*i+4], uint32(v))
		}
	case tablet.PhysicalInt64:
		dst = appendInt64s(dst, c.Int64s)
	case tablet.PhysicalFloat:
		var out []byte
		dst, out = extend(dst, 4*rows)
		for i, v := range c.Floats {
			binary.LittleEndian.PutUint32(out[4*i:4*i+4], math.Float32bits(v))
		}
	case tablet.PhysicalDouble:
		var out []byte
		dst, out = extend(dst, 8*rows)
		for i, v := range c.Doubles {
			binary.LittleEndian.PutUint64(out[8*i:8*i+8], math.Float64bits(v))
		}
	case tablet.PhysicalBytes:
		var out []byte
		dst, out = extend(dst, 4*rows)
		for i, v := range c.Bytes.Ends {
			binary.LittleEndian.PutUint32(out[4*i:4*i+4], v)
		}
		if rows > 0 {
			dst = append(dst, c.Bytes.Data[:c.Bytes.Ends[rows-1]]...)
		}
	}
	return dst
}

// extend returns dst with n more bytes, and those bytes.
func extend(dst []byte, n int) (longer, added []byte) {
	dst = slices.Grow(dst, n)
	return dst[:len(dst)+n], dst[len(dst) : len(dst)+n]
}

func appendInt64s(dst []byte, s []int64) []byte {
	dst, out := extend(dst, 8*len(s))
	for i, v := range s {
		binary.LittleEndian.PutUint64(out[8*i:8*i+8], uint64(v))
	}
	return dst
}

// appendNulls appends (rows+7)/8 bytes, noise after the last row cleared.
func appendNulls(dst []byte, b tablet.Bitmap, rows int) []byte {
	n := (rows + 7) / 8
	dst, out := extend(dst, n)
	k := copy(out, b)
	clear(out[k:])
	if rows%8 != 0 {
		out[n-1] &= 1<<(rows%8) - 1
	}
	return dst
}

// tablet reads what appendTablet wrote, with one allocation per kind of cell.
func (r *reader) tablet() *tablet.Tablet {
	rows := int(r.u32())
	cols := r.count(MaxColumns, 8, "columns")
	if rows > MaxRows {
		r.fail("%d rows, allowed %d", rows, MaxRows)
	}
	device := r.name()
	if r.err != nil {
		return nil
	}
	t := &tablet.Tablet{Device: device, Columns: make([]tablet.Column, cols)}
	nulls := r.schemas(t)
	if r.err != nil || rows*8 > len(r.b)-r.off {
		r.fail("%d rows do not fit", rows)
		return nil
	}
	s := r.slab(t, rows)
	if r.err != nil {
		return nil
	}
	t.Times = r.int64s(s.int64s(rows))
	for i := range t.Columns {
		r.column(&t.Columns[i], rows, nulls[i], s)
		if r.err != nil {
			return nil
		}
	}
	return t
}

// schemas reads the column headers and returns which columns have nulls.
func (r *reader) schemas(t *tablet.Tablet) []bool {
	nulls := make([]bool, len(t.Columns))
	start := r.off
	lengths := 0
	for range t.Columns { // first pass: bounds, to cut all names out of one string
		n := r.count(MaxName, 1, "bytes of a name")
		r.bytes(n)
		r.bytes(4)
		lengths += n
	}
	if r.err != nil {
		return nil
	}
	names := make([]byte, 0, lengths)
	r.off = start
	for i := range t.Columns {
		names = append(names, r.bytes(int(r.u32()))...)
		h := r.bytes(4)
		c := &t.Columns[i]
		c.Type, c.Encoding, c.Compressor = tablet.DataType(h[0]), tablet.Encoding(h[1]), tablet.Compressor(h[2])
		c.Category, nulls[i] = tablet.Category(h[3]&^hasNullsBit), h[3]&hasNullsBit != 0
		if !c.Type.Valid() || c.Category > tablet.Attribute {
			r.fail("column of type %d and category %d", h[0], h[3])
			return nil
		}
	}
	all := string(names)
	r.off = start
	for i, at := 0, 0; i < len(t.Columns); i++ {
		n := int(r.u32())
		t.Columns[i].Name = all[at : at+n]
		at += n
		r.off += n + 4
	}
	return nulls
}

// slab is the memory of all cells of one tablet, cut into columns.
type slab struct {
	i32 []int32
	i64 []int64
	f32 []float32
	f64 []float64
	u32 []uint32
	bo  []bool
}

func cut[T any](s *[]T, n int) []T {
	out := (*s)[:n:n]
	*s = (*s)[n:]
	return out
}

func (s *slab) int64s(n int) []int64 { return cut(&s.i64, n) }

// slab allocates the cells after checking that the fixed part of them is there.
func (r *reader) slab(t *tablet.Tablet, rows int) *slab {
	var n [tablet.PhysicalBytes + 1]int
	need := 8 * rows
	n[tablet.PhysicalInt64] = 1
	for i := range t.Columns {
		p := t.Columns[i].Type.Physical()
		n[p]++
		if w := t.Columns[i].Type.Width(); w > 0 {
			need += w * rows
		} else {
			need += 4 * rows
		}
	}
	if need > len(r.b)-r.off {
		r.fail("cells of %d bytes do not fit", need)
		return nil
	}
	s := &slab{}
	alloc(&s.bo, n[tablet.PhysicalBool]*rows)
	alloc(&s.i32, n[tablet.PhysicalInt32]*rows)
	alloc(&s.i64, n[tablet.PhysicalInt64]*rows)
	alloc(&s.f32, n[tablet.PhysicalFloat]*rows)
	alloc(&s.f64, n[tablet.PhysicalDouble]*rows)
	alloc(&s.u32, n[tablet.PhysicalBytes]*rows)
	return s
}

func alloc[T any](s *[]T, n int) {
	if n > 0 {
		*s = make([]T, n)
	}
}

func (r *reader) int64s(out []int64) []int64 {
	in := r.bytes(8 * len(out))
	if in == nil {
		return out
	}
	for i := range out {
		out[i] = int64(binary.LittleEndian.Uint64(in[8*i : 8*i+8]))
	}
	return out
}

func (r *reader) column(c *tablet.Column, rows int, nulls bool, s *slab) {
	if nulls {
		r.nulls(c, rows)
	}
	w := c.Type.Width()
	if w == 0 {
		w = 4
	}
	in := r.bytes(w * rows)
	if r.err != nil {
		return
	}
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		c.Bools = cut(&s.bo, rows)
		for i, v := range in {
			if v > 1 {
				r.fail("boolean %d", v)
			}
			c.Bools[i] = v == 1
		}
	case tablet.PhysicalInt32:
		c.Int32s = cut(&s.i32, rows)
		for i := range c.Int32s {
			c.Int32s[i] = int32(binary.LittleEndian.Uint32(in[4*i : 4*i+4]))
		}
	case tablet.PhysicalInt64:
		c.Int64s = cut(&s.i64, rows)
		for i := range c.Int64s {
			c.Int64s[i] = int64(binary.LittleEndian.Uint64(in[8*i : 8*i+8]))
		}
	case tablet.PhysicalFloat:
		c.Floats = cut(&s.f32, rows)
		for i := range c.Floats {
			c.Floats[i] = math.Float32frombits(binary.LittleEndian.Uint32(in[4*i : 4*i+4]))
		}
	case tablet.PhysicalDouble:
		c.Doubles = cut(&s.f64, rows)
		for i := range c.Doubles {
			c.Doubles[i] = math.Float64frombits(binary.LittleEndian.Uint64(in[8*i : 8*i+8]))
		}
	case tablet.PhysicalBytes:
		r.binary(c, in, cut(&s.u32, rows))
	}
}

// nulls reads a bitmap; it must have a bit set, and none after the last row.
func (r *reader) nulls(c *tablet.Column, rows int) {
	in := r.bytes((rows + 7) / 8)
	if r.err != nil {
		return
	}
	c.Nulls = tablet.NewBitmap(rows)
	copy(c.Nulls, in)
	if !hasNulls(c.Nulls, rows) || rows%8 != 0 && in[len(in)-1]>>(rows%8) != 0 {
		r.fail("bitmap of %d rows is not in its only form", rows)
	}
}

func (r *reader) binary(c *tablet.Column, in []byte, ends []uint32) {
	last := uint32(0)
	for i := range ends {
		e := binary.LittleEndian.Uint32(in[4*i : 4*i+4])
		if e < last {
			r.fail("cell %d ends at %d, before %d", i, e, last)
			return
		}
		ends[i], last = e, e
	}
	data := r.bytes(int(last))
	if r.err == nil {
		c.Bytes = tablet.Binary{Ends: ends, Data: append([]byte(nil), data...)}
	}
}
