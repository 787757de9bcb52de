package tsfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/internal/tsfile/bloom"
)

// smallFiles are damaged at every place.
func smallFiles() []string {
	return []string{"testdata/spec-v4-tree.tsfile", "testdata/spec-v3-aligned.tsfile", "testdata/spec-v3-chunks.tsfile", "testdata/spec-v4-table.tsfile",
		"testdata/v3/one-page.tsfile", "testdata/v3/extremes.tsfile", "testdata/v4/table.tsfile"}
}

// exhaust reads everything that can be read and returns the first error. What it hands
// out must be damage with a place, or one of the named errors.
func exhaust(t testing.TB, b []byte) error {
	r, err := Open(bytes.NewReader(b), int64(len(b)), Limits{})
	if err != nil {
		named(t, err)
		return err
	}
	for d, err := range r.Devices() {
		if err != nil {
			named(t, err)
			return err
		}
		s, err := r.Scan(Everything(d.ID))
		for err == nil {
			x, e := s.Next()
			if err = e; e == nil {
				if v := x.Validate(); v != nil && !strings.Contains(v.Error(), "UTF-8") && !strings.Contains(v.Error(), "calendar") {
					t.Logf("tablet: %v", v)
				}
			}
		}
		if err != io.EOF {
			named(t, err)
			return err
		}
	}
	return nil
}

func named(t testing.TB, err error) {
	var c *CorruptError
	if !errors.As(err, &c) && !errors.Is(err, ErrNotTsFile) && !errors.Is(err, ErrIncomplete) && !errors.Is(err, ErrVersion) && !errors.Is(err, ErrEncrypted) {
		t.Errorf("error without a place: %v", err)
	}
}

// TestEveryPrefixAndBit cuts files at every byte and flips every single bit: no panic, no error without a place, no more memory than a fixed
// amount per file.
func TestEveryPrefixAndBit(t *testing.T) {
	for _, name := range smallFiles() {
		b := readFile(t, name)
		tries := 0
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for i := range b {
			_ = exhaust(t, b[:i])
			_, _ = Repair(bytes.NewReader(b[:i]), int64(i), io.Discard, nil)
			for bit := range 8 {
				c := bytes.Clone(b)
				c[i] ^= 1 << bit
				_ = exhaust(t, c)
				tries++
				if bit == i%8 { // for every bit these take as long as all the rest four times
					_ = Verify(bytes.NewReader(c), int64(len(c)), Limits{})
					_, _ = Repair(bytes.NewReader(c), int64(len(c)), io.Discard, nil)
				}
			}
		}
		runtime.ReadMemStats(&after)
		if per := (after.TotalAlloc - before.TotalAlloc) / uint64(tries); per > 1<<20 {
			t.Errorf("%s: %d bytes allocated per damaged file on average", name, per)
		}
	}
}

// TestClaims: lengths that lie are refused before memory is taken.
func TestClaims(t *testing.T) {
	b := readFile(t, "testdata/spec-v4-tree.tsfile")
	claim := func(what string, edit func(b []byte) []byte) {
		c := edit(bytes.Clone(b))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := exhaust(t, c)
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s: no error", what)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
			t.Errorf("%s: %d bytes allocated: %v", what, n, err)
		}
	}
	header := bytes.Index(b, []byte{5, 4, 's', '1'})
	claim("page of 2 GiB", func(b []byte) []byte { // both sizes as five-byte var-ints: the chunk grows by eight
		huge := []byte{0xff, 0xff, 0xff, 0xff, 0x07}
		at := header + 8
		out := append(append(append([]byte{}, b[:at]...), huge...), huge...)
		return append(out, b[at+10:]...)
	})
	claim("footer beyond the file", func(b []byte) []byte {
		binary.BigEndian.PutUint32(b[len(b)-10:], 1<<31-1)
		return b
	})
	claim("index loop", func(b []byte) []byte {
		at := bytes.LastIndex(b, []byte{4, 'd', '1', 0, 0})
		binary.BigEndian.PutUint64(b[at+3:], uint64(len(b)-120))
		return b
	})
	claim("Bloom filter of no bits", func(b []byte) []byte {
		at := bytes.LastIndex(b, []byte{0x80, 2, 5, 6})
		b[at], b[at+1] = 0x80, 0
		return b
	})
}

// TestOneBitBloom: a filter of one bit is legal and hides nothing.
func TestOneBitBloom(t *testing.T) {
	f := &bloom.Filter{Bits: []byte{1}, Size: 1, Hashes: 5}
	if !f.MayContain("root.a", "s") {
		t.Error("a full filter hides a series")
	}
	f.Bits = nil
	if f.MayContain("root.a", "s") {
		t.Error("an empty filter finds a series")
	}
}

func FuzzOpen(f *testing.F) {
	for _, name := range smallFiles() {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	more, err := filepath.Glob("testdata/v*/nulls*.tsfile")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range more {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		begin := time.Now()
		_ = exhaust(t, b)
		_ = Verify(bytes.NewReader(b), int64(len(b)), Limits{})
		var out bytes.Buffer
		if rep, err := Repair(bytes.NewReader(b), int64(len(b)), &out, nil); err == nil {
			if err := exhaust(t, out.Bytes()); err != nil {
				t.Errorf("repaired file: %v", err)
			}
			if _, again, err := Salvage(bytes.NewReader(b), int64(len(b)), Limits{}); err != nil || again.Points != rep.Points {
				t.Errorf("repaired %+v, salvaged %+v: %v", rep, again, err)
			}
		}
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("%d bytes took %v", len(b), d)
		}
	})
}
