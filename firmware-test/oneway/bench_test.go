package oneway

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/sluice-gateway/sluice/firmware-test/capture"
)

// writer writes packets in one of the two formats.
type writer interface {
	WritePacket(gopacket.CaptureInfo, []byte) error
}

func newWriter(t testing.TB, b *bytes.Buffer, format string) (w writer, flush func() error) {
	t.Helper()
	if format == "pcapng" {
		ng, err := pcapgo.NewNgWriter(b, layers.LinkTypeEthernet)
		if err != nil {
			t.Fatal(err)
		}
		return ng, ng.Flush
	}
	out := pcapgo.NewWriterNanos(b)
	if err := out.WriteFileHeader(262144, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	return out, func() error { return nil }
}

// bigCapture is a file of at least size bytes: one connection, requests of
// request bytes, segments of 1,400 bytes, an acknowledgement for every second one.
func bigCapture(t testing.TB, format string, size, request int) []byte {
	var b bytes.Buffer
	w := newWorld(t)
	out, sync := newWriter(t, &b, format)
	flush := func() {
		for _, p := range w.pkts {
			if err := out.WritePacket(gopacket.CaptureInfo{Timestamp: time.Unix(0, p.time), CaptureLength: len(p.data), Length: len(p.data)}, p.data); err != nil {
				t.Fatal(err)
			}
		}
		if err := sync(); err != nil {
			t.Fatal(err)
		}
		w.pkts = w.pkts[:0]
	}
	c := w.conv(40000).open()
	for b.Len() < size {
		n := 0
		frame := c.requestBytes(request)
		c.segments(frame, func(seq uint32, p []byte) {
			w.emit(c.tcp(true, seq, c.onext, ack, p))
			if n++; n%2 == 0 {
				w.emit(c.tcp(false, c.onext, seq+uint32(len(p)), ack, nil))
			}
		})
		c.inext += uint32(len(frame))
		c.ans(0)
		flush()
	}
	return b.Bytes()
}

func judgeFile(t testing.TB, src io.Reader) *Report {
	f, err := capture.NewFile("big.pcap", "", src)
	if err != nil {
		t.Fatal(err)
	}
	r := capture.NewReader(f)
	p, err := New(named(), func(int) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	var pkt capture.Packet
	for r.Next(&pkt) == nil {
		p.Packet(&pkt)
	}
	return p.Finish(r.Files())
}

// BenchmarkJudge reads, hashes, decodes and judges; cpu-MB/s is the rate of one
// processor that does nothing else. The alternative reads the same packets with
// gopacket and decodes them with its layers, and neither hashes nor judges.
func BenchmarkJudge(b *testing.B) {
	for _, request := range []int{100, 4096, 1 << 20} {
		for _, format := range []string{"pcap", "pcapng"} {
			file := bigCapture(b, format, 32<<20, request)
			measure := func(name string, once func(b *testing.B)) {
				b.Run(fmt.Sprintf("request=%d/%s%s", request, format, name), func(b *testing.B) {
					b.SetBytes(int64(len(file)))
					b.ReportAllocs()
					before := cpuSeconds()
					for b.Loop() {
						once(b)
					}
					if s := cpuSeconds() - before; s > 0 {
						b.ReportMetric(float64(len(file))*float64(b.N)/1e6/s, "cpu-MB/s")
					}
				})
			}
			measure("", func(b *testing.B) {
				if r := judgeFile(b, bytes.NewReader(file)); r.Verdict != Passed {
					b.Fatal(explain(r))
				}
			})
			measure("/alternative=gopacket", func(b *testing.B) { decodeFile(b, format, file) })
		}
	}
}

// decodeFile is the alternative.
func decodeFile(b *testing.B, format string, file []byte) {
	var (
		eth     layers.Ethernet
		ip4     layers.IPv4
		tcp     layers.TCP
		load    gopacket.Payload
		decoded []gopacket.LayerType
		r       interface {
			ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error)
		}
		err error
	)
	if format == "pcapng" {
		r, err = pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.DefaultNgReaderOptions)
	} else {
		r, err = pcapgo.NewReader(bytes.NewReader(file))
	}
	if err != nil {
		b.Fatal(err)
	}
	parser := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &eth, &ip4, &tcp, &load)
	for {
		data, _, err := r.ZeroCopyReadPacketData()
		if err != nil {
			return
		}
		if err := parser.DecodeLayers(data, &decoded); err != nil {
			b.Fatal(err)
		}
	}
}

// endless repeats a capture's packets for ever, each time with the sequence
// numbers of a new connection, until n bytes were read.
type endless struct {
	head, body []byte
	at         int
	left       int64
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	if len(e.head) > 0 {
		n := copy(p, e.head)
		e.head = e.head[n:]
		return n, nil
	}
	n := copy(p, e.body[e.at:])
	e.at += n
	e.left -= int64(n)
	if e.at == len(e.body) {
		e.at = 0
	}
	return n, nil
}

// TestMemory: a capture of many connections takes no more memory than one of few.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 256 MiB")
	}
	w := newWorld(t)
	c := w.conv(40000).open()
	c.ask(100<<10, 0)
	c.ask(100<<10, 0xff)
	c.close()
	var b bytes.Buffer
	out := pcapgo.NewWriterNanos(&b)
	if err := out.WriteFileHeader(262144, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	head := b.Len()
	for _, p := range w.pkts {
		if err := out.WritePacket(gopacket.CaptureInfo{Timestamp: time.Unix(0, p.time), CaptureLength: len(p.data), Length: len(p.data)}, p.data); err != nil {
			t.Fatal(err)
		}
	}
	body := b.Bytes()[head:]
	repeats := int64(256<<20) / int64(len(body))
	r := judgeFile(t, &endless{head: b.Bytes()[:head], body: body, left: repeats * int64(len(body))})
	if r.Verdict != Passed || r.Totals.Connections != repeats {
		t.Fatalf("%d connections, expected %d: %s", r.Totals.Connections, repeats, explain(r))
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.Sys > 200<<20 {
		t.Errorf("%d MiB of memory taken from the system, at most 200 are promised", m.Sys>>20)
	}
}
