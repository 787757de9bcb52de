package tablet

// Slice returns rows from..to-1. Fixed-width cells share memory with t; bitmaps and
// the offsets of binary cells are copied. The bounds must satisfy 0 <= from <= to <= Rows.
func (t *Tablet) Slice(from, to int) *Tablet {
	out := &Tablet{Device: t.Device, Aligned: t.Aligned, Times: t.Times[from:to:to], Columns: make([]Column, len(t.Columns))}
	for i := range t.Columns {
		out.Columns[i] = t.Columns[i].slice(from, to)
	}
	return out
}

func (c *Column) slice(from, to int) Column {
	out := Column{Schema: c.Schema, Category: c.Category}
	switch c.Type.Physical() {
	case PhysicalBool:
		out.Bools = c.Bools[from:to:to]
	case PhysicalInt32:
		out.Int32s = c.Int32s[from:to:to]
	case PhysicalInt64:
		out.Int64s = c.Int64s[from:to:to]
	case PhysicalFloat:
		out.Floats = c.Floats[from:to:to]
	case PhysicalDouble:
		out.Doubles = c.Doubles[from:to:to]
	case PhysicalBytes:
		out.Bytes = c.Bytes.slice(from, to)
	}
	if c.Nulls != nil {
		out.Nulls = NewBitmap(to - from)
		copyBits(out.Nulls, 0, c.Nulls, from, to-from)
	}
	return out
}

func (b *Binary) slice(from, to int) Binary {
	if from == to {
		return Binary{Ends: []uint32{}}
	}
	start := uint32(0)
	if from > 0 {
		start = b.Ends[from-1]
	}
	out := Binary{Ends: make([]uint32, to-from), Data: b.Data[start:b.Ends[to-1]:b.Ends[to-1]]}
	for i, e := range b.Ends[from:to] {
		out.Ends[i] = e - start
	}
	return out
}

// copyBits sets bit at+i of dst for every set bit from+i of src, i < n.
func copyBits(dst Bitmap, at int, src Bitmap, from, n int) {
	for i := 0; i < n; {
		if (from+i)&7 == 0 && n-i >= 8 {
			if (from+i)>>3 >= len(src) {
				return
			}
			if src[(from+i)>>3] == 0 {
				i += 8
				continue
			}
		}
		if src.Get(from + i) {
			dst.Set(at + i)
		}
		i++
	}
}

// Project returns a tablet with the columns that keep (called with the index) selects;
// cells are shared with t.
func (t *Tablet) Project(keep func(i int) bool) *Tablet {
	out := &Tablet{Device: t.Device, Aligned: t.Aligned, Times: t.Times}
	for i := range t.Columns {
		if keep(i) {
			out.Columns = append(out.Columns, t.Columns[i])
		}
	}
	return out
}

// Clone returns a deep copy.
func (t *Tablet) Clone() *Tablet {
	out := &Tablet{Device: t.Device, Aligned: t.Aligned, Times: append([]int64(nil), t.Times...), Columns: make([]Column, len(t.Columns))}
	for i := range t.Columns {
		c := &t.Columns[i]
		out.Columns[i] = Column{Schema: c.Schema, Category: c.Category, Nulls: append(Bitmap(nil), c.Nulls...),
			Bools: append([]bool(nil), c.Bools...), Int32s: append([]int32(nil), c.Int32s...),
			Int64s: append([]int64(nil), c.Int64s...), Floats: append([]float32(nil), c.Floats...),
			Doubles: append([]float64(nil), c.Doubles...),
			Bytes:   Binary{Ends: append([]uint32(nil), c.Bytes.Ends...), Data: append([]byte(nil), c.Bytes.Data...)}}
	}
	return out
}

// MemSize estimates the bytes of cells, bitmaps and names that t holds.
func (t *Tablet) MemSize() int {
	n := 8*len(t.Times) + len(t.Device)
	for i := range t.Columns {
		c := &t.Columns[i]
		n += 64 + len(c.Name) + len(c.Nulls) + len(c.Bools) + 4*len(c.Int32s) + 8*len(c.Int64s) +
			4*len(c.Floats) + 8*len(c.Doubles) + 4*len(c.Bytes.Ends) + len(c.Bytes.Data)
	}
	return n
}
