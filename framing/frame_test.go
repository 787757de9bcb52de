package framing

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// golden returns every frame in testdata by name.
func golden(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*/*.*frame")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 20 {
		t.Fatalf("only %d golden frames found", len(names))
	}
	m := map[string][]byte{}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		m[n] = b
	}
	return m
}

func wrapOf(name string) Wrap {
	if strings.HasSuffix(name, ".eframe") {
		return ELanguage
	}
	return Plain
}

// TestGolden: frames that real connectors of four releases sent decode, and encode
// again to the same bytes.
func TestGolden(t *testing.T) {
	for name, frame := range golden(t) {
		r := NewReader(bytes.NewReader(frame), Limits{})
		payload, wrap, err := r.Next(nil)
		if err != nil || wrap != wrapOf(name) {
			t.Errorf("%s: %v, %v", name, wrap, err)
			continue
		}
		if got := AppendFrame(nil, payload, wrap); !bytes.Equal(got, frame) {
			t.Errorf("%s: encoding again gives other bytes", name)
		}
		if len(frame) != wrap.Size(len(payload)) {
			t.Errorf("%s: Size says %d, the frame has %d bytes", name, wrap.Size(len(payload)), len(frame))
		}
		if _, _, err := r.Next(nil); err != io.EOF {
			t.Errorf("%s: after the frame: %v, want EOF", name, err)
		}
		if r.Taken() != int64(len(frame)) {
			t.Errorf("%s: taken %d of %d bytes", name, r.Taken(), len(frame))
		}
	}
}

// TestSplitAndJoined: the same frames one byte at a time, and all in one segment.
func TestSplitAndJoined(t *testing.T) {
	var stream []byte
	var want [][]byte
	for _, frame := range golden(t) {
		stream = append(stream, frame...)
		p, _, err := NewReader(bytes.NewReader(frame), Limits{}).Next(nil)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, p)
	}
	sources := map[string]io.Reader{
		"one segment":        bytes.NewReader(stream),
		"one byte at a time": iotest.OneByteReader(bytes.NewReader(stream)),
		"halves":             iotest.HalfReader(bytes.NewReader(stream)),
		"data with EOF":      iotest.DataErrReader(bytes.NewReader(stream)),
	}
	for name, src := range sources {
		r := NewReader(src, Limits{})
		var buf []byte
		for i := range want {
			p, _, err := r.Next(buf)
			if err != nil {
				t.Fatalf("%s: frame %d: %v", name, i, err)
			}
			if !bytes.Equal(p, want[i]) {
				t.Fatalf("%s: frame %d differs", name, i)
			}
			buf = p[:0]
		}
		if _, _, err := r.Next(buf); err != io.EOF {
			t.Errorf("%s: at the end: %v", name, err)
		}
	}
}

// TestEveryPrefix: a stream that ends early is EOF before the first byte and
// ErrUnexpectedEOF after it.
func TestEveryPrefix(t *testing.T) {
	for _, wrap := range []Wrap{Plain, ELanguage} {
		frame := AppendFrame(nil, []byte("\x01\x00\x01\x00\x00\x00\x02ms"), wrap)
		for n := range frame {
			_, _, err := NewReader(bytes.NewReader(frame[:n]), Limits{}).Next(nil)
			want := io.ErrUnexpectedEOF
			if n == 0 {
				want = io.EOF
			}
			if err != want {
				t.Errorf("%v, %d of %d bytes: %v, want %v", wrap, n, len(frame), err, want)
			}
		}
	}
}

// TestEveryBitFlip: one wrong bit never gives another payload. In the text around
// an E-language frame it changes nothing, except in the eight bytes compared.
func TestEveryBitFlip(t *testing.T) {
	payload := []byte("\x01\x00\x01\x00\x00\x00\x02ms")
	for _, wrap := range []Wrap{Plain, ELanguage} {
		clean := AppendFrame(nil, payload, wrap)
		start, end := wrap.Offset()-HeaderSize, len(clean)
		if wrap == ELanguage {
			end -= SuffixSize
		}
		for bit := range len(clean) * 8 {
			frame := bytes.Clone(clean)
			frame[bit/8] ^= 1 << (bit % 8)
			got, _, err := NewReader(bytes.NewReader(frame), Limits{MaxPayload: 1 << 20}).Next(nil)
			loose := bit/8 >= 8 && bit/8 < start || bit/8 >= end
			if loose && (err != nil || !bytes.Equal(got, payload)) {
				t.Errorf("%v, bit %d of the text: %v", wrap, bit, err)
			}
			if !loose && err == nil {
				t.Errorf("%v, bit %d: accepted as %x", wrap, bit, got)
			}
		}
	}
}

func TestBrokenStreams(t *testing.T) {
	ok := AppendFrame(nil, []byte{1, 0, 3, 9}, Plain)
	tests := []struct {
		name string
		in   string
		want error
	}{
		{"lengths differ", "\x00\x00\x00\x11\x00\x00\x00\x12", ErrLengthMismatch},
		{"length 0", "\x00\x00\x00\x00\x00\x00\x00\x00", ErrLength},
		{"length 1", "\x00\x00\x00\x01\x00\x00\x00\x01", ErrLength},
		{"length 7", "\x00\x00\x00\x07\x00\x00\x00\x07", ErrLength},
		{"length -1", "\xff\xff\xff\xff\xff\xff\xff\xff", ErrLength},
		{"most negative length", "\x80\x00\x00\x00\x80\x00\x00\x00", ErrLength},
		{"huge length", "\x7f\xff\xff\xff\x7f\xff\xff\xff", ErrTooLarge},
		{"one above the limit", "\x00\x00\x04\x09\x00\x00\x04\x09", ErrTooLarge},
		{"checksum", string(ok[:15]) + "\xee" + string(ok[16:]), ErrChecksum},
		{"high half of the checksum", string(ok[:8]) + "\xff\xff\xff\xff" + string(ok[12:]), ErrChecksum},
		{"nested prefix", Prefix + Prefix + string(ok) + Suffix + Suffix, ErrNestedPrefix},
		{"other text", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", ErrLengthMismatch},
	}
	for _, tt := range tests {
		_, _, err := NewReader(strings.NewReader(tt.in), Limits{MaxPayload: 1024}).Next(nil)
		var corrupt *CorruptError
		if !errors.Is(err, tt.want) || !errors.As(err, &corrupt) || corrupt.Detail == "" {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestLooseTextIsAccepted(t *testing.T) {
	frame := AppendFrame(nil, []byte{1, 0, 3, 9}, ELanguage)
	for i := 20; i < PrefixSize; i++ {
		frame[i] = '?'
	}
	for i := len(frame) - SuffixSize; i < len(frame); i++ {
		frame[i] = '#'
	}
	if p, w, err := NewReader(bytes.NewReader(frame), Limits{}).Next(nil); err != nil || w != ELanguage || len(p) != 4 {
		t.Errorf("%x, %v, %v", p, w, err)
	}
}

// TestSteps: Header tells the length before anything is allocated, and Body uses
// the caller's memory.
func TestSteps(t *testing.T) {
	payload := bytes.Repeat([]byte{7}, 100_000)
	r := NewReader(bytes.NewReader(AppendFrame(nil, payload, ELanguage)), Limits{MaxPayload: 100_000})
	if err := r.Wait(); err != nil || r.Buffered() == 0 || r.Taken() != 0 {
		t.Fatalf("Wait: %v, %d bytes buffered", err, r.Buffered())
	}
	h, err := r.Header()
	if err != nil || h.Length != len(payload) || h.Wrap != ELanguage {
		t.Fatalf("Header: %+v, %v", h, err)
	}
	mine := make([]byte, 0, len(payload))
	got, err := r.Body(mine)
	if err != nil || &got[0] != &mine[:1][0] {
		t.Fatalf("Body did not use the given memory: %v", err)
	}
	if err := r.Wait(); err != io.EOF {
		t.Fatalf("Wait at the end: %v", err)
	}
}

func TestNoProgress(t *testing.T) {
	_, _, err := NewReader(emptyReader{}, Limits{}).Next(nil)
	if err != io.ErrNoProgress {
		t.Errorf("%v", err)
	}
}

type emptyReader struct{}

func (emptyReader) Read([]byte) (int, error) { return 0, nil }

// TestAppendKeepsWhatIsThere: a frame is appended behind other bytes, and building
// in place gives the same frame.
func TestAppendKeepsWhatIsThere(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		payload := make([]byte, r.IntN(300))
		for i := range payload {
			payload[i] = byte(r.Uint32())
		}
		w := Wrap(r.IntN(2))
		whole := AppendFrame([]byte("before"), payload, w)
		placed := Finish(append(Begin(make([]byte, 0, r.IntN(500)), w), payload...), w)
		if string(whole[:6]) != "before" || !bytes.Equal(whole[6:], placed) || len(placed) != w.Size(len(payload)) {
			t.Fatalf("%v, %d bytes: % x and % x", w, len(payload), whole, placed)
		}
	}
}

func TestPolarity(t *testing.T) {
	for _, p := range []Polarity{IoTDB, Inverted} {
		if back, err := ParsePolarity(p.String()); err != nil || back != p {
			t.Errorf("%v: %v, %v", p, back, err)
		}
		for b := range 256 {
			r, err := p.Reply(byte(b))
			if valid := b == 0 || b == 255; valid != (err == nil) || !valid && !errors.Is(err, ErrReply) || !valid && r != Fail {
				t.Errorf("%v: byte %02x gives %v, %v", p, b, r, err)
			}
		}
	}
	if _, err := ParsePolarity("x"); err == nil {
		t.Error("an unknown polarity was accepted")
	}
	if IoTDB.Byte(Reply(7)) != IoTDB.Byte(Fail) {
		t.Error("an unknown reply is not FAIL")
	}
}

func TestAllocations(t *testing.T) {
	payload := make([]byte, 64<<10)
	dst := make([]byte, 0, ELanguage.Size(len(payload)))
	if n := testing.AllocsPerRun(100, func() { AppendFrame(dst, payload, ELanguage) }); n != 0 {
		t.Errorf("AppendFrame allocates %v times", n)
	}
	stream := &loop{frame: AppendFrame(nil, payload, ELanguage)}
	r := NewReader(stream, Limits{})
	buf := make([]byte, len(payload))
	if n := testing.AllocsPerRun(100, func() {
		if _, _, err := r.Next(buf); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("Next allocates %v times", n)
	}
}

// loop repeats a frame for ever.
type loop struct {
	frame []byte
	at    int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.frame[l.at:])
	l.at = (l.at + n) % len(l.frame)
	return n, nil
}

// FuzzReader: whatever comes in, a frame that is accepted encodes again to the
// bytes that were used, apart from the loose text.
func FuzzReader(f *testing.F) {
	for _, frame := range golden(f) {
		if len(frame) < 2000 {
			f.Add(frame)
		}
	}
	f.Add([]byte(Prefix + Prefix))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := NewReader(bytes.NewReader(in), Limits{MaxPayload: 1 << 16})
		for {
			from := r.Taken()
			p, w, err := r.Next(nil)
			if err != nil {
				return
			}
			used := bytes.Clone(in[from:r.Taken()])
			if w == ELanguage {
				copy(used, Prefix)
				copy(used[len(used)-SuffixSize:], Suffix)
			}
			if !bytes.Equal(AppendFrame(nil, p, w), used) {
				t.Fatalf("% x does not encode back", used)
			}
		}
	})
}
