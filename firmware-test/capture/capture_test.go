package capture

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// sample builds an Ethernet packet with a TCP segment.
func sample(t testing.TB, v6, vlan bool, payload string) []byte {
	t.Helper()
	eth := &layers.Ethernet{SrcMAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, DstMAC: net.HardwareAddr{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}
	tcp := &layers.TCP{SrcPort: 40000, DstPort: 9780, Seq: 7, Ack: 9, ACK: true, PSH: true, Window: 100, Urgent: 3,
		Options: []layers.TCPOption{{OptionType: layers.TCPOptionKindNop}, {OptionType: layers.TCPOptionKindNop}, {OptionType: 8, OptionLength: 10, OptionData: []byte("12345678")}}}
	chain := []gopacket.SerializableLayer{eth}
	if vlan {
		chain = append(chain, &layers.Dot1Q{VLANIdentifier: 5, Type: layers.EthernetTypeIPv4})
	}
	if v6 {
		ip := &layers.IPv6{Version: 6, SrcIP: net.ParseIP("fd00::1"), DstIP: net.ParseIP("fd00::2"), NextHeader: layers.IPProtocolTCP, HopLimit: 9, FlowLabel: 77, TrafficClass: 3}
		_ = tcp.SetNetworkLayerForChecksum(ip)
		if eth.EthernetType = layers.EthernetTypeIPv6; vlan {
			chain[1].(*layers.Dot1Q).Type = layers.EthernetTypeIPv6
		}
		chain = append(chain, ip)
	} else {
		ip := &layers.IPv4{Version: 4, SrcIP: net.IP{10, 0, 0, 1}, DstIP: net.IP{10, 0, 0, 2}, Protocol: layers.IPProtocolTCP, TTL: 9, TOS: 4, Id: 99}
		_ = tcp.SetNetworkLayerForChecksum(ip)
		chain = append(chain, ip)
	}
	if vlan {
		eth.EthernetType = layers.EthernetTypeDot1Q
	}
	buf := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, append(chain, tcp, gopacket.Payload(payload))...); err != nil {
		t.Fatal(err)
	}
	return slices.Clone(buf.Bytes())
}

func pcapFile(t testing.TB, nanos bool, times []int64, pkts ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	if nanos {
		w = pcapgo.NewWriterNanos(&b)
	}
	if err := w.WriteFileHeader(65536, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for i, p := range pkts {
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: time.Unix(0, times[i]), CaptureLength: len(p), Length: len(p)}, p); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func zipped(b []byte) []byte {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write(b)
	_ = w.Close()
	return z.Bytes()
}

func all(t testing.TB, r *Reader) (got []Packet) {
	t.Helper()
	var p Packet
	for {
		err := r.Next(&p)
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		p.Data = slices.Clone(p.Data)
		got = append(got, p)
	}
}

func TestFilesMergedByTime(t *testing.T) {
	dir := t.TempDir()
	a, b, c := sample(t, false, false, "a"), sample(t, true, false, "b"), sample(t, false, true, "c")
	one, two := pcapFile(t, true, []int64{1e9, 3e9 + 7}, a, c), zipped(pcapFile(t, false, []int64{2e9}, b))
	for name, data := range map[string][]byte{"1.pcap": one, "2.pcap.gz": two} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := OpenAll([]Input{ParseInput("inner=" + dir + "/1.pcap"), ParseInput(dir + "/2.pcap.gz")})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := all(t, r)
	if len(got) != 3 || !bytes.Equal(got[0].Data, a) || !bytes.Equal(got[1].Data, b) || !bytes.Equal(got[2].Data, c) || got[2].Time != 3e9+7 {
		t.Fatalf("got %+v", got)
	}
	if names := r.Cables(); !slices.Equal(names, []string{"inner", ""}) || got[0].Cable != 0 || got[1].Cable != 1 {
		t.Errorf("cables %q, %d %d", names, got[0].Cable, got[1].Cable)
	}
	for i, want := range [][]byte{one, two} {
		sum := sha256.Sum256(want)
		if f := r.Files()[i]; f.SHA256 != hex.EncodeToString(sum[:]) || f.Bytes != int64(len(want)) || f.Damage != "" {
			t.Errorf("file %+v", f)
		}
	}
	if size, sum, err := Sum(dir + "/1.pcap"); err != nil || size != int64(len(one)) || sum != r.Files()[0].SHA256 {
		t.Errorf("Sum %d %s %v", size, sum, err)
	}
}

func TestPcapng(t *testing.T) {
	var b bytes.Buffer
	w, err := pcapgo.NewNgWriterInterface(&b, pcapgo.NgInterface{Name: "eth1", LinkType: layers.LinkTypeEthernet}, pcapgo.NgWriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.AddInterface(pcapgo.NgInterface{Name: "raw0", LinkType: layers.LinkTypeRaw}); err != nil {
		t.Fatal(err)
	}
	p := sample(t, false, false, "x")
	for i, data := range [][]byte{p, p[14:], p} {
		ci := gopacket.CaptureInfo{Timestamp: time.Unix(5, 0), CaptureLength: len(data), Length: len(data) + i/2*100, InterfaceIndex: i % 2}
		if err := w.WritePacket(ci, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.WriteInterfaceStats(0, pcapgo.NgInterfaceStatistics{PacketsReceived: 3, PacketsDropped: 2}), w.Flush()); err != nil {
		t.Fatal(err)
	}
	f, err := NewFile("x", "A", bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	r := NewReader(f)
	got := all(t, r)
	if len(got) != 3 || got[1].Link != layers.LinkTypeRaw || got[2].Length != len(p)+100 || !slices.Equal(r.Cables(), []string{"A/eth1", "A/raw0"}) {
		t.Fatalf("%q %+v", r.Cables(), got)
	}
	if i := r.Files()[0]; i.Dropped != 2 || i.Cut != 1 || i.Packets != 3 {
		t.Errorf("%+v", i)
	}
}

// TestCutFiles: a file cut anywhere is read as far as it goes, and says so.
func TestCutFiles(t *testing.T) {
	whole := pcapFile(t, true, []int64{1e9, 2e9}, sample(t, false, false, "a"), sample(t, false, false, "b"))
	ends := map[int]bool{24: true, 24 + (len(whole)-24)/2: true, len(whole): true}
	for n := range len(whole) + 1 {
		f, err := NewFile("x", "", bytes.NewReader(whole[:n]))
		if err != nil {
			if n >= 24 {
				t.Errorf("cut at %d: %v", n, err)
			}
			continue
		}
		all(t, NewReader(f))
		if i := f.Info(); (i.Damage == "") != ends[n] || i.Bytes != int64(n) {
			t.Errorf("cut at %d: %+v", n, i)
		}
	}
	if _, err := NewFile("x", "", bytes.NewReader([]byte("not a capture at all"))); !errors.Is(err, ErrFormat) {
		t.Errorf("got %v", err)
	}
}

// TestCutPcapng: only between two blocks is the end of a file no damage.
func TestCutPcapng(t *testing.T) {
	var b bytes.Buffer
	w, err := pcapgo.NewNgWriter(&b, layers.LinkTypeEthernet)
	if err != nil {
		t.Fatal(err)
	}
	p := sample(t, false, false, "x")
	for range 2 {
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: time.Unix(5, 0), CaptureLength: len(p), Length: len(p)}, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.WriteInterfaceStats(0, pcapgo.NgInterfaceStatistics{PacketsReceived: 2}), w.Flush()); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	ends := map[int]bool{}
	for at := 0; at < len(whole); {
		at += int(binary.LittleEndian.Uint32(whole[at+4:]))
		ends[at] = true
	}
	for n := range len(whole) + 1 {
		f, err := NewFile("x", "", bytes.NewReader(whole[:n]))
		if err != nil {
			continue
		}
		all(t, NewReader(f))
		if i := f.Info(); (i.Damage == "") != ends[n] {
			t.Errorf("cut at %d: %+v", n, i)
		}
	}
}

// TestDecodeAgainstGopacket compares the parser with gopacket's.
func TestDecodeAgainstGopacket(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		for _, vlan := range []bool{false, true} {
			data := sample(t, v6, vlan, "hello")
			var h Headers
			var c TCP
			pkt := Packet{Data: append(slices.Clone(data), 0, 0, 1), Length: len(data) + 3, Link: layers.LinkTypeEthernet}
			if err := errors.Join(Decode(&pkt, &h), DecodeTCP(&h.IP, &c)); err != nil {
				t.Fatal(err)
			}
			g := gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.Default)
			tcp := g.Layer(layers.LayerTypeTCP).(*layers.TCP)
			src, _ := netip.AddrFromSlice(g.NetworkLayer().NetworkFlow().Src().Raw())
			if h.IP.Src != src || h.IP.TTL != 9 || c.Seq != tcp.Seq || c.Ack != tcp.Ack || c.Flags != ACK|PSH || c.Urgent != 3 ||
				c.Sum != tcp.Checksum || c.Window != 100 || string(c.Payload) != "hello" || c.Length != 5 || len(c.Options) != 12 || !bytes.Equal(h.Link.Trailer, []byte{0, 0, 1}) {
				t.Errorf("v6 %t vlan %t: %+v %+v", v6, vlan, h, c)
			}
			if TransportSum(&h.IP, c.Sum) != SumGood {
				t.Error("a good checksum is not good")
			}
			h.IP.Payload[len(h.IP.Payload)-1] ^= 1
			if TransportSum(&h.IP, c.Sum) != SumBad {
				t.Error("a bad checksum is not bad")
			}
			if vlan && h.Link.Tags != 5 || v6 && h.IP.Label != 77 {
				t.Errorf("tags %x label %d", h.Link.Tags, h.IP.Label)
			}
		}
	}
}

func TestFrameCheckSequence(t *testing.T) {
	data := append(sample(t, false, false, ""), 0, 0)
	fcs := gopacketCRC(data)
	with := append(slices.Clone(data), fcs...)
	var h Headers
	if err := Decode(&Packet{Data: with, Length: len(with), Link: layers.LinkTypeEthernet}, &h); err != nil || !bytes.Equal(h.Link.Trailer, []byte{0, 0}) {
		t.Errorf("trailer % x, %v", h.Link.Trailer, err)
	}
}

// gopacketCRC is the obvious CRC-32 of Ethernet, bit by bit.
func gopacketCRC(b []byte) []byte {
	c := ^uint32(0)
	for _, x := range b {
		c ^= uint32(x)
		for range 8 {
			c = c>>1 ^ 0xedb88320*(c&1)
		}
	}
	return binary.LittleEndian.AppendUint32(nil, ^c)
}

// TestChecksumAgainstObvious compares the checksum with 16 bits at a time.
func TestChecksumAgainstObvious(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		b := make([]byte, r.IntN(200))
		for i := range b {
			b[i] = byte(r.Uint32() >> r.IntN(9) * 255)
		}
		start := r.Uint64() >> r.IntN(64)
		sum := uint64(0)
		for s := start; s > 0; s >>= 16 {
			sum += s & 0xffff
		}
		for i := 0; i < len(b); i += 2 {
			sum += uint64(b[i]) << 8
			if i+1 < len(b) {
				sum += uint64(b[i+1])
			}
		}
		for sum > 0xffff {
			sum = sum>>16 + sum&0xffff
		}
		if got := Checksum(start, b); uint64(got) != sum && !(got == 0xffff && sum == 0 || got == 0 && sum == 0xffff) {
			t.Fatalf("start %x % x: %04x, expected %04x", start, b, got, sum)
		}
	}
}

func TestFragments(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		whole := make([]byte, 8+r.IntN(4000))
		for i := range whole {
			whole[i] = byte(i * 31)
		}
		var f Fragments
		type part struct{ from, to int }
		var parts []part
		for at := 0; at < len(whole); {
			n := min(8*(1+r.IntN(60)), len(whole)-at)
			parts = append(parts, part{at, at + n}, part{max(0, at-8*r.IntN(3)), at + n})
			at += n
		}
		r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		done := 0
		for _, p := range parts {
			ip := IP{Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2"), Proto: 6, ID: 5, Offset: p.from, More: p.to < len(whole), Payload: whole[p.from:p.to]}
			ok, conflict := f.Add(0, 1, &ip)
			if conflict {
				t.Fatal("conflict")
			}
			if ok {
				if done++; !bytes.Equal(ip.Payload, whole) || ip.Fragment() {
					t.Fatal("put together wrongly")
				}
			}
		}
		if done == 0 {
			t.Fatal("never whole")
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, v6 := range []bool{false, true} {
		f.Add(sample(f, v6, v6, "hello"), uint8(1), uint16(0))
		f.Add(sample(f, v6, v6, "hello")[14:], uint8(101), uint16(7))
	}
	f.Fuzz(func(t *testing.T, data []byte, link uint8, more uint16) {
		var h Headers
		var c TCP
		p := Packet{Data: data, Length: len(data) + int(more), Link: layers.LinkType(link)}
		if Decode(&p, &h) == nil && h.IsIP() && h.IP.Proto == ProtoTCP && DecodeTCP(&h.IP, &c) == nil {
			if c.Length < len(c.Payload) || h.IP.Missing < 0 {
				t.Fatalf("%+v %+v", h, c)
			}
		}
	})
}

func FuzzFile(f *testing.F) {
	one := pcapFile(f, true, []int64{1e9}, sample(f, false, false, "a"))
	f.Add(one)
	f.Add(zipped(one))
	var b bytes.Buffer
	w, _ := pcapgo.NewNgWriter(&b, layers.LinkTypeEthernet)
	_ = w.WritePacket(gopacket.CaptureInfo{CaptureLength: 20, Length: 20}, make([]byte, 20))
	_ = w.Flush()
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := NewFile("x", "", bytes.NewReader(data))
		if err != nil {
			return
		}
		all(t, NewReader(c))
	})
}
