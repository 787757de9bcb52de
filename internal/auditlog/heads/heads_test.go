package heads

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func newKey(t testing.TB) (note.Signer, string) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "log")
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return s, public
}

// change signs a change of the key.
func change(t testing.TB, c Change, by ...note.Signer) string {
	t.Helper()
	text, err := note.Sign(&note.Note{Text: c.Body()}, by...)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestRing: a head is taken with the key that holds for its size, and with no other.
func TestRing(t *testing.T) {
	a, keyA := newKey(t)
	b, keyB := newKey(t)
	c, keyC := newKey(t)
	first := change(t, Change{Origin: "log/1", Old: keyA, New: keyB, After: 10}, a, b)
	second := change(t, Change{Origin: "log/1", Old: keyB, New: keyC, After: 20}, b, c)
	for _, given := range [][]string{nil, {keyA}, {keyB}, {keyC}} {
		r, err := RingOf(given, keyA, []string{first, second})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			by   note.Signer
			size int64
			ok   bool
		}{{a, 0, true}, {a, 10, true}, {a, 11, false}, {b, 9, false}, {b, 10, true}, {b, 20, true}, {b, 21, false}, {c, 19, false}, {c, 20, true}, {c, 1 << 40, true}} {
			h, err := Sign(x.by, "log/1", x.size, tlog.Hash{1}, time.Unix(1_760_000_000, 0))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Parse(h.Note); (err == nil) != x.ok || err != nil && !errors.Is(err, ErrKey) {
				t.Errorf("given %.20q, size %d: %v, want %v", given, x.size, err, x.ok)
			}
		}
	}
	for name, notes := range map[string][]string{
		"swapped": {second, first}, "the second alone": {second}, "twice": {first, first}, "signed once": {change(t, Change{Origin: "log/1", Old: keyA, New: keyB, After: 10}, a)},
		"signed by another":  {change(t, Change{Origin: "log/1", Old: keyA, New: keyB, After: 10}, c, b)},
		"backwards":          {first, change(t, Change{Origin: "log/1", Old: keyB, New: keyC, After: 9}, b, c)},
		"by three":           {change(t, Change{Origin: "log/1", Old: keyA, New: keyB, After: 10}, a, b, c)},
		"of a negative size": {change(t, Change{Origin: "log/1", Old: keyA, New: keyB, After: -1}, a, b)},
	} {
		if _, err := RingOf(nil, keyA, notes); !errors.Is(err, ErrChange) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, err := SplitNotes(first + second); err != nil || len(list) != 2 || list[1] != second {
		t.Error(list, err)
	}
}

// TestEveryFlippedBitOfAChange: none is taken for a change of the key.
func TestEveryFlippedBitOfAChange(t *testing.T) {
	a, keyA := newKey(t)
	b, keyB := newKey(t)
	right := change(t, Change{Origin: "log/1", Old: keyA, New: keyB, After: 10}, a, b)
	if _, err := ParseChange(right); err != nil {
		t.Fatal(err)
	}
	step := 1
	if testing.Short() {
		step = 11
	}
	for i := 0; i < len(right)*8; i += step {
		wrong := []byte(right)
		wrong[i/8] ^= 1 << (i % 8)
		if _, err := ParseChange(string(wrong)); err == nil {
			t.Fatalf("byte %d bit %d", i/8, i%8)
		}
	}
	for i := range right {
		if _, err := ParseChange(right[:i]); err == nil {
			t.Fatalf("the first %d bytes", i)
		}
	}
}

// FuzzFind: what is found in a text is found again in its line.
func FuzzFind(f *testing.F) {
	s, _ := newKey(f)
	h, err := Sign(s, "log/1", 7, tlog.Hash{1}, time.Unix(1_760_000_000, 0))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(h.Note))
	f.Add("| x | " + Line(h.Note) + " |")
	f.Fuzz(func(t *testing.T, text string) {
		for _, n := range Find([]byte(text)) {
			again := Find([]byte(strings.ToValidUTF8(Line(n), "?")))
			if len(again) > 1 {
				t.Fatalf("%q is found as %q", n, again)
			}
		}
	})
}
