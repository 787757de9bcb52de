package oneway

import (
	"hash/maphash"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
)

// sentHeaders remembers the latest outward headers of a connection, to compare with
// them what ICMP says it quotes.
type sentHeaders struct {
	ring [32]uint64
	n    int
}

// headerSum identifies the headers of a packet by what no router changes. b is the TCP
// header.
func headerSum(seed maphash.Seed, ip *capture.IP, length int, b []byte) uint64 {
	return maphash.Bytes(seed, b) + uint64(ip.ID)<<32 + uint64(ip.Flags)<<29 + uint64(length)
}

func (s *sentHeaders) add(seed maphash.Seed, ip *capture.IP, t *capture.TCP) {
	b := ip.Payload
	s.ring[s.n%len(s.ring)] = headerSum(seed, ip, len(b)+ip.Missing, b[:len(b)-len(t.Payload)])
	s.n++
}

// holds reports that the packet that starts with b is among the latest.
func (s *sentHeaders) holds(seed maphash.Seed, ip *capture.IP, b []byte) bool {
	if len(b) < 20 {
		return false
	}
	head := int(b[12]>>4) * 4
	if head < 20 || head > len(b) {
		return false
	}
	sum := headerSum(seed, ip, len(b)+ip.Missing, b[:head])
	for i := range min(s.n, len(s.ring)) {
		if s.ring[i] == sum {
			return true
		}
	}
	return false
}
