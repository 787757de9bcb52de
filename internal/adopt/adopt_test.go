package adopt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

const vectors = "../tsfile/testdata"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// shelf is a folder in memory with its reader.
type shelf struct {
	fs  *vfs.Mem
	log strings.Builder
	*Files
}

func newShelf() *shelf {
	s := &shelf{fs: vfs.NewMem(1)}
	s.Files = New(s.fs, "files", slog.New(slog.NewTextHandler(&s.log, nil)))
	return s
}

// put stores the parts of a transfer: the TsFile, and before it mods if given.
func (s *shelf) put(t testing.TB, name string, content, mods []byte) *event.Sealed {
	t.Helper()
	must(t, s.fs.MkdirAll("files"))
	f := &event.Sealed{Type: sealPlain}
	add := func(name string, b []byte) {
		must(t, vfs.WriteFile(s.fs, "files/"+name, b))
		f.Parts = append(f.Parts, event.Part{Name: name, Stored: name, Length: int64(len(b))})
	}
	if mods != nil {
		f.Type = sealWithMods
		add(name+".mods", mods)
	}
	add(name, content)
	return f
}

// all reads every point of a transfer in slices of the given size: series and time to
// value.
func (s *shelf) all(t testing.TB, f *event.Sealed, lo, hi, size int64) map[string]string {
	t.Helper()
	devices, ok, err := s.Schema(f)
	must(t, err)
	out := map[string]string{}
	if !ok {
		return out
	}
	w := &Want{Devices: map[string][]string{}, Hashes: map[uint64]struct{}{}, Lo: lo, Hi: hi, Bytes: size}
	for _, d := range devices {
		w.Hashes[tablet.DeviceHash(d.Path)] = struct{}{}
		for _, c := range d.Series {
			w.Devices[d.Path] = append(w.Devices[d.Path], c.Name)
		}
	}
	p, err := s.Plan(f, w)
	must(t, err)
	if p == nil {
		return out
	}
	last := int64(math.MinInt64)
	for i, x := range p.Slices {
		if x.Lo > x.Hi || i > 0 && x.Lo <= last {
			t.Fatalf("slices %v", p.Slices)
		}
		last = x.Hi
		must(t, p.Read(context.Background(), x, func(tb *tablet.Tablet) error {
			collect(out, tb)
			return nil
		}))
	}
	return out
}

func collect(out map[string]string, tb *tablet.Tablet) {
	for i := range tb.Columns {
		c := &tb.Columns[i]
		for r, at := range tb.Times {
			if !c.Nulls.Get(r) {
				out[fmt.Sprintf("%s.%s %d", tb.Device, c.Name, at)] += c.Text(r)
			}
		}
	}
}

// direct reads a file without this package.
func direct(t testing.TB, b []byte) map[string]string {
	t.Helper()
	r, err := tsfile.Open(strings.NewReader(string(b)), int64(len(b)), tsfile.Limits{})
	must(t, err)
	out := map[string]string{}
	for d, err := range r.Devices() {
		must(t, err)
		s, err := r.Scan(tsfile.Everything(d.ID))
		must(t, err)
		for {
			tb, err := s.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			must(t, err)
			tb = tb.Clone()
			tb.Device, err = tablet.Normalize(tb.Device)
			must(t, err)
			for i := range tb.Columns {
				c := &tb.Columns[i]
				c.Name, err = tablet.NormalizeMeasurement(c.Name)
				must(t, err)
			}
			collect(out, tb)
		}
	}
	return out
}

// TestVectors: files of real writers, whole and in slices of every size.
func TestVectors(t *testing.T) {
	n := 0
	must(t, filepath.WalkDir(vectors, func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".tsfile") || strings.Contains(name, "table") {
			return err
		}
		b, err := os.ReadFile(name)
		must(t, err)
		want := direct(t, b)
		if len(want) == 0 {
			t.Errorf("%s holds nothing", name)
		}
		s := newShelf()
		f := s.put(t, "x.tsfile", b, nil)
		for _, size := range []int64{1000, 1 << 40} {
			if have := s.all(t, f, math.MinInt64, math.MaxInt64, size); !maps.Equal(have, want) {
				t.Errorf("%s in slices of %d: %d points, want %d", name, size, len(have), len(want))
			}
		}
		must(t, s.Close())
		if s.fs.OpenFiles() != 0 || s.log.Len() > 0 {
			t.Errorf("%s: %d open files, log %s", name, s.fs.OpenFiles(), s.log.String())
		}
		n++
		return nil
	}))
	if n < 20 {
		t.Errorf("only %d files", n)
	}
}

// TestMods: the deletions of real writers, and one that concerns the first chunks only.
func TestMods(t *testing.T) {
	for _, dir := range []string{"v3", "v3-1.3.7", "v4"} {
		b, err := os.ReadFile(filepath.Join(vectors, dir, "enc-lz4.tsfile"))
		must(t, err)
		mods := []byte(fmt.Sprintf("DELETION,root.sg.d1.int32_plain,%d,1700000005000,1700000009000\nDELETION,root.sg.d1.*,%d,%d,1700000000000\n",
			int64(math.MaxInt64), int64(math.MaxInt64), int64(math.MinInt64)))
		if dir == "v4" {
			mods, err = os.ReadFile(filepath.Join(vectors, dir, "enc-lz4.tsfile.mods2"))
			must(t, err)
		}
		want := direct(t, b)
		before := len(want)
		maps.DeleteFunc(want, func(k, _ string) bool {
			series, at, _ := strings.Cut(k, " ")
			return strings.HasPrefix(series, "root.sg.d1.") && at <= "1700000000000" ||
				series == "root.sg.d1.int32_plain" && at >= "1700000005000" && at <= "1700000009000"
		})
		if len(want) == before {
			t.Fatalf("%s: the mods delete nothing", dir)
		}
		s := newShelf()
		if have := s.all(t, s.put(t, "x.tsfile", b, mods), math.MinInt64, math.MaxInt64, 300); !maps.Equal(have, want) {
			t.Errorf("%s: %d points, want %d", dir, len(have), len(want))
		}
		// offset 0: no chunk begins before it
		none := []byte(fmt.Sprintf("DELETION,root.**,0,%d,%d\n", int64(math.MinInt64), int64(math.MaxInt64)))
		if have := s.all(t, s.put(t, "y.tsfile", b, none), math.MinInt64, math.MaxInt64, 300); len(have) != before {
			t.Errorf("%s: %d points after a deletion of no chunk, want %d", dir, len(have), before)
		}
		must(t, s.Close())
	}
}

// TestUnreadable: what cannot be read has no schema and is said once.
func TestUnreadable(t *testing.T) {
	table, err := os.ReadFile(filepath.Join(vectors, "v4", "table.tsfile"))
	must(t, err)
	whole, err := os.ReadFile(filepath.Join(vectors, "v3", "devices.tsfile"))
	must(t, err)
	s := newShelf()
	gone := s.put(t, "gone.tsfile", whole, nil)
	must(t, s.fs.Remove("files/gone.tsfile"))
	cases := map[string]*event.Sealed{
		"table model": s.put(t, "table.tsfile", table, nil),
		"cut":         s.put(t, "cut.tsfile", whole[:len(whole)-20], nil),
		"mods":        s.put(t, "mods.tsfile", whole, []byte("no deletion\n")),
		"gone":        gone,
		"snapshot":    {Type: 102, Parts: []event.Part{{Name: "a", Stored: "a"}}},
	}
	for name, f := range cases {
		for range 2 {
			if _, ok, err := s.Schema(f); ok || err != nil {
				t.Errorf("%s: %v, %v", name, ok, err)
			}
		}
	}
	if n := strings.Count(s.log.String(), "\n"); n != len(cases)-1 {
		t.Errorf("%d lines in the log:\n%s", n, s.log.String())
	}
	f := s.put(t, "disk.tsfile", whole, nil)
	s.fs.FailOp(1)
	if _, ok, err := s.Schema(f); ok || !errors.Is(err, vfs.ErrInjected) {
		t.Errorf("failing disk: %v, %v", ok, err)
	}
	if _, ok, err := s.Schema(f); !ok || err != nil {
		t.Errorf("after it: %v, %v", ok, err)
	}
	must(t, s.Close())
	if n := s.fs.OpenFiles(); n != 0 {
		t.Errorf("%d files open", n)
	}
}

// TestDamage: any damage of a file gives fewer points or other ones, never an error.
func TestDamage(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(vectors, "v4", "one-page.tsfile"))
	must(t, err)
	rng := rand.New(rand.NewPCG(1, 2))
	s := newShelf()
	for i := range 2000 {
		b := []byte(string(whole))
		for range 1 + rng.IntN(3) {
			b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
		}
		s.all(t, s.put(t, fmt.Sprintf("%d.tsfile", i), b, nil), math.MinInt64, math.MaxInt64, 1<<20)
	}
	must(t, s.Close())
	if n := s.fs.OpenFiles(); n != 0 {
		t.Errorf("%d files open", n)
	}
}

// TestManyFiles: no more than maxOpen stay open.
func TestManyFiles(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(vectors, "v3", "devices.tsfile"))
	must(t, err)
	s := newShelf()
	for i := range maxOpen + 20 {
		s.all(t, s.put(t, fmt.Sprintf("%d.tsfile", i), whole, nil), math.MinInt64, math.MaxInt64, 1<<20)
	}
	if n := s.fs.OpenFiles(); n != maxOpen {
		t.Errorf("%d files open, want %d", n, maxOpen)
	}
	must(t, s.Close())
	if n := s.fs.OpenFiles(); n != 0 {
		t.Errorf("%d files open", n)
	}
}

func TestCut(t *testing.T) {
	for _, list := range [][]extent{
		{{math.MinInt64, math.MaxInt64, 1 << 30}},
		{{5, 5, 1 << 30}, {5, 6, 1 << 30}},
		{{0, 1 << 40, 1 << 20}, {1 << 39, 1 << 41, 1 << 20}, {7, 7, 9}},
	} {
		got := cut(list, 1<<16, 1<<16)
		lo, hi := list[0].lo, list[0].hi
		for _, e := range list {
			lo, hi = min(lo, e.lo), max(hi, e.hi)
		}
		if got[0].Lo != lo || got[len(got)-1].Hi != hi {
			t.Errorf("%v: %v", list, got[:1])
		}
		for i := range got {
			if got[i].Lo > got[i].Hi || i > 0 && got[i].Lo != got[i-1].Hi+1 {
				t.Fatalf("%v: slice %d of %d: %v", list, i, len(got), got[i])
			}
		}
	}
}

// TestTogether: many readers of the same files.
func TestTogether(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(vectors, "v3", "devices.tsfile"))
	must(t, err)
	want := direct(t, whole)
	s := newShelf()
	var f [3]*event.Sealed
	for i := range f {
		f[i] = s.put(t, fmt.Sprintf("%d.tsfile", i), whole, nil)
	}
	var g sync.WaitGroup
	for i := range 8 {
		g.Go(func() {
			if have := s.all(t, f[i%3], math.MinInt64, math.MaxInt64, 1<<20); !maps.Equal(have, want) {
				t.Errorf("%d points, want %d", len(have), len(want))
			}
		})
	}
	g.Wait()
	must(t, s.Close())
}
