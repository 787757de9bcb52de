package encoding

import (
	"encoding/binary"
	"math"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// FLOAT and DOUBLE under RLE and TS_2DIFF: uv digits p, then integers that are the
// value times 10^p, rounded half up. Newer writers put exceptions before p:
//
//	uv 2147483647 | uv n | bitmap A           A clear: the integer is not scaled
//	uv 2147483646 | uv n | bitmap A | bitmap B   B set: the integer is the raw bits
//
// with bitmaps of n/8+1 bytes, bit i at byte i/8, value 1<<(i%8).
const (
	fixedDigits    = 2 // written unless SetDigits says otherwise, as IoTDB does
	maxFixedDigits = 30
	markScaled     = math.MaxInt32
	markRaw        = math.MaxInt32 - 1
)

type fixedHead struct {
	scale   float64
	scaled  []byte // nil: all
	raw     []byte
	entries int
	size    int
}

func readFixedHead(src []byte, e tablet.Encoding) (h fixedHead, err error) {
	p, k := uvarint(src)
	off := k
	if k > 0 && (p == markScaled || p == markRaw) {
		n, k := uvarint(src[off:])
		off += k
		size := int64(n)/8 + 1
		maps := int64(1)
		if p == markRaw {
			maps = 2
		}
		if k == 0 || size*maps > int64(len(src)-off) {
			return h, bad(e, off, "bitmap of %d values is cut", n)
		}
		h.entries = int(n)
		h.scaled = src[off : off+int(size)]
		off += int(size)
		if maps == 2 {
			h.raw = src[off : off+int(size)]
			off += int(size)
		}
		p, k = uvarint(src[off:])
		if k == 0 {
			return h, bad(e, off, "digits are cut")
		}
		off += k
	}
	if k == 0 || p > maxFixedDigits {
		return h, bad(e, 0, "%d digits, at most %d", p, maxFixedDigits)
	}
	h.scale, h.size = math.Pow10(int(p)), off
	return h, nil
}

func bit(m []byte, i int) bool { return i>>3 < len(m) && m[i>>3]&(1<<(i&7)) != 0 }

// value turns integer i of the page into float64; raw says that the bits are the value.
func (h *fixedHead) value(i int, v int64) (f float64, raw bool) {
	if h.scaled == nil || i >= h.entries {
		return float64(v) / h.scale, false
	}
	if bit(h.raw, i) {
		return 0, true
	}
	if bit(h.scaled, i) {
		return float64(v) / h.scale, false
	}
	return float64(v), false
}

// unfix turns integers into float bits, in place.
func (h *fixedHead) unfix(vals []uint64, width int) {
	for i, v := range vals {
		f, raw := h.value(i, signed(v, width))
		switch {
		case raw:
		case width == 32:
			vals[i] = uint64(math.Float32bits(float32(f)))
		default:
			vals[i] = math.Float64bits(f)
		}
	}
}

// fix turns float bits into integers, in place, as the Java encoder does: FLOAT wraps,
// DOUBLE saturates, NaN is 0.
func fix(vals []uint64, width, digits int) {
	scale := math.Pow10(digits)
	for i, v := range vals {
		f := math.Float64frombits(v)
		if width == 32 {
			f = float64(math.Float32frombits(uint32(v)))
		}
		vals[i] = uint64(roundHalfUp(f*scale)) & mask(width)
	}
}

func roundHalfUp(f float64) int64 {
	f = math.Floor(f + 0.5)
	switch {
	case f != f:
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}

// decodeZigZag fills dst: uv bytes | uv values | var-ints.
func decodeZigZag(dst []uint64, src []byte, width int) error {
	size, k := uvarint(src)
	_, k2 := uvarint(src[k:])
	if k == 0 || k2 == 0 || int64(size) > int64(len(src)-k-k2) {
		return bad(tablet.ZigZag, 0, "length is not within the page")
	}
	off := k + k2
	end := off + int(size)
	for i := range dst {
		u, k := uvarint64(src[off:end])
		if k == 0 || width == 32 && u > math.MaxUint32 {
			return bad(tablet.ZigZag, off, "var-int is cut or too long")
		}
		dst[i] = (u>>1 ^ -(u & 1)) & mask(width)
		off += k
	}
	return nil
}

func (c *Codec) encodeZigZag(dst []byte, vals []uint64, width int) []byte {
	c.runs = c.runs[:0]
	for _, v := range vals {
		s := signed(v, width)
		c.runs = binary.AppendUvarint(c.runs, uint64(s<<1^s>>63))
	}
	dst = binary.AppendUvarint(dst, uint64(len(c.runs)))
	dst = binary.AppendUvarint(dst, uint64(len(vals)))
	return append(dst, c.runs...)
}

// SetDigits sets the digits behind the point that FLOAT and DOUBLE keep under RLE and
// TS_2DIFF from here on; a negative number means 2, as a new Codec has.
func (c *Codec) SetDigits(p int) { c.fixed = min(p, maxFixedDigits) + 1 }

func (c *Codec) digits() int {
	if c.fixed <= 0 {
		return fixedDigits
	}
	return c.fixed - 1
}

// maxExactDigits is the most that ExactDigits tries.
const maxExactDigits = 6

// ExactDigits returns the smallest number of digits, from least up, with which no cell of a
// FLOAT or DOUBLE column loses a bit under RLE and TS_2DIFF; -1 if there is none.
func ExactDigits(col *tablet.Column, r Range, least int) int {
	p := max(least, 0)
	for i := r.From; i < r.To; i++ {
		if col.Nulls != nil && col.Nulls.Get(i) {
			continue
		}
		was := p
		for !exactAt(col, i, p) {
			if p++; p > maxExactDigits {
				return -1
			}
		}
		if p > was && i > r.From {
			i = r.From - 1 // with more digits large values overflow: look again
		}
	}
	return p
}

func exactAt(col *tablet.Column, i, p int) bool {
	scale := math.Pow10(p)
	if col.Type.Physical() == tablet.PhysicalFloat {
		v := col.Floats[i]
		n := roundHalfUp(float64(v) * scale)
		return n == int64(int32(n)) && math.Float32bits(float32(float64(n)/scale)) == math.Float32bits(v)
	}
	v := col.Doubles[i]
	n := roundHalfUp(v * scale)
	return n < 1<<53 && n > -1<<53 && math.Float64bits(float64(n)/scale) == math.Float64bits(v)
}
