package oneway

import (
	"fmt"
	"math/bits"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
)

// law judges the packets of connections.
type law struct{ *Prover }

// keepAliveQuiet is how long a connection must have been quiet before a single
// 00 below the end of the stream counts as the garbage byte that RFC 1122 allows
// in a keep-alive, in nanoseconds.
const keepAliveQuiet = 5e9

// backHeaders holds the places against the law in which nothing may ever be.
func (p law) backHeaders(f *flow, s *segment) {
	t, h := &s.t, &s.h
	if t.Reserved != 0 || h.IP.Flags&4 != 0 {
		p.find(f, Flags, fmt.Sprintf("reserved bits are set (TCP %x, IP %x)", t.Reserved, h.IP.Flags&4), nil, 1)
	}
	if h.IP.Odd&capture.NoLength != 0 {
		p.find(f, Flags, "the IP header gives no length", nil, 1)
	}
	if bad := t.Has(capture.SYN) && t.Flags&(capture.FIN|capture.RST) != 0 || t.Has(capture.FIN|capture.RST) || t.Flags&0x3f == 0; bad {
		p.find(f, Flags, fmt.Sprintf("flags %02x exclude each other", t.Flags), nil, 1)
	}
	if t.Has(capture.URG) || t.Urgent != 0 {
		p.find(f, Urgent, fmt.Sprintf("urgent flag %t, pointer %04x", t.Has(capture.URG), t.Urgent), nil, 1)
	}
	if !t.Has(capture.ACK) && t.Ack != 0 {
		p.find(f, Flags, fmt.Sprintf("acknowledgement number %08x without ACK", t.Ack), nil, 1)
	}
	if o := &s.opts; o.odd >= 0 {
		p.find(f, Option, fmt.Sprintf("TCP option of kind %d", o.odd), t.Options, int64(len(t.Options)))
	} else if o.malformed {
		p.find(f, Option, "TCP options cannot be read", t.Options, int64(len(t.Options)))
	}
	if len(h.IP.Options) > 0 {
		p.find(f, IPOption, "IP options or extension headers", h.IP.Options, int64(len(h.IP.Options)))
	}
	if n := padding(h.Link.Trailer); n > 0 {
		p.find(f, Padding, "bytes behind the IP packet", h.Link.Trailer[:n], n)
	}
}

// measure adds the headers of the packet to the bound.
func (p law) measure(f *flow, s *segment, at, ack int64) {
	before := f.covert
	o, b := &f.out, &f.back
	expected, need := b.end, o.highest
	if b.fin >= 0 {
		expected = b.fin + 1
	}
	if o.fin >= 0 {
		need = o.fin + 1
	}
	f.meter.add(backPacket{
		h: &s.h, t: &s.t, opts: &s.opts, sum: s.sum, time: s.time,
		atEnd: at == expected && b.known && !s.t.Has(capture.SYN),
		ack:   ack, need: need, tick: int64(p.set.TimingResolution), first: f.traffic.First.UnixNano(),
	}, &f.covert)
	if last := &p.last[f.key.cable]; *last != f.id { // the order of connections tells something too
		f.covert[PlacePacket] += int64(bits.Len(uint(len(p.flows))))
		*last = f.id
	}
	n := int64(0)
	for i := range f.covert {
		if Place(i) != PlaceTiming {
			n += f.covert[i] - before[i]
		}
	}
	p.account(f.key.cable).add(s.time, n)
}

// backBytes judges the payload of a returning packet, at is the position of its
// first byte and ack the outward position it acknowledges.
func (p law) backBytes(f *flow, s *segment, at, ack int64) {
	t := &s.t
	if len(t.Payload) < t.Length {
		f.doubt(CutPacket, "returning packets were captured shorter than they were")
	}
	if f.keepAlive(s, at) {
		f.traffic.Resent++
		return
	}
	var broken breach
	resent := true
	for i, v := range t.Payload {
		pos := at + int64(i)
		resent = resent && pos < f.back.end && !f.back.isMissing(pos)
		if k := p.judge(f, s, pos, ack, v); k != "" {
			if k != broken.kind {
				p.report(f, &broken)
			}
			broken.kind = k
			broken.add(v)
		}
	}
	if resent {
		f.traffic.Resent++
	}
	p.report(f, &broken)
	p.unseenUpTo(f, at+int64(t.Length), ack)
}

// breach gathers the bytes of one packet that break the law in the same way.
type breach struct {
	kind  Kind
	bytes []byte
	count int64
}

func (b *breach) add(v byte) {
	b.count++
	if len(b.bytes) < maxFindingBytes {
		b.bytes = append(b.bytes, v)
	}
}

func (p law) report(f *flow, b *breach) {
	if b.kind != "" {
		p.find(f, b.kind, kindText[b.kind], b.bytes, b.count)
	}
	*b = breach{}
}

var kindText = map[Kind]string{
	Unasked: "no request was ever sent on this connection", Early: "its request is not complete",
	SecondByte: "every request has its answer already", Alphabet: "neither 00 nor ff",
	AfterClose: "after the end of the connection", Overlap: "another value at a position that was sent before",
}

// keepAlive reports that the packet is a keep-alive with a garbage byte of 00, or the
// same one captured again.
func (f *flow) keepAlive(s *segment, at int64) bool {
	b := &f.back
	if s.t.Length != 1 || len(s.t.Payload) != 1 || s.t.Payload[0] != 0 || at != b.end-1 || f.out.acked < f.out.highest {
		return false
	}
	if b.garbage != b.end && (b.last == 0 || s.time-b.last < keepAliveQuiet) {
		return false
	}
	b.garbage = b.end
	return true
}

// judge accounts one byte and returns how it breaks the law, or "".
func (p law) judge(f *flow, s *segment, pos, ack int64, v byte) Kind {
	b := &f.back
	if pos < 0 {
		if f.opening.middle {
			f.doubt(StartUnseen, "")
			if v != 0 && v != 0xff {
				return Alphabet
			}
			return ""
		}
		return Unasked
	}
	if pos < b.end && !b.isMissing(pos) {
		switch held := b.valueAt(pos); {
		case held == noValue:
			f.doubt(Uncompared, fmt.Sprintf("packet %d repeats an answer that is too old to compare", p.n))
		case held != uint16(v):
			return Overlap
		}
		return ""
	}
	if b.fin >= 0 && pos >= b.fin || f.closing.rstBack != 0 && s.time-f.closing.rstBack > int64(p.set.Reorder) ||
		f.closing.rstOut != 0 && s.time-f.closing.rstOut > int64(p.set.Late) {
		b.take(pos, v)
		return AfterClose
	}
	b.take(pos, v)
	p.account(f.key.cable).line.answers(s.time, 1)
	if k := p.lawful(f, s.time, pos, ack); k != "" {
		return k
	}
	if v != 0 && v != 0xff {
		return Alphabet
	}
	return ""
}

// take stores a byte that was not seen before.
func (b *inward) take(pos int64, v byte) {
	if pos < b.end {
		b.fill(pos)
	} else {
		b.advance(pos)
		b.end = pos + 1
	}
	b.set(pos, v)
}

// lawful decides whether the byte at pos answers a request.
func (p law) lawful(f *flow, now, pos, ack int64) Kind {
	o := &f.out
	if o.scan.completedBy(min(ack, o.next)) > pos {
		return ""
	}
	limit := ack
	if o.fin >= 0 {
		limit = min(limit, o.fin)
	}
	if limit > o.next && limit <= o.next+1<<30 {
		p.deferClaim(f, claim{at: pos, ack: limit, time: now, pkt: p.n})
		return ""
	}
	return f.unlawful()
}

// deferClaim keeps a claim until the outward bytes it rests on were seen.
func (p law) deferClaim(f *flow, c claim) {
	if len(f.back.deferred) >= maxDeferred {
		f.doubt(HoleOut, "too many answers rest on bytes that were not captured")
		return
	}
	f.back.deferred = append(f.back.deferred, c)
}

// unlawful names what is wrong with a byte that no request asked for.
func (f *flow) unlawful() Kind {
	o := &f.out
	switch {
	case !o.scan.between() && o.scan.state != scanLost && o.scan.state != scanSearching:
		return Early
	case o.scan.requests == 0:
		return Unasked
	}
	return SecondByte
}

// settle judges the answers that rested on outward bytes not captured before.
func (p law) settle(f *flow, now int64) {
	kept := f.back.deferred[:0]
	for _, c := range f.back.deferred {
		if f.out.next < c.ack {
			kept = append(kept, c)
			continue
		}
		if now-c.time > int64(p.set.Reorder) {
			f.doubt(LateRequest, fmt.Sprintf("packet %d answers what was captured %d ms later", c.pkt, (now-c.time)/1e6))
		}
		if f.out.scan.completedBy(c.ack) <= c.at {
			k := f.unlawful()
			p.find(f, k, fmt.Sprintf("%s (packet %d)", kindText[k], c.pkt), nil, 1)
		}
	}
	f.back.deferred = kept
}
