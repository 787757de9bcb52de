package gatesim

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// frame builds one request of n payload bytes.
func frame(n int) []byte {
	f := make([]byte, 16+n)
	binary.BigEndian.PutUint32(f, uint32(8+n))
	binary.BigEndian.PutUint32(f[4:], uint32(8+n))
	for i := range f[16:] {
		f[16+i] = byte(i)
	}
	return f
}

const (
	ePrefix = "<!System=IoTDB Version=1.0 Code=UTF-8 Data=1.0!>\n<block:=Free>\n"
	eSuffix = "\n</block:=Free>"
)

func wrapped(n int) []byte {
	return append(append([]byte(ePrefix), frame(n)...), eSuffix...)
}

func words(a, b uint32) []byte {
	var p [8]byte
	binary.BigEndian.PutUint32(p[:], a)
	binary.BigEndian.PutUint32(p[4:], b)
	return p[:]
}

func TestMeterCountsRequests(t *testing.T) {
	if len(ePrefix) != prefixBytes || len(eSuffix) != suffixBytes || !strings.HasPrefix(ePrefix, prefixMark) {
		t.Fatal("the constants disagree with the text")
	}
	for _, c := range []struct {
		name    string
		bytes   []byte
		want    int
		between bool
	}{
		{"one frame", frame(5), 1, true},
		{"empty payload", frame(0), 1, true},
		{"two frames", append(frame(1), frame(300)...), 2, true},
		{"E-language", wrapped(9), 1, true},
		{"both kinds", append(wrapped(9), append(frame(2), wrapped(0)...)...), 3, true},
		{"half a header", frame(5)[:3], 0, false},
		{"half a body", frame(50)[:30], 0, false},
		{"suffix missing", wrapped(5)[:prefixBytes+16+5+14], 0, false},
		{"only a prefix", []byte(ePrefix), 0, false},
		{"lengths differ", words(16, 17), 1, false},
		{"length 7", words(7, 7), 1, false},
		{"length 0", words(0, 0), 1, false},
		{"negative", words(0xffffffff, 0xffffffff), 1, false},
		{"too large", words(DefaultMaxFrame+1, DefaultMaxFrame+1), 1, false},
		{"nested prefix", []byte(ePrefix + ePrefix), 1, false},
		{"after a lost one nothing counts", append(words(1, 2), frame(5)...), 1, false},
	} {
		m := meter{maxFrame: DefaultMaxFrame}
		if got := m.feed(c.bytes); got != c.want || m.between() != c.between {
			t.Errorf("%s: %d requests, between %v; want %d, %v", c.name, got, m.between(), c.want, c.between)
		}
		for step := 1; step <= 9; step++ { // however the bytes are cut into reads
			m, got := meter{maxFrame: DefaultMaxFrame}, 0
			for p := c.bytes; len(p) > 0; p = p[min(step, len(p)):] {
				got += m.feed(p[:min(step, len(p))])
			}
			if got != c.want || m.between() != c.between {
				t.Errorf("%s in reads of %d: %d requests, want %d", c.name, step, got, c.want)
			}
		}
	}
}

// FuzzMeter compares reads of any size with one read, and never panics.
func FuzzMeter(f *testing.F) {
	f.Add(append(frame(4), wrapped(3)...), uint8(3))
	f.Add(words(5, 6), uint8(1))
	f.Add([]byte(ePrefix+ePrefix), uint8(7))
	f.Fuzz(func(t *testing.T, p []byte, step uint8) {
		one, many := meter{maxFrame: 1 << 20}, meter{maxFrame: 1 << 20}
		want, got := one.feed(p), 0
		n := int(step) + 1
		for q := p; len(q) > 0; q = q[min(n, len(q)):] {
			got += many.feed(q[:min(n, len(q))])
		}
		if got != want || one != many {
			t.Fatalf("reads of %d bytes: %d requests, %+v; one read: %d, %+v", n, got, many, want, one)
		}
	})
}

func TestLaw(t *testing.T) {
	// A script: ">" a complete request, "h" half of one, "r" its rest, "x" bytes
	// that cannot be delimited, and bytes back as hex pairs with what they must be.
	type step struct {
		send []byte
		back byte
		want Kind
	}
	ask := step{send: frame(3)}
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"stop and wait", []step{ask, {back: 0}, ask, {back: 0xff}}},
		{"unasked", []step{{back: 0, want: Unasked}}},
		{"second", []step{ask, {back: 0}, {back: 0, want: Second}, {back: 1, want: Second}}},
		{"early", []step{{send: frame(3)[:10]}, {back: 0, want: Early}, {send: frame(3)[10:]}, {back: 0}}},
		{"early after an answer", []step{ask, {back: 0}, {send: frame(3)[:1]}, {back: 0xff, want: Early}}},
		{"alphabet", []step{ask, {back: 1, want: Alphabet}, {back: 0, want: Second}, ask, {back: 0x7f, want: Alphabet}}},
		{"two ahead", []step{ask, ask, {back: 0}, {back: 0}, {back: 0, want: Second}}},
		{"lost", []step{{send: words(3, 4)}, {back: 0xff}, {send: frame(9)}, {back: 0xff, want: Second}}},
		{"prefix without a frame", []step{{send: []byte(ePrefix)}, {back: 0, want: Early}}},
	} {
		l := law{meter: meter{maxFrame: DefaultMaxFrame}}
		for i, s := range c.steps {
			if s.send != nil {
				l.out(bytes.Clone(s.send))
				continue
			}
			if got := l.back(s.back); got != s.want {
				t.Errorf("%s, step %d: %q, want %q", c.name, i, got, s.want)
			}
		}
	}
	l := law{meter: meter{maxFrame: 100}}
	l.out(frame(1))
	if n, overtook := l.out(frame(1)); n != 1 || !overtook {
		t.Errorf("a request behind an unanswered one: %d, %v", n, overtook)
	}
}

func TestSettingsByKey(t *testing.T) {
	var s Settings
	for _, k := range Keys() {
		if err := s.Set(k[0], s.Get(k[0])); err != nil {
			t.Errorf("%s does not read its own default: %v", k[0], err)
		}
		if k[1] == "" {
			t.Errorf("%s has no help", k[0])
		}
		if err := s.Set(k[0], "nonsense"); err == nil {
			t.Errorf("%s takes nonsense", k[0])
		}
	}
	for _, kv := range [][2]string{{"rate-out", "1000"}, {"delay-back", "100ms"}, {"swallow", "0.25"}, {"partition", "back"}, {"cut-how", "fin"}, {"refuse", "true"}} {
		if err := s.Set(kv[0], kv[1]); err != nil || s.Get(kv[0]) != kv[1] {
			t.Errorf("%s=%s: %v, reads %s", kv[0], kv[1], err, s.Get(kv[0]))
		}
	}
	for _, kv := range [][2]string{{"rate-out", "-1"}, {"swallow", "1.5"}, {"swallow", "NaN"}, {"no-such", "1"}} {
		if err := s.Set(kv[0], kv[1]); err == nil {
			t.Errorf("%s=%s was taken", kv[0], kv[1])
		}
	}
	if s.Out.Rate != 1000 || s.Answers.Swallow != 0.25 || !s.Refuse {
		t.Errorf("settings %+v", s)
	}
}
