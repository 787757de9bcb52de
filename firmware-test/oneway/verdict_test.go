package oneway

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/sluice-gateway/sluice/framing"
)

// honest are captures with every nuisance of TCP, and nothing else.
var honest = map[string]func(w *world){
	"plain":      func(w *world) { c := w.conv(40000).open(); c.ask(100, 0); c.ask(5000, 0xff); c.close() },
	"e-language": func(w *world) { c := w.conv(40000); c.frame = framing.ELanguage; c.open(); c.ask(100, 0); c.ask(0, 0) },
	"no stamps":  func(w *world) { c := w.conv(40000); c.stamps = false; c.open(); c.ask(100, 0); c.close() },
	"ipv6":       func(w *world) { w.v6 = true; c := w.conv(40000).open(); c.ask(9000, 0); c.close() },
	"vlan":       func(w *world) { w.vlan = true; c := w.conv(40000).open(); c.ask(9000, 0); c.close() },
	"tiny segments": func(w *world) {
		c := w.conv(40000)
		c.mss = 1
		c.open()
		c.ask(20, 0)
		c.ask(20, 0xff)
	},
	"request resent": func(w *world) {
		c := w.conv(40000).open()
		c.req(3000)
		w.emit(c.tcp(true, c.lastReqSeq, c.onext, ack, c.lastReq[:1400]))
		w.emit(c.tcp(true, c.lastReqSeq+700, c.onext, ack, c.lastReq[700:2500]))
		c.ans(0)
	},
	"request reordered": func(w *world) {
		c := w.conv(40000).open()
		b := c.requestBytes(6000)
		for _, i := range []int{2, 0, 3, 1, 4} {
			lo, hi := i*1300, min((i+1)*1300, len(b))
			if lo < hi {
				w.emit(c.tcp(true, c.inext+uint32(lo), c.onext, ack, b[lo:hi]))
			}
		}
		c.inext += uint32(len(b))
		c.ans(0)
	},
	"lost on the way, resent": func(w *world) { // the capture is before the loss
		c := w.conv(40000).open()
		b := c.requestBytes(3000)
		w.emit(c.tcp(true, c.inext, c.onext, ack, b[:1400]))
		w.emit(c.tcp(true, c.inext+2800, c.onext, ack, b[2800:]))
		w.emit(c.tcp(false, c.onext, c.inext+1400, ack, nil))
		w.wait(300 * time.Millisecond)
		w.emit(c.tcp(true, c.inext+1400, c.onext, ack, b[1400:2800]))
		c.inext += uint32(len(b))
		c.ans(0)
	},
	"answer resent": func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0xff)
		w.emit(c.tcp(false, c.onext-1, c.inext, ack|psh, []byte{0xff}))
		w.wait(time.Second)
		w.emit(c.tcp(false, c.onext-1, c.inext, ack|psh, []byte{0xff}))
		c.ask(10, 0)
	},
	"two answers in one resent segment": func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0xff)
		c.ask(10, 0)
		w.emit(c.tcp(false, c.onext-2, c.inext, ack|psh, []byte{0xff, 0}))
		c.ask(10, 0)
	},
	"pipelined": func(w *world) { c := w.conv(40000).open(); c.req(10); c.req(20); c.ans(0); c.ans(0) },
	"pipelined, answers in one segment": func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		c.req(20)
		c.back(ack|psh, []byte{0, 0xff})
		c.close()
	},
	"keep-alive": func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0xff)
		w.wait(time.Minute)
		w.emit(c.tcp(true, c.inext-1, c.onext, ack, nil))
		c.back(ack, nil)
		w.emit(c.tcp(true, c.inext-1, c.onext, ack, []byte{0x55})) // with garbage
		c.back(ack, nil)
		w.wait(time.Minute)
		w.emit(c.tcp(false, c.onext-1, c.inext, ack, nil))
		c.in(ack, nil)
		w.wait(time.Minute)
		w.emit(c.tcp(false, c.onext-1, c.inext, ack, []byte{0})) // with garbage
		c.in(ack, nil)
		c.ask(10, 0)
	},
	"window probes": func(w *world) {
		c := w.conv(40000).open()
		c.owin = 0
		c.back(ack, nil)
		b := c.requestBytes(50)
		for range 3 {
			w.emit(c.tcp(true, c.inext, c.onext, ack, b[:1]))
			c.back(ack, nil)
			w.wait(time.Second)
		}
		c.owin = 500
		c.back(ack, nil)
		c.in(ack|psh, b)
		c.ans(0)
	},
	"SYN resent": func(w *world) {
		c := w.conv(40000)
		c.inext, c.onext = c.isn, c.osn
		w.emit(c.tcp(true, c.isn, 0, syn, nil))
		w.wait(time.Second)
		c.in(syn, nil)
		w.emit(c.tcp(false, c.osn, c.inext, syn|ack, nil))
		c.back(syn|ack, nil)
		c.in(ack, nil)
		c.ask(10, 0)
	},
	"SYN refused": func(w *world) {
		c := w.conv(40001)
		c.inext = c.isn
		c.in(syn, nil)
		w.emit(c.tcp(false, 0, c.inext, rst|ack, nil))
		w.conv(40000).open().ask(10, 0)
	},
	"SYN unanswered": func(w *world) {
		c := w.conv(40001)
		c.inext = c.isn
		c.in(syn, nil)
		w.conv(40000).open().ask(10, 0)
	},
	"port used again": func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		c.close()
		w.wait(time.Second)
		c = w.conv(40000)
		c.isn, c.osn = 5, 6
		c.open().ask(10, 0xff)
	},
	"port used again after reset": func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		c.in(rst|ack, nil)
		c = w.conv(40000)
		c.isn += 99999
		c.open().ask(10, 0xff)
	},
	"reset by the inner side": func(w *world) { c := w.conv(40000).open(); c.ask(10, 0); c.in(rst|ack, nil) },
	"reset by the outer side": func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		c.req(10)
		w.emit(c.tcp(false, c.onext, c.inext, rst|ack, nil))
	},
	"answer crosses reset": func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		c.in(rst|ack, nil)
		w.wait(30 * time.Millisecond)
		w.emit(c.tcp(false, c.onext, c.inext, ack|psh, []byte{0}))
		w.emit(c.tcp(true, c.inext, 0, rst, nil))
	},
	"answer with FIN": func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		c.back(fin|psh|ack, []byte{0xff})
		c.in(fin|ack, nil)
	},
	"half closed": func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		c.in(fin|ack, nil)
		c.ans(0)
		c.back(fin|ack, nil)
	},
	"answer after a time": func(w *world) { c := w.conv(40000).open(); c.req(10); w.wait(44 * time.Second); c.ans(0) },
	"both close at once": func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		i, o := c.inext, c.onext
		w.emit(c.tcp(true, i, o, fin|ack, nil))
		w.emit(c.tcp(false, o, i, fin|ack, nil))
		w.emit(c.tcp(true, i+1, o+1, ack, nil))
		w.emit(c.tcp(false, o+1, i+1, ack, nil))
	},
	"wrong checksum of a request": func(w *world) { // answered FAIL by IoTDB, still one request
		c := w.conv(40000).open()
		b := c.requestBytes(100)
		b[12]++
		c.in(ack|psh, b)
		c.ans(0xff)
		c.ask(10, 0)
	},
	"lengths differ": func(w *world) {
		c := w.conv(40000).open()
		b := c.requestBytes(100)
		b[3]++
		c.in(ack|psh, b)
		c.back(ack|psh, []byte{0xff})
		c.back(fin|ack, nil)
	},
	"segment damaged on the way": func(w *world) {
		c := w.conv(40000).open()
		b := c.requestBytes(100)
		w.emit(c.tcp(true, c.inext, c.onext, ack|psh, b))
		w.last().data[80] ^= 1
		w.wait(200 * time.Millisecond)
		c.in(ack|psh, b)
		c.ans(0)
	},
	"captured on the sender, checksums not filled in": func(w *world) {
		c := w.conv(40000).open()
		c.ask(3000, 0)
		c.close()
		for i := range w.pkts {
			partialSum(w.pkts[i].data)
		}
	},
	"request in IP fragments": func(w *world) {
		c := w.conv(40000)
		c.mss = 4000
		c.open()
		b := c.requestBytes(3000)
		whole := c.tcp(true, c.inext, c.onext, ack|psh, b)
		for _, i := range []int{3, 1, 0, 2} {
			w.emit(fragmentOf(whole, i*1000, min((i+1)*1000, len(whole)-34), 77))
		}
		c.inext += uint32(len(b))
		c.ans(0)
	},
	"arp and neighbour discovery": func(w *world) {
		w.emit(arp(1))
		w.emit(arp(2))
		w.conv(40000).open().ask(10, 0)
	},
	"echo": func(w *world) {
		w.emit(w.ip(true, layers.IPProtocolICMPv4, &layers.ICMPv4{TypeCode: 8 << 8, Id: 1, Seq: 2}, gopacket.Payload("0123456789")))
		w.emit(w.ip(false, layers.IPProtocolICMPv4, &layers.ICMPv4{TypeCode: 0, Id: 1, Seq: 2}, gopacket.Payload("0123456789")))
		w.conv(40000).open().ask(10, 0)
	},
	"fragmentation needed": func(w *world) {
		c := w.conv(40000).open()
		c.req(2000)
		big := w.pkts[3].data
		w.emit(w.ip(false, layers.IPProtocolICMPv4, &layers.ICMPv4{TypeCode: 3<<8 | 4, Seq: 1400}, gopacket.Payload(big[14:14+20+8])))
		w.emit(w.ip(false, layers.IPProtocolICMPv4, &layers.ICMPv4{TypeCode: 3<<8 | 4, Seq: 1400}, gopacket.Payload(big[14:200])))
		c.ans(0)
	},
	"many connections": func(w *world) {
		for i := range 50 {
			c := w.conv(41000 + uint16(i)).open()
			c.ask(10+i, 0)
			if i%2 == 0 {
				c.close()
			}
		}
	},
	"selective acknowledgement": func(w *world) {
		c := w.conv(40000).open()
		c.req(3000)
		c.edit = func(t *layers.TCP) {
			t.Options = append(t.Options, layers.TCPOption{OptionType: layers.TCPOptionKindSACK, OptionLength: 10, OptionData: make([]byte, 8)})
		}
		c.back(ack, nil)
		c.edit = nil
		c.ans(0)
	},
	"ethernet padding": func(w *world) {
		c := w.conv(40000)
		c.stamps = false
		c.open()
		c.ask(10, 0)
		for i, p := range w.pkts {
			if len(p.data) < 60 {
				w.pkts[i].data = append(p.data, make([]byte, 60-len(p.data))...)
			}
		}
	},
	"answer captured just before its request": func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		w.pkts[3], w.pkts[5] = w.pkts[5], w.pkts[3]
		w.pkts[3].time, w.pkts[5].time = w.now, w.now+5e4
	},
}

// cheats are captures in which something comes back that must not, with the kind
// of finding each must show.
var cheats = map[string]struct {
	kind Kind
	make func(w *world)
}{
	"second byte": {SecondByte, func(w *world) { c := w.conv(40000).open(); c.ask(10, 0); c.ans(0) }},
	"second byte in the same segment": {SecondByte, func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		c.back(ack|psh, []byte{0, 0xff})
	}},
	"01":                   {Alphabet, func(w *world) { c := w.conv(40000).open(); c.ask(10, 1) }},
	"fe":                   {Alphabet, func(w *world) { c := w.conv(40000).open(); c.ask(10, 0xfe) }},
	"byte without request": {Unasked, func(w *world) { c := w.conv(40000).open(); c.ans(0) }},
	"banner":               {Unasked, func(w *world) { c := w.conv(40000).open(); c.back(ack|psh, []byte("SSH-2.0-x\r\n")) }},
	"byte before the end":  {Early, func(w *world) { c := w.conv(40000).open(); c.in(ack|psh, c.requestBytes(100)[:90]); c.ans(0) }},
	"byte after FIN":       {AfterClose, func(w *world) { c := w.conv(40000).open(); c.req(10); c.back(fin|ack, nil); c.onext--; c.ans(0) }},
	"byte behind FIN":      {AfterClose, func(w *world) { c := w.conv(40000).open(); c.req(10); c.back(fin|ack, nil); c.ans(0) }},
	"byte after own reset": {AfterClose, func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		w.emit(c.tcp(false, c.onext, c.inext, rst|ack, nil))
		c.ans(0)
	}},
	"byte long after reset": {AfterClose, func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		c.in(rst|ack, nil)
		w.wait(time.Minute)
		c.ans(0)
	}},
	"data on SYN": {SynData, func(w *world) {
		c := w.conv(40000)
		c.inext, c.onext = c.isn, c.osn
		c.in(syn, nil)
		w.emit(c.tcp(false, c.osn, c.inext, syn|ack, []byte("hi")))
	}},
	"data on RST": {RstData, func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		w.emit(c.tcp(false, c.onext, c.inext, rst|ack, []byte("go away")))
	}},
	"data on RST to SYN": {RstData, func(w *world) {
		c := w.conv(40000)
		c.inext = c.isn
		c.in(syn, nil)
		w.emit(c.tcp(false, 0, c.inext, rst|ack, []byte("no")))
	}},
	"SYN from outside": {OpenedOutside, func(w *world) {
		w.conv(40000).open().ask(10, 0)
		c := w.conv(9780)
		c.gate = 50000
		w.emit(c.tcp(false, c.osn, 0, syn, nil))
	}},
	"SYN from outside, accepted": {OpenedOutside, func(w *world) {
		w.conv(40000).open().ask(10, 0)
		c := w.conv(22)
		c.gate = 50000
		w.emit(c.tcp(false, c.osn, 0, syn, nil))
		w.emit(c.tcp(true, c.isn, c.osn+1, syn|ack, nil))
	}},
	"SYN from outside from the gate's port": {OpenedOutside, func(w *world) {
		w.conv(40000).open().ask(10, 0)
		c := w.conv(50000)
		w.emit(c.tcp(false, c.osn, 0, syn, nil))
	}},
	"overlap that disagrees": {Overlap, func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		w.emit(c.tcp(false, c.onext-1, c.inext, ack|psh, []byte{0xff}))
	}},
	"overlap that disagrees, longer": {Overlap, func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		c.req(10)
		w.emit(c.tcp(false, c.onext-1, c.inext, ack|psh, []byte{0xff, 0}))
	}},
	"garbage in a keep-alive": {Overlap, func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		w.wait(time.Hour)
		w.emit(c.tcp(false, c.onext-1, c.inext, ack, []byte{0x41}))
	}},
	"urgent pointer": {Urgent, func(w *world) {
		c := w.conv(40000).open()
		c.edit = func(t *layers.TCP) { t.Urgent = 0x4142 }
		c.ask(10, 0)
	}},
	"urgent byte": {Urgent, func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		c.edit = func(t *layers.TCP) { t.URG, t.Urgent = true, 1 }
		c.ans(0)
	}},
	"reserved bits": {Flags, func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		w.emit(c.tcp(false, c.onext, c.inext, ack, nil))
		w.last().data[14+20+12] |= 4
	}},
	"ack number without ACK": {Flags, func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		w.emit(c.tcp(false, c.onext, 0x41424344, rst, nil))
	}},
	"foreign option": {Option, func(w *world) {
		c := w.conv(40000).open()
		c.edit = func(t *layers.TCP) {
			t.Options = append(t.Options, layers.TCPOption{OptionType: 253, OptionLength: 6, OptionData: []byte("leak")})
		}
		c.ask(10, 0)
	}},
	"bytes behind the end of the options": {Option, func(w *world) {
		c := w.conv(40000)
		c.stamps = false
		c.open()
		c.ask(10, 0)
		c.edit = func(t *layers.TCP) {
			t.Options = slices.Repeat([]layers.TCPOption{{OptionType: layers.TCPOptionKindNop}}, 4)
		}
		c.back(ack, nil)
		copy(w.last().data[14+20+20:], []byte{0, 0, 0, 7})
	}},
	"IP options": {IPOption, func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		b := c.tcp(false, c.onext, c.inext, ack, nil)
		with := slices.Concat(b[:34], []byte{0x88, 4, 0x41, 0x42}, b[34:])
		with[14]++
		binary.BigEndian.PutUint16(with[16:], binary.BigEndian.Uint16(with[16:])+4)
		with[24], with[25] = 0, 0
		w.emit(with)
	}},
	"padding": {Padding, func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		w.emit(append(c.tcp(false, c.onext, c.inext, ack, nil), 0, 0, 'x'))
	}},
	"wrong checksum": {BadChecksum, func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		w.emit(c.tcp(false, c.onext, c.inext, ack|psh, []byte("secret")))
		w.last().data[14+20+16] ^= 0x55
		c.ans(0)
	}},
	"ICMP echo from outside": {ICMP, func(w *world) {
		w.conv(40000).open().ask(10, 0)
		w.emit(w.ip(false, layers.IPProtocolICMPv4, &layers.ICMPv4{TypeCode: 8 << 8, Id: 1}, gopacket.Payload("ping")))
	}},
	"ICMP reply with other bytes": {ICMP, func(w *world) {
		w.conv(40000).open().ask(10, 0)
		w.emit(w.ip(true, layers.IPProtocolICMPv4, &layers.ICMPv4{TypeCode: 8 << 8, Id: 1}, gopacket.Payload("ping")))
		w.emit(w.ip(false, layers.IPProtocolICMPv4, &layers.ICMPv4{TypeCode: 0, Id: 1}, gopacket.Payload("pong")))
	}},
	"ICMP error that quotes other bytes": {ICMP, func(w *world) {
		c := w.conv(40000).open()
		c.req(2000)
		quote := slices.Clone(w.pkts[3].data[14:300])
		quote[200] ^= 1
		w.emit(w.ip(false, layers.IPProtocolICMPv4, &layers.ICMPv4{TypeCode: 3<<8 | 4}, gopacket.Payload(quote)))
	}},
	"ICMPv6 echo from outside": {ICMP, func(w *world) {
		w.v6 = true
		w.conv(40000).open().ask(10, 0)
		w.emit(w.ip(false, layers.IPProtocolICMPv6, &layers.ICMPv6{TypeCode: 128 << 8}, gopacket.Payload("ping")))
	}},
	"UDP": {OtherTraffic, func(w *world) {
		w.conv(40000).open().ask(10, 0)
		w.emit(w.ip(false, layers.IPProtocolUDP, &layers.UDP{SrcPort: 53, DstPort: 5000}, gopacket.Payload("x")))
	}},
	"frame of another protocol": {OtherTraffic, func(w *world) {
		w.conv(40000).open().ask(10, 0)
		w.emit(append(slices.Concat(macInner, macOuter), 0x88, 0xcc, 1, 2, 3))
	}},
	"arp with a tail": {OtherTraffic, func(w *world) {
		w.conv(40000).open().ask(10, 0)
		w.emit(append(arp(2), 0, 0, 'x'))
	}},
	"fragments that differ": {Fragment, func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		whole := c.tcp(false, c.onext, c.inext, ack|psh, make([]byte, 100))
		w.emit(fragmentOf(whole, 0, 64, 5))
		other := slices.Clone(whole)
		other[14+20+60] = 9
		w.emit(fragmentOf(other, 40, len(other)-34, 5))
	}},
	"fragments that stay": {Fragment, func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		w.emit(fragmentOf(c.tcp(false, c.onext, c.inext, ack|psh, make([]byte, 100)), 0, 64, 5))
	}},
	"fragments that stay, others between": {Fragment, func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		w.emit(fragmentOf(c.tcp(false, c.onext, c.inext, ack|psh, make([]byte, 100)), 0, 64, 5))
		whole := c.tcp(false, c.onext, c.inext, ack|psh, []byte{0})
		w.emit(fragmentOf(whole, 0, 32, 6))
		w.emit(fragmentOf(whole, 32, len(whole)-34, 6))
	}},
	"two bytes for a broken request": {SecondByte, func(w *world) {
		c := w.conv(40000).open()
		b := c.requestBytes(100)
		b[3]++
		c.in(ack|psh, b)
		c.ans(0xff)
		c.ans(0xff)
	}},
	"byte in front of the stream": {Unasked, func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		w.emit(c.tcp(false, c.osn-4, c.inext, ack|psh, []byte("abc")))
		c.ans(0)
	}},
	"bytes far outside the window": {SecondByte, func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		w.emit(c.tcp(false, c.onext+100000, c.inext, ack|psh, []byte{0}))
	}},
	"not our frames": {Early, func(w *world) {
		c := w.conv(40000).open()
		c.in(ack|psh, []byte("GET"))
		c.back(ack|psh, []byte("HTTP/1.1 200 OK"))
	}},
	"a long connection with a hole": {SecondByte, func(w *world) { // the inner side acknowledges what the capture lacks
		c := w.conv(40000).open()
		c.ask(10, 0)
		c.onext += 5000
		c.in(ack, nil)
		c.ask(10, 0)
	}},
}

// unclear are captures that can be neither passed nor failed.
var unclear = map[string]struct {
	doubt Doubt
	make  func(w *world)
}{
	"empty":      {Nothing, func(w *world) {}},
	"no request": {Nothing, func(w *world) { w.conv(40000).open().close() }},
	"middle of a connection": {StartUnseen, func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		c.ask(3000, 0)
		c.ask(10, 0xff)
		w.pkts = w.pkts[5:]
	}},
	"SYN not captured":        {StartUnseen, func(w *world) { c := w.conv(40000).open(); c.ask(10, 0); w.pkts = w.pkts[1:] }},
	"answer to SYN not there": {StartUnseen, func(w *world) { c := w.conv(40000).open(); c.ask(10, 0); w.pkts = slices.Delete(w.pkts, 1, 2) }},
	"part of a request not captured": {HoleOut, func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		c.ask(9000, 0)
		c.ask(10, 0)
		w.pkts = slices.Delete(w.pkts, 9, 10)
	}},
	"start of a request not captured": {HoleOut, func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		c.ask(9000, 0)
		c.ask(10, 0)
		w.pkts = slices.Delete(w.pkts, 7, 8)
	}},
	"answer not captured": {HoleBack, func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		c.ask(10, 0)
		c.ask(10, 0)
		w.pkts = slices.Delete(w.pkts, 9, 10)
	}},
	"last answer not captured": {HoleBack, func(w *world) { c := w.conv(40000).open(); c.ask(10, 0); w.pkts = slices.Delete(w.pkts, 5, 6) }},
	"cut packets": {CutPacket, func(w *world) {
		w.conv(40000).open().ask(3000, 0)
		for i, p := range w.pkts {
			w.pkts[i].data, w.pkts[i].wire = p.data[:min(96, len(p.data))], len(p.data)
		}
	}},
	"cut headers": {CutPacket, func(w *world) {
		w.conv(40000).open().ask(3000, 0)
		w.pkts[4].data, w.pkts[4].wire = w.pkts[4].data[:40], len(w.pkts[4].data)
	}},
	"damaged answer": {Damaged, func(w *world) {
		c := w.conv(40000).open()
		c.req(10)
		w.emit(c.tcp(false, c.onext, c.inext, ack|psh, []byte{0xff}))
		w.last().data[14+20+16] ^= 0x55
		c.ans(0xff)
	}},
	"inner address made up by the outer side": {SidesMixed, func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		b := w.ip(true, layers.IPProtocolUDP, &layers.UDP{SrcPort: 5, DstPort: 7}, gopacket.Payload("secret"))
		copy(b[6:12], macOuter)
		w.emit(b)
	}},
	"inner address on a second link address": {SidesMixed, func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		b := w.ip(true, layers.IPProtocolUDP, &layers.UDP{SrcPort: 5, DstPort: 7}, gopacket.Payload("secret"))
		b[11] = 77
		w.emit(b)
	}},
	"lldp of nobody": {WhichWay, func(w *world) {
		w.conv(40000).open().ask(10, 0)
		w.emit([]byte{1, 0x80, 0xc2, 0, 0, 0xe, 9, 9, 9, 9, 9, 9, 0x88, 0xcc, 1, 2, 3})
	}},
	"request that differs when resent": {Disagree, func(w *world) {
		c := w.conv(40000).open()
		b := c.requestBytes(100)
		w.emit(c.tcp(true, c.inext, c.onext, ack, b[:50]))
		b[30] ^= 1
		c.in(ack|psh, b)
		c.ans(0xff)
	}},
	"answer that acknowledges what never came": {HoleOut, func(w *world) {
		c := w.conv(40000).open()
		c.ask(10, 0)
		c.inext += 500
		c.ans(0)
	}},
	"answer long before its request": {LateRequest, func(w *world) {
		c := w.conv(40000).open()
		b := c.requestBytes(10)
		w.emit(c.tcp(false, c.onext, c.inext+uint32(len(b)), ack|psh, []byte{0}))
		w.wait(50 * time.Millisecond)
		c.in(ack|psh, b)
		c.onext++
		c.in(ack, nil)
	}},
}

func TestHonest(t *testing.T) {
	for name, build := range honest {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			build(w)
			if r := judge(t, named(), w.pkts); r.Verdict != Passed {
				t.Errorf("%s", explain(r))
			}
		})
	}
}

func TestCheats(t *testing.T) {
	for name, c := range cheats {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.make(w)
			if r := judge(t, named(), w.pkts); r.Verdict != Failed || r.Findings.Counts[c.kind] == 0 {
				t.Errorf("want a finding %s: %s", c.kind, explain(r))
			}
		})
	}
}

func TestUnclear(t *testing.T) {
	for name, c := range unclear {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.make(w)
			if r := judge(t, named(), w.pkts); r.Verdict != NotProven || r.Doubts.Counts[c.doubt] == 0 {
				t.Errorf("want a doubt %s: %s", c.doubt, explain(r))
			}
		})
	}
}

// fragmentOf cuts bytes from to to of the IP payload out of an Ethernet packet
// with an IPv4 header of 20 bytes.
func fragmentOf(whole []byte, from, to int, id uint16) []byte {
	f := append(slices.Clone(whole[:34]), whole[34+from:34+to]...)
	binary.BigEndian.PutUint16(f[16:], uint16(len(f)-14))
	binary.BigEndian.PutUint16(f[18:], id)
	more := uint16(0)
	if to < len(whole)-34 {
		more = 0x2000
	}
	binary.BigEndian.PutUint16(f[20:], more|uint16(from/8))
	f[24], f[25] = 0, 0
	return f
}

// partialSum leaves only the sum of the pseudo header in the checksum.
func partialSum(b []byte) {
	s := uint32(6) + uint32(len(b)-34)
	for i := 26; i < 34; i += 2 {
		s += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	binary.BigEndian.PutUint16(b[14+20+16:], uint16(s))
}

// arp builds a request (1) of the inner or a reply (2) of the outer side.
func arp(op byte) []byte {
	src, dst := macInner, macOuter
	a, b := net.IP{10, 1, 0, 5}, net.IP{10, 2, 0, 9}
	if op == 2 {
		src, dst, a, b = dst, src, b, a
	}
	return slices.Concat([]byte(dst), src, []byte{8, 6, 0, 1, 8, 0, 6, 4, 0, op}, src, []byte(a), dst, []byte(b))
}

func TestSidesMustBeNamed(t *testing.T) {
	w := newWorld(t)
	w.conv(40000).open().ask(10, 0)
	if r := judge(t, Settings{}, w.pkts); r.Verdict != NotProven || r.Doubts.Counts[SidesGuessed] != 1 {
		t.Error(explain(r))
	}
	e, err := ParseEndpoint("10.2.0.9:9780")
	if err != nil {
		t.Fatal(err)
	}
	if r := judge(t, Settings{Gate: []Endpoint{e}}, w.pkts); r.Verdict != Passed {
		t.Error(explain(r))
	}
}

// TestOuterCable: what the outer side tries on its own cable is an attempt; only
// a capture of the inner cable shows that it went no further.
func TestOuterCable(t *testing.T) {
	build := func(inner bool) []packet {
		w := newWorld(t)
		w.cable = 1
		w.conv(40000).open().ask(10, 0)
		c := w.conv(22)
		c.gate = 50000
		w.emit(c.tcp(false, c.osn, 0, syn, nil))
		w.emit(c.tcp(true, 0, c.osn+1, rst|ack, nil))
		w.emit(w.ip(false, layers.IPProtocolUDP, &layers.UDP{SrcPort: 5, DstPort: 7}, gopacket.Payload("x")))
		if inner {
			w.cable = 0
			w.conv(40000).open().ask(10, 0)
		}
		return w.pkts
	}
	s := named()
	s.OuterCables = []string{"b"}
	if r := judge(t, s, build(true)); r.Verdict != Passed || r.Attempts.Total != 2 {
		t.Errorf("attempts %v: %s", r.Attempts, explain(r))
	}
	if r := judge(t, s, build(false)); r.Verdict != NotProven || r.Doubts.Counts[OuterAttempts] != 1 {
		t.Error(explain(r))
	}
	if r := judge(t, named(), build(true)); r.Verdict != Failed {
		t.Error(explain(r))
	}
}

func TestScopeOfEndpoints(t *testing.T) {
	w := newWorld(t)
	w.conv(40000).open().ask(10, 0)
	w.emit(w.ip(false, layers.IPProtocolUDP, &layers.UDP{SrcPort: 5, DstPort: 7}, gopacket.Payload("x")))
	c := w.conv(22)
	c.gate = 50000
	w.emit(c.tcp(false, c.osn, 0, syn, nil))
	s := Settings{Scope: GateEndpoints, Gate: []Endpoint{{Net: netip.MustParsePrefix("10.2.0.9/32"), Port: 9780}}}
	if r := judge(t, s, w.pkts); r.Verdict != Passed || r.Seen.Outside != 2 {
		t.Errorf("outside %d: %s", r.Seen.Outside, explain(r))
	}
}
