package oneway

import (
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
	set    Settings
	cable  func(int) string
	flows  map[flowKey]*flow
	open   flowList
	closed flowList
	recent *flow
	frags  fragments
	other  others
	line   timeline
	budget budget
	n      int64 // packets so far
	span         // of the capture
	listed map[class]int
	rep    Report
}

// span is the time of the capture, in nanoseconds since 1970.
type span struct {
	now, first, latest int64 // of the current packet; the earliest and the latest so far
}

// fragments puts packets together, those of the outer side apart: none of them may
// stay incomplete.
type fragments struct{ ours, back capture.Fragments }

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
	if ip.Fragment() && !p.fragment(pkt.Cable, ip) {
		return
	}
	switch ip.Proto {
	case capture.ProtoTCP:
		c.TCP++
		p.tcp(pkt, &s)
	case capture.ProtoICMP, capture.ProtoICMPv6:
		c.Other++
		bystander{p}.icmp(pkt, &s.h)
	default:
		c.Other++
		bystander{p}.otherIP(pkt, &s.h)
	}
}

// fragment reports that the packet is whole now.
func (p *Prover) fragment(cable int, ip *capture.IP) bool {
	dir := p.set.direction(netip.AddrPortFrom(ip.Src, 0), netip.AddrPortFrom(ip.Dst, 0))
	if dir != back {
		whole, conflict := p.frags.ours.Add(cable, p.now, ip)
		if conflict {
			p.doubt(Disagree, "fragments of the inner side overlap and differ")
		}
		return whole
	}
	whole, conflict := p.frags.back.Add(cable, p.now, ip)
	if conflict {
		p.find(nil, Fragment, fmt.Sprintf("fragments from %s overlap and differ", ip.Src), nil, 1)
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
		p.rep.Seen.Cables = append(p.rep.Seen.Cables, CableCount{Name: name, Outer: slices.Contains(p.set.OuterCables, name)})
	}
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
		p.undecodable(pkt, err)
		if d := p.set.direction(netip.AddrPortFrom(ip.Src, 0), netip.AddrPortFrom(ip.Dst, 0)); d == back && err == capture.ErrMalformed {
			p.find(nil, OtherTraffic, "a TCP header that contradicts itself", ip.Payload, int64(len(ip.Payload)))
		}
		return
	}
	src, dst := netip.AddrPortFrom(ip.Src, s.t.SrcPort), netip.AddrPortFrom(ip.Dst, s.t.DstPort)
	if p.set.Scope == GateEndpoints && !p.set.isGate(src) && !p.set.isGate(dst) {
		p.rep.Seen.Outside++
		return
	}
	dir := p.set.direction(src, dst)
	p.other.learn(pkt.Cable, &s.h, dir)
	key := flowKey{inner: src, outer: dst, cable: pkt.Cable}
	switch dir {
	case back:
		key.inner, key.outer = dst, src
	case inside:
		p.rep.Seen.Inside++
		return
	case unknown:
		p.other.note(p, pkt, &s.h, "tcp")
		return
	}
	s.sum = capture.TransportSum(ip, s.t.Sum)
	parseOptions(s.t.Options, s.t.Has(capture.SYN), &s.opts)
	f := p.find5(key, s, dir)
	if dir == out {
		law{p}.outPacket(f, s)
	} else {
		law{p}.backPacket(f, s)
	}
	f.traffic.Last = time.Unix(0, s.time)
	p.touch(f)
}

// find5 returns the connection of a packet, a new one where a new one begins.
func (p *Prover) find5(key flowKey, s *segment, dir direction) *flow {
	f := p.recent
	if f == nil || f.key != key {
		f = p.flows[key]
	}
	if f != nil && dir == out && s.t.Flags&(capture.SYN|capture.ACK) == capture.SYN &&
		(f.closed() || f.opening.synOut && f.out.base != s.t.Seq+1 || !f.opening.synOut && f.opening.middle) {
		p.retire(f)
		f = nil
	}
	if f != nil {
		p.recent = f
		return f
	}
	p.makeRoom()
	p.rep.Totals.Connections++
	f = &flow{id: p.rep.Totals.Connections, key: key}
	f.out.fin, f.back.fin = -1, -1
	f.out.budget = &p.budget
	f.traffic.First = time.Unix(0, s.time)
	p.flows[key] = f
	p.open.push(f)
	p.recent = f
	return f
}

// touch moves a connection to the front of its list.
func (p *Prover) touch(f *flow) {
	list := &p.open
	if f.closed() {
		list = &p.closed
		if f.list != list {
			f.out.release()
		}
	}
	if list.front == f {
		return
	}
	f.list.remove(f)
	list.push(f)
}

// makeRoom forgets what is over long enough, or what must go.
func (p *Prover) makeRoom() {
	for f := p.closed.rear; f != nil && p.now-f.traffic.Last.UnixNano() > linger; f = p.closed.rear {
		p.retire(f)
	}
	if len(p.flows) < maxFlows {
		return
	}
	if p.closed.rear != nil {
		p.retire(p.closed.rear)
		return
	}
	f := p.open.rear
	f.doubt(Evicted, fmt.Sprintf("more than %d connections at a time", maxFlows))
	p.retire(f)
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
	if f.closing.finMaybe && f.back.fin < 0 {
		f.doubt(HoleBack, "the inner side acknowledged a byte or the end of the stream that was not captured")
	}
	if !f.opening.synOut && !f.opening.synBack {
		f.doubt(StartUnseen, "SYN is not in the capture")
	}
	p.record(f)
	f.list.remove(f)
	f.out.release()
	delete(p.flows, f.key)
	if p.recent == f {
		p.recent = nil
	}
}

// find records a breach of the law.
func (p *Prover) find(f *flow, k Kind, detail string, b []byte, count int64) {
	p.rep.Findings.add(k, p.entry(f, k, detail, b, count), p.set.MaxListed)
	p.line.findings(p.now)
	if f != nil {
		f.findings++
	}
}

// attempt records what came from the outer side: on the outer cable it shows only
// that somebody tried.
func (p *Prover) attempt(f *flow, k Kind, detail string, b []byte) {
	if f != nil && p.rep.Seen.Cables[f.key.cable].Outer {
		p.rep.Attempts.add(k, p.entry(f, k, detail, b, 1), p.set.MaxListed)
		return
	}
	p.find(f, k, detail, b, max(1, int64(len(b))))
}

func (p *Prover) entry(f *flow, k Kind, detail string, b []byte, count int64) Finding {
	e := Finding{Kind: k, Packet: p.n, Time: time.Unix(0, p.now).UTC(), Detail: detail,
		Bytes: slices.Clone(b[:min(len(b), maxFindingBytes)]), Count: count}
	if f != nil {
		e.Connection, e.Cable = f.id, p.rep.Seen.Cables[f.key.cable].Name
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
