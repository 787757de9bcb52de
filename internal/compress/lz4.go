package compress

import (
	"encoding/binary"
	"math/bits"

	"github.com/pierrec/lz4/v4"
)

// lz4Packer writes LZ4 blocks. It finds repetitions from four bytes on, as the library of
// IoTDB does, and so reaches its sizes; a packer that looks for six leaves up to a tenth of
// short repetitive values unpacked.
//
//	block = sequence ... | literals       sequence = token | literals | distance | length
//
// The last five bytes are literals and no match begins in the last twelve.
type lz4Packer struct {
	table [1 << lz4Hash]uint32 // position and one by hash
}

const (
	lz4Hash     = 13
	lz4NoMatch  = 12 // bytes at the end in which no match begins
	lz4Literals = 5  // bytes at the end that are literals
	lz4Distance = 1<<16 - 1
	lz4Patience = 6 // after so many failures (as a power of two) steps become longer
)

func lz4Key(v uint32, shift int) uint32 { return v * 2654435761 >> (shift & 31) & (1<<lz4Hash - 1) }

// append appends src as one block.
func (p *lz4Packer) append(dst, src []byte) []byte {
	at := len(dst)
	dst = room(dst, lz4.CompressBlockBound(len(src)))
	return dst[:at+p.pack(dst[at:], src)]
}

func (p *lz4Packer) pack(dst, src []byte) int {
	le := binary.LittleEndian
	out, anchor := 0, 0
	limit := len(src) - lz4NoMatch
	if limit > 0 {
		width := min(lz4Hash, bits.Len(uint(len(src)))) // a small page pays for a small table
		shift := 32 - width
		clear(p.table[:1<<width])
		p.table[lz4Key(le.Uint32(src), shift)] = 1
		for s := 1; s < limit; {
			// Look for a match.
			m := 0
			for tries := 1 << lz4Patience; ; tries++ {
				v := le.Uint32(src[s:])
				h := lz4Key(v, shift)
				m = int(p.table[h]) - 1
				p.table[h] = uint32(s) + 1
				if m >= 0 && s-m <= lz4Distance && le.Uint32(src[m:]) == v {
					break
				}
				if s += tries >> lz4Patience; s >= limit {
					return out + literals(dst[out:], src[anchor:])
				}
			}
			for s > anchor && m > 0 && src[s-1] == src[m-1] {
				s, m = s-1, m-1
			}
			for {
				n := 4 + same(src[s+4:len(src)-lz4Literals], src[m+4:])
				out += sequence(dst[out:], src[anchor:s], s-m, n)
				s += n
				anchor = s
				if s >= limit {
					break
				}
				h := lz4Key(le.Uint32(src[s-2:]), shift)
				p.table[h] = uint32(s-2) + 1
				v := le.Uint32(src[s:])
				h = lz4Key(v, shift)
				m = int(p.table[h]) - 1
				p.table[h] = uint32(s) + 1
				if m < 0 || s-m > lz4Distance || le.Uint32(src[m:]) != v {
					s++
					break
				}
			}
		}
	}
	return out + literals(dst[out:], src[anchor:])
}

// same returns how many bytes of a are those of b.
func same(a, b []byte) int {
	le := binary.LittleEndian
	n := 0
	for n+8 <= len(a) {
		if x := le.Uint64(a[n:]) ^ le.Uint64(b[n:]); x != 0 {
			return n + bits.TrailingZeros64(x)>>3
		}
		n += 8
	}
	for n < len(a) && a[n] == b[n] {
		n++
	}
	return n
}

// sequence writes literals and a match of n bytes, and returns the bytes written.
func sequence(dst, lit []byte, distance, n int) int {
	n -= 4
	out := token(dst, lit, min(n, 15))
	dst[out], dst[out+1] = byte(distance), byte(distance>>8)
	out += 2
	if n >= 15 {
		out += length(dst[out:], n-15)
	}
	return out
}

// literals writes the last sequence.
func literals(dst, lit []byte) int { return token(dst, lit, 0) }

func token(dst, lit []byte, match int) int {
	dst[0] = byte(min(len(lit), 15)<<4 | match)
	out := 1
	if len(lit) >= 15 {
		out += length(dst[1:], len(lit)-15)
	}
	return out + copy(dst[out:], lit)
}

func length(dst []byte, n int) int {
	out := 0
	for ; n >= 255; n -= 255 {
		dst[out] = 255
		out++
	}
	dst[out] = byte(n)
	return out + 1
}
