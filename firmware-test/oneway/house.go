package oneway

import (
	"bytes"
	"encoding/binary"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
)

// What is needed to run a link is not held against a capture, but only in the form
// the standards give it: fixed lengths, reserved fields 0, known options, nothing
// behind the end. All its bits count into the bound.

// isARP reports a request or an answer of ARP for IPv4 over Ethernet (RFC 826).
func isARP(b []byte) bool {
	return len(b) >= 28 && binary.BigEndian.Uint64(b)>>16 == 0x0001_0800_0604 && b[6] == 0 && (b[7] == 1 || b[7] == 2) && padding(b[28:]) == 0
}

// routerAlert is the one IP option of group membership (RFC 2113).
var routerAlert = []byte{0x94, 4, 0, 0}

// isIGMP reports group membership of IPv4 (RFC 1112, 2236, 3376).
func isIGMP(ip *capture.IP) bool {
	b := ip.Payload
	if ip.Missing > 0 || len(b) < 8 || ip.TTL != 1 || capture.Checksum(0, b) != 0xffff || len(ip.Options) > 0 && !bytes.Equal(ip.Options, routerAlert) {
		return false
	}
	switch b[0] {
	case 0x11: // query, of version 3 with sources
		return len(b) == 8 || len(b) >= 12 && len(b) == 12+4*int(binary.BigEndian.Uint16(b[10:]))
	case 0x12, 0x16, 0x17:
		return len(b) == 8
	case 0x22:
		return b[1] == 0 && isReport(b, 4)
	}
	return false
}

// isReport reports a list of group records with addresses of size bytes.
func isReport(b []byte, size int) bool {
	if b[4] != 0 || b[5] != 0 {
		return false
	}
	records := int(binary.BigEndian.Uint16(b[6:]))
	for b = b[8:]; records > 0; records-- {
		if len(b) < 4+size || b[0] < 1 || b[0] > 6 || b[1] != 0 { // b[1]: words of data without a meaning
			return false
		}
		n := 4 + size + size*int(binary.BigEndian.Uint16(b[2:]))
		if len(b) < n {
			return false
		}
		b = b[n:]
	}
	return len(b) == 0
}

// hopAlert is the extension header of group membership of IPv6 (RFC 2711).
var hopAlert = []byte{capture.ProtoICMPv6, 0, 5, 2, 0, 0, 1, 0}

// isNeighbour reports neighbour discovery (RFC 4861) or group membership of IPv6
// (RFC 2710, 3810). Redirects are none: the outer side has nothing to redirect.
func isNeighbour(ip *capture.IP) bool {
	b := ip.Payload
	if ip.Missing > 0 || len(b) < 8 || b[1] != 0 || capture.TransportSum(ip, binary.BigEndian.Uint16(b[2:])) != capture.SumGood {
		return false
	}
	switch t := b[0]; t {
	case 133, 134, 135, 136:
		head := map[byte]int{133: 8, 134: 16, 135: 24, 136: 24}[t]
		if ip.TTL != 255 || len(ip.Options) > 0 || len(b) < head {
			return false
		}
		if t == 133 || t == 135 {
			if binary.BigEndian.Uint32(b[4:]) != 0 {
				return false
			}
		} else if t == 136 && binary.BigEndian.Uint32(b[4:])&0x1fffffff != 0 {
			return false
		}
		return areNeighbourOptions(b[head:], t == 134)
	case 130, 131, 132, 143:
		if ip.TTL != 1 || !bytes.Equal(ip.Options, hopAlert) {
			return false
		}
		switch {
		case t == 143:
			return isReport(b, 16)
		case t == 130 && len(b) > 24:
			return len(b) >= 28 && len(b) == 28+16*int(binary.BigEndian.Uint16(b[26:]))
		}
		return len(b) == 24
	}
	return false
}

// areNeighbourOptions reports options of known kinds and lengths, each kind once;
// of a router several prefixes, routes and servers.
func areNeighbourOptions(b []byte, router bool) bool {
	length := map[byte]byte{1: 1, 2: 1, 14: 1} // in units of 8 bytes
	if router {
		length = map[byte]byte{1: 1, 3: 4, 5: 1}
	}
	seen := map[byte]bool{}
	for len(b) > 0 {
		if len(b) < 8 || b[1] == 0 || len(b) < int(b[1])*8 {
			return false
		}
		kind, n := b[0], b[1]
		known := length[kind] == n || router && (kind == 24 && n <= 3 || kind == 25 && n%2 == 1 && n <= 9)
		if !known || seen[kind] && !(router && kind != 1) || len(seen) > 8 {
			return false
		}
		seen[kind] = true
		b = b[int(n)*8:]
	}
	return true
}
