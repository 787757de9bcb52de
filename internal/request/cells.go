package request

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// nullDate is what a null DATE slot of a tablet holds; 0 makes the reader of IoTDB
// throw.
const nullDate = 10000101

// extend returns dst with n more bytes, and those bytes.
func extend(dst []byte, n int) (longer, added []byte) {
	dst = slices.Grow(dst, n)
	return dst[:len(dst)+n], dst[len(dst) : len(dst)+n]
}

func appendInt64s(dst []byte, s []int64) []byte {
	dst, out := extend(dst, 8*len(s))
	for i, v := range s {
		binary.BigEndian.PutUint64(out[8*i:8*i+8], uint64(v))
	}
	return dst
}

func int64s(in []byte) []int64 {
	out := make([]int64, len(in)/8)
	tablet.ReadInt64s(out, in)
	return out
}

// appendFixed appends the cells of a column with a fixed width, big-endian.
func appendFixed(dst []byte, c *tablet.Column, rows int) []byte {
	dst, out := extend(dst, c.Type.Width()*rows)
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		for i, v := range c.Bools {
			b := byte(0)
			if v {
				b = 1
			}
			out[i] = b
		}
	case tablet.PhysicalInt32:
		for i, v := range c.Int32s {
			binary.BigEndian.PutUint32(out[4*i:4*i+4], uint32(v))
		}
	case tablet.PhysicalInt64:
		for i, v := range c.Int64s {
			binary.BigEndian.PutUint64(out[8*i:8*i+8], uint64(v))
		}
	case tablet.PhysicalFloat:
		for i, v := range c.Floats {
			binary.BigEndian.PutUint32(out[4*i:4*i+4], math.Float32bits(v))
		}
	case tablet.PhysicalDouble:
		for i, v := range c.Doubles {
			binary.BigEndian.PutUint64(out[8*i:8*i+8], math.Float64bits(v))
		}
	}
	return dst
}

// readFixed reads rows cells of a type with a fixed width into c.
func readFixed(d *wire.Decoder, c *tablet.Column, rows int) {
	in := d.Bytes(c.Type.Width() * rows)
	if d.Failed() {
		return
	}
	c.ReadFixed(in)
	if c.Type == tablet.Boolean && slices.IndexFunc(in, func(v byte) bool { return v > 1 }) >= 0 {
		d.Fail("boolean cell that is neither 0 nor 1")
	}
}

// readBlobs reads rows x (int32 length, bytes) into c, measuring first so that each
// slice is allocated once.
func readBlobs(d *wire.Decoder, c *tablet.Column, rows int) {
	in := d.Ahead()
	if rows*4 > len(in) {
		d.Fail("%d cells do not fit", rows)
		return
	}
	at := 0
	for i := range rows {
		n := blobSize(in, at)
		if n < 0 {
			d.Fail("cell %d of a column does not fit", i)
			return
		}
		at += n
	}
	d.Bytes(at)
	c.Bytes = tablet.Binary{Ends: make([]uint32, rows), Data: make([]byte, 0, at-4*rows)}
	at = 0
	for i := range c.Bytes.Ends {
		n := blobSize(in, at)
		c.Bytes.Data = append(c.Bytes.Data, in[at+4:at+n]...)
		c.Bytes.Ends[i] = uint32(len(c.Bytes.Data))
		at += n
	}
}

// blobSize returns the bytes of the blob at an offset with its length, -1 if it does
// not fit.
func blobSize(in []byte, at int) int {
	if at+4 > len(in) {
		return -1
	}
	n := int(int32(binary.BigEndian.Uint32(in[at : at+4])))
	if n < 0 || n > len(in)-at-4 {
		return -1
	}
	return n + 4
}

func appendBlobs(dst []byte, b *tablet.Binary, rows int) []byte {
	if rows == 0 {
		return dst
	}
	dst = slices.Grow(dst, 4*rows+int(b.Ends[rows-1]))
	start := uint32(0)
	for _, end := range b.Ends[:rows] {
		dst = binary.BigEndian.AppendUint32(dst, end-start)
		dst = append(dst, b.Data[start:end]...)
		start = end
	}
	return dst
}

// hasNulls reports whether one of the first rows bits is set.
func hasNulls(b tablet.Bitmap, rows int) bool {
	full := min(rows/8, len(b))
	for _, v := range b[:full] {
		if v != 0 {
			return true
		}
	}
	return full == rows/8 && rows%8 != 0 && full < len(b) && b[full]<<(8-rows%8) != 0
}

// appendBits appends the bitmap of rows rows as upstream sizes it, without noise.
func appendBits(dst []byte, b tablet.Bitmap, rows int) []byte {
	dst, out := extend(dst, tablet.BitmapBytes(rows))
	k := copy(out, b)
	clear(out[k:])
	out[rows/8] &= 1<<(rows%8) - 1
	return dst
}
