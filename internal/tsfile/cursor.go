package tsfile

import (
	"encoding/binary"
	"math"
)

// cursor reads the primitives of the format from memory. After the first failure
// every read gives zero; short says that more bytes would have helped.
type cursor struct {
	b      []byte
	off    int
	reason string
	short  bool
}

func (c *cursor) failed() bool { return c.reason != "" }

func (c *cursor) fail(reason string) {
	if c.reason == "" {
		c.reason = reason
	}
}

func (c *cursor) bytes(n int) []byte {
	if c.failed() {
		return nil
	}
	if n < 0 || n > len(c.b)-c.off {
		c.short = n >= 0
		c.fail("cut short")
		return nil
	}
	s := c.b[c.off : c.off+n : c.off+n]
	c.off += n
	return s
}

func (c *cursor) u8() byte {
	if s := c.bytes(1); s != nil {
		return s[0]
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if s := c.bytes(4); s != nil {
		return binary.BigEndian.Uint32(s)
	}
	return 0
}

func (c *cursor) i64() int64 {
	if s := c.bytes(8); s != nil {
		return int64(binary.BigEndian.Uint64(s))
	}
	return 0
}

func (c *cursor) f64() float64 { return math.Float64frombits(uint64(c.i64())) }

// uv reads an unsigned var-int. A longer form than needed is damage: readers compute
// offsets from the value.
func (c *cursor) uv() uint32 {
	v := uint64(0)
	for i := range 5 {
		b := c.u8()
		if c.failed() {
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
	c.fail("var-int is not the shortest form of a 32-bit number")
	return 0
}

func (c *cursor) zz() int32 {
	u := c.uv()
	return int32(u>>1) ^ -int32(u&1)
}

// text reads a string with a zigzag length; null says that the length is -1.
func (c *cursor) text() (s []byte, null bool) {
	n := c.zz()
	switch {
	case c.failed():
		return nil, false
	case n == -1:
		return nil, true
	case n < 0 || n > maxName:
		c.fail("string length is negative or beyond the cap")
		return nil, false
	}
	return c.bytes(int(n)), false
}

// name is text that must not be null.
func (c *cursor) name() string {
	s, null := c.text()
	if null {
		c.fail("name is null")
	}
	return string(s)
}

// blob reads bytes with a fixed length.
func (c *cursor) blob() []byte {
	n := int32(c.u32())
	if !c.failed() && n < 0 {
		c.fail("length is negative")
	}
	return c.bytes(int(n))
}

func appendUv(dst []byte, v uint32) []byte { return binary.AppendUvarint(dst, uint64(v)) }

func appendZz(dst []byte, v int32) []byte { return appendUv(dst, uint32(v<<1)^uint32(v>>31)) }

func appendName(dst []byte, s string) []byte { return append(appendZz(dst, int32(len(s))), s...) }

func appendI64(dst []byte, v int64) []byte { return binary.BigEndian.AppendUint64(dst, uint64(v)) }

func appendU32(dst []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(dst, v) }
