package rows

import "github.com/sluice-gateway/sluice/internal/tablet"

// reset makes a column of n null cells, using its memory again.
func reset(c *tablet.Column, s tablet.Schema, n int) {
	c.Schema, c.Category = s, tablet.Field
	need := tablet.BitmapBytes(n)
	if cap(c.Nulls) < need {
		c.Nulls = make(tablet.Bitmap, need)
	}
	c.Nulls = c.Nulls[:need]
	for i := range c.Nulls {
		c.Nulls[i] = 0xff
	}
	switch s.Type.Physical() {
	case tablet.PhysicalBool:
		c.Bools = sized(c.Bools, n)
	case tablet.PhysicalInt32:
		c.Int32s = sized(c.Int32s, n)
	case tablet.PhysicalInt64:
		c.Int64s = sized(c.Int64s, n)
	case tablet.PhysicalFloat:
		c.Floats = sized(c.Floats, n)
	case tablet.PhysicalDouble:
		c.Doubles = sized(c.Doubles, n)
	case tablet.PhysicalBytes:
		c.Bytes.Ends, c.Bytes.Data = c.Bytes.Ends[:0], c.Bytes.Data[:0]
	}
}

func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}

// scatter copies the cells from.. of src to the rows at of dst, which was reset for n
// rows. at ascends.
func scatter(dst, src *tablet.Column, from int, at []int32, n int) {
	for i, k := range at {
		if !src.Nulls.Get(from + i) {
			dst.Nulls[k>>3] &^= 1 << (k & 7)
		}
	}
	switch dst.Type.Physical() {
	case tablet.PhysicalBool:
		place(dst.Bools, src.Bools[from:], at)
	case tablet.PhysicalInt32:
		place(dst.Int32s, src.Int32s[from:], at)
	case tablet.PhysicalInt64:
		place(dst.Int64s, src.Int64s[from:], at)
	case tablet.PhysicalFloat:
		place(dst.Floats, src.Floats[from:], at)
	case tablet.PhysicalDouble:
		place(dst.Doubles, src.Doubles[from:], at)
	case tablet.PhysicalBytes:
		for i, k := range at {
			padBytes(&dst.Bytes, int(k))
			if src.Nulls.Get(from + i) {
				dst.Bytes.Append(nil)
			} else {
				dst.Bytes.Append(src.Bytes.At(from + i))
			}
		}
		padBytes(&dst.Bytes, n)
	}
}

func place[T any](dst, src []T, at []int32) {
	for i, k := range at {
		dst[k] = src[i]
	}
}

// gather copies the given rows of src.
func gather(dst, src *tablet.Column, rows []int32) {
	dst.Schema, dst.Category = src.Schema, src.Category
	dst.Nulls = dst.Nulls[:0]
	if src.Nulls != nil {
		for len(dst.Nulls) < tablet.BitmapBytes(len(rows)) {
			dst.Nulls = append(dst.Nulls, 0)
		}
		for i, k := range rows {
			if src.Nulls.Get(int(k)) {
				dst.Nulls.Set(i)
			}
		}
	}
	switch src.Type.Physical() {
	case tablet.PhysicalBool:
		dst.Bools = pick(dst.Bools, src.Bools, rows)
	case tablet.PhysicalInt32:
		dst.Int32s = pick(dst.Int32s, src.Int32s, rows)
	case tablet.PhysicalInt64:
		dst.Int64s = pick(dst.Int64s, src.Int64s, rows)
	case tablet.PhysicalFloat:
		dst.Floats = pick(dst.Floats, src.Floats, rows)
	case tablet.PhysicalDouble:
		dst.Doubles = pick(dst.Doubles, src.Doubles, rows)
	case tablet.PhysicalBytes:
		dst.Bytes.Ends, dst.Bytes.Data = dst.Bytes.Ends[:0], dst.Bytes.Data[:0]
		for _, k := range rows {
			if src.Nulls.Get(int(k)) {
				dst.Bytes.Append(nil)
				continue
			}
			dst.Bytes.Append(src.Bytes.At(int(k)))
		}
	}
}

func pick[T any](dst, src []T, rows []int32) []T {
	dst = dst[:0]
	for _, k := range rows {
		dst = append(dst, src[k])
	}
	return dst
}

// size returns the bytes of the cells of a tablet.
func size(t *tablet.Tablet) int64 {
	n := 8 * cap(t.Times)
	for i := range t.Columns {
		c := &t.Columns[i]
		n += 128 + cap(c.Nulls) + cap(c.Bools) + 4*cap(c.Int32s) + 8*cap(c.Int64s) + 4*cap(c.Floats) + 8*cap(c.Doubles) +
			4*cap(c.Bytes.Ends) + cap(c.Bytes.Data)
	}
	return int64(n)
}

// padBytes appends empty cells up to n.
func padBytes(b *tablet.Binary, n int) {
	for len(b.Ends) < n {
		b.Append(nil)
	}
}

// Nulls makes a column of n null cells, using its memory again.
func Nulls(c *tablet.Column, s tablet.Schema, n int) {
	reset(c, s, n)
	padBytesOf(c, n)
}

// AppendCell appends cell i of src to a column of the same type that has n cells.
func AppendCell(dst, src *tablet.Column, n, i int) {
	for len(dst.Nulls) <= n>>3 {
		dst.Nulls = append(dst.Nulls, 0)
	}
	null := src.Nulls.Get(i)
	if null {
		dst.Nulls.Set(n)
	}
	switch src.Type.Physical() {
	case tablet.PhysicalBool:
		dst.Bools = append(dst.Bools, src.Bools[i])
	case tablet.PhysicalInt32:
		dst.Int32s = append(dst.Int32s, src.Int32s[i])
	case tablet.PhysicalInt64:
		dst.Int64s = append(dst.Int64s, src.Int64s[i])
	case tablet.PhysicalFloat:
		dst.Floats = append(dst.Floats, src.Floats[i])
	case tablet.PhysicalDouble:
		dst.Doubles = append(dst.Doubles, src.Doubles[i])
	case tablet.PhysicalBytes:
		if null {
			dst.Bytes.Append(nil)
			return
		}
		dst.Bytes.Append(src.Bytes.At(i))
	}
}

// Empty makes a column have no cells, keeping its memory.
func Empty(c *tablet.Column, s tablet.Schema) {
	*c = tablet.Column{Schema: s, Category: tablet.Field, Nulls: c.Nulls[:0], Bools: c.Bools[:0], Int32s: c.Int32s[:0],
		Int64s: c.Int64s[:0], Floats: c.Floats[:0], Doubles: c.Doubles[:0],
		Bytes: tablet.Binary{Ends: c.Bytes.Ends[:0], Data: c.Bytes.Data[:0]}}
}

// Pad appends null cells up to n.
func Pad(c *tablet.Column, n int) {
	have := 0
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		have, c.Bools = len(c.Bools), padded(c.Bools, n)
	case tablet.PhysicalInt32:
		have, c.Int32s = len(c.Int32s), padded(c.Int32s, n)
	case tablet.PhysicalInt64:
		have, c.Int64s = len(c.Int64s), padded(c.Int64s, n)
	case tablet.PhysicalFloat:
		have, c.Floats = len(c.Floats), padded(c.Floats, n)
	case tablet.PhysicalDouble:
		have, c.Doubles = len(c.Doubles), padded(c.Doubles, n)
	default:
		have = len(c.Bytes.Ends)
		padBytes(&c.Bytes, n)
	}
	for ; have < n; have++ {
		for len(c.Nulls) <= have>>3 {
			c.Nulls = append(c.Nulls, 0)
		}
		c.Nulls.Set(have)
	}
}

func padded[T any](s []T, n int) []T {
	var zero T
	for len(s) < n {
		s = append(s, zero)
	}
	return s
}
