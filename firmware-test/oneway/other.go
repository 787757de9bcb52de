package oneway

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math/bits"
	"net"
	"net/netip"
	"slices"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
)

// Bounds of what is remembered of other traffic.
const (
	maxOthers   = 4096
	maxMACs     = 4096
	maxContents = 64  // packets per kind that are recognised when they are repeated
	maxHouse    = 256 // different housekeeping packets per kind that a link may need
	maxEchoes   = 1024
)

// others accounts packets that are not TCP.
//
// What is needed to run a link (ARP, neighbour discovery, group membership) is
// not held against the capture, but counted into the bound: every new packet with
// all its bits, a repeated one with the bits that choose it among those known.
type others struct {
	kinds map[otherKey]*otherCount
	macs  map[macKey]uint8 // 1 inner, 2 outer
	echo  map[uint64]bool  // echo requests of the inner side
	early []earlyEcho      // echo replies captured before their requests, perhaps
	seed  maphash.Seed
	full  bool

	hosts  map[hostKey][6]byte // link address of an inner address
	moved  map[hostKey]bool    // of these, with several
	taught [4]teacher          // the last packet learnt from, by direction

	asInner map[int]netip.AddrPort // by cable: a gate that the settings take for an inner host
}

type hostKey struct {
	cable int
	addr  netip.Addr
}

type teacher struct {
	macKey
	addr netip.Addr
	dir  direction
}

// String returns the link address.
func (k macKey) String() string { return net.HardwareAddr(k.mac[:]).String() }

type macKey struct {
	cable int
	mac   [6]byte
}

type otherKey struct {
	macKey
	label string
	way   direction // as far as addresses tell
}

type otherCount struct {
	packets, bytes int64
	bits           int64
	fresh, last    int64 // packets never seen before; time of the last one
	house          bool
	contents       map[uint64]bool
	first          Finding
}

func (o *others) init() {
	o.kinds, o.macs, o.echo = map[otherKey]*otherCount{}, map[macKey]uint8{}, map[uint64]bool{}
	o.hosts, o.moved = map[hostKey][6]byte{}, map[hostKey]bool{}
	o.asInner = map[int]netip.AddrPort{}
	o.seed = maphash.MakeSeed()
}

// learn remembers which side a link address belongs to, and from which link
// address an inner address comes: a packet with the address of an inner host that
// the outer side made up would be taken for a packet of the inner side.
func (o *others) learn(cable int, h *capture.Headers, dir direction) {
	l := &h.Link
	k := macKey{cable, l.Src}
	if !l.HasMAC || l.Src == [6]byte{} || dir == unknown {
		return
	}
	seen := teacher{k, h.IP.Src, dir}
	if o.taught[dir] == seen {
		return
	}
	o.taught[dir] = seen
	bit := uint8(1)
	if dir == back {
		bit = 2
	} else {
		o.bind(cable, h)
	}
	was, ok := o.macs[k]
	if !ok && len(o.macs) >= maxMACs {
		o.full = true
		return
	}
	o.macs[k] = was | bit
}

// bind remembers the link address of an inner address.
func (o *others) bind(cable int, h *capture.Headers) {
	k := hostKey{cable, h.IP.Src}
	was, ok := o.hosts[k]
	switch {
	case ok && was != h.Link.Src:
		if len(o.moved) < maxMACs {
			o.moved[k] = true
		}
	case !ok && len(o.hosts) >= maxMACs:
		o.full = true
	case !ok:
		o.hosts[k] = h.Link.Src
	}
}

// mixed adds a doubt for each sign that an address was made up.
func (o *others) mixed(p *Prover) {
	var text []string
	for k, sides := range o.macs {
		if sides == 3 {
			text = append(text, fmt.Sprintf("cable %q: link address %s sends for both sides", p.rep.Seen.Cables[k.cable].Name, k))
		}
	}
	for k := range o.moved {
		text = append(text, fmt.Sprintf("cable %q: inner address %s comes from several link addresses", p.rep.Seen.Cables[k.cable].Name, k.addr))
	}
	for cable, gate := range o.asInner {
		text = append(text, fmt.Sprintf("cable %q: packets between an inner address and %s were not judged, both are inner: the gate's own address must not be", p.rep.Seen.Cables[cable].Name, gate))
	}
	slices.Sort(text)
	for _, t := range text {
		p.rep.Doubts.add(SidesMixed, DoubtNote{Doubt: SidesMixed, Detail: t}, p.set.MaxListed)
	}
}

// sighting is one packet that is not TCP.
type sighting struct {
	label string
	way   direction
	house bool   // allowed
	bulk  bool   // of house: new contents are nothing odd
	whole []byte // the packet put together from fragments, nil = was none
}

func (o *others) see(p *Prover, pkt *capture.Packet, h *capture.Headers, s sighting) {
	k := otherKey{macKey{pkt.Cable, h.Link.Src}, s.label, s.way}
	c := o.kinds[k]
	if c == nil {
		if len(o.kinds) >= maxOthers {
			o.full = true
			return
		}
		c = &otherCount{house: s.house, contents: map[uint64]bool{}, first: p.entry(nil, OtherTraffic, s.label, nil, 1), last: p.now}
		c.first.Cable = p.rep.Seen.Cables[pkt.Cable].Name
		o.kinds[k] = c
	}
	c.packets++
	c.bytes += int64(pkt.Length)
	if len(pkt.Data) < pkt.Length && s.way != out && s.way != inside {
		p.doubt(CutPacket, "a packet that may have come back was captured shorter than it was")
	}
	content := pkt.Data
	if s.whole != nil {
		content = s.whole
	}
	sum := maphash.Bytes(o.seed, content)
	n := int64(1 + bits.Len(uint(len(o.kinds)*maxContents)))
	if !c.contents[sum] {
		n = 1 + 8*int64(len(content))
		if !s.bulk {
			c.fresh++
		}
		if len(c.contents) < maxContents {
			c.contents[sum] = true
		}
	}
	c.bits += n
	if s.way != out && s.way != inside && o.macs[k.macKey] != 1 {
		a := p.account(pkt.Cable)
		a.add(p.now, n)
		a.bits[PlaceTiming] += gamma((p.now - c.last) / int64(p.set.TimingResolution))
	}
	c.last = p.now
}

// note records a packet whose direction cannot be told by its addresses.
func (o *others) note(p *Prover, pkt *capture.Packet, h *capture.Headers, label string) {
	o.see(p, pkt, h, sighting{label: label, way: unknown})
}

// link records a packet that is not IP.
func (o *others) link(p *Prover, pkt *capture.Packet, h *capture.Headers) {
	l := &h.Link
	if p.set.Scope == GateEndpoints {
		p.rep.Seen.Outside++
		return
	}
	s := sighting{label: fmt.Sprintf("ethertype-%04x", l.EtherType)}
	switch {
	case l.EtherType < 1536:
		s.label = "ieee-802.3"
	case l.EtherType == capture.EtherARP && isARP(l.Payload):
		s.label, s.house = "arp", true
	case l.EtherType == capture.EtherARP:
		s.label = "arp-odd"
	}
	o.see(p, pkt, h, s)
}

// earlyEcho is an echo reply without a request so far.
type earlyEcho struct {
	sum   uint64
	time  int64
	cable int
	e     Finding
}

// asked forgets early replies to a request.
func (o *others) asked(sum uint64) bool {
	n := len(o.early)
	o.early = slices.DeleteFunc(o.early, func(e earlyEcho) bool { return e.sum == sum })
	return len(o.early) < n
}

// overdue reports early replies whose request did not come by a time.
func (o *others) overdue(p *Prover, by int64) {
	for len(o.early) > 0 && (o.early[0].time < by || len(o.early) > maxContents) {
		e := o.early[0]
		o.early = o.early[1:]
		p.breach(e.e, nil, p.rep.Seen.Cables[e.cable].Outer)
	}
}

// bystander judges the packets that are not TCP.
type bystander struct{ *Prover }

// way returns the direction of a packet without ports. Addresses that belong to a
// link, and none, tell nothing.
func (p bystander) way(ip *capture.IP) direction {
	if ip.Src.IsLinkLocalUnicast() || ip.Src.IsUnspecified() {
		return unknown
	}
	return p.set.direction(netip.AddrPortFrom(ip.Src, 0), netip.AddrPortFrom(ip.Dst, 0))
}

// otherIP records an IP packet that is neither TCP nor ICMP.
func (p bystander) otherIP(pkt *capture.Packet, h *capture.Headers, whole []byte) {
	ip := &h.IP
	if p.set.Scope == GateEndpoints {
		p.rep.Seen.Outside++
		return
	}
	s := sighting{label: fmt.Sprintf("ip-%d", ip.Proto), way: p.way(ip), whole: whole}
	p.other.learn(pkt.Cable, h, s.way)
	switch {
	case ip.Proto == capture.ProtoIGMP && whole == nil && isIGMP(ip) && padding(h.Link.Trailer) == 0:
		s.label, s.house = "igmp", true
	case ip.Proto == capture.ProtoIGMP:
		s.label = "igmp-odd"
	case ip.Proto == capture.ProtoUDP && len(ip.Payload) >= 8:
		from, to := binary.BigEndian.Uint16(ip.Payload), binary.BigEndian.Uint16(ip.Payload[2:])
		s.label = fmt.Sprintf("udp-%d", min(from, to))
	}
	p.other.see(p.Prover, pkt, h, s)
}

// icmp judges ICMP of both versions.
func (p bystander) icmp(pkt *capture.Packet, h *capture.Headers, whole []byte) {
	ip := &h.IP
	b := ip.Payload
	if p.set.Scope == GateEndpoints {
		p.rep.Seen.Outside++
		return
	}
	if len(b) < 8 {
		p.other.see(p.Prover, pkt, h, sighting{label: "icmp-odd", way: p.way(ip), whole: whole})
		return
	}
	p.other.overdue(p.Prover, p.now-int64(p.set.Reorder))
	v6 := ip.Proto == capture.ProtoICMPv6
	if t := b[0]; v6 && (t >= 130 && t <= 137 || t == 143) {
		s := sighting{label: "neighbour-odd", way: p.way(ip), whole: whole}
		if whole == nil && isNeighbour(ip) && padding(h.Link.Trailer) == 0 {
			s.label, s.house = "neighbour-discovery", true
		}
		p.other.see(p.Prover, pkt, h, s)
		return
	}
	dir := p.way(ip)
	p.other.learn(pkt.Cable, h, dir)
	switch {
	case dir == out || dir == inside:
		if echo := b[0] == 8 && !v6 || b[0] == 128 && v6; echo {
			if len(p.other.echo) >= maxEchoes {
				clear(p.other.echo)
			}
			if sum := maphash.Bytes(p.other.seed, b[4:]); !p.other.asked(sum) {
				p.other.echo[sum] = true
			}
		}
		p.other.see(p.Prover, pkt, h, sighting{label: "icmp", way: dir, whole: whole})
	case dir == back:
		p.other.see(p.Prover, pkt, h, sighting{label: "icmp", way: dir, house: true, bulk: true, whole: whole})
		if why := p.icmpBack(pkt.Cable, h, b, v6); why == noRequest {
			e := p.entry(nil, ICMP, fmt.Sprintf("from %s, type %d: %s", ip.Src, b[0], why), b, int64(len(b)))
			p.other.early = append(p.other.early, earlyEcho{maphash.Bytes(p.other.seed, b[4:]), p.now, pkt.Cable, e})
		} else if why != "" {
			p.attempt(pkt.Cable, nil, ICMP, fmt.Sprintf("from %s, type %d code %d: %s", ip.Src, b[0], b[1], why), b)
		}
	default:
		p.other.see(p.Prover, pkt, h, sighting{label: "icmp", way: dir, whole: whole})
	}
}

// noRequest is why an echo reply has no business here.
const noRequest = "an echo reply that does not repeat a request"

// icmpBack returns why an ICMP packet of the outer side has no business here.
func (p bystander) icmpBack(cable int, h *capture.Headers, b []byte, v6 bool) string {
	if padding(h.Link.Trailer) > 0 {
		return "bytes behind the packet"
	}
	if len(h.IP.Options) > 0 {
		return "IP options or extension headers"
	}
	if !v6 && capture.Checksum(0, b) != 0xffff || v6 && capture.TransportSum(&h.IP, binary.BigEndian.Uint16(b[2:])) == capture.SumBad {
		return "wrong checksum"
	}
	switch t := b[0]; {
	case t == 0 && !v6 || t == 129 && v6:
		k := maphash.Bytes(p.other.seed, b[4:])
		if b[1] != 0 || !p.other.echo[k] {
			return noRequest
		}
		delete(p.other.echo, k)
		return ""
	case !v6 && (t == 3 || t == 11 || t == 12), v6 && t >= 1 && t <= 4:
		if rest := binary.BigEndian.Uint32(b[4:]) & unusedBits(v6, t, b[1]); rest != 0 {
			return fmt.Sprintf("%08x in a field that is not used", rest)
		}
		return p.quoted(cable, b[8:], v6)
	}
	return "nothing asked for it"
}

// unusedBits tells which bits of the second word of an ICMP error mean nothing.
func unusedBits(v6 bool, kind, code byte) uint32 {
	switch {
	case !v6 && kind == 3 && code == 4: // size of packets
		return 0xffff0000
	case !v6 && kind == 12: // place of the mistake
		return 0x00ffffff
	case v6 && (kind == 2 || kind == 4):
		return 0
	}
	return 0xffffffff
}

// quoted checks that an error quotes a packet that really went out.
func (p bystander) quoted(cable int, q []byte, v6 bool) string {
	pkt := capture.Packet{Data: q, Length: 1 << 16, Link: 101}
	var h capture.Headers
	if err := capture.Decode(&pkt, &h); err != nil || !h.IsIP() || h.IP.Src.Is4() == v6 || h.IP.Proto != capture.ProtoTCP || len(h.IP.Payload) < 8 {
		return "it quotes no TCP packet"
	}
	b := h.IP.Payload
	key := flowKey{cable: cable,
		inner: netip.AddrPortFrom(h.IP.Src, binary.BigEndian.Uint16(b)),
		outer: netip.AddrPortFrom(h.IP.Dst, binary.BigEndian.Uint16(b[2:]))}
	f := p.flows[key]
	if f == nil || !f.out.known || f.traffic.PacketsOut == 0 {
		return "it quotes a connection that does not exist"
	}
	if len(h.Link.Trailer) > 0 {
		return "bytes behind the packet it quotes"
	}
	at := position(f.out.base, binary.BigEndian.Uint32(b[4:]), f.out.next)
	if at < -1 || at > f.out.highest+1 {
		return "it quotes a packet that was not sent"
	}
	if len(b) == 8 { // as much as routers quote at the least: ports and sequence number
		return ""
	}
	if !f.out.sent.holds(p.other.seed, &h.IP, b) {
		p.doubt(Uncompared, "ICMP quotes a header that is not among the latest of its connection")
		return ""
	}
	head := int(b[12]>>4) * 4
	if !f.out.history.holds(at, len(b)-head) {
		p.doubt(Uncompared, "ICMP quotes bytes that are too old to compare")
		return ""
	}
	if f.out.history.compare(at, b[head:]) > 0 {
		return "it quotes other bytes than were sent"
	}
	return ""
}

// OtherReport is traffic that is not TCP, by kind and source.
type OtherReport struct {
	Label   string `json:"label"`
	Cable   string `json:"cable,omitempty"`
	Source  string `json:"source,omitempty"` // link address
	Way     string `json:"way"`              // out, back, unknown
	Packets int64  `json:"packets"`
	Bytes   int64  `json:"bytes"`
	Bits    int64  `json:"covert_bits"` // what it adds to the bound
}

// finish decides about all of it, now that every link address is known.
func (o *others) finish(p *Prover) {
	o.overdue(p, 1<<62)
	o.mixed(p)
	if o.full {
		p.doubt(WhichWay, "too many kinds of other traffic")
	}
	for k, c := range o.kinds {
		way := k.way
		if way == unknown {
			way = [4]direction{unknown, out, back, unknown}[o.macs[k.macKey]]
		}
		r := OtherReport{Label: k.label, Cable: c.first.Cable, Packets: c.packets, Bytes: c.bytes, Way: way.String()}
		if k.mac != [6]byte{} {
			r.Source = k.macKey.String()
		}
		if way != out && way != inside {
			r.Bits = c.bits
			p.account(k.cable).bits[PlaceOther] += c.bits
			switch {
			case !c.house:
				o.hold(p, k, c, way)
			case c.fresh > maxHouse:
				p.rep.Doubts.add(Housekeeping, DoubtNote{Doubt: Housekeeping, Detail: fmt.Sprintf("cable %q: %d different packets of %s from %s", c.first.Cable, c.fresh, k.label, k.macKey)}, p.set.MaxListed)
			}
		}
		p.rep.Others = append(p.rep.Others, r)
	}
	slices.SortFunc(p.rep.Others, func(a, b OtherReport) int {
		return cmpStrings(a.Cable, b.Cable, a.Way, b.Way, a.Label, b.Label, a.Source, b.Source)
	})
}

// hold counts traffic against the capture.
func (o *others) hold(p *Prover, k otherKey, c *otherCount, way direction) {
	e := c.first
	e.Count = c.packets
	e.Detail = fmt.Sprintf("%s, %d packets, %d bytes", k.label, c.packets, c.bytes)
	switch {
	case way == back && p.rep.Seen.Cables[k.cable].Outer:
		p.rep.Attempts.add(e.Kind, e, p.set.MaxListed)
	case way == back:
		p.rep.Findings.add(e.Kind, e, p.set.MaxListed)
	case slices.Contains(p.set.Tolerate, k.label):
	default:
		p.doubt(WhichWay, e.Detail+": it may come from the outer side")
	}
}

// String names a direction.
func (d direction) String() string {
	return [...]string{"unknown", "out", "back", "inside"}[d]
}

func cmpStrings(pairs ...string) int {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] != pairs[i+1] {
			if pairs[i] < pairs[i+1] {
				return -1
			}
			return 1
		}
	}
	return 0
}
