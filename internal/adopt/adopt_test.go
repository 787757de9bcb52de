package adopt

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/catalog"
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

// direct reads the series of a file without this package.
func direct(t testing.TB, b []byte) []string {
	t.Helper()
	r, err := tsfile.Open(strings.NewReader(string(b)), int64(len(b)), tsfile.Limits{})
	must(t, err)
	var out []string
	for d, err := range r.Devices() {
		must(t, err)
		device, err := tablet.Normalize(d.ID.String())
		must(t, err)
		for s, err := range r.Series(d) {
			must(t, err)
			if s.Time {
				continue
			}
			name, err := tablet.NormalizeMeasurement(s.Name)
			must(t, err)
			out = append(out, device+"."+name+" "+s.Type.String())
		}
	}
	return out
}

// names lists what Schema returned.
func names(devices []catalog.FileDevice) []string {
	var out []string
	for _, d := range devices {
		for _, s := range d.Series {
			out = append(out, d.Path+"."+s.Name+" "+s.Type.String())
		}
	}
	return out
}

// TestVectors: files of real writers, with and without mods.
func TestVectors(t *testing.T) {
	n := 0
	must(t, filepath.WalkDir(vectors, func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".tsfile") || strings.Contains(name, "table") {
			return err
		}
		b, err := os.ReadFile(name)
		must(t, err)
		s := newShelf()
		want := direct(t, b)
		for _, mods := range []string{"", "DELETION,root.sg.d1.*,9223372036854775807,1,2\n"} {
			var m []byte
			if mods != "" {
				m = []byte(mods)
			}
			devices, ok, err := s.Schema(s.put(t, "x.tsfile", b, m))
			if have := names(devices); !ok || err != nil || !slices.Equal(have, want) {
				t.Errorf("%s: %d series, want %d; %v %v", name, len(have), len(want), ok, err)
			}
		}
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
	if n := s.fs.OpenFiles(); n != 0 {
		t.Errorf("%d files open", n)
	}
}

// TestDamage: any damage of a file is said or gives another schema, never an error.
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
		if _, _, err := s.Schema(s.put(t, fmt.Sprintf("%d.tsfile", i), b, nil)); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.fs.OpenFiles(); n != 0 {
		t.Errorf("%d files open", n)
	}
}
