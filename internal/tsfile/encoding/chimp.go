package encoding

import (
	"math/bits"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// CHIMP: the first value whole, then per value two control bits
//
//	00 index                      equals the value at index of the ring
//	01 index lead(3) n(5|6) bits  xor with the value at index, trailing zeros cut
//	10 bits                       xor with the one before, leading zeros as stored
//	11 lead(3) bits               the same with new leading zeros
//
// and the end mark of GORILLA. The ring holds the last 64 values (32 bits) or 128.
type chimpShape struct {
	width, ring, index, field int
}

func chimpOf(width int) chimpShape {
	if width == 32 {
		return chimpShape{width: 32, ring: 64, index: 6, field: 5}
	}
	return chimpShape{width: 64, ring: 128, index: 7, field: 6}
}

// chimpLead gives the leading zeros a 3-bit code stands for.
func chimpLead(code uint64) int {
	return [8]int{0, 8, 12, 16, 18, 20, 22, 24}[code]
}

// chimpCode gives the code of the largest number of zeros not above n.
func chimpCode(n int) uint64 {
	switch {
	case n < 8:
		return 0
	case n < 12:
		return 1
	case n < 16:
		return 2
	case n >= 24:
		return 7
	}
	return 3 + uint64(n-16)/2
}

// decodeChimp fills dst.
func decodeChimp(dst []uint64, src []byte, width int) error {
	if len(dst) == 0 {
		return nil
	}
	s := chimpOf(width)
	r := bitReader{src: src}
	var ring [128]uint64
	v, lead := r.read(width), -1
	dst[0], ring[0] = v, v
	for i := 1; i < len(dst); i++ {
		switch r.read(2) {
		case 0:
			v = ring[r.read(s.index)]
		case 1:
			v = ring[r.read(s.index)]
			lead = chimpLead(r.read(3))
			n := int(r.read(s.field))
			if n == 0 {
				n = width
			}
			if lead+n > width {
				return bad(tablet.Chimp, r.used()/8, "%d zeros and %d bits in %d", lead, n, width)
			}
			v ^= r.read(n) << (width - lead - n)
		case 2:
			if lead < 0 {
				return bad(tablet.Chimp, r.used()/8, "repeats zeros that were never given")
			}
			v ^= r.read(width - lead)
		case 3:
			lead = chimpLead(r.read(3))
			v ^= r.read(width - lead)
		}
		if r.short {
			return bad(tablet.Chimp, len(src), "stream ends before the last value")
		}
		dst[i] = v
		ring[i&(s.ring-1)] = v
	}
	return nil
}

// chimpEncoder looks earlier values up by their low bits.
type chimpEncoder struct {
	chimpShape
	b     bitWriter
	ring  [128]uint64
	seen  []int32 // position by low bits
	at    int     // values before this one, less one
	lead  int
	trail int // zeros above which case 01 pays
}

// encodeChimp appends vals and the end mark; the choices are those of the Java encoder.
func (c *Codec) encodeChimp(dst []byte, vals []uint64, width int, end uint64) []byte {
	e := chimpEncoder{chimpShape: chimpOf(width), b: bitWriter{dst: dst}, lead: -1}
	e.trail = e.field + e.index
	if keys := 1 << (e.trail + 1); cap(c.seen) < keys {
		c.seen = make([]int32, keys)
	} else {
		c.seen = c.seen[:keys]
		clear(c.seen)
	}
	e.seen = c.seen
	e.b.write(vals[0], width)
	e.ring[0] = vals[0]
	for _, v := range vals[1:] {
		e.add(v)
	}
	e.add(end)
	e.b.endByte()
	return e.b.dst
}

func (e *chimpEncoder) add(v uint64) {
	key := v & uint64(len(e.seen)-1)
	prev := e.at & (e.ringSize() - 1)
	x := e.ring[prev] ^ v
	t := 0
	if at := int(e.seen[key]); e.at-at < e.ringSize() {
		y := v ^ e.ring[at&(e.ringSize()-1)]
		_, t = zeros(y, e.width)
		if t > e.trail {
			prev, x = at&(e.ringSize()-1), y
		}
	}
	e.put(x, prev, t)
	e.at++
	e.ring[e.at&(e.ringSize()-1)] = v
	e.seen[key] = int32(e.at)
}

func (e *chimpEncoder) ringSize() int { return e.chimpShape.ring }

func (e *chimpEncoder) put(x uint64, prev, trail int) {
	if x == 0 {
		e.b.write(uint64(prev), 2+e.index)
		e.lead = -1
		return
	}
	code := chimpCode(bits.LeadingZeros64(x) - (64 - e.width))
	lead := chimpLead(code)
	switch {
	case trail > e.trail:
		n := e.width - lead - trail
		head := uint64(1)<<e.index | uint64(prev)
		head = (head<<3|code)<<e.field | uint64(n)
		e.b.write(head, 2+e.index+3+e.field)
		e.b.write(x>>trail, n)
		e.lead = -1
	case lead == e.lead:
		e.b.write(2, 2)
		e.b.write(x, e.width-lead)
	default:
		e.lead = lead
		e.b.write(3<<3|code, 5)
		e.b.write(x, e.width-lead)
	}
}
