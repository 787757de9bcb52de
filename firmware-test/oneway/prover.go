package oneway

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
)

// Bounds of what is remembered of connections.
const (
	maxFlows = 16384 // at a time
	linger   = 120e9 // nanoseconds a closed connection is remembered for stragglers
)

// Prover judges packets in the order it is given them.
type Prover struct {
	Found func(Finding) // told of each finding at once; may be nil

	set    Settings
	cable  func(int) string
	flows  map[flowKey]*flow
	lists  [3]flowList // by how soon a connection may be forgotten
	routes routes
	frags  [3]capture.Fragments // see fragsOut
	other  others
	sides  [2]account // of the inner and of the outer cables
	last   []int64    // by cable: the connection that the latest returning packet belonged to
	budget budget
	n      int64 // packets so far
	span         // of the capture
	listed map[class]int
	rep    Report
}

// Fragments are put together apart: none of the outer side may stay incomplete.
const (
	fragsOut   = iota // of the inner side
	fragsInner        // of the outer side, on an inner cable
	fragsOuter        // of the outer side, on an outer cable
)

// span is the time of the capture, in nanoseconds since 1970.
type span struct {
	now, first, latest int64 // of the current packet; the earliest and the latest so far
	here               int   // cable of the current packet
}

// New returns a judge. cable gives the name of a cable by the number that packets
// carry; it is called when the cable's first packet comes.
func New(s Settings, cable func(int) string) (*Prover, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	p := &Prover{set: s.withDefaults(), cable: cable, flows: map[flowKey]*flow{}, listed: map[class]int{}}
	p.rep.Settings = p.set
	p.other.init()
	return p, nil
}

// Packet judges one packet. It keeps nothing of pkt.
func (p *Prover) Packet(pkt *capture.Packet) {
	p.n++
	p.now = pkt.Time
	c := p.seeCable(pkt)
	var s segment
	s.time = pkt.Time
	if err := capture.Decode(pkt, &s.h); err != nil {
		p.undecodable(pkt, err)
		return
	}
	if !s.h.IsIP() {
		c.Other++
		p.other.link(p, pkt, &s.h)
		return
	}
	ip := &s.h.IP
	var whole []byte
	if ip.Fragment() {
		if !p.fragment(pkt, &s.h) {
			return
		}
		whole = ip.Payload
	}
	switch ip.Proto {
	case capture.ProtoTCP:
		c.TCP++
		p.tcp(pkt, &s)
	case capture.ProtoICMP, capture.ProtoICMPv6:
		c.Other++
		bystander{p}.icmp(pkt, &s.h, whole)
	default:
		c.Other++
		bystander{p}.otherIP(pkt, &s.h, whole)
	}
}

// fragment reports that the packet is whole now.
func (p *Prover) fragment(pkt *capture.Packet, h *capture.Headers) bool {
	ip := &h.IP
	if p.set.Scope == GateEndpoints && ip.Proto != capture.ProtoTCP {
		p.rep.Seen.Outside++
		return false
	}
	if dir := p.set.direction(netip.AddrPortFrom(ip.Src, 0), netip.AddrPortFrom(ip.Dst, 0)); dir != back {
		if dir == unknown {
			p.other.note(p, pkt, h, "fragment")
		}
		whole, conflict := p.frags[fragsOut].Add(pkt.Cable, p.now, ip)
		if conflict {
			p.doubt(Disagree, "fragments of the inner side overlap and differ")
		}
		return whole
	}
	// How a packet is cut up is the sender's choice: each part counts with all its headers.
	a := p.account(pkt.Cable)
	n := 8 * int64(len(pkt.Data)-len(ip.Payload))
	a.bits[PlaceFragments] += n
	a.add(p.now, n)
	if len(ip.Options) > 0 || padding(h.Link.Trailer) > 0 {
		p.attempt(pkt.Cable, nil, Fragment, fmt.Sprintf("a fragment from %s with options or bytes behind it", ip.Src), pkt.Data)
	}
	set := &p.frags[fragsInner]
	if p.rep.Seen.Cables[pkt.Cable].Outer {
		set = &p.frags[fragsOuter]
	}
	whole, conflict := set.Add(pkt.Cable, p.now, ip)
	if conflict {
		p.attempt(pkt.Cable, nil, Fragment, fmt.Sprintf("fragments from %s overlap and differ", ip.Src), nil)
	}
	return whole
}

func (p *Prover) undecodable(pkt *capture.Packet, err error) {
	if len(pkt.Data) < pkt.Length {
		p.doubt(CutPacket, "a packet was cut before its headers end")
		return
	}
	p.doubt(Undecodable, fmt.Sprintf("packet %d: %v", p.n, err))
}

// seeCable counts the packet for its cable.
func (p *Prover) seeCable(pkt *capture.Packet) *CableCount {
	for len(p.rep.Seen.Cables) <= pkt.Cable {
		i := len(p.rep.Seen.Cables)
		name := p.cable(i)
		p.last = append(p.last, 0)
		p.rep.Seen.Cables = append(p.rep.Seen.Cables, CableCount{Name: name, Outer: slices.Contains(p.set.OuterCables, name)})
	}
	p.here = pkt.Cable
	c := &p.rep.Seen.Cables[pkt.Cable]
	c.Packets++
	c.Bytes += int64(pkt.Length)
	if p.n == 1 {
		p.first, p.latest = pkt.Time, pkt.Time
	}
	p.first, p.latest = min(p.first, pkt.Time), max(p.latest, pkt.Time)
	return c
}

// tcp judges a TCP packet.
func (p *Prover) tcp(pkt *capture.Packet, s *segment) {
	ip := &s.h.IP
	if err := capture.DecodeTCP(ip, &s.t); err != nil {
		if d := p.set.direction(netip.AddrPortFrom(ip.Src, 0), netip.AddrPortFrom(ip.Dst, 0)); d == back && errors.Is(err, capture.ErrMalformed) {
			p.attempt(pkt.Cable, nil, OtherTraffic, "a TCP header that contradicts itself", ip.Payload)
		} else {
			p.undecodable(pkt, err)
		}
		return
	}
	src, dst := netip.AddrPortFrom(ip.Src, s.t.SrcPort), netip.AddrPortFrom(ip.Dst, s.t.DstPort)
	if p.set.Scope == GateEndpoints && !p.set.isGate(src) && !p.set.isGate(dst) {
		p.rep.Seen.Outside++
		return
	}
	way := p.routes.find(&p.set, src, dst, pkt.Cable)
	dir := way.dir
	p.other.learn(pkt.Cable, &s.h, dir)
	switch dir {
	case inside:
		p.rep.Seen.Inside++
		if p.set.isGate(src) || p.set.isGate(dst) {
			p.other.asInner[pkt.Cable] = dst
		}
		return
	case unknown:
		p.other.note(p, pkt, &s.h, "tcp")
		return
	}
	if len(pkt.Data) < pkt.Length && dir != out {
		p.doubt(CutPacket, "a packet that may have come back was captured shorter than it was")
	}
	s.sum = capture.TransportSum(ip, s.t.Sum)
	parseOptions(s.t.Options, s.t.Has(capture.SYN), &s.opts)
	f := p.connection(way, s)
	if dir == out {
		law{p}.outPacket(f, s)
	} else {
		law{p}.backPacket(f, s)
	}
	f.last = s.time
	p.touch(f)
}

// route is what was found out about packets from one place to another.
type route struct {
	src, dst netip.AddrPort
	cable    int
	dir      direction
	f        *flow // nil where there is none yet; of no list when it is over
}

// routes remembers some of them.
type routes [256]route

// find returns what is known of the way from src to dst.
func (t *routes) find(s *Settings, src, dst netip.AddrPort, cable int) *route {
	r := &t[(src.Port()*31+dst.Port()+uint16(cable)*7)%uint16(len(t))]
	if r.src != src || r.dst != dst || r.cable != cable {
		*r = route{src: src, dst: dst, cable: cable, dir: s.direction(src, dst)}
	}
	return r
}

// key is the connection the packets belong to.
func (r *route) key() flowKey {
	if r.dir == back {
		return flowKey{inner: r.dst, outer: r.src, cable: r.cable}
	}
	return flowKey{inner: r.src, outer: r.dst, cable: r.cable}
}

// connection returns the connection of a packet, a new one where a new one begins.
func (p *Prover) connection(way *route, s *segment) *flow {
	f := way.f
	if f == nil || f.list == nil {
		f = p.flows[way.key()]
	}
	if f != nil && f.another(s, way.dir, p.now-int64(p.set.Reorder)) {
		p.retire(f)
		f = nil
	}
	if f == nil {
		p.makeRoom()
		p.rep.Totals.Connections++
		f = &flow{id: p.rep.Totals.Connections, key: way.key(), last: s.time}
		f.out.fin, f.back.fin = -1, -1
		f.out.budget = &p.budget
		f.traffic.First = time.Unix(0, s.time)
		p.flows[f.key] = f
		p.lists[f.stage()].push(f)
	}
	way.f = f
	return f
}

// another reports that a packet begins another connection between the same ports.
func (f *flow) another(s *segment, dir direction, since int64) bool {
	switch {
	case !s.t.Has(capture.SYN) || f.justRefused(since):
		return false
	case dir == out && !s.t.Has(capture.ACK):
		return f.closed() || f.opening.synOut && f.out.base != s.t.Seq+1 || !f.opening.synOut && f.opening.middle
	}
	return dir == back && f.closed() && f.back.known && f.back.base != s.t.Seq+1 // captured before its SYN
}

// justRefused reports that all that was captured of a connection is a moment old and
// from the outer side: the refusal of a SYN that is captured only now.
func (f *flow) justRefused(since int64) bool {
	return f.traffic.PacketsOut == 0 && f.last >= since
}

// Stages of a connection.
const (
	over    = iota // closed or reset: remembered for stragglers
	embryo         // never became a connection
	working        //
)

// stage is how soon the connection may be forgotten.
func (f *flow) stage() int {
	switch {
	case f.closed():
		return over
	case (!f.opening.synOut || !f.opening.ackBack) && f.traffic.BytesOut == 0:
		return embryo
	}
	return working
}

// touch moves a connection to the front of its list.
func (p *Prover) touch(f *flow) {
	stage := f.stage()
	list := &p.lists[stage]
	if stage == over && f.list != list {
		f.out.release()
	}
	if list.front == f {
		return
	}
	f.list.remove(f)
	list.push(f)
}

// makeRoom forgets what is over long enough, or what must go: a flood of SYN does not
// push out connections at work. What comes later on a forgotten connection is seen as
// one whose start is not in the capture.
func (p *Prover) makeRoom() {
	for f := p.lists[over].rear; f != nil && p.now-f.last > linger; f = p.lists[over].rear {
		p.retire(f)
	}
	if len(p.flows) < maxFlows {
		return
	}
	for i := range p.lists {
		if f := p.lists[i].rear; f != nil {
			if i == working {
				f.doubt(Evicted, fmt.Sprintf("more than %d connections at a time", maxFlows))
			}
			p.retire(f)
			return
		}
	}
}

// retire closes the books of a connection.
func (p *Prover) retire(f *flow) {
	if f.out.known && f.out.acked > f.out.next {
		law{p}.giveUp(f, f.out.acked)
	}
	law{p}.settle(f, p.now)
	if len(f.back.deferred) > 0 {
		f.doubt(HoleOut, "answers rest on bytes that were not captured")
	}
	if n := f.back.unseen(); n > 0 {
		f.doubt(HoleBack, fmt.Sprintf("%d returning bytes were not captured", n))
	}
	if f.back.fin < 0 && f.closing.claimed > f.back.end {
		f.doubt(HoleBack, "the inner side acknowledged a byte or the end of the stream that was not captured")
	}
	if !f.opening.synOut && !f.opening.synBack {
		f.doubt(StartUnseen, "SYN is not in the capture")
	} else if f.opening.synOut && !f.opening.ackBack && f.back.known {
		f.doubt(StartUnseen, "the answer to SYN is not in the capture")
	}
	if p.onlyTried(f) {
		f.doubts = nil
		if !f.opening.synBack {
			p.find(f, Stray, fmt.Sprintf("packets from %s to %s that belong to no connection", f.key.outer, f.key.inner), nil, f.traffic.PacketsBack)
		}
	}
	p.record(f)
	f.list.remove(f)
	f.out.release()
	delete(p.flows, f.key)
}

// onlyTried reports that the outer side sent something on an outer cable to which
// the inner side never answered anything but RST: a scan, whatever it looked like.
func (p *Prover) onlyTried(f *flow) bool {
	return !f.opening.spoke && f.opening.backSeen && p.rep.Seen.Cables[f.key.cable].Outer
}

// find records a breach of the law.
func (p *Prover) find(f *flow, k Kind, detail string, b []byte, count int64) {
	p.breach(p.entry(f, k, detail, b, count), f, p.onlyTried(f))
}

// attempt records what came from the outer side: on the outer cable it shows only
// that somebody tried. f is nil for a packet of no connection.
func (p *Prover) attempt(cable int, f *flow, k Kind, detail string, b []byte) {
	p.breach(p.entry(f, k, detail, b, max(1, int64(len(b)))), f, p.rep.Seen.Cables[cable].Outer)
}

func (p *Prover) breach(e Finding, f *flow, tried bool) {
	for i := range p.sides {
		p.sides[i].line.findings(p.now, tried)
	}
	if tried {
		p.rep.Attempts.add(e.Kind, e, p.set.MaxListed)
		return
	}
	p.rep.Findings.add(e.Kind, e, p.set.MaxListed)
	if p.Found != nil {
		p.Found(e)
	}
	if f != nil {
		f.findings++
	}
}

func (p *Prover) entry(f *flow, k Kind, detail string, b []byte, count int64) Finding {
	e := Finding{Kind: k, Packet: p.n, Time: time.Unix(0, p.now).UTC(), Detail: detail,
		Bytes: slices.Clone(b[:min(len(b), maxFindingBytes)]), Count: count}
	cable := p.here
	if f != nil {
		e.Connection, cable = f.id, f.key.cable
	}
	if cable < len(p.rep.Seen.Cables) {
		e.Cable = p.rep.Seen.Cables[cable].Name
	}
	return e
}

// doubt records a doubt that belongs to no connection.
func (p *Prover) doubt(d Doubt, detail string) {
	p.rep.Doubts.add(d, DoubtNote{Doubt: d, Packet: p.n, Time: time.Unix(0, p.now).UTC(), Detail: detail}, p.set.MaxListed)
}

// flowList is a list of connections, the latest used in front.
type flowList struct{ front, rear *flow }

func (l *flowList) push(f *flow) {
	f.list, f.newer, f.older = l, nil, l.front
	if l.front != nil {
		l.front.newer = f
	} else {
		l.rear = f
	}
	l.front = f
}

func (l *flowList) remove(f *flow) {
	if f.newer != nil {
		f.newer.older = f.older
	} else {
		l.front = f.older
	}
	if f.older != nil {
		f.older.newer = f.newer
	} else {
		l.rear = f.newer
	}
	f.newer, f.older, f.list = nil, nil, nil
}
