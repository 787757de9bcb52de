package merge

import (
	"slices"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// emptied drops the cells of a column and keeps its memory.
func emptied(c *tablet.Column) {
	c.Bools, c.Int32s, c.Int64s = c.Bools[:0], c.Int32s[:0], c.Int64s[:0]
	c.Floats, c.Doubles = c.Floats[:0], c.Doubles[:0]
	c.Bytes.Ends, c.Bytes.Data = c.Bytes.Ends[:0], c.Bytes.Data[:0]
}

func columnBytes(c *tablet.Column) int {
	return cap(c.Nulls) + cap(c.Bools) + 4*cap(c.Int32s) + 8*cap(c.Int64s) + 4*cap(c.Floats) + 8*cap(c.Doubles) +
		4*cap(c.Bytes.Ends) + cap(c.Bytes.Data)
}

// grow returns s with n elements; new ones are of any content.
func grow[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	return append(s[:cap(s)], make([]T, n-cap(s))...)[:n]
}

// growCells gives the column n cells of any content.
func growCells(c *tablet.Column, n int) {
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		c.Bools = grow(c.Bools, n)
	case tablet.PhysicalInt32:
		c.Int32s = grow(c.Int32s, n)
	case tablet.PhysicalInt64:
		c.Int64s = grow(c.Int64s, n)
	case tablet.PhysicalFloat:
		c.Floats = grow(c.Floats, n)
	case tablet.PhysicalDouble:
		c.Doubles = grow(c.Doubles, n)
	case tablet.PhysicalBytes:
		end := uint32(len(c.Bytes.Data))
		for at := len(c.Bytes.Ends); at < n; at++ {
			c.Bytes.Ends = append(c.Bytes.Ends, end)
		}
		c.Bytes.Ends = c.Bytes.Ends[:n]
	}
}

// growBits makes b hold n bits; new bytes are clear.
func growBits(b tablet.Bitmap, n int) tablet.Bitmap {
	want := tablet.BitmapBytes(n)
	for len(b) < want {
		b = append(b, 0)
	}
	return b
}

// setBits sets bits from..to-1 and leaves the rest as it is.
func setBits(b tablet.Bitmap, from, to int) {
	for ; from < to && from&7 != 0; from++ {
		b.Set(from)
	}
	for ; to-from >= 8; from += 8 {
		b[from>>3] = 0xff
	}
	for ; from < to; from++ {
		b.Set(from)
	}
}

// clearBits clears bits from..to-1.
func clearBits(b tablet.Bitmap, from, to int) {
	for ; from < to && from&7 != 0; from++ {
		b[from>>3] &^= 1 << (from & 7)
	}
	for ; to-from >= 8; from += 8 {
		b[from>>3] = 0
	}
	for ; from < to; from++ {
		b[from>>3] &^= 1 << (from & 7)
	}
}

// orBits sets bit at+i of dst for every set bit from+i of src, i < n.
func orBits(dst tablet.Bitmap, at int, src tablet.Bitmap, from, n int) {
	for i := 0; i < n; {
		if (from+i)&7 == 0 && n-i >= 8 && (from+i)>>3 < len(src) {
			b := src[(from+i)>>3]
			switch {
			case b == 0:
				i += 8
				continue
			case (at+i)&7 == 0:
				dst[(at+i)>>3] |= b
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

// rows is a part of a block.
type rows struct{ from, to int }

// view returns rows r of c in shared memory; scratch holds what must be made anew.
func view(c *tablet.Column, r rows, scratch *tablet.Column) tablet.Column {
	out := tablet.Column{Schema: c.Schema, Category: c.Category}
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		out.Bools = c.Bools[r.from:r.to]
	case tablet.PhysicalInt32:
		out.Int32s = c.Int32s[r.from:r.to]
	case tablet.PhysicalInt64:
		out.Int64s = c.Int64s[r.from:r.to]
	case tablet.PhysicalFloat:
		out.Floats = c.Floats[r.from:r.to]
	case tablet.PhysicalDouble:
		out.Doubles = c.Doubles[r.from:r.to]
	case tablet.PhysicalBytes:
		if r.from == 0 {
			out.Bytes = tablet.Binary{Ends: c.Bytes.Ends[:r.to], Data: c.Bytes.Data}
			break
		}
		base := c.Bytes.Ends[r.from-1]
		ends := scratch.Bytes.Ends[:0]
		for _, e := range c.Bytes.Ends[r.from:r.to] {
			ends = append(ends, e-base)
		}
		scratch.Bytes.Ends = ends
		out.Bytes = tablet.Binary{Ends: ends, Data: c.Bytes.Data[base:]}
	}
	switch {
	case c.Nulls == nil:
	case r.from&7 == 0:
		out.Nulls = c.Nulls[min(r.from>>3, len(c.Nulls)):]
	default:
		scratch.Nulls = growBits(scratch.Nulls[:0], r.to-r.from)
		clear(scratch.Nulls)
		orBits(scratch.Nulls, 0, c.Nulls, r.from, r.to-r.from)
		out.Nulls = scratch.Nulls
	}
	return out
}

// appendRange appends rows r of src behind the at cells of dst; nulls too.
func appendRange(dst *tablet.Column, at int, src *tablet.Column, r rows) {
	switch dst.Type.Physical() {
	case tablet.PhysicalBool:
		dst.Bools = append(dst.Bools, src.Bools[r.from:r.to]...)
	case tablet.PhysicalInt32:
		dst.Int32s = append(dst.Int32s, src.Int32s[r.from:r.to]...)
	case tablet.PhysicalInt64:
		dst.Int64s = append(dst.Int64s, src.Int64s[r.from:r.to]...)
	case tablet.PhysicalFloat:
		dst.Floats = append(dst.Floats, src.Floats[r.from:r.to]...)
	case tablet.PhysicalDouble:
		dst.Doubles = append(dst.Doubles, src.Doubles[r.from:r.to]...)
	case tablet.PhysicalBytes:
		appendBytes(&dst.Bytes, &src.Bytes, r)
	}
	dst.Nulls = growBits(dst.Nulls, at+r.to-r.from)
	if src.Nulls != nil {
		orBits(dst.Nulls, at, src.Nulls, r.from, r.to-r.from)
	}
}

func appendBytes(dst, src *tablet.Binary, r rows) {
	if r.from == r.to {
		return
	}
	start := uint32(0)
	if r.from > 0 {
		start = src.Ends[r.from-1]
	}
	shift := uint32(len(dst.Data)) - start // wraps, and back again
	for _, e := range src.Ends[r.from:r.to] {
		dst.Ends = append(dst.Ends, e+shift)
	}
	dst.Data = append(dst.Data, src.Data[start:src.Ends[r.to-1]]...)
}

// appendNulls appends n null cells behind the at cells of dst.
func appendNulls(dst *tablet.Column, at, n int) {
	growCells(dst, at+n)
	dst.Nulls = growBits(dst.Nulls, at+n)
	setBits(dst.Nulls, at, at+n)
}

// scatter puts the cells of src that are not null into dst: row r.from+i goes to place[i].
func scatter(dst *tablet.Column, place []int32, src *tablet.Column, r rows) {
	switch dst.Type.Physical() {
	case tablet.PhysicalBool:
		scatterCells(dst.Bools, place, src.Bools[r.from:r.to], nulls{src.Nulls, r.from, dst.Nulls})
	case tablet.PhysicalInt32:
		scatterCells(dst.Int32s, place, src.Int32s[r.from:r.to], nulls{src.Nulls, r.from, dst.Nulls})
	case tablet.PhysicalInt64:
		scatterCells(dst.Int64s, place, src.Int64s[r.from:r.to], nulls{src.Nulls, r.from, dst.Nulls})
	case tablet.PhysicalFloat:
		scatterCells(dst.Floats, place, src.Floats[r.from:r.to], nulls{src.Nulls, r.from, dst.Nulls})
	case tablet.PhysicalDouble:
		scatterCells(dst.Doubles, place, src.Doubles[r.from:r.to], nulls{src.Nulls, r.from, dst.Nulls})
	}
}

type nulls struct {
	src  tablet.Bitmap
	from int
	dst  tablet.Bitmap
}

func scatterCells[T any](dst []T, place []int32, src []T, n nulls) {
	place = place[:len(src)]
	if n.src == nil {
		for i, v := range src {
			p := place[i]
			dst[p] = v
			n.dst[p>>3] &^= 1 << (p & 7)
		}
		return
	}
	for i, v := range src {
		if n.src.Get(n.from + i) {
			continue
		}
		p := place[i]
		dst[p] = v
		n.dst[p>>3] &^= 1 << (p & 7)
	}
}

// reverse turns the rows of a column of n cells around; spare takes part in the exchange
// of memory.
func reverse(c *tablet.Column, n int, spare *tablet.Binary) {
	slices.Reverse(c.Bools)
	slices.Reverse(c.Int32s)
	slices.Reverse(c.Int64s)
	slices.Reverse(c.Floats)
	slices.Reverse(c.Doubles)
	if c.Type.Physical() == tablet.PhysicalBytes {
		spare.Ends, spare.Data = spare.Ends[:0], spare.Data[:0]
		for i := n - 1; i >= 0; i-- {
			spare.Append(c.Bytes.At(i))
		}
		c.Bytes, *spare = *spare, c.Bytes
	}
	if c.Nulls == nil {
		return
	}
	for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
		a, b := c.Nulls.Get(i), c.Nulls.Get(j)
		if a != b {
			c.Nulls[i>>3] ^= 1 << (i & 7)
			c.Nulls[j>>3] ^= 1 << (j & 7)
		}
	}
}

// pack moves the cells listed in keep (ascending) to the front.
func pack(c *tablet.Column, keep []int32) {
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		c.Bools = packCells(c.Bools, keep)
	case tablet.PhysicalInt32:
		c.Int32s = packCells(c.Int32s, keep)
	case tablet.PhysicalInt64:
		c.Int64s = packCells(c.Int64s, keep)
	case tablet.PhysicalFloat:
		c.Floats = packCells(c.Floats, keep)
	case tablet.PhysicalDouble:
		c.Doubles = packCells(c.Doubles, keep)
	case tablet.PhysicalBytes:
		end, from := uint32(0), uint32(0)
		data, at := c.Bytes.Data, 0
		for i, k := range keep {
			for ; at <= int(k); at++ {
				from, end = end, c.Bytes.Ends[at]
			}
			start := uint32(0)
			if i > 0 {
				start = c.Bytes.Ends[i-1]
			}
			c.Bytes.Ends[i] = start + uint32(copy(data[start:], data[from:end]))
		}
		c.Bytes.Ends = c.Bytes.Ends[:len(keep)]
	}
	if c.Nulls == nil {
		return
	}
	for i, k := range keep {
		if c.Nulls.Get(int(k)) {
			c.Nulls.Set(i)
		} else {
			c.Nulls[i>>3] &^= 1 << (i & 7)
		}
	}
}

func packCells[T any](s []T, keep []int32) []T {
	for i, k := range keep {
		s[i] = s[k]
	}
	return s[:len(keep)]
}
