package oneway

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/gopacket/gopacket/layers"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
)

// otherLinks turn an Ethernet packet into what other captures hold.
var otherLinks = map[string]struct {
	link layers.LinkType
	wrap func(b []byte) []byte
}{
	"cooked": {layers.LinkTypeLinuxSLL, func(b []byte) []byte {
		return slices.Concat([]byte{0, 0, 0, 1, 0, 6}, b[6:12], []byte{0, 0}, b[12:])
	}},
	"cooked, version 2": {layers.LinkTypeLinuxSLL2, func(b []byte) []byte {
		return slices.Concat(b[12:14], []byte{0, 0, 0, 0, 0, 2, 0, 1, 0, 6}, b[6:12], []byte{0, 0}, b[14:])
	}},
	"raw":            {layers.LinkTypeRaw, func(b []byte) []byte { return b[14:] }},
	"raw of OpenBSD": {14, func(b []byte) []byte { return b[14:] }},
	"loopback":       {layers.LinkTypeNull, func(b []byte) []byte { return append([]byte{family(b), 0, 0, 0}, b[14:]...) }},
	"loopback of OpenBSD": {layers.LinkTypeLoop, func(b []byte) []byte {
		return append([]byte{0, 0, 0, family(b)}, b[14:]...)
	}},
}

func family(b []byte) byte {
	if binary.BigEndian.Uint16(b[12:]) == capture.EtherIPv6 {
		return 30
	}
	return 2
}

// TestLinkTypes: the same captures of other links have the same verdicts.
func TestLinkTypes(t *testing.T) {
	for link, l := range otherLinks {
		for name, want := range map[string]Verdict{"plain": Passed, "ipv6": Passed, "second byte": Failed, "data on RST": Failed, "SYN from outside": Failed, "part of a request not captured": NotProven} {
			w := newWorld(t)
			if build, ok := honest[name]; ok {
				build(w)
			} else if c, ok := cheats[name]; ok {
				c.make(w)
			} else {
				unclear[name].make(w)
			}
			p, err := New(named(), func(int) string { return "" })
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range w.pkts {
				b := l.wrap(k.data)
				p.Packet(&capture.Packet{Data: b, Length: len(b), Time: k.time, Link: l.link})
			}
			if r := p.Finish(nil); r.Verdict != want {
				t.Errorf("%s, %s: %s", link, name, explain(r))
			}
		}
	}
	p, err := New(named(), func(int) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	p.Packet(&capture.Packet{Data: make([]byte, 60), Length: 60, Link: 147})
	if r := p.Finish(nil); r.Verdict != NotProven || r.Doubts.Counts[Undecodable] != 1 {
		t.Errorf("a link nobody knows: %s", explain(r))
	}
}
