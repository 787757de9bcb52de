package oneway

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
)

// The code that bounds the covert channel. One returning packet is coded as
//
//	1 bit    of the same connection as the returning packet before it, or of
//	⌈log₂⌉   which of those that are open
//	γ(n)     how many bytes of payload (Elias gamma code)
//	1 bit    all fields as predicted, or not; if not:
//	γ(n)     how many fields deviate
//	5 bits   which field        ┐ n times
//	cost     its value          ┘
//
// The code is a prefix code and can be decoded from what went out and what came
// back before. Of all series of packets at most 2^(L+1) have a code of L bits or
// less, so a series with a code of L bits tells at most L+1 bits, whatever the
// sender meant by it. Bytes of payload are answers and are judged, not bounded.
//
//	field      predicted                              cost otherwise, in bits
//	seq        the next position; a start: nothing    32
//	ack        the highest byte that went out         γ(how many segment ends before it), else 32
//	flags      ACK, and PSH with payload              12
//	window     as before                              16
//	options    same layout as before                  8 per byte; selective acknowledgements 64 per block
//	TSval      advances with the clock (1 ms)         γ(error)
//	TSecr      the latest that went out               γ(how many before it), else 32
//	IP ID      one step as the step before: 0 or 1    16
//	TTL, class as before, flags too                   19
//	label, tags and addresses of the link  as before  20, 168
//	IP options none                                   8 per byte
//	checksum   right, or not filled in, as before     32 (TCP and IP)
//	urgent     0                                      16
//	padding    zero, to the same size as before       8 per byte, γ(length)
//
// A fragment counts with all bits of its headers, a packet that is not TCP with all its
// bits when it is new, and with those that choose it among the known ones when it is not.
// When a packet comes is coded apart, as γ(gap / resolution): whoever can watch the
// cable can time it, whatever a gate does.

// Place names where covert bits could be.
type Place uint8

// The places.
const (
	PlacePacket Place = iota // that there is a packet, and which fields deviate
	PlaceSeq
	PlaceAck
	PlaceFlags
	PlaceWindow
	PlaceOptions
	PlaceTimestamps
	PlaceIPID
	PlaceTTL
	PlaceLink
	PlaceIPOptions
	PlaceChecksum
	PlaceUrgent
	PlacePadding
	PlaceFragments
	PlaceOther
	PlaceTiming
	places
)

var placeNames = [places]string{"packets", "seq", "ack", "flags", "window", "tcp-options", "timestamps", "ip-id", "ttl-class",
	"link-label-tag", "ip-options", "checksum", "urgent", "padding", "fragments", "other-traffic", "timing"}

// String returns the name reports use.
func (p Place) String() string { return placeNames[p] }

// bitCount holds bits by place.
type bitCount [places]int64

// gamma is the length of the Elias gamma code of n ≥ 0 (of n+1, to be exact).
func gamma(n int64) int64 {
	if n < 0 {
		n = -n
	}
	return int64(2*bits.Len64(uint64(n)+1) - 1)
}

// meter predicts the returning headers of one connection.
type meter struct {
	seen     bool
	ip       ipFields
	idStep   uint32 // by how much the IP ID grew last, 0 or 1
	noSum    bool   // the checksum of IP was 0
	padTo    int    // size that short packets are padded to, 0 = they are not
	window   uint16
	sum      capture.SumState
	layout   [40]byte // options without the values of timestamps and selective acknowledgements
	layoutN  int
	clock    clock
	ends     [16]int64 // latest ends of outward segments
	endsN    int
	stamps   [16]uint32 // latest TSval that went out
	stampsN  int
	lastTime int64
}

type ipFields struct {
	id       uint32
	ttl      uint8
	class    uint8
	flags    uint8
	label    uint32
	src, dst [6]byte
	tags     [2]uint64 // and their kinds
}

type clock struct {
	known bool
	value uint32
	time  int64
}

// outSegment remembers what an outward packet makes predictable.
func (m *meter) outSegment(end int64, grew bool, stamp uint32, hasStamp bool) {
	if grew {
		m.ends[m.endsN%len(m.ends)] = end
		m.endsN++
	}
	if hasStamp && (m.stampsN == 0 || m.stamps[(m.stampsN-1)%len(m.stamps)] != stamp) {
		m.stamps[m.stampsN%len(m.stamps)] = stamp
		m.stampsN++
	}
}

// backPacket is what the meter needs to know of a returning packet.
type backPacket struct {
	h     *capture.Headers
	t     *capture.TCP
	opts  *tcpOptions
	sum   capture.SumState
	time  int64
	atEnd bool  // its sequence number is the next position
	ack   int64 // position it acknowledges
	need  int64 // highest outward position seen
	tick  int64 // resolution of timing, ns
	first int64 // time of the first packet of the connection
}

// add codes one packet and adds its cost to c.
func (m *meter) add(p backPacket, c *bitCount) {
	deviations := int64(0)
	charge := func(place Place, n int64) {
		deviations++
		c[place] += n + 5
	}
	noSum := p.h.IP.Odd&capture.NoSum != 0
	m.internet(p.h, charge)
	t := p.t
	if !p.atEnd {
		charge(PlaceSeq, 32)
	}
	if n := m.ackCost(p); n > 0 {
		charge(PlaceAck, n)
	}
	expected := uint8(capture.ACK)
	if t.Length > 0 {
		expected |= capture.PSH
	}
	if t.Flags != expected || t.Reserved != 0 {
		charge(PlaceFlags, 12)
	}
	if t.Window != m.window || !m.seen {
		charge(PlaceWindow, 16)
		m.window = t.Window
	}
	if t.Urgent != 0 {
		charge(PlaceUrgent, 16)
	}
	odd := t.Sum == 0xffff || p.h.IP.Odd&capture.OtherSum != 0 // another way to write 0
	if p.sum == capture.SumBad || p.h.IP.Odd&capture.WrongSum != 0 || odd || m.seen && (p.sum != m.sum || noSum != m.noSum) {
		charge(PlaceChecksum, 32)
	}
	m.sum, m.noSum = p.sum, noSum
	m.padding(&p.h.Link, charge)
	m.options(p, charge)
	c[PlacePacket] += 2 + gamma(int64(t.Length))
	if deviations > 0 {
		c[PlacePacket] += gamma(deviations)
	}
	if !m.seen {
		m.lastTime = p.first
	}
	c[PlaceTiming] += gamma((p.time - m.lastTime) / p.tick)
	m.seen, m.lastTime = true, p.time
}

// padding codes what is behind the IP packet.
func (m *meter) padding(l *capture.Link, charge func(Place, int64)) {
	n := len(l.Trailer)
	packet := len(l.Payload) - n
	if n != max(0, m.padTo-packet) {
		charge(PlacePadding, 1+gamma(int64(n)))
		if m.padTo = 0; n > 0 {
			m.padTo = packet + n
		}
	}
	if n := padding(l.Trailer); n > 0 {
		charge(PlacePadding, 8*n)
	}
}

// padding returns up to where bytes behind the IP packet are not zero.
func padding(b []byte) int64 {
	for n := len(b); n > 0; n-- {
		if b[n-1] != 0 {
			return int64(n)
		}
	}
	return 0
}

func (m *meter) ackCost(p backPacket) int64 {
	if !p.t.Has(capture.ACK) {
		if p.t.Ack != 0 {
			return 32
		}
		return 0
	}
	if p.ack == p.need {
		return 0
	}
	for k := 1; k <= min(m.endsN, len(m.ends)); k++ {
		if m.ends[(m.endsN-k)%len(m.ends)] == p.ack {
			return 1 + gamma(int64(k))
		}
	}
	return 1 + 32
}

// internet codes the fields of IP and below.
func (m *meter) internet(h *capture.Headers, charge func(Place, int64)) {
	now := ipFields{id: h.IP.ID, ttl: h.IP.TTL, class: h.IP.Class, flags: h.IP.Flags, label: h.IP.Label,
		src: h.Link.Src, dst: h.Link.Dst, tags: [2]uint64{h.Link.Tags, h.Link.TagKinds}}
	was := m.ip
	m.ip = now
	if h.IP.Src.Is4() && now.id != (was.id+m.idStep)&0xffff {
		charge(PlaceIPID, 16)
		m.idStep = 1
		if now.id == was.id {
			m.idStep = 0
		}
	}
	if n := int64(len(h.IP.Options)); n > 0 {
		charge(PlaceIPOptions, 8*n)
	}
	if !m.seen {
		charge(PlaceTTL, 19)
		charge(PlaceLink, 20+64+8+96)
		return
	}
	if now.ttl != was.ttl || now.class != was.class || now.flags != was.flags {
		charge(PlaceTTL, 19)
	}
	if now.label != was.label {
		charge(PlaceLink, 20)
	}
	if now.src != was.src || now.dst != was.dst || now.tags != was.tags {
		charge(PlaceLink, 64+8+96)
	}
}

// options codes the TCP options.
func (m *meter) options(p backPacket, charge func(Place, int64)) {
	o := p.opts
	if !bytes.Equal(o.layout[:o.layoutN], m.layout[:m.layoutN]) {
		charge(PlaceOptions, 8*int64(o.layoutN)+6)
		m.layout, m.layoutN = o.layout, o.layoutN
	}
	if o.blocks > 0 {
		charge(PlaceOptions, 64*int64(o.blocks)+2)
	}
	if !o.hasStamp {
		return
	}
	if !m.clock.known {
		charge(PlaceTimestamps, 32)
	} else {
		due := m.clock.value + uint32((p.time-m.clock.time)/1e6)
		if d := int64(int32(o.stamp - due)); d != 0 {
			charge(PlaceTimestamps, 1+gamma(d))
		}
	}
	m.clock = clock{true, o.stamp, p.time}
	for k := 1; k <= min(m.stampsN, len(m.stamps)); k++ {
		if m.stamps[(m.stampsN-k)%len(m.stamps)] == o.echo {
			if k > 1 {
				charge(PlaceTimestamps, 1+gamma(int64(k)))
			}
			return
		}
	}
	charge(PlaceTimestamps, 1+32)
}

// tcpOptions are the options of one packet.
type tcpOptions struct {
	layout      [40]byte // without values that must vary
	layoutN     int
	blocks      int // of selective acknowledgement
	stamp, echo uint32
	hasStamp    bool
	odd         int // kind of the first option that has no business here, or -1
	malformed   bool
}

// Kinds of TCP options.
const (
	optEnd, optNop, optMSS, optScale, optSackOK, optSack, optStamp = 0, 1, 2, 3, 4, 5, 8
)

// parseOptions reads the options of a packet with or without SYN.
func parseOptions(b []byte, syn bool, o *tcpOptions) {
	*o = tcpOptions{odd: -1}
	o.layoutN = copy(o.layout[:], b)
	length := synOption
	for i := 0; i < len(b); {
		kind := int(b[i])
		if kind == optEnd {
			if padding(b[i:]) > 0 {
				o.odd = optEnd
			}
			return
		}
		if kind == optNop {
			i++
			continue
		}
		if i+1 >= len(b) || int(b[i+1]) < 2 || i+int(b[i+1]) > len(b) {
			o.malformed = true
			return
		}
		n := int(b[i+1])
		val := b[i+2 : i+n]
		switch {
		case kind == optStamp && n == 10:
			o.stamp, o.echo, o.hasStamp = binary.BigEndian.Uint32(val), binary.BigEndian.Uint32(val[4:]), true
			clear(o.layout[i+2 : i+10])
		case kind == optSack && (n-2)%8 == 0 && n > 2 && !syn:
			o.blocks = (n - 2) / 8
			clear(o.layout[i+2 : i+n])
		case syn && kind < len(length) && length[kind] == n:
		default:
			if o.odd < 0 {
				o.odd = kind
			}
		}
		i += n
	}
}

// synOption holds the lengths of the options a SYN may have; 0 = may not.
var synOption = [5]int{optMSS: 4, optScale: 3, optSackOK: 2}
