package capture

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"net/netip"

	"github.com/gopacket/gopacket/layers"
)

// What keeps a packet from being decoded.
var (
	ErrLink      = errors.New("capture: link type cannot be read")
	ErrShort     = errors.New("capture: packet cut before its headers end")
	ErrMalformed = errors.New("capture: header contradicts itself")
)

// Protocol numbers of IP that have a meaning here.
const (
	ProtoICMP   = 1
	ProtoIGMP   = 2
	ProtoTCP    = 6
	ProtoUDP    = 17
	ProtoICMPv6 = 58
)

// EtherTypes that have a meaning here.
const (
	EtherIPv4 = 0x0800
	EtherARP  = 0x0806
	EtherIPv6 = 0x86dd
)

// Link is the part of a packet below IP.
type Link struct {
	Src, Dst  [6]byte // zero where the link has no such addresses
	HasMAC    bool
	EtherType uint16 // below 1536: an IEEE 802.3 length
	Tags      uint64 // up to four VLAN tags, 16 bits each
	TagKinds  uint64 // their EtherTypes
	Payload   []byte // behind the link header
	Trailer   []byte // behind the IP packet: padding or more; without a recognised frame check sequence
}

// IP is the IP part of a packet.
type IP struct {
	Src, Dst netip.Addr
	Proto    uint8  // of the innermost header
	TTL      uint8  // hop limit
	Class    uint8  // type of service, traffic class
	Flags    uint8  // the three flag bits of IPv4
	Label    uint32 // flow label of IPv6
	ID       uint32 // of IPv4, or of the fragment header of IPv6
	Offset   int    // of a fragment, in bytes
	More     bool   // more fragments follow
	Options  []byte // options of IPv4; extension headers of IPv6 (without the fragment header)
	Payload  []byte // behind the IP headers, as far as captured
	Missing  int    // bytes of the payload that were not captured
	Odd      Oddity // what is odd about the header
}

// Oddity says what is odd about an IP header, as a set.
type Oddity uint8

// The oddities.
const (
	WrongSum Oddity = 1 << iota // the checksum of IPv4 is wrong, and not 0
	NoSum                       // it is 0, and should not be
	OtherSum                    // it is ffff, another way to write 0
	NoLength                    // the length field is 0
)

// Fragment reports that the packet is only a part.
func (p *IP) Fragment() bool { return p.More || p.Offset != 0 }

// TCP is a TCP header and its payload.
type TCP struct {
	SrcPort, DstPort uint16
	Seq, Ack         uint32
	Flags            uint8 // FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128
	Reserved         uint8 // the four bits before the flags
	Window           uint16
	Sum, Urgent      uint16
	Options          []byte
	Payload          []byte // as far as captured
	Length           int    // bytes of payload on the wire
}

// Flags of TCP.
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// Has reports that all flags of mask are set.
func (t *TCP) Has(mask uint8) bool { return t.Flags&mask == mask }

// Headers is a decoded packet. Slices point into the packet.
type Headers struct {
	Link Link
	IP   IP // Src is not valid for a packet that is not IP
}

// IsIP reports that the packet holds an IP header.
func (h *Headers) IsIP() bool { return h.IP.Src.IsValid() }

// Decode reads link and IP headers of p into h. A packet that is not IP is no
// error: only h.Link is filled.
func Decode(p *Packet, h *Headers) error {
	*h = Headers{}
	if err := decodeLink(p.Link, p.Data, &h.Link); err != nil {
		return err
	}
	cut := p.Length - len(p.Data)
	var err error
	switch h.Link.EtherType {
	case EtherIPv4:
		err = decodeIPv4(h, cut)
	case EtherIPv6:
		err = decodeIPv6(h, cut)
	}
	if h.Link.HasMAC && cut == 0 {
		h.dropFCS(p.Data)
	}
	return err
}

func decodeLink(t layers.LinkType, b []byte, l *Link) error {
	switch t {
	case layers.LinkTypeEthernet:
		if len(b) < 14 {
			return ErrShort
		}
		l.HasMAC = true
		copy(l.Dst[:], b)
		copy(l.Src[:], b[6:])
		l.EtherType, l.Payload = binary.BigEndian.Uint16(b[12:]), b[14:]
		return untag(l)
	case layers.LinkTypeLinuxSLL:
		if len(b) < 16 {
			return ErrShort
		}
		if binary.BigEndian.Uint16(b[4:]) == 6 {
			copy(l.Src[:], b[6:])
			l.HasMAC = true
		}
		l.EtherType, l.Payload = binary.BigEndian.Uint16(b[14:]), b[16:]
		return untag(l)
	case layers.LinkTypeLinuxSLL2:
		if len(b) < 20 {
			return ErrShort
		}
		if b[11] == 6 {
			copy(l.Src[:], b[12:])
			l.HasMAC = true
		}
		l.EtherType, l.Payload = binary.BigEndian.Uint16(b), b[20:]
		return untag(l)
	case layers.LinkTypeNull, layers.LinkTypeLoop:
		if len(b) < 4 {
			return ErrShort
		}
		l.Payload = b[4:]
		return byVersion(l)
	case layers.LinkTypeRaw, layers.LinkTypeIPv4, layers.LinkTypeIPv6, 12, 14:
		l.Payload = b
		return byVersion(l)
	}
	return ErrLink
}

// byVersion takes the protocol from the first four bits.
func byVersion(l *Link) error {
	if len(l.Payload) == 0 {
		return ErrShort
	}
	switch l.Payload[0] >> 4 {
	case 4:
		l.EtherType = EtherIPv4
	case 6:
		l.EtherType = EtherIPv6
	}
	return nil
}

// untag removes up to four VLAN tags.
func untag(l *Link) error {
	for range 4 {
		if t := l.EtherType; t != 0x8100 && t != 0x88a8 && t != 0x9100 {
			return nil
		}
		if len(l.Payload) < 4 {
			return ErrShort
		}
		l.Tags = l.Tags<<16 | uint64(binary.BigEndian.Uint16(l.Payload))
		l.TagKinds = l.TagKinds<<16 | uint64(l.EtherType)
		l.EtherType, l.Payload = binary.BigEndian.Uint16(l.Payload[2:]), l.Payload[4:]
	}
	return nil
}

func decodeIPv4(h *Headers, cut int) error {
	b := h.Link.Payload
	if len(b) < 20 {
		return ErrShort
	}
	head, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	noLength := total == 0
	if noLength { // segments longer than 64 KiB, as a sending Linux shows them
		total = len(b) + cut
	}
	if b[0]>>4 != 4 || head < 20 || total < head {
		return ErrMalformed
	}
	if len(b) < head {
		return ErrShort
	}
	frag := binary.BigEndian.Uint16(b[6:])
	h.IP = IP{
		Src: netip.AddrFrom4([4]byte(b[12:16])), Dst: netip.AddrFrom4([4]byte(b[16:20])),
		Proto: b[9], TTL: b[8], Class: b[1], Flags: uint8(frag >> 13), ID: uint32(binary.BigEndian.Uint16(b[4:])),
		Offset: int(frag&0x1fff) * 8, More: frag&0x2000 != 0, Options: b[20:head],
	}
	if noLength {
		h.IP.Odd = NoLength
	}
	sum, right := binary.BigEndian.Uint16(b[10:]), Checksum(0, b[:head]) == 0xffff
	switch {
	case sum == 0 && !right:
		h.IP.Odd |= NoSum
	case !right:
		h.IP.Odd |= WrongSum
	case sum == 0xffff:
		h.IP.Odd |= OtherSum
	}
	return h.split(head, total, cut)
}

func decodeIPv6(h *Headers, cut int) error {
	b := h.Link.Payload
	if len(b) < 40 {
		return ErrShort
	}
	if b[0]>>4 != 6 {
		return ErrMalformed
	}
	first := binary.BigEndian.Uint32(b)
	total := 40 + int(binary.BigEndian.Uint16(b[4:]))
	odd := Oddity(0)
	if total == 40 && len(b)+cut > 40 && (b[6] == ProtoTCP || b[6] == 0) { // jumbo, or a segment longer than 64 KiB
		odd, total = NoLength, len(b)+cut
	}
	h.IP = IP{
		Odd: odd,
		Src: netip.AddrFrom16([16]byte(b[8:24])), Dst: netip.AddrFrom16([16]byte(b[24:40])),
		TTL: b[7], Class: uint8(first >> 20), Label: first & 0xfffff,
	}
	next, at := b[6], 40
	for range 8 {
		var n int
		switch next {
		case 0, 43, 60, 135: // hop by hop, routing, destination, mobility
			if len(b) < at+2 {
				return ErrShort
			}
			n = int(b[at+1])*8 + 8
		case 51: // authentication
			if len(b) < at+2 {
				return ErrShort
			}
			n = int(b[at+1])*4 + 8
		case 44:
			n = 8
		}
		if n == 0 {
			break
		}
		if len(b) < at+n || at+n > total {
			return ErrShort
		}
		if next == 44 {
			off := binary.BigEndian.Uint16(b[at+2:])
			h.IP.Offset, h.IP.More, h.IP.ID = int(off>>3)*8, off&1 != 0, binary.BigEndian.Uint32(b[at+4:])
		}
		if next != 44 || !h.IP.Fragment() { // a fragment header on a whole packet is an option like others
			h.IP.Options = b[40 : at+n]
		}
		next, at = b[at], at+n
		if h.IP.Fragment() { // what follows is read once the packet is whole
			break
		}
	}
	h.IP.Proto = next
	return h.split(at, total, cut)
}

// split divides what is behind the link header into IP payload and trailer. cut
// is how many bytes of the whole packet were not captured.
func (h *Headers) split(head, total, cut int) error {
	b := h.Link.Payload
	end := min(total, len(b))
	h.IP.Payload, h.Link.Trailer = b[head:end], b[end:]
	if h.IP.Missing = total - end; h.IP.Missing > cut {
		return ErrMalformed // longer than the packet ever was
	}
	return nil
}

// dropFCS removes a frame check sequence, which some cards capture, from the
// trailer, or from the payload of what is not IP: the last four bytes when they are
// the CRC-32 of all before them.
func (h *Headers) dropFCS(frame []byte) {
	from := &h.Link.Trailer
	if !h.IsIP() {
		from = &h.Link.Payload
	}
	n := len(*from)
	if n < 4 || allZero(*from) {
		return
	}
	at := len(frame) - 4
	if binary.LittleEndian.Uint32(frame[at:]) == crc32.ChecksumIEEE(frame[:at]) {
		*from = (*from)[:n-4]
	}
}

func allZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}

// DecodeTCP reads the TCP header of a whole IP payload.
func DecodeTCP(ip *IP, t *TCP) error {
	b := ip.Payload
	if len(b) < 20 {
		if ip.Missing > 0 {
			return ErrShort
		}
		return ErrMalformed
	}
	head := int(b[12]>>4) * 4
	if head < 20 || head > len(b)+ip.Missing {
		return ErrMalformed
	}
	if head > len(b) {
		return ErrShort
	}
	*t = TCP{
		SrcPort: binary.BigEndian.Uint16(b), DstPort: binary.BigEndian.Uint16(b[2:]),
		Seq: binary.BigEndian.Uint32(b[4:]), Ack: binary.BigEndian.Uint32(b[8:]),
		Reserved: b[12] & 15, Flags: b[13], Window: binary.BigEndian.Uint16(b[14:]),
		Sum: binary.BigEndian.Uint16(b[16:]), Urgent: binary.BigEndian.Uint16(b[18:]),
		Options: b[20:head], Payload: b[head:], Length: len(b) + ip.Missing - head,
	}
	return nil
}
