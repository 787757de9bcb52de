package rpc

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// window is rows off..off+n of a column or of its bitmap.
type window struct{ off, n int }

// anyNull reports whether a cell of the window is null.
func (w window) anyNull(nulls tablet.Bitmap) bool {
	for i := 0; i < w.n; i += 8 {
		if nullBits(nulls, w.off+i, w.n-i) != 0 {
			return true
		}
	}
	return false
}

// nullBits returns up to eight bits of a bitmap from bit pos on, least significant
// first; bits from n on are zero.
func nullBits(nulls tablet.Bitmap, pos, n int) byte {
	i, shift := pos>>3, uint(pos&7)
	if i >= len(nulls) {
		return 0
	}
	b := nulls[i] >> shift
	if shift != 0 && i+1 < len(nulls) {
		b |= nulls[i+1] << (8 - shift)
	}
	if n < 8 {
		b &= 1<<n - 1
	}
	return b
}

// appendNullBits appends the window's null bits in TsBlock order: most significant
// bit first, 1 = null.
func appendNullBits(dst []byte, nulls tablet.Bitmap, w window) []byte {
	for i := 0; i < w.n; i += 8 {
		dst = append(dst, bits.Reverse8(nullBits(nulls, w.off+i, w.n-i)))
	}
	return dst
}

// appendPresence appends the window's bits to a bitmap of rows bits in the order of
// TSQueryDataSet: most significant bit first, 1 = value present, spare bits 0.
func appendPresence(dst []byte, rows int, nulls tablet.Bitmap, w window) []byte {
	shift := uint(rows & 7)
	for i := 0; i < w.n; i += 8 {
		present := ^nullBits(nulls, w.off+i, w.n-i)
		if left := w.n - i; left < 8 {
			present &= 1<<left - 1
		}
		b := bits.Reverse8(present)
		if shift != 0 {
			dst[len(dst)-1] |= b >> shift
		}
		dst = append(dst, b<<((8-shift)&7))
	}
	return dst[:(rows+w.n+7)/8]
}

// appendCells appends the cells of the window that are not null: numbers in
// big-endian order, strings with an i32 length, booleans as bytes.
func appendCells(dst []byte, c *tablet.Column, w window) []byte {
	for from, end := w.off, w.off+w.n; from < end; {
		if c.Nulls.Get(from) {
			from++
			continue
		}
		to := from + 1
		for to < end && !c.Nulls.Get(to) {
			to++
			for to+8 <= end && nullBits(c.Nulls, to, 8) == 0 {
				to += 8
			}
		}
		dst = appendRun(dst, c, window{from, to - from})
		from = to
	}
	return dst
}

// appendRun is appendCells for cells without a null.
func appendRun(dst []byte, c *tablet.Column, w window) []byte {
	end := w.off + w.n
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		for _, v := range c.Bools[w.off:end] {
			b := byte(0)
			if v {
				b = 1
			}
			dst = append(dst, b)
		}
	case tablet.PhysicalInt32:
		dst, out := extend(dst, 4*w.n)
		for i, v := range c.Int32s[w.off:end] {
			binary.BigEndian.PutUint32(out[4*i:], uint32(v))
		}
		return dst
	case tablet.PhysicalInt64:
		return appendInt64s(dst, c.Int64s[w.off:end])
	case tablet.PhysicalFloat:
		dst, out := extend(dst, 4*w.n)
		for i, v := range c.Floats[w.off:end] {
			binary.BigEndian.PutUint32(out[4*i:], math.Float32bits(v))
		}
		return dst
	case tablet.PhysicalDouble:
		dst, out := extend(dst, 8*w.n)
		for i, v := range c.Doubles[w.off:end] {
			binary.BigEndian.PutUint64(out[8*i:], math.Float64bits(v))
		}
		return dst
	case tablet.PhysicalBytes:
		for i := w.off; i < end; i++ {
			v := c.Bytes.At(i)
			dst = binary.BigEndian.AppendUint32(dst, uint32(len(v)))
			dst = append(dst, v...)
		}
	}
	return dst
}

func appendInt64s(dst []byte, vs []int64) []byte {
	dst, out := extend(dst, 8*len(vs))
	for i, v := range vs {
		binary.BigEndian.PutUint64(out[8*i:], uint64(v))
	}
	return dst
}

// extend makes dst n bytes longer and returns it and the new part.
func extend(dst []byte, n int) (all, added []byte) {
	from := len(dst)
	all = slices.Grow(dst, n)[:from+n]
	return all, all[from:]
}

// blockBytes bounds what a window of a block takes in either encoding.
func blockBytes(columns []int, b *result.Block, w window) int {
	n := 8*w.n + 16
	for _, k := range columns {
		n += cellBytes(&b.Columns[k], w) + 4
	}
	return n
}

// cellBytes bounds what the window of a column takes in either encoding, null cells
// counted as if they had a value.
func cellBytes(c *tablet.Column, w window) int {
	if c.Type.Physical() != tablet.PhysicalBytes {
		return w.n*c.Type.Width() + w.n/8 + 1
	}
	if w.n == 0 {
		return 0
	}
	start := uint32(0)
	if w.off > 0 {
		start = c.Bytes.Ends[w.off-1]
	}
	return int(c.Bytes.Ends[w.off+w.n-1]-start) + 4*w.n + w.n/8 + 1
}
