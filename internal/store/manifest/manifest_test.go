package manifest

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func example() []Edit {
	return []Edit{
		{Add: []File{{Name: "p2-0000000000000001-0000000000000009-a0.tsfile", From: 1, To: 9, Clean: 9, Lo: 1000, Hi: 1500, Bytes: 345, Sum: 0x1122334455667788}},
			Deleted: []Tombstone{{Pos: 7, Plan: event.Request{Type: 100, Body: []byte{0xaa, 0xbb}}}}, Flushed: 9},
		{Add: []File{{Name: "adopted-000000000000000a.tsfile", Mods: "adopted-000000000000000a.tsfile.mods", Flags: Adopted, From: 10, To: 10, Clean: 10, Lo: -5, Hi: 2000, Bytes: 400, Extra: 46, Sum: 1}}},
		{Remove: []string{"p2-0000000000000001-0000000000000009-a0.tsfile"}, Drop: []uint64{7}},
	}
}

// block returns the bytes of the block of docs/format/store.md marked with a word: hex
// digits up to a ; on each line.
func block(t *testing.T, mark string) []byte {
	t.Helper()
	doc, err := os.ReadFile("../../../docs/format/store.md")
	must(t, err)
	m := regexp.MustCompile("(?s)```" + mark + "\n(.*?)```").FindSubmatch(doc)
	if m == nil {
		t.Fatalf("no block %s", mark)
	}
	var digits strings.Builder
	for _, line := range strings.Split(string(m[1]), "\n") {
		line, _, _ = strings.Cut(line, ";")
		digits.WriteString(strings.ReplaceAll(line, " ", ""))
	}
	b, err := hex.DecodeString(digits.String())
	must(t, err)
	return b
}

// encoded is a whole manifest with the example's edits.
func encoded() []byte {
	b := []byte(magic)
	for i, e := range example() {
		b = appendEdit(b, uint64(i+1), &e)
	}
	return b
}

// TestFormatDocument makes the example of docs/format/store.md.
func TestFormatDocument(t *testing.T) {
	if have, want := encoded(), block(t, "manifest"); !bytes.Equal(have, want) {
		t.Errorf("\nhave %x\nwant %x", have, want)
	}
}

func read(t testing.TB, b []byte) (State, Report, error) {
	fsys := vfs.NewMem(1)
	must(t, fsys.MkdirAll("d"))
	must(t, vfs.WriteFile(fsys, "d/"+Name, b))
	return Read(fsys, "d")
}

// TestPrefixes: a manifest cut anywhere holds the edits that are whole.
func TestPrefixes(t *testing.T) {
	b := encoded()
	for n := len(magic); n <= len(b); n++ {
		s, r, err := read(t, b[:n])
		if err != nil || r.Bytes+r.Torn != int64(n) {
			t.Fatalf("%d bytes: %+v, %v", n, r, err)
		}
		var want State
		for i := range r.Edits {
			e := example()[i]
			want.apply(&e)
		}
		if !reflect.DeepEqual(s, want) && len(s.Files)+len(want.Files) > 0 {
			t.Fatalf("%d bytes: %+v, want %+v", n, s, want)
		}
	}
}

// TestBitFlips: every single-bit flip is damage, or an unfinished end.
func TestBitFlips(t *testing.T) {
	b := encoded()
	last := 0
	for at := len(magic); at < len(b); {
		_, _, n, err := readEdit(b[at:])
		must(t, err)
		last = at
		at += n
	}
	for i := range len(b) * 8 {
		c := bytes.Clone(b)
		c[i/8] ^= 1 << (i % 8)
		_, r, err := read(t, c)
		var corrupt *CorruptError
		switch {
		case i/8 >= last && err == nil && r.Edits == 2 && r.Torn > 0:
		case i/8 < last && (errors.As(err, &corrupt) || errors.Is(err, ErrVersion)):
		default:
			t.Fatalf("bit %d: %+v, %v", i, r, err)
		}
	}
}

// TestRandomEdits compares a manifest on a disk that fails and crashes with edits applied
// in memory.
func TestRandomEdits(t *testing.T) {
	for seed := range uint64(30) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		fsys := vfs.NewMem(seed)
		must(t, fsys.MkdirAll("d"))
		m, _, err := Open(fsys, "d")
		must(t, err)
		var want State
		for i := range uint64(60) {
			e := Edit{Flushed: i}
			if rnd.IntN(3) > 0 {
				e.Add = []File{{Name: fmt.Sprint("f", rnd.IntN(20)), From: i, To: i, Clean: i}}
			}
			if rnd.IntN(2) == 0 {
				e.Remove = []string{fmt.Sprint("f", rnd.IntN(20))}
			}
			if rnd.IntN(2) == 0 {
				e.Deleted = []Tombstone{{Pos: i + 1, Plan: event.Request{Type: 1, Body: make([]byte, rnd.IntN(100_000))}}}
			}
			if rnd.IntN(4) == 0 && len(want.Tombstones) > 0 {
				e.Drop = []uint64{want.Tombstones[0].Pos}
			}
			if rnd.IntN(5) == 0 {
				fsys.FailOp(1 + rnd.IntN(4))
			}
			err := m.Apply(e)
			fsys.Fail(nil)
			if err != nil {
				must(t, m.Apply(e))
			}
			want.apply(&e)
			if rnd.IntN(10) == 0 {
				clone := fsys.CrashClone(rnd.Uint64(), float64(rnd.IntN(3))/2)
				must(t, m.Close())
				fsys = clone
				m, _, err = Open(fsys, "d")
				must(t, err)
			}
			if have := m.State(); !reflect.DeepEqual(have.Files, want.Files) || len(have.Tombstones) != len(want.Tombstones) || have.Flushed != want.Flushed {
				t.Fatalf("seed %d, edit %d: %+v, want %+v", seed, i, have, want)
			}
		}
		if m.Size() > 8<<20 {
			t.Errorf("seed %d: %d bytes, it is never replaced", seed, m.Size())
		}
		must(t, m.Close())
	}
}

// FuzzRead: no bytes make it panic, and what was read is written the same.
func FuzzRead(f *testing.F) {
	f.Add(encoded())
	f.Add(encoded()[:100])
	f.Fuzz(func(t *testing.T, b []byte) {
		e, n, _, err := readEdit(b)
		if err != nil {
			return
		}
		again, m, _, err := readEdit(appendEdit(nil, n, &e))
		if err != nil || m != n || len(again.Add) != len(e.Add) || len(again.Remove) != len(e.Remove) {
			t.Fatalf("%v: %+v, %+v", err, e, again)
		}
	})
}
