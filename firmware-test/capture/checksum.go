package capture

import (
	"encoding/binary"
	"math/bits"
)

// SumState says what a transport checksum is.
type SumState uint8

// The states of a checksum.
const (
	SumGood    SumState = iota // right
	SumPartial                 // only the pseudo header is summed: taken on the sending machine before its card filled it in
	SumBad                     // wrong: the receiver throws the packet away
	SumUnknown                 // cannot be told: the packet was cut
)

// Checksum adds b to the ones' complement sum and returns it folded to 16 bits,
// not inverted. It works on eight bytes at a time.
func Checksum(sum uint64, b []byte) uint16 {
	var carry uint64
	for len(b) >= 32 {
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), 0)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[8:]), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[16:]), carry)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b[24:]), carry)
		sum, carry = bits.Add64(sum, 0, carry)
		sum += carry
		b = b[32:]
	}
	for len(b) >= 8 {
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(b), 0)
		sum += carry
		b = b[8:]
	}
	if len(b) > 0 {
		var last [8]byte
		copy(last[:], b)
		sum, carry = bits.Add64(sum, binary.BigEndian.Uint64(last[:]), 0)
		sum += carry
	}
	return fold(sum)
}

func fold(s uint64) uint16 {
	s = s>>32 + s&0xffffffff
	s = s>>32 + s&0xffffffff
	s = s>>16 + s&0xffff
	s = s>>16 + s&0xffff
	return uint16(s>>16 + s&0xffff)
}

// TransportSum judges the checksum of a TCP, UDP or ICMPv6 packet; sum is the
// field's value.
func TransportSum(ip *IP, sum uint16) SumState {
	if ip.Missing > 0 {
		return SumUnknown
	}
	pseudo := uint64(ip.Proto) + uint64(len(ip.Payload))
	if ip.Src.Is4() {
		s, d := ip.Src.As4(), ip.Dst.As4()
		pseudo += uint64(binary.BigEndian.Uint32(s[:])) + uint64(binary.BigEndian.Uint32(d[:]))
	} else {
		s, d := ip.Src.As16(), ip.Dst.As16()
		for i := 0; i < 16; i += 4 {
			pseudo += uint64(binary.BigEndian.Uint32(s[i:])) + uint64(binary.BigEndian.Uint32(d[i:]))
		}
	}
	if Checksum(pseudo, ip.Payload) == 0xffff {
		return SumGood
	}
	if fold(pseudo) == sum {
		return SumPartial
	}
	return SumBad
}
