package tablet

import (
	"encoding/binary"
	"math"
)

// Alloc gives c rows cells of its type, all zero or empty.
func (c *Column) Alloc(rows int) {
	switch c.Type.Physical() {
	case PhysicalBool:
		c.Bools = make([]bool, rows)
	case PhysicalInt32:
		c.Int32s = make([]int32, rows)
	case PhysicalInt64:
		c.Int64s = make([]int64, rows)
	case PhysicalFloat:
		c.Floats = make([]float32, rows)
	case PhysicalDouble:
		c.Doubles = make([]float64, rows)
	case PhysicalBytes:
		c.Bytes = Binary{Ends: make([]uint32, rows)}
	}
}

// ReadFixed gives c the cells in src: rows times Type.Width bytes, big-endian, as all
// protocols of IoTDB have them. A byte of a BOOLEAN other than 0 is true. A type without a
// width has nothing to read.
func (c *Column) ReadFixed(src []byte) {
	w := c.Type.Width()
	if w == 0 {
		return
	}
	c.Alloc(len(src) / w)
	switch c.Type.Physical() {
	case PhysicalBool:
		for i, v := range src {
			c.Bools[i] = v != 0
		}
	case PhysicalInt32:
		for i := range c.Int32s {
			c.Int32s[i] = int32(binary.BigEndian.Uint32(src[4*i : 4*i+4]))
		}
	case PhysicalInt64:
		ReadInt64s(c.Int64s, src)
	case PhysicalFloat:
		for i := range c.Floats {
			c.Floats[i] = math.Float32frombits(binary.BigEndian.Uint32(src[4*i : 4*i+4]))
		}
	case PhysicalDouble:
		for i := range c.Doubles {
			c.Doubles[i] = math.Float64frombits(binary.BigEndian.Uint64(src[8*i : 8*i+8]))
		}
	}
}

// ReadInt64s fills dst from big-endian numbers, eight bytes each.
func ReadInt64s(dst []int64, src []byte) {
	for i := range dst {
		dst[i] = int64(binary.BigEndian.Uint64(src[8*i : 8*i+8]))
	}
}
