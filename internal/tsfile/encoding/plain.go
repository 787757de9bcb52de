package encoding

import (
	"encoding/binary"
	"math"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// MaxCellsBytes caps the bytes of TEXT, STRING and BLOB values of one page. Only a
// dictionary page can hold more than it has bytes.
const MaxCellsBytes = 1 << 30

func decodePlain(col *tablet.Column, src []byte, n int) error {
	if w := col.Type.Width(); w > 0 && col.Type.Physical() != tablet.PhysicalInt32 && n > len(src)/w {
		return bad(tablet.Plain, 0, "%d values in %d bytes", n, len(src))
	}
	be := binary.BigEndian
	switch col.Type.Physical() {
	case tablet.PhysicalBool:
		for i, b := range src[:n] {
			if b > 1 {
				return bad(tablet.Plain, i, "boolean is 0x%02x", b)
			}
			col.Bools = append(col.Bools, b == 1)
		}
	case tablet.PhysicalInt32:
		return plainInt32(col, src, n)
	case tablet.PhysicalInt64:
		for i := range n {
			col.Int64s = append(col.Int64s, int64(be.Uint64(src[8*i:])))
		}
	case tablet.PhysicalFloat:
		for i := range n {
			col.Floats = append(col.Floats, math.Float32frombits(be.Uint32(src[4*i:])))
		}
	case tablet.PhysicalDouble:
		for i := range n {
			col.Doubles = append(col.Doubles, math.Float64frombits(be.Uint64(src[8*i:])))
		}
	case tablet.PhysicalBytes:
		_, err := plainBytes(&col.Bytes, src, n, tablet.Plain)
		return err
	}
	return nil
}

func plainInt32(col *tablet.Column, src []byte, n int) error {
	if n > len(src) {
		return bad(tablet.Plain, 0, "%d values in %d bytes", n, len(src))
	}
	off := 0
	for range n {
		u, k := uvarint(src[off:])
		if k == 0 {
			return bad(tablet.Plain, off, "var-int is cut or too long")
		}
		col.Int32s = append(col.Int32s, unzigzag32(u))
		off += k
	}
	return nil
}

// plainBytes appends n cells and returns the bytes read.
func plainBytes(out *tablet.Binary, src []byte, n int, e tablet.Encoding) (int, error) {
	if n > len(src) {
		return 0, bad(e, 0, "%d values in %d bytes", n, len(src))
	}
	off := 0
	for range n {
		u, k := uvarint(src[off:])
		size := int(unzigzag32(u))
		if k == 0 || size < 0 || size > len(src)-off-k {
			return 0, bad(e, off, "value of %d bytes is cut", size)
		}
		off += k
		if uint64(len(out.Data))+uint64(size) > math.MaxUint32 {
			return 0, bad(e, off, "more than 4 GiB of values")
		}
		out.Append(src[off : off+size])
		off += size
	}
	return off, nil
}

func encodePlain(dst []byte, col *tablet.Column, from, to int) []byte {
	be := binary.BigEndian
	for i := from; i < to; i++ {
		if col.Nulls != nil && col.Nulls.Get(i) {
			continue
		}
		switch col.Type.Physical() {
		case tablet.PhysicalBool:
			b := byte(0)
			if col.Bools[i] {
				b = 1
			}
			dst = append(dst, b)
		case tablet.PhysicalInt32:
			dst = binary.AppendUvarint(dst, uint64(zigzag32(col.Int32s[i])))
		case tablet.PhysicalInt64:
			dst = be.AppendUint64(dst, uint64(col.Int64s[i]))
		case tablet.PhysicalFloat:
			dst = be.AppendUint32(dst, math.Float32bits(col.Floats[i]))
		case tablet.PhysicalDouble:
			dst = be.AppendUint64(dst, math.Float64bits(col.Doubles[i]))
		case tablet.PhysicalBytes:
			v := col.Bytes.At(i)
			dst = append(binary.AppendUvarint(dst, uint64(zigzag32(int32(len(v))))), v...)
		}
	}
	return dst
}

// decodeDictionary: zz entries, each zz length and bytes | RLE of indexes.
func (c *Codec) decodeDictionary(col *tablet.Column, src []byte, n int) error {
	u, k := uvarint(src)
	entries := int(unzigzag32(u))
	if k == 0 || entries < 0 {
		return bad(tablet.Dictionary, 0, "%d entries", entries)
	}
	c.dict.Ends, c.dict.Data = c.dict.Ends[:0], c.dict.Data[:0]
	size, err := plainBytes(&c.dict, src[k:], entries, tablet.Dictionary)
	if err != nil {
		return err
	}
	c.words = grow(c.words, n)
	if _, err := decodeRLE(c.words, src[k+size:], 32); err != nil {
		return err
	}
	total := len(col.Bytes.Data)
	for _, w := range c.words {
		if w >= uint64(entries) {
			return bad(tablet.Dictionary, k+size, "index %d of %d entries", w, entries)
		}
		v := c.dict.At(int(w))
		if total += len(v); total > MaxCellsBytes {
			return bad(tablet.Dictionary, k+size, "values take more than %d bytes", MaxCellsBytes)
		}
		col.Bytes.Append(v)
	}
	return nil
}

func (c *Codec) encodeDictionary(dst []byte, col *tablet.Column, from, to int) []byte {
	if c.ids == nil {
		c.ids = make(map[string]uint64)
	}
	clear(c.ids)
	c.words = c.words[:0]
	var entries []byte
	for i := from; i < to; i++ {
		if col.Nulls != nil && col.Nulls.Get(i) {
			continue
		}
		v := col.Bytes.At(i)
		id, ok := c.ids[string(v)]
		if !ok {
			id = uint64(len(c.ids))
			c.ids[string(v)] = id
			entries = append(binary.AppendUvarint(entries, uint64(zigzag32(int32(len(v))))), v...)
		}
		c.words = append(c.words, id)
	}
	dst = binary.AppendUvarint(dst, uint64(zigzag32(int32(len(c.ids)))))
	dst = append(dst, entries...)
	if len(c.words) == 0 {
		return dst
	}
	return c.encodeRLE(dst, c.words, 32)
}
