package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// blocks builds pcapng by hand, in either byte order.
type blocks struct {
	order binary.AppendByteOrder
	b     []byte
}

func (n *blocks) block(kind uint32, body ...[]byte) {
	all := slices.Concat(body...)
	all = append(all, make([]byte, -len(all)&3)...)
	n.b = n.order.AppendUint32(n.b, kind)
	n.b = n.order.AppendUint32(n.b, uint32(len(all)+12))
	n.b = append(n.b, all...)
	n.b = n.order.AppendUint32(n.b, uint32(len(all)+12))
}

func (n *blocks) nums(v ...any) (b []byte) {
	for _, x := range v {
		switch x := x.(type) {
		case uint16:
			b = n.order.AppendUint16(b, x)
		case uint32:
			b = n.order.AppendUint32(b, x)
		case uint64:
			b = n.order.AppendUint64(b, x)
		case string:
			b = append(b, x...)
		}
	}
	return b
}

func (n *blocks) option(code uint16, v ...any) []byte {
	val := n.nums(v...)
	b := append(n.nums(code, uint16(len(val))), val...)
	return append(b, make([]byte, -len(b)&3)...)
}

func (n *blocks) section(options ...[]byte) {
	n.block(blockSection, n.nums(uint32(0x1a2b3c4d), uint16(1), uint16(0), ^uint64(0)), slices.Concat(options...))
}

func (n *blocks) iface(link uint16, snap uint32, options ...[]byte) {
	n.block(blockInterface, n.nums(link, uint16(0), snap), slices.Concat(options...))
}

func (n *blocks) packet(id uint32, ticks uint64, data string, options ...[]byte) {
	n.block(blockPacket, n.nums(id, uint32(ticks>>32), uint32(ticks), uint32(len(data)), uint32(len(data))),
		append([]byte(data), make([]byte, -len(data)&3)...), slices.Concat(options...))
}

func readAll(t testing.TB, name string, b []byte) ([]Packet, FileInfo) {
	t.Helper()
	f, err := NewFile(name, "", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	r := NewReader(f)
	got := all(t, r)
	return got, r.Files()[0]
}

// TestSections: two sections of different byte order, interfaces with different
// names, link types and resolutions of time, every kind of packet block.
func TestSections(t *testing.T) {
	const second = uint64(1_700_000_000)
	big := blocks{order: binary.BigEndian}
	big.section(big.option(4, "dumpcap"))
	big.iface(1, 0, big.option(2, "eth1"), big.option(9, "\x09"), big.option(0))
	big.iface(101, 0, big.option(2, "eth2"), big.option(9, "\x94")) // 2^-20 seconds
	big.packet(0, second*1e9+7, "one", big.option(2, uint32(1)), big.option(4, uint64(3)))
	big.packet(1, second<<20+1<<19, "two")
	big.block(blockNames, []byte{0, 0, 0, 0})
	big.block(blockStatistics, big.nums(uint32(1), uint32(0), uint32(0)), big.option(5, uint64(10)), big.option(7, uint64(4)), big.option(0))
	little := blocks{order: binary.LittleEndian}
	little.section()
	little.iface(1, 6, little.option(2, "eth1"), little.option(14, uint64(1_000_000_000)), little.option(9, "\x03"))
	little.packet(0, (second-1_000_000_000+1)*1e3+250, "three")
	little.block(blockSimple, little.nums(uint32(9)), []byte("four45678"))
	little.block(blockOldPacket, little.nums(uint16(0), uint16(2), uint32(0), uint32(5000), uint32(4), uint32(4)), []byte("five"))
	got, info := readAll(t, "x", append(big.b, little.b...))
	want := []Packet{
		{Data: []byte("one"), Length: 3, Time: int64(second)*1e9 + 7, Link: layers.LinkTypeEthernet, Cable: 0},
		{Data: []byte("two"), Length: 3, Time: int64(second)*1e9 + 5e8, Link: layers.LinkTypeRaw, Cable: 1},
		{Data: []byte("three"), Length: 5, Time: int64(second+1)*1e9 + 25e7, Link: layers.LinkTypeEthernet, Cable: 0},
		{Data: []byte("four45"), Length: 9, Time: int64(second+1)*1e9 + 25e7, Link: layers.LinkTypeEthernet, Cable: 0},
		{Data: []byte("five"), Length: 4, Time: 1_000_000_005e9, Link: layers.LinkTypeEthernet, Cable: 0},
	}
	if len(got) != len(want) {
		t.Fatalf("%d packets: %+v", len(got), info)
	}
	for i, w := range want {
		if g := got[i]; string(g.Data) != string(w.Data) || g.Length != w.Length || g.Time != w.Time || g.Link != w.Link || g.Cable != w.Cable {
			t.Errorf("packet %d: %q %+v\nwant %q %+v", i, g.Data, g, w.Data, w)
		}
	}
	if info.Dropped != 3+14+2 || info.Cut != 1 || info.Damage != "" {
		t.Errorf("%+v", info)
	}
}

// TestDamagedBlocks: a file that contradicts itself is read no further, and says so.
func TestDamagedBlocks(t *testing.T) {
	start := func() *blocks {
		n := &blocks{order: binary.LittleEndian}
		n.section()
		n.iface(1, 0)
		n.packet(0, 1e15, "good")
		return n
	}
	for name, c := range map[string]struct {
		make func(n *blocks)
		want string
	}{
		"lengths differ":          {func(n *blocks) { n.packet(0, 1e15, "bad"); n.b[len(n.b)-1]++ }, "contradicts"},
		"length of 13":            {func(n *blocks) { n.b = append(n.b, n.nums(uint32(6), uint32(13), uint32(0), uint32(0))...) }, "contradicts"},
		"length of 4":             {func(n *blocks) { n.b = append(n.b, n.nums(uint32(6), uint32(4), uint32(0))...) }, "contradicts"},
		"packet behind its block": {func(n *blocks) { n.block(6, n.nums(uint32(0), uint32(0), uint32(0), uint32(500), uint32(500))) }, "contradicts"},
		"packet of 4 GiB":         {func(n *blocks) { n.block(6, n.nums(uint32(0), uint32(0), uint32(0), ^uint32(0), ^uint32(0))) }, "at most"},
		"block of 2 GiB":          {func(n *blocks) { n.b = append(n.b, n.nums(uint32(6), uint32(1<<31), uint32(0))...) }, "at most"},
		"unknown interface":       {func(n *blocks) { n.packet(1, 1e15, "bad") }, "interface 1 is not described"},
		"unknown block":           {func(n *blocks) { n.block(77, []byte("secret packets")) }, "0x4d"},
		"unknown version":         {func(n *blocks) { n.block(blockSection, n.nums(uint32(0x1a2b3c4d), uint16(2), uint16(0), uint64(0))) }, "version 2"},
		"option behind its block": {func(n *blocks) { n.packet(0, 1e15, "bad", n.nums(uint16(4), uint16(99))) }, "contradicts"},
		"resolution of 10^-99":    {func(n *blocks) { n.iface(1, 0, n.option(9, "\x63")) }, "resolution"},
	} {
		t.Run(name, func(t *testing.T) {
			n := start()
			c.make(n)
			got, info := readAll(t, "x", n.b)
			if !strings.Contains(info.Damage, c.want) || len(got) == 0 || string(got[0].Data) != "good" || info.Bytes != int64(len(n.b)) {
				t.Errorf("%d packets, %+v", len(got), info)
			}
		})
	}
}

// TestKilledRecording: a recording of ours that lacks its counters was killed.
func TestKilledRecording(t *testing.T) {
	for _, ended := range []bool{true, false} {
		n := &blocks{order: binary.LittleEndian}
		n.section(n.option(4, recorderName))
		n.iface(1, 0, n.option(2, "eth1"))
		n.packet(0, 1e15, "x")
		if ended {
			n.block(blockStatistics, n.nums(uint32(0), uint32(0), uint32(0)), n.option(5, uint64(0)))
		}
		if _, info := readAll(t, "x", n.b); (info.Damage == "") != ended {
			t.Errorf("ended %t: %+v", ended, info)
		}
	}
}

// TestPcapOrders: pcap in both byte orders and both resolutions.
func TestPcapOrders(t *testing.T) {
	for _, o := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, nano := range []bool{false, true} {
			n := blocks{order: o}
			magic, frac := uint32(0xa1b2c3d4), uint32(250_000)
			if nano {
				magic, frac = 0xa1b23c4d, 250_000_001
			}
			n.b = n.nums(magic, uint16(2), uint16(4), uint32(0), uint32(0), uint32(65535), uint32(0x1000_0000|113),
				uint32(1_700_000_000), frac, uint32(3), uint32(99), "abc")
			got, info := readAll(t, "x", n.b)
			want := int64(1_700_000_000.25e9)
			if nano {
				want++
			}
			if len(got) != 1 || got[0].Time != want || got[0].Length != 99 || string(got[0].Data) != "abc" || got[0].Link != layers.LinkTypeLinuxSLL || info.Cut != 1 || info.Damage != "" {
				t.Errorf("%v nano %t: %+v %+v", o, nano, got, info)
			}
			n.b = append(n.b, n.nums(uint32(1), uint32(1e9), uint32(0), uint32(0))...)
			if _, info := readAll(t, "x", n.b); info.Damage == "" {
				t.Error("a time that does not exist is no damage")
			}
		}
	}
}

// TestGzipMembers: gzip of several members, cut or followed by something else.
func TestGzipMembers(t *testing.T) {
	whole := pcapFile(t, true, []int64{1e9, 2e9}, sample(t, false, false, "a"), sample(t, false, false, "b"))
	members := append(zipped(whole[:50]), zipped(whole[50:])...)
	if got, info := readAll(t, "x", members); len(got) != 2 || info.Damage != "" || info.Bytes != int64(len(members)) {
		t.Errorf("%d packets, %+v", len(got), info)
	}
	if _, info := readAll(t, "x", members[:len(members)-5]); info.Damage == "" {
		t.Error("cut gzip is no damage")
	}
	if _, info := readAll(t, "x", append(members, "tail"...)); info.Damage == "" {
		t.Error("bytes behind gzip are no damage")
	}
}

// TestAgainstGopacket reads random files as gopacket does.
func TestAgainstGopacket(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 60 {
		var b bytes.Buffer
		ng, kind := r.IntN(2) == 0, layers.LinkTypeEthernet
		var w interface {
			WritePacket(gopacket.CaptureInfo, []byte) error
		}
		flush := func() error { return nil }
		if ng {
			x, err := pcapgo.NewNgWriterInterface(&b, pcapgo.NgInterface{Name: "a", LinkType: kind, TimestampResolution: 9}, pcapgo.NgWriterOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := x.AddInterface(pcapgo.NgInterface{Name: "b", LinkType: layers.LinkTypeRaw, TimestampResolution: 9}); err != nil {
				t.Fatal(err)
			}
			w, flush = x, x.Flush
		} else {
			x := pcapgo.NewWriterNanos(&b)
			if err := x.WriteFileHeader(1<<20, kind); err != nil {
				t.Fatal(err)
			}
			w = x
		}
		for range r.IntN(400) {
			data := make([]byte, r.IntN(3000))
			if r.IntN(50) == 0 {
				data = make([]byte, ReadBuffer+r.IntN(ReadBuffer)) // does not fit the buffer
			}
			for i := range data {
				data[i] = byte(r.Uint32())
			}
			ci := gopacket.CaptureInfo{Timestamp: time.Unix(1+int64(r.IntN(2e9)), int64(r.IntN(1e9))), CaptureLength: len(data), Length: len(data) + r.IntN(9)}
			if ng {
				ci.InterfaceIndex = r.IntN(2)
			}
			if err := w.WritePacket(ci, data); err != nil {
				t.Fatal(err)
			}
		}
		if err := flush(); err != nil {
			t.Fatal(err)
		}
		compareWithGopacket(t, ng, b.Bytes())
	}
}

func compareWithGopacket(t *testing.T, ng bool, file []byte) {
	t.Helper()
	var theirs gopacket.PacketDataSource
	var err error
	if ng {
		theirs, err = pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.NgReaderOptions{WantMixedLinkType: true})
	} else {
		theirs, err = pcapgo.NewReader(bytes.NewReader(file))
	}
	if err != nil {
		t.Fatal(err)
	}
	ours, err := NewFile("x", "", bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		data, ci, err := theirs.ReadPacketData()
		var p Packet
		if errors.Is(err, io.EOF) {
			if ours.Next(&p) != io.EOF || ours.Info().Damage != "" {
				t.Fatalf("packet %d: gopacket is at the end, %+v", i, ours.Info())
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := ours.Next(&p); err != nil || !bytes.Equal(p.Data, data) || p.Length != ci.Length || p.Time != ci.Timestamp.UnixNano() {
			t.Fatalf("packet %d: %v, %d of %d bytes at %d, gopacket %+v", i, err, len(p.Data), p.Length, p.Time, ci)
		}
		if ng && p.Link != ci.AncillaryData[0] {
			t.Fatalf("packet %d: link type %v, gopacket %v", i, p.Link, ci.AncillaryData[0])
		}
	}
}
