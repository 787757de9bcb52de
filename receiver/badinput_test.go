package receiver

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/internal/request"
)

// raw builds a frame with any header.
func raw(first, second int32, sum uint64, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(first))
	b = binary.BigEndian.AppendUint32(b, uint32(second))
	return append(binary.BigEndian.AppendUint64(b, sum), payload...)
}

// TestBrokenFraming: a stream that lost its framing is reset after a second,
// without a byte. Where IoTDB answers FAIL instead: see docs/operate/receiver.md.
func TestBrokenFraming(t *testing.T) {
	good := data(1)
	sum := uint64(crc32.ChecksumIEEE(good))
	l := int32(len(good) + 8)
	double := append([]byte(framing.Prefix), framing.Prefix...)
	cases := map[string][]byte{
		"wrong CRC":                raw(l, l, sum+1, good),
		"CRC with high bits":       raw(l, l, sum|0xffffffff<<32, good),
		"lengths differ":           raw(l, l+1, sum, good),
		"length 0":                 raw(0, 0, 0, nil),
		"length 1":                 raw(1, 1, 0, nil),
		"length 7":                 raw(7, 7, 0, nil),
		"length -1":                raw(-1, -1, 0, nil),
		"most negative length":     raw(-1<<31, -1<<31, 0, nil),
		"huge length":              raw(1<<31-1, 1<<31-1, 0, nil),
		"400 MB that never arrive": raw(400_000_000, 400_000_000, 0, nil),
		"nested prefix":            append(double, frame(good)...),
		"E-language, wrong CRC":    append([]byte(framing.Prefix), append(raw(l, l, sum+1, good), framing.Suffix...)...),
		"text":                     []byte("GET / HTTP/1.1\r\nHost: gateway\r\n\r\n"),
	}
	for name, in := range cases {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, g *rig) {
				p, neighbour := g.open(), g.open()
				p.send(in)
				p.ends(time.Second, time.Second+settle, "rst")
				if g.verdicts(resetLater, "corrupt_frame") != 1 || len(g.store.seen()) != 0 {
					t.Errorf("verdicts %d, committed %q", g.verdicts(resetLater, "corrupt_frame"), g.store.seen())
				}
				neighbour.send(frame(good))
				neighbour.want(framing.OK)
			})
		})
	}
}

// TestUnusualButWhole: frames that are correct are requests, whatever they say; the
// committer keeps what it cannot read, and the connection goes on.
func TestUnusualButWhole(t *testing.T) {
	cases := map[string][]byte{
		"no payload":          {},
		"two bytes":           {1, 0},
		"version 0":           {0, 0, 3, 9},
		"version 2":           {2, 0, 3, 9},
		"version 255":         {255, 0, 3, 9},
		"type 14":             request.Append(nil, 14, []byte{1, 2, 3}),
		"type -1":             request.Append(nil, -1, []byte{1, 2, 3}),
		"type 999":            request.Append(nil, 999, nil),
		"handshake version 2": append([]byte{2}, v2()[1:]...),
		"compressed rubbish":  request.Append(nil, request.TypeCompressed, []byte{1, 3, 0, 0, 0, 9, 1, 2, 3}),
		"compressed, empty":   request.Append(nil, request.TypeCompressed, nil),
		"compressed, too big": request.Append(nil, request.TypeCompressed, []byte{1, 3, 0x7f, 255, 255, 255, 1}),
		"a million columns":   request.Append(nil, request.TypeTabletRaw, bytes.Repeat([]byte{0, 0, 0, 1, 'x'}, 1_000_000)),
	}
	for name, payload := range cases {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, g *rig) {
				p := g.open()
				p.send(frame(payload))
				p.want(framing.OK)
				p.send(frame(v2()))
				p.want(framing.OK)
				if seen := g.store.seen(); len(seen) != 1 || seen[0] != string(payload) {
					t.Errorf("committed %d requests", len(seen))
				}
			})
		})
	}
}

func TestSplitAndJoined(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *rig) {
		p := g.open()
		// one byte at a time
		for _, c := range frame(data(1)) {
			p.send([]byte{c})
			time.Sleep(5 * time.Millisecond)
		}
		p.want(framing.OK)
		// the length word in two segments
		f := frame(data(2))
		p.send(f[:2])
		time.Sleep(time.Second)
		p.send(f[2:])
		p.want(framing.OK)
		// two frames in one segment, and a half
		third := frame(data(5))
		p.send(append(append(frame(data(3)), frame(data(4))...), third[:9]...))
		p.want(framing.OK)
		p.want(framing.OK)
		p.silent(10 * time.Second)
		p.send(third[9:])
		p.want(framing.OK)
		// E-language and plain mixed, the suffix late
		e := framing.AppendFrame(nil, data(6), framing.ELanguage)
		p.send(e[:len(e)-framing.SuffixSize])
		p.silent(4 * time.Second)
		p.send(e[len(e)-framing.SuffixSize:])
		p.want(framing.OK)
		p.silent(time.Hour)
		if seen := g.store.seen(); len(seen) != 6 || seen[4] != string(data(5)) || seen[5] != string(data(6)) {
			t.Errorf("%q", seen)
		}
	})
}

// TestHalfFrame: half a frame, then silence, the end or nothing more.
func TestHalfFrame(t *testing.T) {
	half := frame(data(1))[:20]
	inBubble(t, Config{}, func(t *testing.T, g *rig) {
		p := g.open()
		p.send(half)
		time.Sleep(15 * time.Second)
		p.send(frame(data(1))[20:])
		p.want(framing.OK)

		p.send(half)
		p.ends(time.Minute, time.Minute+time.Second, "rst")
		if g.verdicts(resetNow, "frame_timeout") != 1 {
			t.Error("no frame_timeout")
		}

		p = g.open()
		p.send(half[:3])
		p.ends(time.Minute, time.Minute+time.Second, "rst")

		p = g.open()
		p.send(half)
		_ = p.conn.Close()
		time.Sleep(settle)
		synctest.Wait()
		if p.wire.end() != "rst" || g.verdicts(resetNow, "end_inside_frame") != 1 {
			t.Errorf("ended by %q", p.wire.end())
		}

		p = g.open()
		_ = p.conn.Close()
		synctest.Wait()
		if p.wire.end() != "fin" || g.verdicts(endSilently, "end_between_frames") != 1 {
			t.Errorf("ended by %q", p.wire.end())
		}
	})
}

// TestSlowBody: a body has as long as its length needs at the least rate, not
// longer, however it drips.
func TestSlowBody(t *testing.T) {
	inBubble(t, Config{ReadTimeout: 10 * time.Second, MinRate: 1000}, func(t *testing.T, g *rig) {
		payload := append(data(1), make([]byte, 40_000)...)
		f := frame(payload)
		p := g.open()
		for at := 0; at < len(f); at += 1000 {
			p.send(f[at:min(at+1000, len(f))])
			time.Sleep(time.Second)
		}
		p.want(framing.OK)
		p = g.open()
		p.send(f[:30_000])
		p.ends(50*time.Second, 51*time.Second, "rst")
	})
}

func TestHandshakes(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *rig) {
		p := g.dial()
		for range 3 {
			p.send(frame(v2()))
			p.want(framing.OK)
		}
		p.send(frame(v1("ms")))
		p.want(framing.OK)
		if g.store.sessions != 1 || g.store.begun != 4 {
			t.Errorf("%d sessions, %d times begun", g.store.sessions, g.store.begun)
		}
		refused := map[string][]byte{
			"wrong password":  v2("username", "root", "password", "x"),
			"wrong precision": v2("timestampPrecision", "us"),
			"own cluster":     v2("clusterID", "near"),
			"V1 precision":    v1("ns"),
			"truncated":       v2()[:20],
		}
		for name, payload := range refused {
			p := g.dial()
			p.send(frame(payload))
			p.want(framing.Fail)
			p.send(frame(v2()))
			p.want(framing.OK)
			if t.Failed() {
				t.Fatal(name)
			}
		}
		p = g.dial()
		p.send(frame(v2("password", "x")))
		p.want(framing.Fail)
		p.send(frame(v1("ms")))
		p.want(framing.Fail)
		// a compressed handshake, as a sender with a compressor sends it
		body, err := request.Compress(v2(), request.CompressLZ4)
		if err != nil {
			t.Fatal(err)
		}
		p.send(frame(request.Append(nil, request.TypeCompressed, body)))
		p.want(framing.OK)
		p.send(frame(request.Append(nil, request.TypeProbe, []byte("anything"))))
		p.want(framing.Fail)
		p.send(frame(data(1)))
		p.want(framing.OK)
	})
}

// TestWrongPolarity: a sender that takes the byte for its opposite still gets one
// per request, and a receiver set the other way round says the opposite.
func TestWrongPolarity(t *testing.T) {
	inBubble(t, Config{Polarity: framing.Inverted}, func(t *testing.T, g *rig) {
		p := g.dial()
		p.send(frame(v2()))
		if b, err := p.read(time.Second); err != nil || b != 0xff {
			t.Fatalf("%02x, %v", b, err)
		}
		p.silent(time.Hour)
		p.send(frame(v2("password", "x")))
		if b, err := p.read(time.Second); err != nil || b != 0x00 {
			t.Fatalf("%02x, %v", b, err)
		}
	})
}

// TestDataBeforeHandshake: held as temporary, counted, then reset; never answered.
func TestDataBeforeHandshake(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *rig) {
		p := g.dial()
		p.send(frame(data(1)))
		p.ends(DefaultHold, DefaultHold+2*time.Second, "rst")
		if g.verdicts(hold, "data_before_handshake") != 1 || g.verdicts(resetNow, "data_before_handshake_too_long") != 1 || len(g.store.seen()) != 0 {
			t.Error("not judged as data before a handshake")
		}
		p = g.dial() // after a refused handshake, too
		p.send(frame(v2("password", "x")))
		p.want(framing.Fail)
		p.send(frame(data(1)))
		p.ends(DefaultHold, DefaultHold+2*time.Second, "rst")
	})
}

// TestEveryPrefix: whatever part of two good frames arrives before the end, nothing
// but the answers of whole frames comes back.
func TestEveryPrefix(t *testing.T) {
	stream := append(frame(v2()), framing.AppendFrame(nil, data(1), framing.ELanguage)...)
	first := len(frame(v2()))
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, Config{})
		for n := range len(stream) + 1 {
			p := g.dial()
			go func() {
				_, _ = p.conn.Write(stream[:n])
			}()
			answers := 0
			for {
				if _, err := p.read(time.Second); err != nil {
					break
				}
				answers++
			}
			want := 0
			if n >= first {
				want++
			}
			if n == len(stream) {
				want++
			}
			if answers != want {
				t.Fatalf("%d bytes: %d answers, want %d", n, answers, want)
			}
			_ = p.conn.Close()
		}
		g.stop()
	})
}

// FuzzStream: no stream gets more answers than it has whole frames, or crashes.
func FuzzStream(f *testing.F) {
	f.Add(append(frame(v2()), frame(data(1))...))
	f.Add(framing.AppendFrame(nil, data(1), framing.ELanguage))
	f.Add(raw(7, 7, 0, nil))
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := framing.NewReader(bytes.NewReader(stream), framing.Limits{MaxPayload: 1 << 16})
		whole := 0
		for {
			if _, _, err := r.Next(nil); err != nil {
				break
			}
			whole++
		}
		synctest.Test(t, func(t *testing.T) {
			g := newRig(t, Config{MaxPayload: 1 << 16})
			p := g.dial()
			go func() {
				_, _ = p.conn.Write(stream)
				_ = p.conn.SetWriteDeadline(time.Now())
			}()
			answers := 0
			for {
				b, err := p.read(10 * time.Minute)
				if err != nil {
					break
				}
				if b != 0 && b != 0xff {
					t.Fatal(fmt.Sprintf("answer 0x%02x", b))
				}
				answers++
			}
			if answers > whole {
				t.Fatalf("%d answers to %d frames", answers, whole)
			}
			_ = p.conn.Close()
			g.stop()
		})
	})
}
