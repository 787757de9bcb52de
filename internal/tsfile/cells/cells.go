// Package cells moves the cells of a column: appended to another column, spread over rows
// of which some are null, dropped. The bitmaps of a file have the most significant bit
// first and a bit set where a cell is present; those of a tablet have the least significant
// bit first and a bit set where it is null.
package cells

import "github.com/sluice-gateway/sluice/internal/tablet"

// Count returns how many cells col has.
func Count(col *tablet.Column) int {
	switch col.Type.Physical() {
	case tablet.PhysicalBool:
		return len(col.Bools)
	case tablet.PhysicalInt32:
		return len(col.Int32s)
	case tablet.PhysicalInt64:
		return len(col.Int64s)
	case tablet.PhysicalFloat:
		return len(col.Floats)
	case tablet.PhysicalDouble:
		return len(col.Doubles)
	}
	return len(col.Bytes.Ends)
}

// Append appends cells from..to-1 of src, nulls included.
func Append(dst, src *tablet.Column, from, to int) {
	at := Count(dst)
	switch dst.Type.Physical() {
	case tablet.PhysicalBool:
		dst.Bools = append(dst.Bools, src.Bools[from:to]...)
	case tablet.PhysicalInt32:
		dst.Int32s = append(dst.Int32s, src.Int32s[from:to]...)
	case tablet.PhysicalInt64:
		dst.Int64s = append(dst.Int64s, src.Int64s[from:to]...)
	case tablet.PhysicalFloat:
		dst.Floats = append(dst.Floats, src.Floats[from:to]...)
	case tablet.PhysicalDouble:
		dst.Doubles = append(dst.Doubles, src.Doubles[from:to]...)
	case tablet.PhysicalBytes:
		for i := from; i < to; i++ {
			dst.Bytes.Append(src.Bytes.At(i))
		}
	}
	if src.Nulls == nil {
		return
	}
	for i := from; i < to; i++ {
		if src.Nulls.Get(i) {
			SetNull(dst, at+i-from)
		}
	}
}

// SetNull marks cell i null; the bitmap grows as needed.
func SetNull(col *tablet.Column, i int) {
	for len(col.Nulls) <= i>>3 {
		col.Nulls = append(col.Nulls, 0)
	}
	col.Nulls.Set(i)
}

// AppendNulls appends n null cells.
func AppendNulls(col *tablet.Column, n int) {
	if n <= 0 {
		return
	}
	at := Count(col)
	switch col.Type.Physical() {
	case tablet.PhysicalBool:
		col.Bools = append(col.Bools, make([]bool, n)...)
	case tablet.PhysicalInt32:
		col.Int32s = append(col.Int32s, make([]int32, n)...)
	case tablet.PhysicalInt64:
		col.Int64s = append(col.Int64s, make([]int64, n)...)
	case tablet.PhysicalFloat:
		col.Floats = append(col.Floats, make([]float32, n)...)
	case tablet.PhysicalDouble:
		col.Doubles = append(col.Doubles, make([]float64, n)...)
	case tablet.PhysicalBytes:
		for range n {
			col.Bytes.Append(nil)
		}
	}
	for i := at; i < at+n; i++ {
		SetNull(col, i)
	}
}
