package oneway

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
	"github.com/sluice-gateway/sluice/framing"
)

// talk is a random honest conversation; cheat, if any, happens once in it.
func talk(w *world, r *rand.Rand, cheat func(c *conv, r *rand.Rand)) {
	w.v6, w.vlan = r.IntN(3) == 0, r.IntN(3) == 0
	port := uint16(30000)
	fresh := func() *conv {
		c := w.conv(port)
		port++
		c.isn, c.osn = r.Uint32(), r.Uint32()
		if r.IntN(4) == 0 {
			c.isn, c.osn = -uint32(r.IntN(3000)), -uint32(r.IntN(5))
		}
		c.stamps = r.IntN(3) > 0
		c.mss = []int{1, 100, 536, 1400, 1448, 30000}[1+r.IntN(5)]
		if r.IntN(3) == 0 {
			c.frame = framing.ELanguage
		}
		return c.open()
	}
	c := fresh()
	steps := 5 + r.IntN(20)
	at := r.IntN(steps)
	for i := range steps {
		if cheat != nil && i == at {
			cheat(c, r)
			cheat = nil
			c = fresh()
			continue
		}
		c = step(w, c, r, fresh)
	}
}

func value(r *rand.Rand) byte { return byte(-r.IntN(2)) }

// step is one thing that happens to honest traffic.
func step(w *world, c *conv, r *rand.Rand, fresh func() *conv) *conv {
	n := r.IntN(6000)
	switch r.IntN(15) {
	case 0: // a part of the request again, cut elsewhere
		c.req(n)
		lo := r.IntN(len(c.lastReq))
		w.emit(c.tcp(true, c.lastReqSeq+uint32(lo), c.onext, ack, c.lastReq[lo:lo+r.IntN(len(c.lastReq)-lo)]))
		c.ans(value(r))
	case 1: // segments in any order, some of them twice
		b := c.requestBytes(n)
		var cuts []int
		for range 1 + r.IntN(6) {
			cuts = append(cuts, r.IntN(len(b)))
		}
		cuts = append(cuts, 0, len(b))
		slices.Sort(cuts)
		order := r.Perm(len(cuts) - 1)
		for _, k := range append(order, order[0]) {
			if cuts[k] < cuts[k+1] {
				w.emit(c.tcp(true, c.inext+uint32(cuts[k]), c.onext, ack, b[cuts[k]:cuts[k+1]]))
			}
		}
		c.inext += uint32(len(b))
		c.ans(value(r))
	case 2: // the answer again
		v := value(r)
		c.ask(n, v)
		w.wait(time.Duration(r.IntN(2e9)))
		w.emit(c.tcp(false, c.onext-1, c.inext, ack|psh, []byte{v}))
	case 3: // quiet, then keep-alives of both sides
		c.ask(n, value(r))
		w.wait(time.Minute)
		w.emit(c.tcp(true, c.inext-1, c.onext, ack, nil))
		c.back(ack, nil)
		w.emit(c.tcp(false, c.onext-1, c.inext, ack, nil))
		c.in(ack, nil)
	case 4: // packets twice
		c.ask(n, value(r))
		for _, p := range slices.Clone(w.pkts[len(w.pkts)-min(4, len(w.pkts)):]) {
			w.emit(p.data)
		}
	case 5: // two requests under way
		c.req(n)
		c.req(r.IntN(100))
		c.ans(value(r))
		c.ans(value(r))
	case 6:
		c.ask(n, value(r))
		c.close()
		return fresh()
	case 7:
		c.req(n)
		c.in(rst|ack, nil)
		return fresh()
	case 8:
		c.req(n)
		w.emit(c.tcp(false, c.onext, c.inext, rst|ack, nil))
		return fresh()
	case 9: // acknowledged together with the answer
		b := c.requestBytes(n)
		c.in(ack|psh, b[:min(len(b), 30000)])
		if len(b) > 30000 {
			c.in(ack|psh, b[30000:])
		}
		c.back(ack|psh, []byte{value(r)})
	case 10: // answer and end in one packet
		c.req(n)
		c.back(ack|fin|psh, []byte{value(r)})
		c.in(fin|ack, nil)
		c.back(ack, nil)
		return fresh()
	case 11: // a damaged copy first
		b := c.requestBytes(n % 1000)
		w.emit(c.tcp(true, c.inext, c.onext, ack|psh, b))
		w.last().data[len(w.last().data)-1] ^= 0x10
		c.in(ack|psh, b)
		c.ans(value(r))
	case 12: // answers overtake each other
		c.req(n)
		c.req(10)
		w.emit(c.tcp(false, c.onext+1, c.inext, ack|psh, []byte{value(r)}))
		w.emit(c.tcp(true, c.inext, c.onext, ack, nil))
		w.emit(c.tcp(false, c.onext, c.inext, ack|psh, []byte{value(r)}))
		c.onext += 2
		c.in(ack, nil)
	default:
		c.ask(n, value(r))
	}
	return c
}

// TestRandomHonest: whatever happens to honest traffic, it passes. With packets
// missing in the capture it never fails.
func TestRandomHonest(t *testing.T) {
	for seed := range uint64(300) {
		r := random(seed)
		w := newWorld(t)
		talk(w, r, nil)
		if rep := judge(t, named(), w.pkts); rep.Verdict != Passed {
			t.Fatalf("seed %d: %s", seed, explain(rep))
		}
		kept := slices.Clone(w.pkts)
		for range 1 + r.IntN(5) {
			i := r.IntN(len(kept))
			kept = slices.Delete(kept, i, i+1)
		}
		if rep := judge(t, named(), kept); rep.Verdict == Failed {
			t.Fatalf("seed %d with packets missing: %s", seed, explain(rep))
		}
		if from := r.IntN(len(w.pkts)); from < len(w.pkts) {
			if rep := judge(t, named(), w.pkts[from:]); rep.Verdict == Failed {
				t.Fatalf("seed %d from packet %d on: %s", seed, from, explain(rep))
			}
		}
	}
}

// TestDisorderlyCapture: two cards are never quite in step, so packets that follow each
// other closely may stand in the capture in another order; honest ones pass all the
// same, and cheats never do.
func TestDisorderlyCapture(t *testing.T) {
	swapped := func(r *rand.Rand, pkts []packet) []packet {
		pkts = slices.Clone(pkts)
		for i := 0; i+1 < len(pkts); i++ {
			if pkts[i+1].time-pkts[i].time < 5e5 && r.IntN(3) == 0 {
				pkts[i].data, pkts[i+1].data = pkts[i+1].data, pkts[i].data
				i++
			}
		}
		return pkts
	}
	for seed := range uint64(25) {
		for name, c := range cheats {
			r, w := random(seed), newWorld(t)
			c.make(w)
			if rep := judge(t, named(), swapped(r, w.pkts)); rep.Verdict == Passed {
				t.Errorf("%s, seed %d: passed", name, seed)
			}
		}
		for name, build := range honest {
			if name == "answer captured just before its request" || name == "port used again after reset" {
				continue // in disorder already; a port that is used again at once
			}
			r, w := random(seed), newWorld(t)
			build(w)
			if rep := judge(t, named(), swapped(r, w.pkts)); rep.Verdict != Passed {
				t.Errorf("%s, seed %d: %s", name, seed, explain(rep))
			}
		}
		r, w := random(seed), newWorld(t)
		talk(w, r, nil)
		if rep := judge(t, named(), swapped(r, w.pkts)); rep.Verdict != Passed {
			t.Errorf("seed %d: %s", seed, explain(rep))
		}
	}
}

// randomCheats each put something back that must not be there, on a connection
// on which every request has its answer.
var randomCheats = []func(c *conv, r *rand.Rand){
	func(c *conv, r *rand.Rand) { c.ans(value(r)) },
	func(c *conv, r *rand.Rand) { c.req(r.IntN(3000)); c.ans(1 + byte(r.IntN(254))) },
	func(c *conv, r *rand.Rand) { c.req(r.IntN(3000)); c.back(ack, []byte{value(r), value(r)}) },
	func(c *conv, r *rand.Rand) {
		b := c.requestBytes(r.IntN(3000))
		c.in(ack, b[:1+r.IntN(len(b)-1)])
		c.ans(value(r))
	},
	func(c *conv, r *rand.Rand) {
		v := value(r)
		c.req(r.IntN(3000))
		c.ans(v)
		c.w.emit(c.tcp(false, c.onext-1, c.inext, ack, []byte{^v}))
	},
	func(c *conv, r *rand.Rand) {
		c.w.emit(c.tcp(false, c.onext, c.inext, rst|ack, make([]byte, 1+r.IntN(9))))
	},
	func(c *conv, r *rand.Rand) {
		c.edit = func(t *layers.TCP) { t.Urgent = uint16(1 + r.IntN(65535)) }
		c.back(ack, nil)
	},
	func(c *conv, r *rand.Rand) { c.w.emit(c.tcp(false, r.Uint32(), 0, syn, nil)) },
	func(c *conv, r *rand.Rand) {
		c.req(10)
		c.back(fin|ack, nil)
		c.ans(value(r))
	},
	func(c *conv, r *rand.Rand) {
		c.w.emit(c.tcp(false, c.onext+1+uint32(r.IntN(1<<20)), c.inext, ack, []byte{value(r)}))
	},
	func(c *conv, r *rand.Rand) {
		b := c.tcp(false, c.onext, c.inext, ack, nil)
		c.w.emit(append(b, make([]byte, r.IntN(8))...))
		c.w.emit(append(b, byte(1+r.IntN(255))))
	},
}

// TestRandomCheats: one cheat among honest traffic is always found; with other
// packets missing in the capture it never passes.
func TestRandomCheats(t *testing.T) {
	for seed := range uint64(600) {
		r := random(seed)
		w := newWorld(t)
		k := int(seed) % len(randomCheats)
		first, end := 0, 0
		talk(w, r, func(c *conv, r *rand.Rand) {
			first = len(w.pkts)
			randomCheats[k](c, r)
			end = len(w.pkts)
		})
		if rep := judge(t, named(), w.pkts); rep.Verdict != Failed {
			t.Fatalf("seed %d, cheat %d: %s", seed, k, explain(rep))
		}
		kept := slices.Clone(w.pkts)
		for range 1 + r.IntN(4) {
			if i := r.IntN(len(kept)); i < first {
				kept = slices.Delete(kept, i, i+1)
				first--
				end--
			} else if i >= end {
				kept = slices.Delete(kept, i, i+1)
			}
		}
		if rep := judge(t, named(), kept); rep.Verdict == Passed {
			t.Fatalf("seed %d, cheat %d, with packets missing: %s", seed, k, explain(rep))
		}
	}
}

// TestFlippedBits: no single flipped bit in any returning packet, with the checksums
// made right again or not, passes without the bound growing. Where the bound counts a
// field with all its bits anyway it need not grow: all fields of the first packet, and
// the flags of FIN.
func TestFlippedBits(t *testing.T) {
	for name, setup := range map[string]func(w *world, c *conv){
		"plain":     func(*world, *conv) {},
		"no stamps": func(_ *world, c *conv) { c.stamps = false },
		"ipv6":      func(w *world, _ *conv) { w.v6 = true },
		"vlan":      func(w *world, _ *conv) { w.vlan = true },
	} {
		w := newWorld(t)
		c := w.conv(40000)
		setup(w, c)
		c.open()
		c.ask(100, 0)
		c.ask(100, 0xff)
		c.ask(100, 0)
		c.close()
		clean := judge(t, named(), w.pkts)
		modes := []bool{true}
		if name == "plain" {
			modes = []bool{false, true}
		}
		for i, p := range w.pkts {
			f := flagsOf(p.data)
			if p.data[5] != macInner[5] || f&syn != 0 { // not to the inner side, or the first packet
				continue
			}
			for bit := range len(p.data) * 8 {
				for _, mended := range modes {
					pkts := slices.Clone(w.pkts)
					b := slices.Clone(p.data)
					b[bit/8] ^= 0x80 >> (bit % 8)
					if mended {
						if mend(b); slices.Equal(b, p.data) { // it was in a checksum
							continue
						}
					}
					if f&fin != 0 && flagsOf(b) != f {
						continue
					}
					pkts[i].data = b
					rep := judge(t, named(), pkts)
					if rep.Verdict == Passed && rep.Covert.Total <= clean.Covert.Total {
						t.Errorf("%s, packet %d, bit %d of byte %d, mended %t: passed, and the bound is %d, was %d", name, i+1, bit%8, bit/8, mended, rep.Covert.Total, clean.Covert.Total)
					}
				}
			}
		}
	}
}

// flagsOf returns the TCP flags of a packet, 0 where it has none.
func flagsOf(b []byte) uint8 {
	var h capture.Headers
	var t capture.TCP
	if capture.Decode(&capture.Packet{Data: b, Length: len(b), Link: layers.LinkTypeEthernet}, &h) != nil || capture.DecodeTCP(&h.IP, &t) != nil {
		return 0
	}
	return t.Flags
}

// TestBoundHolds: bits hidden at random in a field raise the bound by at least
// as many.
func TestBoundHolds(t *testing.T) {
	build := func(hide func(c *conv, r *rand.Rand, seq int)) int64 {
		w, r := newWorld(t), random(7)
		c := w.conv(40000).open()
		for i := range 200 {
			hide(c, r, i)
			c.ask(10, 0)
		}
		rep := judge(t, named(), w.pkts)
		if rep.Verdict != Passed {
			t.Fatal(explain(rep))
		}
		return rep.Covert.Total
	}
	clean := build(func(*conv, *rand.Rand, int) {})
	const packets = 400 // two per request
	for name, h := range map[string]struct {
		bits int64 // per packet
		hide func(c *conv, r *rand.Rand, seq int)
	}{
		"window": {16, func(c *conv, r *rand.Rand, _ int) { c.edit = func(t *layers.TCP) { t.Window = uint16(r.Uint32()) } }},
		"order of options": {1, func(c *conv, r *rand.Rand, _ int) {
			c.edit = func(t *layers.TCP) {
				if r.IntN(2) == 0 {
					slices.Reverse(t.Options)
				}
			}
		}},
		"timestamp": {16, func(c *conv, r *rand.Rand, _ int) {
			c.edit = func(t *layers.TCP) { t.Options[2] = stampOption(r.Uint32()>>16, c.oecho) }
		}},
		"echo": {32, func(c *conv, r *rand.Rand, _ int) {
			c.edit = func(t *layers.TCP) { t.Options[2] = stampOption(uint32(c.w.now/1e6)+999, r.Uint32()) }
		}},
		"push": {1, func(c *conv, r *rand.Rand, _ int) { c.edit = func(t *layers.TCP) { t.PSH = r.IntN(2) == 0 } }},
	} {
		if got := build(h.hide) - clean; got < h.bits*packets*9/10 {
			t.Errorf("%s: %d bits hidden, the bound grew by %d", name, h.bits*packets, got)
		}
	}
}

func FuzzPackets(f *testing.F) {
	w := newWorld(f)
	c := w.conv(40000).open()
	c.ask(100, 0)
	c.close()
	for _, p := range w.pkts {
		f.Add(p.data, uint16(0))
		f.Add(p.data, uint16(9))
	}
	f.Fuzz(func(t *testing.T, data []byte, more uint16) {
		p, err := New(named(), func(int) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range append(slices.Clone(w.pkts[:5]), packet{time: w.now, data: data}, w.pkts[5]) {
			p.Packet(&capture.Packet{Data: k.data, Length: len(k.data) + int(more), Time: k.time, Link: layers.LinkTypeEthernet})
		}
		p.Finish(nil)
	})
}
