package oneway

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
)

// flowKey is a connection on a cable, seen from the inner side.
type flowKey struct {
	inner, outer netip.AddrPort
	cable        int
}

// flow is one connection.
type flow struct {
	id       int64
	key      flowKey
	out      outward
	back     inward
	opening  opening
	closing  closing
	meter    meter
	covert   bitCount
	traffic  Traffic
	last     int64 // time of the last packet
	findings int64
	doubts   map[Doubt]string

	newer, older *flow // list of flows by last packet
	list         *flowList
}

// opening is how a connection began.
type opening struct {
	synOut, synBack bool // SYN without ACK, by side
	ackOut, ackBack bool // SYN with ACK
	middle          bool // the capture shows no SYN
	backSeen        bool // a packet of the outer side was seen
	spoke           bool // a packet of the inner side other than RST was seen
	acked           bool // the inner side acknowledged something
}

// closing is how it ended. Times are of the capture; 0 = did not happen.
type closing struct {
	rstOut, rstBack int64
	claimed         int64 // position that somebody says exists; the last one may be FIN
}

// Traffic counts the packets of a connection.
type Traffic struct {
	First       time.Time `json:"first"`
	Last        time.Time `json:"last"`
	PacketsOut  int64     `json:"packets_out"`
	PacketsBack int64     `json:"packets_back"`
	BytesOut    int64     `json:"bytes_out"`  // payload, retransmissions included
	BytesBack   int64     `json:"bytes_back"` // payload, retransmissions included
	Resent      int64     `json:"resent"`     // packets that brought nothing new
	BadSums     int64     `json:"bad_sums"`
}

// segment is one TCP packet on its way through the judge.
type segment struct {
	h    capture.Headers
	t    capture.TCP
	sum  capture.SumState
	time int64
	opts tcpOptions
}

func (f *flow) closed() bool {
	return f.closing.rstOut != 0 || f.closing.rstBack != 0 || f.out.fin >= 0 && f.back.fin >= 0
}

func (f *flow) doubt(d Doubt, detail string) {
	if f.doubts == nil {
		f.doubts = map[Doubt]string{}
	}
	if f.doubts[d] == "" {
		f.doubts[d] = detail
	}
}

// start sets the positions of a connection whose beginning was not captured.
func (f *flow) start(s *segment, dir direction) {
	near, far := &f.out.known, &f.back.known
	nearBase, farBase := &f.out.base, &f.back.base
	if dir == back {
		near, far, nearBase, farBase = far, near, farBase, nearBase
	}
	middle := false
	if !*near {
		*near, *nearBase, middle = true, s.t.Seq, true
	}
	if !*far && s.t.Has(capture.ACK) {
		*far, *farBase = true, s.t.Ack
		middle = true
	}
	if middle && !f.opening.middle {
		f.opening.middle = true
		if !f.opening.synOut {
			f.out.scan.search()
		}
		f.out.scan.hidden += unseenRequests
		f.doubt(StartUnseen, "the start of the connection is not in the capture")
	}
}

// unseenRequests is how many requests may wait for an answer when the capture starts.
const unseenRequests = 16

// gapPatience is how long acknowledged bytes may still be found further on in
// the capture, in nanoseconds.
const gapPatience = 200e6

// outPacket handles a packet of the inner side.
func (p law) outPacket(f *flow, s *segment) {
	t := &s.t
	f.traffic.PacketsOut++
	f.traffic.BytesOut += int64(t.Length)
	f.opening.spoke = f.opening.spoke || !t.Has(capture.RST)
	f.out.sent.add(p.other.seed, &s.h.IP, t)
	bad := s.sum == capture.SumBad && !p.set.IgnoreChecksums
	if bad { // thrown away by the receiver
		f.traffic.BadSums++
		return
	}
	if t.Has(capture.SYN) {
		if t.Has(capture.ACK) {
			f.opening.ackOut = true
			p.find(f, OpenedOutside, "the inner side accepted a connection opened from outside", nil, 1)
		} else {
			f.opening.synOut = true
		}
		if !f.out.known {
			f.out.known, f.out.base = true, t.Seq+1
		} else if f.opening.ackBack && !f.opening.middle && f.out.highest == 0 {
			f.out.scan.hidden = 0 // its answer was captured first
		}
	} else if !f.out.known || !f.back.known {
		if f.opening.synOut && f.out.known && t.Has(capture.ACK) && !t.Has(capture.RST) {
			f.back.known, f.back.base = true, t.Ack
		} else if !t.Has(capture.RST) || !f.opening.synOut && !f.opening.synBack {
			f.start(s, out)
		}
	}
	if !f.out.known {
		if t.Has(capture.RST) {
			f.closing.rstOut = s.time
		}
		return
	}
	at := position(f.out.base, t.Seq, f.out.next)
	if t.Has(capture.SYN) {
		at = 0
	}
	if t.Has(capture.RST) {
		if f.closing.rstOut == 0 {
			f.closing.rstOut = s.time
		}
		return
	}
	p.outBytes(f, s, at)
	if t.Has(capture.FIN) {
		f.out.fin = at + int64(t.Length)
		f.out.acked = min(f.out.acked, f.out.fin) // where it was captured before the FIN
	}
	f.meter.outSegment(at+int64(t.Length), t.Length > 0 && at+int64(t.Length) >= f.out.highest, s.opts.stamp, s.opts.hasStamp)
	if t.Has(capture.ACK) && f.back.known {
		f.opening.acked = true
		p.innerAck(f, position(f.back.base, t.Ack, f.back.end))
	}
}

// outBytes hands payload to the stream and settles what waited for it.
func (p law) outBytes(f *flow, s *segment, at int64) {
	t := &s.t
	if len(t.Payload) > 0 {
		before, had := f.out.next, f.out.scan.requests
		differ := 0
		if end := at + int64(len(t.Payload)); end > f.out.acked || end > f.out.next {
			differ = f.out.add(at, t.Payload)
		}
		if differ > 0 {
			f.doubt(Disagree, fmt.Sprintf("packet %d: %d outward bytes differ from an earlier copy", p.n, differ))
		}
		if f.out.next == before && at < before {
			f.traffic.Resent++
		}
		p.account(f.key.cable).line.requests(s.time, f.out.scan.requests-had)
		if f.out.full() {
			p.giveUp(f, f.out.acked)
		}
	}
	if len(t.Payload) < t.Length {
		f.doubt(CutPacket, "outward packets were captured shorter than they were")
	}
	if f.out.gap != 0 && f.out.acked <= f.out.next {
		f.out.gap = 0
	}
	if len(f.back.deferred) > 0 {
		p.settle(f, s.time)
	}
}

// giveUp passes over outward bytes that were not captured.
func (p law) giveUp(f *flow, to int64) {
	for f.out.next < to || f.out.full() {
		n := f.out.skipGap(to)
		if n == 0 {
			break
		}
		f.doubt(HoleOut, fmt.Sprintf("%d outward bytes before position %d were not captured", n, f.out.next))
	}
	f.out.gap = 0
}

// innerAck handles that the inner side acknowledged returning bytes up to at.
func (p law) innerAck(f *flow, at int64) {
	b := &f.back
	if b.fin >= 0 && at > b.fin {
		at = b.fin
	}
	if at > b.end+1<<30 || at <= b.acked {
		return
	}
	b.acked = at
	if at <= b.end {
		return
	}
	if b.fin < 0 {
		f.closing.claimed = max(f.closing.claimed, at)
		if at--; at <= b.end {
			return
		}
	}
	b.advance(at)
	p.claimUnseen(f, at, "the inner side acknowledged %d returning bytes, and %d requests are complete; the bytes were not captured")
}

// backPacket handles a packet of the outer side.
func (p law) backPacket(f *flow, s *segment) {
	t := &s.t
	f.traffic.PacketsBack++
	f.traffic.BytesBack += int64(t.Length)
	f.opening.backSeen = true
	p.backHeaders(f, s)
	if s.sum == capture.SumBad && !p.set.IgnoreChecksums || s.h.IP.Odd&capture.WrongSum != 0 {
		p.backDamaged(f, s)
		return
	}
	if t.Has(capture.SYN) {
		p.backSyn(f, s)
	} else if (!f.out.known || !f.back.known) && !t.Has(capture.RST) {
		f.start(s, back)
	}
	if !f.back.known {
		if t.Has(capture.RST) {
			p.backReset(f, s)
			p.measure(f, s, 0, 0)
		}
		return
	}
	at := position(f.back.base, t.Seq, f.back.end)
	ack := int64(0)
	if t.Has(capture.ACK) && f.out.known {
		ack = position(f.out.base, t.Ack, f.out.next)
	}
	p.measure(f, s, at, ack)
	switch {
	case t.Has(capture.SYN):
	case t.Has(capture.RST):
		p.backReset(f, s)
	case t.Length > 0:
		p.backBytes(f, s, at, ack)
	}
	if t.Has(capture.FIN) && !t.Has(capture.RST) && !t.Has(capture.SYN) {
		p.backFin(f, at+int64(t.Length), ack)
	} else if t.Length == 0 && !t.Has(capture.SYN) && f.back.fin < 0 && at > f.back.end && at <= f.back.end+1<<30 {
		f.closing.claimed = max(f.closing.claimed, at)
		p.unseenUpTo(f, at-1, ack)
	}
	f.back.last = s.time
	p.outerAck(f, ack, s.time)
}

// backReset handles RST of the outer side.
func (p law) backReset(f *flow, s *segment) {
	if s.t.Length > 0 {
		p.find(f, RstData, "payload on RST", s.t.Payload, int64(s.t.Length))
	}
	if f.closing.rstBack == 0 {
		f.closing.rstBack = s.time
	}
}

// backDamaged handles a returning packet that its receiver throws away. Nothing of it
// counts for the connection, but everybody on the cable can read it.
func (p law) backDamaged(f *flow, s *segment) {
	t := &s.t
	f.traffic.BadSums++
	if b := t.Payload; t.Length > 1 || len(b) == 1 && b[0] != 0 && b[0] != 0xff {
		p.find(f, BadChecksum, "payload in a packet that the receiver throws away", b, int64(t.Length))
	}
	f.doubt(Damaged, fmt.Sprintf("packet %d has a wrong checksum", p.n))
	p.measure(f, s, -1, -1)
}

// backFin notes where the outer side ended its stream.
func (p law) backFin(f *flow, at, ack int64) {
	if f.back.fin >= 0 && f.back.fin != at {
		p.find(f, Overlap, fmt.Sprintf("FIN at position %d and at %d", f.back.fin, at), nil, 1)
	}
	if f.back.fin < 0 || at < f.back.fin {
		f.back.fin = at
	}
	if at < f.back.end {
		p.find(f, AfterClose, "FIN in front of bytes that were sent already", nil, f.back.end-at)
	}
	p.unseenUpTo(f, at, ack)
}

// unseenUpTo handles that the outer side says by a position that bytes exist
// which are not in the capture. ack is what its packet acknowledges.
func (p law) unseenUpTo(f *flow, at, ack int64) {
	if at <= f.back.end || at > f.back.end+1<<30 {
		return
	}
	f.back.advance(at)
	p.outerAck(f, ack, p.now)
	p.claimUnseen(f, at, "the outer side sent %d bytes, and %d requests are complete")
}

// claimUnseen judges by their number returning bytes that were not captured: at
// of them exist. Where outward bytes are missing too, that waits for them.
func (p law) claimUnseen(f *flow, at int64, format string) {
	o := &f.out
	got := o.scan.completedBy(o.next)
	if got >= at {
		return
	}
	if limit := max(o.highest, o.acked); limit > o.next {
		p.deferClaim(f, claim{at: at - 1, ack: limit, time: p.now, pkt: p.n})
		return
	}
	p.find(f, SecondByte, fmt.Sprintf(format, at, got), nil, at-got)
}

// backSyn handles SYN and SYN with ACK of the outer side.
func (p law) backSyn(f *flow, s *segment) {
	t := &s.t
	if t.Length > 0 {
		p.find(f, SynData, "payload on SYN", t.Payload, int64(t.Length))
	}
	if !t.Has(capture.ACK) {
		f.opening.synBack = true
		p.attempt(f.key.cable, f, OpenedOutside, fmt.Sprintf("SYN from %s to %s", f.key.outer, f.key.inner), nil)
	} else {
		f.opening.ackBack = true
		if !f.opening.synOut {
			if !f.out.known {
				f.out.known, f.out.base = true, t.Ack
				f.out.scan.hidden += unseenRequests
			}
		}
	}
	if !f.back.known {
		f.back.known, f.back.base = true, t.Seq+1
	} else if f.back.base != t.Seq+1 && !f.opening.acked && f.back.end == 0 {
		f.back.base = t.Seq + 1 // an outer side that forgot its first answer; the number counts into the bound
	} else if f.back.base != t.Seq+1 {
		p.find(f, Overlap, "SYN with another sequence number on the same connection", nil, 1)
	}
}

// outerAck handles that the outer side acknowledged outward bytes up to ack.
func (p law) outerAck(f *flow, ack, now int64) {
	o := &f.out
	if !o.known {
		return
	}
	if o.fin >= 0 && ack > o.fin {
		ack = o.fin
	}
	if ack > o.next+1<<30 {
		return
	}
	o.acked = max(o.acked, ack)
	if o.acked <= o.next {
		return
	}
	if o.gap == 0 {
		o.gap = max(now, 1)
	} else if now-o.gap > gapPatience {
		p.giveUp(f, o.acked)
		p.settle(f, now)
	}
}
