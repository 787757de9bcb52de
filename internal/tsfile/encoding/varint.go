package encoding

// uvarint reads an unsigned var-int of at most 32 bits; n is its length, 0 if src is
// short or the number too long.
func uvarint(src []byte) (v uint32, n int) {
	for i := 0; i < len(src) && i < 5; i++ {
		c := src[i]
		if i == 4 && c > 0x0f {
			return 0, 0
		}
		v |= uint32(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

// uvarint64 is uvarint for 64 bits.
func uvarint64(src []byte) (v uint64, n int) {
	for i := 0; i < len(src) && i < 10; i++ {
		c := src[i]
		if i == 9 && c > 1 {
			return 0, 0
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

func zigzag32(v int32) uint32   { return uint32(v<<1) ^ uint32(v>>31) }
func unzigzag32(u uint32) int32 { return int32(u>>1) ^ -int32(u&1) }
