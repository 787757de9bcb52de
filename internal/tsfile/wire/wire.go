// Package wire reads and writes the primitives of TsFiles: big-endian numbers, var-ints,
// and strings with a fixed or a var-int length. It knows no structure.
package wire

import (
	"encoding/binary"
	"math"
)

// Cursor reads the primitives of the format from memory. After the first failure
// every read gives zero; Short says that more bytes would have helped.
type Cursor struct {
	B      []byte
	Off    int    // bytes read
	Reason string // of the first failure, in words; empty: none
	Short  bool   // the failure is that B ends
}

// MaxName is the longest string read, in bytes.
const MaxName = 1 << 20

// Failed reports whether a read has failed.
func (c *Cursor) Failed() bool { return c.Reason != "" }

// Fail makes the cursor fail here, unless it has failed already.
func (c *Cursor) Fail(reason string) {
	if c.Reason == "" {
		c.Reason = reason
	}
}

// Bytes returns the next n bytes, which alias B.
func (c *Cursor) Bytes(n int) []byte {
	if c.Failed() {
		return nil
	}
	if n < 0 || n > len(c.B)-c.Off {
		c.Short = n >= 0
		c.Fail("cut short")
		return nil
	}
	s := c.B[c.Off : c.Off+n : c.Off+n]
	c.Off += n
	return s
}

// U8 reads one byte.
func (c *Cursor) U8() byte {
	if s := c.Bytes(1); s != nil {
		return s[0]
	}
	return 0
}

// U32 reads four bytes.
func (c *Cursor) U32() uint32 {
	if s := c.Bytes(4); s != nil {
		return binary.BigEndian.Uint32(s)
	}
	return 0
}

// I64 reads an int64.
func (c *Cursor) I64() int64 {
	if s := c.Bytes(8); s != nil {
		return int64(binary.BigEndian.Uint64(s))
	}
	return 0
}

// F64 reads a float64.
func (c *Cursor) F64() float64 { return math.Float64frombits(uint64(c.I64())) }

// Uv reads an unsigned var-int. A longer form than needed is damage: readers compute
// offsets from the value.
func (c *Cursor) Uv() uint32 {
	v := uint64(0)
	for i := range 5 {
		b := c.U8()
		if c.Failed() {
			return 0
		}
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			if v > math.MaxUint32 || b == 0 && i > 0 {
				break
			}
			return uint32(v)
		}
	}
	c.Fail("var-int is not the shortest form of a 32-bit number")
	return 0
}

// Zz reads a zigzag var-int.
func (c *Cursor) Zz() int32 {
	u := c.Uv()
	return int32(u>>1) ^ -int32(u&1)
}

// Text reads a string with a zigzag length; null says that the length is -1.
func (c *Cursor) Text() (s []byte, null bool) {
	n := c.Zz()
	switch {
	case c.Failed():
		return nil, false
	case n == -1:
		return nil, true
	case n < 0 || n > MaxName:
		c.Fail("string length is negative or beyond the cap")
		return nil, false
	}
	return c.Bytes(int(n)), false
}

// Name is Text that must not be null.
func (c *Cursor) Name() string {
	s, null := c.Text()
	if null {
		c.Fail("name is null")
	}
	return string(s)
}

// Blob reads bytes with a fixed length.
func (c *Cursor) Blob() []byte {
	n := int32(c.U32())
	if !c.Failed() && n < 0 {
		c.Fail("length is negative")
	}
	return c.Bytes(int(n))
}

// AppendUv appends an unsigned var-int.
func AppendUv(dst []byte, v uint32) []byte { return binary.AppendUvarint(dst, uint64(v)) }

// AppendZz appends a zigzag var-int.
func AppendZz(dst []byte, v int32) []byte { return AppendUv(dst, uint32(v<<1)^uint32(v>>31)) }

// AppendName appends a string with a zigzag length.
func AppendName(dst []byte, s string) []byte { return append(AppendZz(dst, int32(len(s))), s...) }

// AppendI64 appends an int64.
func AppendI64(dst []byte, v int64) []byte { return binary.BigEndian.AppendUint64(dst, uint64(v)) }

// AppendU32 appends four bytes.
func AppendU32(dst []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(dst, v) }

// AppendBlob appends bytes with a fixed length.
func AppendBlob(dst, b []byte) []byte { return append(AppendU32(dst, uint32(len(b))), b...) }
