package oneway

import (
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
	"github.com/sluice-gateway/sluice/framing"
)

// packet is one generated packet.
type packet struct {
	time  int64
	data  []byte
	wire  int // length on the wire, 0 = len(data)
	cable int
}

// world collects generated packets. gopacket writes them, so that the parser is
// not tested with its own mirror.
type world struct {
	t     testing.TB
	now   int64
	pkts  []packet
	cable int
	v6    bool
	vlan  bool
	macs  [2]net.HardwareAddr
}

var (
	macInner = net.HardwareAddr{2, 0, 0, 0, 0, 1}
	macOuter = net.HardwareAddr{2, 0, 0, 0, 0, 2}
)

func newWorld(t testing.TB) *world {
	return &world{t: t, now: time.Date(2025, 3, 1, 8, 0, 0, 0, time.UTC).UnixNano()}
}

func (w *world) wait(d time.Duration) { w.now += int64(d) }

func (w *world) ips() (inner, outer net.IP) {
	if w.v6 {
		return net.ParseIP("fd00:1::5"), net.ParseIP("fd00:2::9")
	}
	return net.IP{10, 1, 0, 5}, net.IP{10, 2, 0, 9}
}

func (w *world) emit(b []byte) {
	w.now += 20e3
	w.pkts = append(w.pkts, packet{time: w.now, data: b, cable: w.cable})
}

// last returns the last packet.
func (w *world) last() *packet { return &w.pkts[len(w.pkts)-1] }

// ip builds link and IP headers around a transport layer.
func (w *world) ip(fromInner bool, proto layers.IPProtocol, transport ...gopacket.SerializableLayer) []byte {
	w.t.Helper()
	inner, outer := w.ips()
	src, dst, ms, md := inner, outer, macInner, macOuter
	if !fromInner {
		src, dst, ms, md = outer, inner, macOuter, macInner
	}
	eth := &layers.Ethernet{SrcMAC: ms, DstMAC: md, EthernetType: layers.EthernetTypeIPv4}
	var network interface {
		gopacket.SerializableLayer
		gopacket.NetworkLayer
	}
	if w.v6 {
		eth.EthernetType = layers.EthernetTypeIPv6
		network = &layers.IPv6{Version: 6, SrcIP: src, DstIP: dst, NextHeader: proto, HopLimit: 64}
	} else {
		network = &layers.IPv4{Version: 4, SrcIP: src, DstIP: dst, Protocol: proto, TTL: 64, Flags: layers.IPv4DontFragment}
	}
	chain := []gopacket.SerializableLayer{eth}
	if w.vlan {
		chain = append(chain, &layers.Dot1Q{VLANIdentifier: 42, Type: eth.EthernetType})
		eth.EthernetType = layers.EthernetTypeDot1Q
	}
	chain = append(chain, network)
	for _, l := range transport {
		switch l := l.(type) {
		case *layers.TCP:
			_ = l.SetNetworkLayerForChecksum(network)
		case *layers.UDP:
			_ = l.SetNetworkLayerForChecksum(network)
		case *layers.ICMPv6:
			_ = l.SetNetworkLayerForChecksum(network)
		}
	}
	chain = append(chain, transport...)
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, chain...); err != nil {
		w.t.Fatal(err)
	}
	return slices.Clone(buf.Bytes())
}

// conv is one TCP connection between the two sides.
type conv struct {
	w              *world
	port, gate     uint16
	isn, osn       uint32 // initial sequence numbers
	inext, onext   uint32 // next to send
	iwin, owin     uint16
	stamps         bool
	iecho, oecho   uint32
	mss            int
	frame          framing.Wrap
	payload        []byte
	lastReq        []byte
	lastReqSeq     uint32
	lastAnsFlags   uint8
	editOut, edit  func(*layers.TCP)
	opened, closed bool
}

func (w *world) conv(port uint16) *conv {
	return &conv{w: w, port: port, gate: 9780, isn: 0xfffff000 + uint32(port), osn: 0x7fffff00 + uint32(port), iwin: 502, owin: 509, stamps: true, mss: 1400}
}

const (
	fin = capture.FIN
	syn = capture.SYN
	rst = capture.RST
	psh = capture.PSH
	ack = capture.ACK
	urg = capture.URG
)

func stampOption(a, b uint32) layers.TCPOption {
	v := []byte{byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a), byte(b >> 24), byte(b >> 16), byte(b >> 8), byte(b)}
	return layers.TCPOption{OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: v}
}

// tcp builds a packet of the connection.
func (c *conv) tcp(fromInner bool, seq, ackn uint32, flags uint8, payload []byte) []byte {
	t := &layers.TCP{SrcPort: layers.TCPPort(c.port), DstPort: layers.TCPPort(c.gate), Seq: seq, Ack: ackn, Window: c.iwin,
		FIN: flags&fin != 0, SYN: flags&syn != 0, RST: flags&rst != 0, PSH: flags&psh != 0, ACK: flags&ack != 0, URG: flags&urg != 0}
	now := uint32(c.w.now / 1e6)
	if !fromInner {
		t.SrcPort, t.DstPort, t.Window = t.DstPort, t.SrcPort, c.owin
	}
	if t.SYN {
		t.Options = append(t.Options, layers.TCPOption{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{5, 180}},
			layers.TCPOption{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{7}},
			layers.TCPOption{OptionType: layers.TCPOptionKindSACKPermitted, OptionLength: 2})
	}
	if c.stamps && !t.RST {
		nop := layers.TCPOption{OptionType: layers.TCPOptionKindNop}
		if fromInner {
			t.Options = append(t.Options, nop, nop, stampOption(now+777, c.iecho))
			c.oecho = now + 777
		} else {
			t.Options = append(t.Options, nop, nop, stampOption(now+999, c.oecho))
			c.iecho = now + 999
		}
	}
	if !fromInner && c.edit != nil {
		c.edit(t)
	}
	if fromInner && c.editOut != nil {
		c.editOut(t)
	}
	return c.w.ip(fromInner, layers.IPProtocolTCP, t, gopacket.Payload(payload))
}

func (c *conv) in(flags uint8, payload []byte) { // from the inner side
	a := c.onext
	if flags&ack == 0 {
		a = 0
	}
	c.w.emit(c.tcp(true, c.inext, a, flags, payload))
	c.inext += uint32(len(payload))
	if flags&(syn|fin) != 0 {
		c.inext++
	}
}

func (c *conv) back(flags uint8, payload []byte) { // from the outer side
	a := c.inext
	if flags&ack == 0 {
		a = 0
	}
	c.w.emit(c.tcp(false, c.onext, a, flags, payload))
	c.onext += uint32(len(payload))
	if flags&(syn|fin) != 0 {
		c.onext++
	}
}

func (c *conv) open() *conv {
	c.inext, c.onext = c.isn, c.osn
	c.in(syn, nil)
	c.back(syn|ack, nil)
	c.in(ack, nil)
	c.opened = true
	return c
}

// segments cuts b and hands each segment with its sequence number to f.
func (c *conv) segments(b []byte, f func(seq uint32, p []byte)) {
	for at := 0; at < len(b); at += c.mss {
		f(c.inext+uint32(at), b[at:min(at+c.mss, len(b))])
	}
}

func (c *conv) requestBytes(n int) []byte {
	payload := make([]byte, max(n, 3))
	for i := range payload {
		payload[i] = byte(i*7 + n)
	}
	payload[0], payload[1], payload[2] = 1, 0, 2
	return framing.AppendFrame(nil, payload, c.frame)
}

// req sends one request of n bytes and the acknowledgement of the outer side.
func (c *conv) req(n int) {
	b := c.requestBytes(n)
	c.lastReq, c.lastReqSeq = b, c.inext
	c.segments(b, func(seq uint32, p []byte) { c.w.emit(c.tcp(true, seq, c.onext, ack|psh, p)) })
	c.inext += uint32(len(b))
	c.w.wait(time.Millisecond)
	c.back(ack, nil)
}

// ans sends one answer byte and the acknowledgement of the inner side.
func (c *conv) ans(v byte) {
	c.w.wait(2 * time.Millisecond)
	c.back(ack|psh, []byte{v})
	c.in(ack, nil)
}

func (c *conv) ask(n int, v byte) { c.req(n); c.ans(v) }

func (c *conv) close() {
	c.in(fin|ack, nil)
	c.back(fin|ack, nil)
	c.in(ack, nil)
	c.closed = true
}

// named are settings that say which side is which.
func named() Settings {
	return Settings{Inner: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/24"), netip.MustParsePrefix("fd00:1::/64")}}
}

// judge gives the packets of the world to a prover.
func judge(t testing.TB, s Settings, pkts []packet) *Report {
	t.Helper()
	p, err := New(s, func(i int) string { return []string{"a", "b"}[i] })
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range pkts {
		p.Packet(&capture.Packet{Data: k.data, Length: max(k.wire, len(k.data)), Time: k.time, Link: layers.LinkTypeEthernet, Cable: k.cable})
	}
	return p.Finish(nil)
}

func explain(r *Report) string {
	s := string(r.Verdict)
	for _, f := range r.Findings.First {
		s += "\n  finding " + f.String()
	}
	for _, d := range r.Doubts.First {
		s += "\n  doubt " + d.String()
	}
	return s
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

var _ io.Reader
