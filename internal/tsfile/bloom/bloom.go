// Package bloom is the filter of TsFiles over the names of their series.
package bloom

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Filter is the filter over "device.measurement" of every series. IoTDB asks it before
// the index, so a wrong filter hides data.
type Filter struct {
	Bits   []byte // bit b is byte b/8, value 1<<(b%8); missing bytes are zero
	Size   uint32 // in bits
	Hashes uint32 // 1 to 8
}

const rate = 0.05

// Seed gives the seed of hash i.
func Seed(i uint32) uint64 { return [8]uint64{5, 7, 11, 19, 31, 37, 43, 59}[i] }

// New makes an empty filter for n entries.
func New(n int) *Filter {
	ln := -math.Log(rate)
	size := max(256, int(float64(max(n, 1))*ln/math.Ln2/math.Ln2)+1)
	return &Filter{Bits: make([]byte, (size+7)/8), Size: uint32(size), Hashes: min(8, uint32(ln/math.Ln2)+1)}
}

// MayContain reports whether the file may hold a series; false is certain.
func (b *Filter) MayContain(device, measurement string) bool {
	if b == nil || b.Size == 0 {
		return true
	}
	path := device + "." + measurement
	for i := range b.Hashes {
		at := b.bit(path, i)
		if int(at>>3) >= len(b.Bits) || b.Bits[at>>3]&(1<<(at&7)) == 0 {
			return false
		}
	}
	return true
}

// Add enters "device.measurement".
func (b *Filter) Add(path string) {
	for i := range b.Hashes {
		at := b.bit(path, i)
		b.Bits[at>>3] |= 1 << (at & 7)
	}
}

func (b *Filter) bit(path string, i uint32) uint32 {
	h := Hash(path, Seed(i))
	switch {
	case h == math.MinInt32:
		h = 0
	case h < 0:
		h = -h
	}
	return uint32(h) % b.Size
}

// Trimmed returns the bits without trailing zero bytes, as they are stored.
func (b *Filter) Trimmed() []byte {
	n := len(b.Bits)
	for n > 0 && b.Bits[n-1] == 0 {
		n--
	}
	return b.Bits[:n]
}

// Hash is Murmur3 x64 128 with sign-extended tail bytes, folded to 32 bits.
func Hash(s string, seed uint64) int32 {
	const c1, c2 = 0x87c37b91114253d5, 0x4cf5ad432745937f
	h1, h2 := seed, seed
	b := []byte(s)
	for len(b) >= 16 {
		k1, k2 := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		h1 ^= bits.RotateLeft64(k1*c1, 31) * c2
		h1 = (bits.RotateLeft64(h1, 27)+h2)*5 + 0x52dce729
		h2 ^= bits.RotateLeft64(k2*c2, 33) * c1
		h2 = (bits.RotateLeft64(h2, 31)+h1)*5 + 0x38495ab5
		b = b[16:]
	}
	var k1, k2 uint64
	for i, c := range b {
		wide := uint64(int64(int8(c)))
		if i < 8 {
			k1 ^= wide << (8 * i)
		} else {
			k2 ^= wide << (8 * (i - 8))
		}
	}
	if len(b) > 8 {
		h2 ^= bits.RotateLeft64(k2*c2, 33) * c1
	}
	if len(b) > 0 {
		h1 ^= bits.RotateLeft64(k1*c1, 31) * c2
	}
	h1 ^= uint64(len(s))
	h2 ^= uint64(len(s))
	h1 += h2
	h2 += h1
	h1, h2 = finalMix(h1), finalMix(h2)
	h1 += h2
	h2 += h1
	return int32(h1 + h2)
}

func finalMix(k uint64) uint64 {
	k ^= k >> 33
	k *= 0xff51afd7ed558ccd
	k ^= k >> 33
	k *= 0xc4ceb9fe1a85ec53
	return k ^ k>>33
}
