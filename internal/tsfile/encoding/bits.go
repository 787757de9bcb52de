package encoding

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// bitReader reads bits, most significant first. Reading past the end gives zeros and
// sets short.
type bitReader struct {
	src   []byte
	pos   int    // next byte of src to load
	acc   uint64 // unread bits, left-aligned
	n     int    // bits in acc
	short bool
}

// fill loads bytes until at least 57 bits are there or the input ends.
func (r *bitReader) fill() {
	if r.pos+8 <= len(r.src) {
		take := (64 - r.n) >> 3
		if take == 0 {
			return
		}
		w := binary.BigEndian.Uint64(r.src[r.pos:])
		r.acc |= w >> r.n
		r.n += take * 8
		r.pos += take
		if r.n < 64 {
			r.acc &= ^uint64(0) << (64 - r.n)
		}
		return
	}
	for r.n <= 56 && r.pos < len(r.src) {
		r.acc |= uint64(r.src[r.pos]) << (56 - r.n)
		r.n += 8
		r.pos++
	}
}

// read returns the next w bits, 0 <= w <= 64.
func (r *bitReader) read(w int) uint64 {
	if w > 56 {
		hi := r.read(w - 32)
		return hi<<32 | r.read(32)
	}
	if r.n < w {
		r.fill()
		if r.n < w {
			r.short = true
			r.n, r.acc = 0, 0
			return 0
		}
	}
	if w == 0 {
		return 0
	}
	v := r.acc >> (64 - w)
	r.acc <<= w
	r.n -= w
	return v
}

// used returns how many bits have been read.
func (r *bitReader) used() int { return r.pos*8 - r.n }

// align moves to the next byte border.
func (r *bitReader) align() {
	drop := r.n & 7
	r.acc <<= drop
	r.n -= drop
}

// bitWriter appends bits, most significant first.
type bitWriter struct {
	dst []byte
	acc uint64 // pending bits, right-aligned
	n   int    // pending bits, below 64
}

// write appends the low w bits of v, 0 <= w <= 64; higher bits must be 0.
func (b *bitWriter) write(v uint64, w int) {
	if b.n+w < 64 {
		b.acc = b.acc<<w | v
		b.n += w
		return
	}
	rest := b.n + w - 64
	b.dst = binary.BigEndian.AppendUint64(b.dst, b.acc<<(64-b.n)|v>>rest)
	b.acc = v & (1<<rest - 1)
	b.n = rest
}

// flush writes the pending bits, zero-filled to a byte.
func (b *bitWriter) flush() {
	for b.n >= 8 {
		b.dst = append(b.dst, byte(b.acc>>(b.n-8)))
		b.n -= 8
	}
	if b.n > 0 {
		b.dst = append(b.dst, byte(b.acc<<(8-b.n)))
	}
	b.acc, b.n = 0, 0
}

// bitPen appends bits to a buffer that has room for all of them and eight bytes more. Unlike
// bitWriter it stores without a branch, and is a value that stays in registers.
type bitPen struct {
	acc uint64 // pending bits, left-aligned
	n   int    // pending bits, below 8
	at  int    // bytes written
}

// put appends the low w bits of v, 0 <= w <= 56; higher bits must be 0.
func (p bitPen) put(buf []byte, v uint64, w int) bitPen {
	p.n += w
	p.acc |= v << ((64 - p.n) & 63)
	binary.BigEndian.PutUint64(buf[p.at:], p.acc)
	p.at += p.n >> 3
	p.acc <<= p.n & 56
	p.n &= 7
	return p
}

// long is put for 0 < w <= 64.
func (p bitPen) long(buf []byte, v uint64, w int) bitPen {
	if w > 56 {
		p = p.put(buf, v>>32, w-32)
		v, w = v&math.MaxUint32, 32
	}
	return p.put(buf, v, w)
}

// end returns the bytes written; the last one is zero-filled.
func (p bitPen) end() int { return p.at + (p.n+7)>>3 }

// room returns dst and, behind it, a buffer of n bytes of any content.
func room(dst []byte, n int) (all, buf []byte) {
	at := len(dst)
	if cap(dst)-at < n {
		grown := make([]byte, at, 2*at+n)
		copy(grown, dst)
		dst = grown
	}
	return dst, dst[at : at+n : at+n]
}

// unpack reads len(dst) values of w bits that start at src[0]. src must hold them.
func unpack(dst []uint64, src []byte, w int) {
	if w == 0 {
		clear(dst)
		return
	}
	i := 0
	if w <= 56 {
		mask := uint64(1)<<w - 1
		safe := len(src) - 8
		for bit := 0; i < len(dst); i++ {
			at := bit >> 3
			if at > safe {
				break
			}
			dst[i] = binary.BigEndian.Uint64(src[at:]) >> (64 - w - bit&7) & mask
			bit += w
		}
	}
	if i == len(dst) {
		return
	}
	r := bitReader{src: src, pos: i * w >> 3}
	r.read(i * w & 7)
	for ; i < len(dst); i++ {
		dst[i] = r.read(w)
	}
}

// packedBytes returns the bytes n values of w bits take.
func packedBytes(n, w int) int { return (n*w + 7) / 8 }

func mask(width int) uint64 { return ^uint64(0) >> (64 - width) }

// signed widens a word of the given width to int64.
func signed(v uint64, width int) int64 { return int64(v<<(64-width)) >> (64 - width) }

// lengthOf returns the bits v needs, at least 1.
func lengthOf(v uint64) int { return max(bits.Len64(v), 1) }
