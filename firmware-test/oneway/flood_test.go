package oneway

import (
	"encoding/binary"
	"runtime"
	"slices"
	"testing"

	"github.com/gopacket/gopacket/layers"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
)

// flood makes packets of ever new connections from one template.
type flood struct {
	b    []byte
	addr int // where the address of the outer side is
}

func newFlood(c *conv, fromInner bool, flags uint8) *flood {
	f := &flood{b: c.tcp(fromInner, c.isn, 0, flags, nil), addr: 26}
	if fromInner {
		f.addr = 30
	}
	return f
}

// packet is number i: 65,536 ports of 65,536 addresses.
func (f *flood) packet(i int) []byte {
	binary.BigEndian.PutUint16(f.b[34:], uint16(i))
	binary.BigEndian.PutUint16(f.b[f.addr+2:], uint16(i>>16)+1000)
	reseal(f.b)
	tcp := f.b[34 : 14+int(binary.BigEndian.Uint16(f.b[16:]))]
	tcp[16], tcp[17] = 0, 0
	sum := uint64(6) + uint64(len(tcp)) + uint64(binary.BigEndian.Uint32(f.b[26:])) + uint64(binary.BigEndian.Uint32(f.b[30:]))
	binary.BigEndian.PutUint16(tcp[16:], ^capture.Checksum(sum, tcp))
	return f.b
}

// TestFloods: millions of connections that come to nothing take no more memory than a
// few, and do not push out one that works.
func TestFloods(t *testing.T) {
	n := 40_000
	if testing.Short() {
		n = 20_000
	}
	for name, c := range map[string]struct {
		outer     bool // cable
		fromInner bool
		flags     uint8
		verdict   Verdict
		attempts  int64
	}{
		"SYN of the inner side to everybody":    {false, true, syn, Passed, 0},
		"SYN from outside on the outer cable":   {true, false, syn, Passed, int64(n)},
		"SYN from outside on the inner cable":   {false, false, syn, Failed, 0},
		"ACK from outside on the outer cable":   {true, false, ack, Passed, int64(n)},
		"ACK from outside on the inner cable":   {false, false, ack, NotProven, 0},
		"RST from outside on the inner cable":   {false, false, rst, NotProven, 0},
		"answers to nothing on the outer cable": {true, false, syn | ack, Passed, int64(n)},
	} {
		t.Run(name, func(t *testing.T) {
			s := named()
			s.OuterCables = []string{"b"}
			p, err := New(s, func(i int) string { return []string{"a", "b"}[i] })
			if err != nil {
				t.Fatal(err)
			}
			w := newWorld(t)
			give := func() {
				for _, k := range w.pkts {
					p.Packet(&capture.Packet{Data: k.data, Length: len(k.data), Time: k.time, Link: layers.LinkTypeEthernet})
				}
				w.pkts = nil
			}
			work := w.conv(40000).open()
			work.ask(10, 0)
			give()
			cable := 0
			if c.outer {
				cable = 1
			}
			f := newFlood(w.conv(5), c.fromInner, c.flags)
			for i := range n {
				b := f.packet(i)
				p.Packet(&capture.Packet{Data: b, Length: len(b), Time: w.now + int64(i)*1000, Link: layers.LinkTypeEthernet, Cable: cable})
				if len(p.flows) > maxFlows {
					t.Fatalf("%d connections are remembered", len(p.flows))
				}
			}
			w.now += int64(n) * 1000
			work.ask(10, 0xff)
			give()
			r := p.Finish(nil)
			if r.Verdict != c.verdict || r.Attempts.Total != c.attempts || r.Totals.Connections != int64(n)+1 || r.Doubts.Counts[Evicted] > 0 {
				t.Errorf("%d connections, attempts %v, doubts %v: %s", r.Totals.Connections, r.Attempts.Counts, r.Doubts.Counts, r.Verdict)
			}
			if len(r.Connections)+int(r.Totals.Unlisted) != n+1 || len(r.Connections) > 3*p.set.MaxListed {
				t.Errorf("%d connections listed, %d not", len(r.Connections), r.Totals.Unlisted)
			}
			at := slices.IndexFunc(r.Connections, func(c ConnectionReport) bool { return c.ID == 1 })
			if r.Totals.Requests != 2 || at < 0 || r.Connections[at].Requests != 2 {
				t.Errorf("the connection at work is number %d of the list", at)
			}
		})
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.Sys > 200<<20 {
		t.Errorf("%d MiB of memory taken from the system, at most 200 are promised", m.Sys>>20)
	}
}
