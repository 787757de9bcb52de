package auditlog

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog/show"
)

func samples() []audit.Entry {
	return []audit.Entry{
		{Category: audit.Lifecycle},
		statement(3),
		{Time: time.Unix(5, 6), Category: audit.Request, Action: "gate", Peer: "[fe80::1]:80", Count: 1 << 40, Bytes: 1<<64 - 1, Hash: audit.Hash{31: 7},
			From: time.Unix(1, 0), To: time.Unix(2, 0)},
		{Time: time.Unix(-5, 0), Category: audit.Log, Result: audit.Unknown, Detail: strings.Repeat("é", audit.MaxText)},
		{Category: audit.Clock, To: time.Unix(1, 1), Object: "a\x00b\n\xff"},
	}
}

// TestEntryCodec: every entry comes back, cut and made UTF-8 where needed; no prefix
// and no entry with a flipped bit is taken for the same entry.
func TestEntryCodec(t *testing.T) {
	for i, e := range samples() {
		b := AppendEntry(nil, &e)
		got, err := DecodeEntry(b)
		if err != nil {
			t.Fatal(i, err)
		}
		if again := AppendEntry(nil, &got); !bytes.Equal(again, b) {
			t.Fatalf("entry %d: written again it is %x, was %x", i, again, b)
		}
		if len(e.Detail) <= audit.MaxText && utf8.ValidString(e.Object) && (got.Object != e.Object || got.Detail != e.Detail || got.Count != e.Count || !got.From.Equal(e.From)) {
			t.Fatalf("entry %d: %+v", i, got)
		}
		for n := range b {
			if _, err := DecodeEntry(b[:n]); err == nil {
				t.Fatalf("entry %d: prefix of %d bytes is taken", i, n)
			}
		}
		if len(b) > 1000 {
			continue
		}
		for bit := range 8 * len(b) {
			wrong := bytes.Clone(b)
			wrong[bit/8] ^= 1 << (bit % 8)
			if got, err := DecodeEntry(wrong); err == nil && !bytes.Equal(AppendEntry(nil, &got), wrong) {
				t.Fatalf("entry %d, bit %d: two spellings", i, bit)
			}
		}
	}
}

func FuzzEntry(f *testing.F) {
	for _, e := range samples() {
		f.Add(AppendEntry(nil, &e))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := DecodeEntry(b)
		if err != nil {
			return
		}
		if again := AppendEntry(nil, &e); !bytes.Equal(again, b) {
			t.Fatalf("%x is written as %x", b, again)
		}
		if l := show.Line(1, &e); strings.ContainsAny(l, "\n\r\x1b") {
			t.Fatalf("a control character in the line %q", l)
		}
		if l := show.Syslog("h", "a", 1, &e); strings.ContainsAny(l, "\n\r\x1b\x00") {
			t.Fatalf("a control character in the message %q", l)
		}
	})
}

// FuzzSegment: no content of a segment makes the reader fail other than with an
// error, or take much memory.
func FuzzSegment(f *testing.F) {
	k := newKeys(f)
	fs := filled(f, k, 12)
	f.Add(content(f, fs, lastPlain(f, fs)), content(f, fs, headFile))
	f.Add([]byte(packedMagic+strings.Repeat("x", 60)), []byte("a\n1\n\n"))
	f.Fuzz(func(t *testing.T, segment, head []byte) {
		fs := copyOf(t, fs)
		for _, n := range []string{segmentName(1, plainSuffix), segmentName(1, packedSuffix)} {
			put(t, fs, n, segment)
			put(t, fs, headFile, head)
			if _, err := Verify(t.Context(), fs, "audit", VerifyOptions{Key: k.public}); err != nil {
				t.Fatal("an error of the content is taken for one of the disk:", err)
			}
			if err := fs.Remove("audit/1/" + n); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestFrontierAgainstTlog: the right edge gives the same roots as a tree with all
// its hashes.
func TestFrontierAgainstTlog(t *testing.T) {
	var f frontier
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, at := range indexes {
			out[i] = stored[at]
		}
		return out, nil
	})
	for n := range int64(300) {
		want, err := tlog.TreeHash(n, reader)
		if err != nil || f.root() != want {
			t.Fatalf("%d records: root %v, want %v, %v", n, f.root(), want, err)
		}
		if len(f.hashes) != edges(n) {
			t.Fatalf("%d records: %d hashes", n, len(f.hashes))
		}
		f.each(func(level int, index int64, h tlog.Hash) {
			if stored[tlog.StoredHashIndex(level, index)] != h {
				t.Fatalf("%d records: subtree %d of level %d is another one", n, index, level)
			}
		})
		h := tlog.RecordHash([]byte{byte(n), byte(n >> 8)})
		more, err := tlog.StoredHashesForRecordHash(n, h, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, more...)
		f.add(h, func(level int, index int64, h tlog.Hash) {
			if stored[tlog.StoredHashIndex(level, index)] != h {
				t.Fatalf("record %d: subtree %d of level %d is another one", n, index, level)
			}
		})
	}
}

func TestClockWatch(t *testing.T) {
	var c clockWatch
	s := int64(time.Second)
	for i, x := range []struct {
		wall int64
		mono time.Duration
		want time.Duration
	}{{100 * s, 0, 0}, {101 * s, time.Second, 0}, {103 * s, 2 * time.Second, 0}, {163 * s, 3 * time.Second, 59 * time.Second}, {64 * s, 4 * time.Second, -100 * time.Second}, {65 * s, 5 * time.Second, 0}} {
		if got := c.step(x.wall, x.mono); got != x.want {
			t.Errorf("look %d: %v, want %v", i, got, x.want)
		}
	}
}

// TestThinnerIsBounded: made-up peers and actions take no more than a bounded number
// TestFailedStatementsAreThinned: what changes something is always singly, what was
// refused does not fill the log.
func TestFailedStatementsAreThinned(t *testing.T) {
	th := thinner{singly: 3, keys: map[thinKey]*tally{}}
	now, singly := time.Unix(1_700_000_000, 0), [2]int{}
	for range 100 {
		for i, r := range []audit.Result{audit.OK, audit.Failed} {
			if th.take(&audit.Entry{Category: audit.Statement, Action: "create database", Result: r, User: "joe", Peer: "10.0.0.7:1"}, now) {
				singly[i]++
			}
		}
	}
	var counted []audit.Entry
	th.due(time.Time{}, func(e *audit.Entry) { counted = append(counted, *e) })
	if singly != [2]int{100, 3} || len(counted) != 1 || counted[0].Count != 97 || counted[0].User != "joe" || counted[0].Result != audit.Failed {
		t.Errorf("%v singly, counted %+v", singly, counted)
	}
}

// of keys, and all are counted.
func TestThinnerIsBounded(t *testing.T) {
	th := thinner{singly: 10, keys: map[thinKey]*tally{}}
	now := time.Unix(1000, 0)
	written, n := uint64(0), uint64(0)
	for i := range 200_000 {
		e := audit.Entry{Category: audit.Login, Result: audit.Refused, Action: "client", User: string(rune('a' + i%20)), Peer: host4(i) + ":1"}
		if th.take(&e, now) {
			written++
		}
		n++
	}
	if len(th.keys) > 2*maxKeys+10 {
		t.Fatalf("%d keys", len(th.keys))
	}
	th.due(time.Time{}, func(e *audit.Entry) { written += e.Count })
	if written != n {
		t.Fatalf("%d of %d are accounted for", written, n)
	}
}

func host4(i int) string {
	return "10." + string(rune('0'+i%10)) + "." + strings.Repeat("1", 1+i/10%7) + "." + time.Duration(i).String()
}
