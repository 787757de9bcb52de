package oneway

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
)

// tricks are captures that try to hide something, and nuisances that look like it.
var tricks = map[string]struct {
	verdict Verdict
	kind    string // a finding, a doubt or an attempt there must be; "" = none
	make    func(w *world)
}{
	// What runs a link, and what only looks like it.
	"neighbour discovery": {Passed, "", func(w *world) {
		w.v6 = true
		w.conv(40000).open().ask(10, 0)
		w.emit(w.neighbour(135, 255, nil, 1, 1, 2, 0, 0, 0, 0, 2))
		w.emit(w.neighbour(136, 255, nil, 2, 1, 2, 0, 0, 0, 0, 2))
		w.emit(w.neighbour(143, 1, hopAlert))
	}},
	"neighbour discovery with an option of its own": {Failed, "other-traffic", func(w *world) {
		w.v6 = true
		w.conv(40000).open().ask(10, 0)
		w.emit(w.neighbour(135, 255, nil, 253, 1, 's', 'e', 'c', 'r', 'e', 't'))
	}},
	"neighbour discovery with an option twice": {Failed, "other-traffic", func(w *world) {
		w.v6 = true
		w.conv(40000).open().ask(10, 0)
		w.emit(w.neighbour(135, 255, nil, 1, 1, 2, 0, 0, 0, 0, 2, 1, 1, 's', 'e', 'c', 'r', 'e', 't'))
	}},
	"neighbour discovery from afar": {Failed, "other-traffic", func(w *world) {
		w.v6 = true
		w.conv(40000).open().ask(10, 0)
		w.emit(w.neighbour(135, 64, nil, 1, 1, 2, 0, 0, 0, 0, 2))
	}},
	"redirect": {Failed, "other-traffic", func(w *world) {
		w.v6 = true
		w.conv(40000).open().ask(10, 0)
		w.emit(w.neighbour(137, 255, nil, 0, 0, 0, 0, 0, 0, 0, 0))
	}},
	"group membership": {Passed, "", func(w *world) {
		w.conv(40000).open().ask(10, 0)
		w.emit(w.igmp([]byte{0x16, 0, 0, 0, 224, 0, 0, 251}))
	}},
	"group membership with a tail": {Failed, "other-traffic", func(w *world) {
		w.conv(40000).open().ask(10, 0)
		w.emit(w.igmp([]byte{0x16, 0, 0, 0, 224, 0, 0, 251, 's', 'e', 'c', 'r'}))
	}},
	"group membership with data in a record": {Failed, "other-traffic", func(w *world) {
		w.conv(40000).open().ask(10, 0)
		w.emit(w.igmp([]byte{0x22, 0, 0, 0, 0, 0, 0, 1, 4, 1, 0, 0, 224, 0, 0, 251, 'l', 'e', 'a', 'k'}))
	}},
	"a thousand ARP packets, all different": {NotProven, "housekeeping", func(w *world) {
		w.conv(40000).open().ask(10, 0)
		for i := range 1000 {
			b := arp(2)
			binary.BigEndian.PutUint16(b[40:], uint16(i))
			w.emit(b)
		}
	}},
	"a thousand ARP packets, all the same": {Passed, "", func(w *world) {
		w.conv(40000).open().ask(10, 0)
		for range 1000 {
			w.emit(arp(2))
		}
	}},
	"ARP with a frame check sequence": {Passed, "", func(w *world) {
		w.conv(40000).open().ask(10, 0)
		b := append(arp(2), make([]byte, 18)...)
		w.emit(binary.LittleEndian.AppendUint32(b, crcOf(b)))
	}},
	"tagged five times": {Failed, "other-traffic", func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		b := c.tcp(false, c.onext, c.inext, ack, nil)
		w.emit(slices.Concat(b[:12], slices.Repeat([]byte{0x81, 0, 0xe0, 7}, 5), b[12:]))
	}},

	// IP.
	"fragment header on a whole packet": {Failed, "ip-option", func(w *world) {
		w.v6 = true
		c := w.conv(40000).open()
		c.ask(10, 0)
		w.emit(extend(c.tcp(false, c.onext, c.inext, ack, nil), 44, []byte{6, 0, 0, 0, 'l', 'e', 'a', 'k'}))
	}},
	"destination options": {Failed, "ip-option", func(w *world) {
		w.v6 = true
		c := w.conv(40000).open()
		c.ask(10, 0)
		w.emit(extend(c.tcp(false, c.onext, c.inext, ack, nil), 60, []byte{6, 0, 0x1e, 4, 'l', 'e', 'a', 'k'}))
	}},
	"no length from outside": {Failed, "flags", func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		w.emit(noLength(c.tcp(false, c.onext, c.inext, ack, nil)))
	}},
	"no length from inside, as offload shows it": {Passed, "", func(w *world) {
		c := w.conv(40000).open()
		c.mss = 70000
		b := c.requestBytes(66000)
		big := c.tcp(true, c.inext, c.onext, ack|psh, b[:60000])
		w.emit(noLength(big))
		partialSum(w.last().data)
		c.inext += 60000
		c.in(ack|psh, b[60000:])
		c.ans(0)
	}},
	"returning fragment with bytes behind it": {Failed, "fragment", func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		whole := c.tcp(false, c.onext, c.inext, ack|psh, []byte{0})
		w.emit(append(fragmentOf(whole, 0, 32, 6), 's', 'e', 'c'))
		w.emit(fragmentOf(whole, 32, len(whole)-34, 6))
		c.onext++
		c.in(ack, nil)
	}},
	"TCP header longer than its packet": {Failed, "other-traffic", func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		w.emit(c.tcp(false, c.onext, c.inext, ack, nil))
		w.last().data[14+20+12] = 0xf0
	}},
	"every packet twice": {Passed, "", func(w *world) { // a mirror of both directions of a port
		c := w.conv(40000).open()
		c.ask(3000, 0)
		c.ask(10, 0xff)
		c.close()
		w.twice()
	}},

	"every packet of a keep-alive with garbage twice": {Passed, "", func(w *world) {
		honest["keep-alive"](w)
		w.twice()
	}},

	// TCP.
	"congestion marks": {Passed, "", func(w *world) {
		c := w.conv(40000)
		c.edit = func(t *layers.TCP) { t.ECE = true }
		c.editOut = func(t *layers.TCP) { t.ECE, t.CWR = t.SYN, t.SYN }
		c.open()
		c.ask(10, 0)
		c.close()
	}},
	"another first number before anything was acknowledged": {Passed, "", func(w *world) {
		c := w.conv(40000)
		c.inext, c.onext = c.isn, c.osn
		c.in(syn, nil)
		w.emit(c.tcp(false, c.osn+12345, c.inext, syn|ack, nil))
		w.wait(time.Second)
		w.emit(c.tcp(true, c.isn, 0, syn, nil))
		c.back(syn|ack, nil)
		c.in(ack, nil)
		c.ask(10, 0)
	}},
	"another first number later": {Failed, "overlap", func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		w.emit(c.tcp(false, c.osn+12345, c.isn+1, syn|ack, nil))
	}},
	"damaged FIN": {NotProven, "damaged-packet", func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		w.emit(c.tcp(false, c.onext, c.inext, ack|fin, nil))
		w.last().data[14+20+5] ^= 0x40 // of the sequence number
		w.wait(time.Second)
		c.ask(10, 0)
		c.close()
	}},
	"damaged answer to SYN": {NotProven, "damaged-packet", func(w *world) {
		c := w.conv(40000)
		c.inext, c.onext = c.isn, c.osn
		c.in(syn, nil)
		w.emit(c.tcp(false, c.osn, c.inext, syn|ack, nil))
		w.last().data[14+20+6] ^= 1
		c.back(syn|ack, nil)
		c.in(ack, nil)
		c.ask(10, 0)
	}},
	"acknowledgements with wrong checksums": {NotProven, "damaged-packet", func(w *world) {
		c := w.conv(40000).open()
		for i := range 50 {
			c.ask(10, 0)
			w.emit(c.tcp(false, c.onext, c.inext, ack, nil))
			binary.BigEndian.PutUint16(w.last().data[14+20+16:], uint16(i*7+1))
		}
	}},
	"wrong checksum of IP around an answer": {NotProven, "damaged-packet", func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		w.emit(c.tcp(false, c.onext, c.inext, ack|psh, []byte{0}))
		w.last().data[14+10] ^= 1
		c.ans(0)
	}},
	"the last answer shows only in sequence numbers": {NotProven, "hole-back", func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		c.req(10)
		c.onext++ // the answer was not captured, nor the acknowledgement of it
		c.back(ack, nil)
	}},
	"bytes that show only in sequence numbers": {Failed, "second-byte", func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		c.onext += 50
		c.back(ack, nil)
	}},
	"FIN not captured": {NotProven, "hole-back", func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		c.in(fin|ack, nil)
		c.onext++
		c.back(ack, nil)
	}},
	"request that differs behind a gap": {NotProven, "outward-overlap", func(w *world) {
		c := w.conv(40000).open()
		b := c.requestBytes(300)
		w.emit(c.tcp(true, c.inext+100, c.onext, ack, b[100:]))
		other := slices.Clone(b)
		other[120] ^= 1
		w.emit(c.tcp(true, c.inext, c.onext, ack, other[:150]))
		c.inext += uint32(len(b))
		c.ans(0xff)
	}},
	"padding cut off by a snap length": {NotProven, "cut-packet", func(w *world) {
		c := w.conv(40000)
		c.stamps = false
		c.open()
		c.ask(10, 0)
		for i, p := range w.pkts {
			if len(p.data) == 60 {
				w.pkts[i].data, w.pkts[i].wire = p.data[:54], 60 // what the six bytes were, nobody knows
			}
		}
	}},

	// ICMP that quotes what went out, more or less.
	"ICMP with options that were never sent": {NotProven, "uncompared", func(w *world) {
		c := w.conv(40000).open()
		c.req(2000)
		quote := slices.Clone(w.pkts[3].data[14:300])
		copy(quote[20+20:], "sixteen bytes...")
		w.emit(w.ip(false, layers.IPProtocolICMPv4, &layers.ICMPv4{TypeCode: 3<<8 | 4, Seq: 1400}, gopacket.Payload(quote)))
		c.ans(0)
	}},
	"ICMP with something in an unused field": {Failed, "icmp", func(w *world) {
		c := w.conv(40000).open()
		c.req(2000)
		w.emit(w.ip(false, layers.IPProtocolICMPv4, &layers.ICMPv4{TypeCode: 3<<8 | 1, Id: 0x4142}, gopacket.Payload(w.pkts[3].data[14:14+28])))
		c.ans(0)
	}},
	"unreachable": {Passed, "", func(w *world) {
		c := w.conv(40000).open()
		c.req(2000)
		w.emit(w.ip(false, layers.IPProtocolICMPv4, &layers.ICMPv4{TypeCode: 3<<8 | 1}, gopacket.Payload(w.pkts[3].data[14:14+28])))
		c.ans(0)
	}},

	// The outer cable: what the outer side tries there is listed and proves nothing.
	"scans of every kind on the outer cable": {Passed, "stray", func(w *world) {
		w.conv(40000).open().ask(10, 0)
		w.cable = 1
		w.conv(40000).open().ask(10, 0)
		for i, flags := range []uint8{syn, 0, fin, fin | psh | urg, ack, syn | fin, rst, syn | ack} {
			c := w.conv(22)
			c.gate = 50000 + uint16(i)
			payload := []byte("x")[:i%2]
			w.emit(c.tcp(false, c.osn, 5, flags, payload))
			if i%3 == 0 {
				w.emit(c.tcp(true, 5, c.osn+1, rst|ack, nil))
			}
		}
		c := w.conv(23)
		c.gate = 50000
		whole := c.tcp(false, c.osn, 0, syn, make([]byte, 100))
		w.emit(fragmentOf(whole, 0, 64, 5))
		w.emit(c.tcp(false, c.onext, c.inext, ack, nil))
		w.last().data[14+20+12] = 0xf0
	}},
	"the same scans on the inner cable": {Failed, "opened-outside", func(w *world) {
		w.conv(40000).open().ask(10, 0)
		for i, flags := range []uint8{syn, 0, fin, fin | psh | urg} {
			c := w.conv(22)
			c.gate = 50000 + uint16(i)
			w.emit(c.tcp(false, c.osn, 5, flags, nil))
		}
	}},
	"a scan of acknowledgements alone on the inner cable": {NotProven, "start-unseen", func(w *world) {
		w.conv(40000).open().ask(10, 0)
		c := w.conv(22)
		w.emit(c.tcp(false, c.osn, 5, ack, nil))
	}},
	"the inner cable holds something else": {NotProven, "nothing-to-judge", func(w *world) {
		w.emit(arp(1))
		w.cable = 1
		w.conv(40000).open().ask(10, 0)
	}},
	"the gate named as inner": {NotProven, "sides-mixed", func(w *world) { // the outer cable is judged, the inner one is not
		w.conv(40000).open().ask(10, 0)
		for _, p := range w.pkts {
			toInner(p.data)
		}
		w.cable = 1
		w.conv(40000).open().ask(10, 0)
	}},
	"an answer of the inner side on the outer cable": {Failed, "opened-outside", func(w *world) {
		w.conv(40000).open().ask(10, 0)
		w.cable = 1
		c := w.conv(22)
		c.gate = 50000
		w.emit(c.tcp(false, c.osn, 0, syn, nil))
		w.emit(c.tcp(true, c.isn, c.osn+1, syn|ack, nil))
	}},
}

func TestTricks(t *testing.T) {
	for name, c := range tricks {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.make(w)
			s := named()
			s.OuterCables = []string{"b"}
			r := judge(t, s, w.pkts)
			seen := r.Findings.Counts[Kind(c.kind)] + r.Doubts.Counts[Doubt(c.kind)] + r.Attempts.Counts[Kind(c.kind)]
			if r.Verdict != c.verdict || c.kind != "" && seen == 0 {
				t.Errorf("want %s with %q: %s\nattempts %v", c.verdict, c.kind, explain(r), r.Attempts.Counts)
			}
		})
	}
}

// TestToleratedFromOutside: a label excuses frames of a switch, never traffic of the
// outer side.
func TestToleratedFromOutside(t *testing.T) {
	s := named()
	s.Tolerate = []string{"ethertype-88cc", "udp-7"}
	w := newWorld(t)
	w.conv(40000).open().ask(10, 0)
	w.emit([]byte{1, 0x80, 0xc2, 0, 0, 0xe, 9, 9, 9, 9, 9, 9, 0x88, 0xcc, 1, 2, 3})
	if r := judge(t, s, w.pkts); r.Verdict != Passed || r.Covert.Bits["other-traffic"] == 0 {
		t.Error(explain(r))
	}
	w.emit(w.ip(false, layers.IPProtocolUDP, &layers.UDP{SrcPort: 7, DstPort: 4000}, gopacket.Payload("secret")))
	if r := judge(t, s, w.pkts); r.Verdict != Failed {
		t.Error(explain(r))
	}
}

// TestHiddenChoices: whatever a sender may choose freely raises the bound by at least
// the bits it can tell. The honest capture is the same without choices.
func TestHiddenChoices(t *testing.T) {
	const rounds = 300
	for name, c := range map[string]struct {
		bits  float64 // per round
		paid  bool    // honest traffic pays for the choice as well
		setup func(w *world)
		step  func(w *world, convs []*conv, r *rand.Rand, choose bool)
	}{
		"IP ID of three ways": {1.58, false, nil, func(w *world, convs []*conv, r *rand.Rand, choose bool) {
			c := convs[0]
			w.emit(c.tcp(false, c.onext, c.inext, ack, nil))
			if choose {
				setID(w.last().data, []uint16{0, 1, 2}[r.IntN(3)])
			}
		}},
		"checksum of IP filled in or not": {1, false, nil, func(w *world, convs []*conv, r *rand.Rand, choose bool) {
			c := convs[0]
			w.emit(c.tcp(false, c.onext, c.inext, ack, nil))
			if b := w.last().data; choose && r.IntN(2) == 0 {
				b[24], b[25] = 0, 0
			}
		}},
		"answers in one packet or in two": {1, true, nil, func(w *world, convs []*conv, r *rand.Rand, choose bool) {
			c := convs[0]
			c.req(10)
			c.req(10)
			if choose && r.IntN(2) == 0 {
				c.back(ack|psh, []byte{0, 0})
			} else {
				c.back(ack|psh, []byte{0})
				c.back(ack|psh, []byte{0})
			}
			c.in(ack, nil)
		}},
		"which connection first": {4, false, nil, func(w *world, convs []*conv, r *rand.Rand, choose bool) {
			c := convs[0]
			if choose {
				c = convs[r.IntN(len(convs))]
			}
			w.emit(c.tcp(false, c.onext, c.inext, ack, nil))
		}},
		"priority of the VLAN tag": {3, false, func(w *world) { w.vlan = true }, func(w *world, convs []*conv, r *rand.Rand, choose bool) {
			c := convs[0]
			w.emit(c.tcp(false, c.onext, c.inext, ack, nil))
			if choose {
				w.last().data[14] |= byte(r.IntN(8) << 5)
			}
		}},
		"length of zero padding": {5, false, nil, func(w *world, convs []*conv, r *rand.Rand, choose bool) {
			c := convs[0]
			w.emit(c.tcp(false, c.onext, c.inext, ack, nil))
			if choose {
				w.last().data = append(w.last().data, make([]byte, r.IntN(32))...)
			}
		}},
		"hop limit and label": {28, false, func(w *world) { w.v6 = true }, func(w *world, convs []*conv, r *rand.Rand, choose bool) {
			c := convs[0]
			w.emit(c.tcp(false, c.onext, c.inext, ack, nil))
			if b := w.last().data; choose {
				b[14+7] = byte(r.Uint32())
				binary.BigEndian.PutUint32(b[14:], 6<<28|uint32(r.IntN(1<<20)))
			}
		}},
		"where ARP goes to": {8, false, nil, func(w *world, _ []*conv, r *rand.Rand, choose bool) {
			b := arp(2)
			if choose {
				b[5] = byte(r.IntN(200))
			}
			w.emit(b)
		}},
		"how a packet is cut into fragments": {1, true, nil, func(w *world, convs []*conv, r *rand.Rand, choose bool) {
			c := convs[0]
			whole := c.tcp(false, c.onext, c.inext, ack, nil)
			cut := 16
			if choose {
				cut = 8 + 8*r.IntN(2)
			}
			id := uint16(len(w.pkts))
			w.emit(fragmentOf(whole, 0, cut, id))
			w.emit(fragmentOf(whole, cut, len(whole)-34, id))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			build := func(rounds int, choose bool) int64 {
				w, r := newWorld(t), random(11)
				if c.setup != nil {
					c.setup(w)
				}
				var convs []*conv
				for i := range 16 {
					v := w.conv(40000 + uint16(i)).open()
					v.ask(10, 0)
					convs = append(convs, v)
				}
				for range rounds {
					c.step(w, convs, r, choose)
				}
				rep := judge(t, named(), w.pkts)
				if rep.Verdict == Failed {
					t.Fatal(explain(rep))
				}
				return rep.Covert.Total
			}
			silent := build(rounds, false)
			if c.paid {
				silent = build(0, false)
			}
			if got, want := build(rounds, true)-silent, int64(c.bits*rounds); got < want {
				t.Errorf("%d bits hidden, the bound grew by %d", want, got)
			}
		})
	}
}

// TestBusiestSecond: a burst shows however long the capture is.
func TestBusiestSecond(t *testing.T) {
	w := newWorld(t)
	c := w.conv(40000).open()
	c.ask(10, 0)
	for range 10 {
		w.wait(24 * time.Hour)
		w.emit(c.tcp(false, c.onext, c.inext, ack, nil))
	}
	for i := range 1000 {
		c.owin = uint16(i)
		w.emit(c.tcp(false, c.onext, c.inext, ack, nil))
	}
	if r := judge(t, named(), w.pkts); r.Covert.Busiest < 16000 || r.Covert.Mean > 10 {
		t.Errorf("%.1f at the busiest, %.1f on average", r.Covert.Busiest, r.Covert.Mean)
	}
}

// TestBoundOfTheInnerCable: where both cables were captured, the bound is that of the
// inner one, and what happens on the outer one does not change it.
func TestBoundOfTheInnerCable(t *testing.T) {
	build := func(outer int) *Report {
		w := newWorld(t)
		w.conv(40000).open().ask(10, 0)
		w.cable = 1
		for i := range outer {
			w.conv(40000+uint16(i)).open().ask(10, 0)
		}
		s := named()
		s.OuterCables = []string{"b"}
		return judge(t, s, w.pkts)
	}
	one, many := build(0), build(50)
	if one.Covert.Total != many.Covert.Total || one.Covert.Cables != "inner" || many.Totals.Requests != 51 || many.Seen.Cables[0].Requests != 1 {
		t.Errorf("%+v and %+v", one.Covert, many.Covert)
	}
}

// neighbour builds ICMPv6 of the outer side with hop by hop options of 8 bytes, or none.
func (w *world) neighbour(kind uint8, hops byte, ext []byte, options ...byte) []byte {
	body := make([]byte, 20)
	switch kind {
	case 135, 136, 137:
		copy(body[4:], net.ParseIP("fd00:2::9").To16())
	default:
		body = make([]byte, 4)
	}
	b := w.ip(false, layers.IPProtocolICMPv6, &layers.ICMPv6{TypeCode: layers.ICMPv6TypeCode(uint16(kind) << 8)}, gopacket.Payload(append(body, options...)))
	b[14+7] = hops
	if ext != nil {
		return extend(b, 0, ext)
	}
	return b
}

// extend puts an extension header behind the IPv6 header.
func extend(b []byte, kind byte, ext []byte) []byte {
	b = slices.Concat(b[:54], ext, b[54:])
	b[20] = kind
	binary.BigEndian.PutUint16(b[18:], binary.BigEndian.Uint16(b[18:])+uint16(len(ext)))
	return b
}

// igmp builds a packet of the outer side.
func (w *world) igmp(body []byte) []byte {
	b := w.ip(false, layers.IPProtocolIGMP, gopacket.Payload(body))
	b[14+8] = 1
	reseal(b)
	p := b[34:]
	p[2], p[3] = 0, 0
	binary.BigEndian.PutUint16(p[2:], ^capture.Checksum(0, p))
	return b
}

// reseal makes the IPv4 header checksum right.
func reseal(b []byte) {
	b[24], b[25] = 0, 0
	binary.BigEndian.PutUint16(b[24:], ^capture.Checksum(0, b[14:34]))
}

func setID(b []byte, id uint16) {
	binary.BigEndian.PutUint16(b[18:], id)
	reseal(b)
}

// toInner makes the outer address of a packet an inner one.
func toInner(b []byte) {
	for _, at := range []int{26, 30} {
		if b[at+1] == 2 {
			b[at+1], b[at+2] = 1, 0
		}
	}
	mend(b)
}

// mend makes the checksums of a packet right, as far as it can be read.
func mend(b []byte) {
	pkt := capture.Packet{Data: b, Length: len(b), Link: layers.LinkTypeEthernet}
	var h capture.Headers
	var c capture.TCP
	if capture.Decode(&pkt, &h) != nil || !h.IsIP() {
		return
	}
	if h.IP.Src.Is4() {
		head := h.Link.Payload[:20+len(h.IP.Options)]
		head[10], head[11] = 0, 0
		binary.BigEndian.PutUint16(head[10:], ^capture.Checksum(0, head))
	}
	if h.IP.Proto != capture.ProtoTCP || capture.DecodeTCP(&h.IP, &c) != nil {
		return
	}
	p := h.IP.Payload
	p[16], p[17] = 0, 0
	sum := uint64(capture.ProtoTCP) + uint64(len(p))
	for _, a := range []netip.Addr{h.IP.Src, h.IP.Dst} {
		b := a.AsSlice()
		sum += uint64(capture.Checksum(0, b))
	}
	binary.BigEndian.PutUint16(p[16:], ^capture.Checksum(sum, p))
}

// noLength clears the length field of IPv4.
func noLength(b []byte) []byte {
	b[16], b[17] = 0, 0
	reseal(b)
	return b
}

// crcOf is the frame check sequence.
func crcOf(b []byte) uint32 {
	c := ^uint32(0)
	for _, x := range b {
		c ^= uint32(x)
		for range 8 {
			c = c>>1 ^ 0xedb88320*(c&1)
		}
	}
	return ^c
}

// twice shows every packet again a moment later, as a mirror of both
// directions of a port does.
func (w *world) twice() {
	var twice []packet
	for _, p := range w.pkts {
		again := p
		again.time += 500
		twice = append(twice, p, again)
	}
	w.pkts = twice
}
