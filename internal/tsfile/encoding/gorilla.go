package encoding

import (
	"math/bits"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// GORILLA, bits most significant first: the first value whole, then per value the
// xor x with the one before:
//
//	0                                        x = 0
//	10 bits                                  x fits between the stored zeros
//	11 lead (5|6) length-1 (5|6) bits        new zeros
//
// An end mark follows the last value; a zero byte is added if the bits end on a byte.
// Bits past the input read as zeros: the last value does not need the end mark.

// decodeGorilla fills dst and returns the bytes the stream takes, its end mark included
// if the stream has one.
func decodeGorilla(dst []uint64, src []byte, width int) (int, error) {
	if len(dst) == 0 {
		return 0, nil
	}
	r := bitReader{src: src}
	field := bits.Len(uint(width)) - 1 // 5 or 6
	v := r.read(width)
	dst[0] = v
	lead, length := -1, 0
	for i := 1; i < len(dst); i++ {
		if r.n < 2 {
			r.fill()
		}
		if r.acc>>63 == 0 { // also at the end of the input: caught below
			r.acc <<= 1
			r.n--
			if r.n < 0 {
				r.short = true
				break
			}
			dst[i] = v
			continue
		}
		if err := r.gorillaXOR(&v, &lead, &length, gorillaShape{width: width, field: field}); err != nil {
			return 0, err
		}
		if r.short {
			break
		}
		dst[i] = v
	}
	if r.short {
		return 0, bad(tablet.Gorilla, len(src), "stream ends before the last value")
	}
	r.skipGorillaEnd(v, lead, length, gorillaShape{width: width, field: field})
	return min(r.used()/8+1, len(src)), nil
}

type gorillaShape struct{ width, field int }

// gorillaXOR reads the cases 10 and 11.
func (r *bitReader) gorillaXOR(v *uint64, lead, length *int, s gorillaShape) error {
	if r.read(2) == 3 {
		*lead = int(r.read(s.field))
		*length = int(r.read(s.field)) + 1
		if *lead+*length > s.width {
			return bad(tablet.Gorilla, r.used()/8, "%d zeros and %d bits in %d", *lead, *length, s.width)
		}
	} else if *lead < 0 {
		return bad(tablet.Gorilla, r.used()/8, "repeats zeros that were never given")
	}
	x := r.read(*length)
	*v ^= x << (s.width - *lead - *length)
	return nil
}

// skipGorillaEnd reads the end mark, if it is there.
func (r *bitReader) skipGorillaEnd(v uint64, lead, length int, s gorillaShape) {
	keep := *r
	if r.read(1) == 0 {
		if r.short {
			*r = keep
		}
		return
	}
	*r = keep
	if r.gorillaXOR(&v, &lead, &length, s) != nil || r.short {
		*r = keep
	}
}

// gorillaMost is the most bytes a value takes: two mark bits, two fields of six, 64 bits.
const gorillaMost = 10

// encodeGorilla appends vals and the end mark.
func encodeGorilla(dst []byte, vals []uint64, width int, end uint64) []byte {
	dst, buf := room(dst, gorillaMost*(len(vals)+1)+16)
	g := gorillaPen{lead: 65, prev: vals[0], s: gorillaShape{width: width, field: bits.Len(uint(width)) - 1}}
	g.pen = g.pen.long(buf, g.prev, width)
	g = g.puts(buf, vals[1:])
	last := [1]uint64{end}
	g = g.puts(buf, last[:])
	if g.pen.n == 0 { // a byte is added if the bits end on one
		buf[g.pen.at] = 0
		g.pen.at++
	}
	return dst[:len(dst)+g.pen.end()]
}

// gorillaPen is the state between two values.
type gorillaPen struct {
	pen         bitPen
	prev        uint64
	lead, trail int // zeros that were stored last
	s           gorillaShape
}

// puts writes values. The state is kept in local variables.
func (g gorillaPen) puts(buf []byte, vals []uint64) gorillaPen {
	pen, prev, lead, trail := g.pen, g.prev, g.lead, g.trail
	width, field := g.s.width, g.s.field
	for _, v := range vals {
		x := v ^ prev
		prev = v
		if x == 0 {
			pen = pen.put(buf, 0, 1)
			continue
		}
		l, t := bits.LeadingZeros64(x)-(64-width), bits.TrailingZeros64(x)
		mark, w := uint64(2), 2
		if l < lead || t < trail {
			lead, trail = l, t
			mark, w = (3<<field|uint64(l))<<field|uint64(width-l-t-1), 2+2*field
		}
		n := width - lead - trail
		x >>= trail & 63
		if w+n <= 56 {
			pen = pen.put(buf, mark<<(n&63)|x, w+n)
			continue
		}
		pen = pen.put(buf, mark, w)
		pen = pen.long(buf, x, n)
	}
	g.pen, g.prev, g.lead, g.trail = pen, prev, lead, trail
	return g
}

// endByte fills the last byte, or adds a zero byte if none is open.
func (b *bitWriter) endByte() {
	if b.n&7 == 0 {
		b.flush()
		b.dst = append(b.dst, 0)
		return
	}
	b.flush()
}

// decodeGorillaV1 fills dst from the form of old files: the first value little-endian,
// zeros compared with those of the value before, lengths one bit wider.
func decodeGorillaV1(dst []uint64, src []byte, width int) error {
	if len(dst) == 0 {
		return nil
	}
	if len(src) < width/8 {
		return bad(tablet.GorillaV1, 0, "first value is cut")
	}
	v := uint64(0)
	for i := width/8 - 1; i >= 0; i-- {
		v = v<<8 | uint64(src[i])
	}
	dst[0] = v
	r := bitReader{src: src[width/8:]}
	field := bits.Len(uint(width)) - 1
	lead, trail := zeros(v, width)
	for i := 1; i < len(dst); i++ {
		if r.read(1) == 1 {
			if r.read(1) == 1 {
				l, n := int(r.read(field)), int(r.read(field+1))
				if l+n > width {
					return bad(tablet.GorillaV1, r.used()/8, "%d zeros and %d bits in %d", l, n, width)
				}
				v ^= shiftLeft(r.read(n), width-l-n)
			} else if n := width - lead - trail; n > 0 {
				v ^= r.read(n) << trail
			}
			lead, trail = zeros(v, width)
		}
		dst[i] = v
	}
	if r.short {
		return bad(tablet.GorillaV1, len(src), "stream ends before the last value")
	}
	return nil
}

func shiftLeft(v uint64, n int) uint64 { return v << n }

// zeros returns the leading and trailing zeros of v; both are the width if v is 0.
func zeros(v uint64, width int) (lead, trail int) {
	if v == 0 {
		return width, width
	}
	return bits.LeadingZeros64(v) - (64 - width), bits.TrailingZeros64(v)
}

// encodeGorillaV1 is the mirror; only tests and conversions of old files need it.
func encodeGorillaV1(dst []byte, vals []uint64, width int, end uint64) []byte {
	for i := 0; i < width; i += 8 {
		dst = append(dst, byte(vals[0]>>i))
	}
	b := bitWriter{dst: dst}
	field := bits.Len(uint(width)) - 1
	prev := vals[0]
	put := func(v uint64) {
		x := v ^ prev
		lead, trail := zeros(prev, width)
		prev = v
		if x == 0 {
			b.write(0, 1)
			return
		}
		l, t := zeros(x, width)
		if l >= lead && t >= trail {
			b.write(2, 2)
			b.write(x>>trail, width-lead-trail)
			return
		}
		n := width - l - t
		b.write((3<<field|uint64(l))<<(field+1)|uint64(n), 3+2*field)
		b.write(x>>t, n)
	}
	for _, v := range vals[1:] {
		put(v)
	}
	put(end)
	b.flush()
	return b.dst
}
