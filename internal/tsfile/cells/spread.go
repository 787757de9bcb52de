package cells

import (
	"math/bits"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// CountPresent counts the set bits of the first rows bits.
func CountPresent(present []byte, rows int) int {
	n := 0
	for _, b := range present[:rows/8] {
		n += bits.OnesCount8(b)
	}
	if rest := rows & 7; rest > 0 {
		n += bits.OnesCount8(present[rows/8] >> (8 - rest))
	}
	return n
}

// Spread moves the present cells of an empty column's page to their rows and marks the
// others null. A set bit of shown, most significant first, is a present cell.
func Spread(col *tablet.Column, shown []byte, rows, present int) {
	col.Nulls = clearBitmap(col.Nulls, rows)
	for i := range rows {
		if shown[i>>3]>>(7-i&7)&1 == 0 {
			col.Nulls.Set(i)
		}
	}
	switch col.Type.Physical() {
	case tablet.PhysicalBool:
		col.Bools = spreadCells(col.Bools, col.Nulls, rows, present)
	case tablet.PhysicalInt32:
		col.Int32s = spreadCells(col.Int32s, col.Nulls, rows, present)
	case tablet.PhysicalInt64:
		col.Int64s = spreadCells(col.Int64s, col.Nulls, rows, present)
	case tablet.PhysicalFloat:
		col.Floats = spreadCells(col.Floats, col.Nulls, rows, present)
	case tablet.PhysicalDouble:
		col.Doubles = spreadCells(col.Doubles, col.Nulls, rows, present)
	case tablet.PhysicalBytes:
		spreadEnds(&col.Bytes, col.Nulls, rows, present)
	}
}

func spreadCells[T any](s []T, nulls tablet.Bitmap, rows, present int) []T {
	s = extend(s, rows)
	var zero T
	for i, j := rows-1, present-1; i >= 0; i-- {
		if nulls.Get(i) {
			s[i] = zero
			continue
		}
		s[i] = s[j]
		j--
	}
	return s
}

func spreadEnds(b *tablet.Binary, nulls tablet.Bitmap, rows, present int) {
	b.Ends = extend(b.Ends, rows)
	for i, j := rows-1, present-1; i >= 0; i-- {
		switch {
		case j >= 0:
			b.Ends[i] = b.Ends[j]
		default:
			b.Ends[i] = 0
		}
		if !nulls.Get(i) {
			j--
		}
	}
}

// extend returns s with n elements.
func extend[T any](s []T, n int) []T {
	if cap(s) >= n {
		return s[:n]
	}
	out := make([]T, n)
	copy(out, s)
	return out
}

// Nulls makes col n null cells.
func Nulls(col *tablet.Column, n int) {
	Spread(col, make([]byte, (n+7)/8), n, 0)
}

func clearBitmap(b tablet.Bitmap, rows int) tablet.Bitmap {
	n := tablet.BitmapBytes(rows)
	if cap(b) < n {
		return tablet.NewBitmap(rows)
	}
	b = b[:n]
	clear(b)
	return b
}

// Empty drops the cells of col and keeps its memory.
func Empty(col *tablet.Column) {
	col.Bools, col.Int32s, col.Int64s = col.Bools[:0], col.Int32s[:0], col.Int64s[:0]
	col.Floats, col.Doubles = col.Floats[:0], col.Doubles[:0]
	col.Bytes.Ends, col.Bytes.Data = col.Bytes.Ends[:0], col.Bytes.Data[:0]
}

// AppendPresent writes the bitmap of a value page: most significant bit first, set where
// a cell is present.
func AppendPresent(dst []byte, nulls tablet.Bitmap, n int) []byte {
	for i := 0; i < n; i += 8 {
		b := byte(0xff)
		if n-i < 8 {
			b <<= 8 - (n - i)
		}
		for j := i; nulls != nil && j < min(i+8, n); j++ {
			if nulls.Get(j) {
				b &^= 0x80 >> (j - i)
			}
		}
		dst = append(dst, b)
	}
	return dst
}

// Bytes returns the memory that the cells of col hold.
func Bytes(col *tablet.Column) int {
	return 8*(cap(col.Int64s)+cap(col.Doubles)) + 4*(cap(col.Int32s)+cap(col.Floats)+cap(col.Bytes.Ends)) +
		cap(col.Bools) + cap(col.Bytes.Data) + cap(col.Nulls)
}
