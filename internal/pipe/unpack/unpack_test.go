package unpack

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/tsfile/mods"
)

// folder is the files folder in memory.
type folder map[string][]byte

type file struct{ *bytes.Reader }

func (file) Close() error { return nil }

func (f folder) Open(name string) (plugin.File, error) {
	b, ok := f[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, os.ErrNotExist)
	}
	return file{bytes.NewReader(b)}, nil
}

func rows(device string, aligned bool, times []int64, columns ...string) *tablet.Tablet {
	t := &tablet.Tablet{Device: device, Aligned: aligned, Times: times}
	for _, name := range columns {
		c := tablet.Column{Schema: tablet.Schema{Name: name, Type: tablet.Int64, Encoding: tablet.TS2Diff, Compressor: tablet.LZ4}, Category: tablet.Field}
		c.Int64s = append(c.Int64s, times...)
		t.Columns = append(t.Columns, c)
	}
	return t
}

// sealed writes a TsFile and its mods into the folder.
func sealed(t testing.TB, f folder, version byte, deletions []mods.Deletion, tablets ...*tablet.Tablet) *event.Sealed {
	t.Helper()
	var b bytes.Buffer
	w, err := tsfile.NewWriter(&b, tsfile.WriterOptions{Version: version, PageRows: 5})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range tablets {
		if err := w.Write(one); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f["x.tsfile"] = b.Bytes()
	main := event.Part{Name: "1-1-0-0.tsfile", Length: int64(b.Len()), Stored: "x.tsfile"}
	if deletions == nil {
		return &event.Sealed{Type: sealPlain, Parts: []event.Part{main}}
	}
	var m []byte
	for _, d := range deletions {
		if version == 3 {
			if m, err = mods.AppendText(m, d); err != nil {
				t.Fatal(err)
			}
		} else {
			m = mods.AppendBinary(m, d)
		}
	}
	f["x.mods"] = m
	return &event.Sealed{Type: sealWithMods, Parts: []event.Part{{Name: "1-1-0-0.tsfile.mods", Length: int64(len(m)), Stored: "x.mods"}, main}}
}

// points lists what a reader yields, one series and time a word.
func points(t testing.TB, r *Reader) string {
	t.Helper()
	var out []string
	for {
		x, err := r.Next()
		if errors.Is(err, io.EOF) {
			return strings.Join(out, " ")
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range x.Columns {
			c := &x.Columns[i]
			for k, at := range x.Times {
				if c.Nulls.Get(k) {
					continue
				}
				if c.Int64s[k] != at {
					t.Errorf("%s.%s at %d is %d", x.Device, c.Name, at, c.Int64s[k])
				}
				out = append(out, fmt.Sprintf("%s.%s@%d", strings.TrimPrefix(x.Device, "root.a."), c.Name, at))
			}
		}
	}
}

func TestSelectionAndMods(t *testing.T) {
	times := []int64{1, 2, 3, 4, 5, 6, 7, 8}
	some := func(string) tablet.Coverage { return tablet.SomeSeries }
	only := func(want string) func(string, string) bool {
		return func(_, m string) bool { return m == want }
	}
	all := func(lo, hi int64) []mods.Deletion {
		return []mods.Deletion{{Path: "root.a.*.x", Start: lo, End: hi, Offset: -1}}
	}
	for name, c := range map[string]struct {
		sel       Selection
		deletions []mods.Deletion
		want      string
	}{
		"times":       {Selection{Lo: 3, Hi: 4}, nil, "d1.x@3 d1.x@4 d1.y@3 d1.y@4 d2.x@3 d2.x@4 d2.y@3 d2.y@4"},
		"one series":  {Selection{Device: some, Series: only("y"), Lo: 8, Hi: 99}, nil, "d1.y@8 d2.y@8"},
		"one device":  {Selection{Device: func(d string) tablet.Coverage { return map[string]tablet.Coverage{"root.a.d2": tablet.AllSeries}[d] }, Lo: 1, Hi: 1}, nil, "d2.x@1 d2.y@1"},
		"mods":        {Selection{Lo: 2, Hi: 4}, all(3, 9), "d1.x@2 d1.y@2 d1.y@3 d1.y@4 d2.x@2 d2.y@2 d2.y@3 d2.y@4"},
		"all deleted": {Selection{Device: some, Series: only("x"), Lo: math.MinInt64, Hi: math.MaxInt64}, all(0, 9), ""},
	} {
		for _, version := range []byte{3, 4} {
			for _, aligned := range []bool{false, true} {
				f := folder{}
				s := sealed(t, f, version, c.deletions, rows("root.a.d1", aligned, times, "x", "y"), rows("root.a.d2", aligned, times, "x", "y"))
				r, err := Open(f, s, c.sel)
				if err != nil {
					t.Fatal(err)
				}
				got := points(t, r)
				if aligned { // row by row instead of column by column; both are sorted by the words here
					got = sorted(got)
				}
				if want := c.want; sorted(got) != sorted(want) {
					t.Errorf("%s, version %d, aligned %v: %s, want %s", name, version, aligned, got, want)
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func sorted(s string) string {
	w := strings.Fields(s)
	for i := range w {
		for k := i; k > 0 && w[k] < w[k-1]; k-- {
			w[k], w[k-1] = w[k-1], w[k]
		}
	}
	return strings.Join(w, " ")
}

func TestCovered(t *testing.T) {
	f := folder{}
	s := sealed(t, f, 3, nil, rows("root.a.d1", false, []int64{10, 20}, "x"), rows("root.a.d2", true, []int64{10, 20}, "x", "y"))
	device := func(want string, c tablet.Coverage) func(string) tablet.Coverage {
		return func(d string) tablet.Coverage {
			if d == want {
				return c
			}
			return tablet.NoSeries
		}
	}
	for name, c := range map[string]struct {
		sel          Selection
		all, nothing bool
	}{
		"everything":     {Everything(), true, false},
		"the very range": {Selection{Lo: 10, Hi: 20}, true, false},
		"a part":         {Selection{Lo: 10, Hi: 19}, false, false},
		"later":          {Selection{Lo: 21, Hi: 99}, false, true},
		"one device":     {Selection{Device: device("root.a.d1", tablet.AllSeries), Lo: 0, Hi: 99}, false, false},
		"another device": {Selection{Device: device("root.b", tablet.AllSeries), Lo: 0, Hi: 99}, false, true},
	} {
		r, err := Open(f, s, c.sel)
		if err != nil {
			t.Fatal(err)
		}
		all, nothing, err := r.Covered()
		if err != nil || all != c.all || nothing != c.nothing {
			t.Errorf("%s: all %v, nothing %v, %v", name, all, nothing, err)
		}
		_ = r.Close()
	}
}

// TestBad: damage is told from a disk that fails.
func TestBad(t *testing.T) {
	f := folder{}
	s := sealed(t, f, 3, []mods.Deletion{{Path: "root.a.**", Start: 0, End: 1, Offset: -1}}, rows("root.a.d1", false, []int64{1}, "x"))
	var b *Bad
	if _, err := Open(folder{}, s, Everything()); err == nil || errors.As(err, &b) {
		t.Errorf("a missing file is %v", err)
	}
	whole := f["x.mods"]
	f["x.mods"] = bytes.Repeat([]byte("?"), len(whole)-1)
	f["x.mods"] = append(f["x.mods"], '\n')
	if _, err := Open(f, s, Everything()); !errors.As(err, &b) {
		t.Errorf("nonsense as mods is %v", err)
	}
	f["x.mods"] = whole
	body := bytes.Clone(f["x.tsfile"])
	for i := range body {
		f["x.tsfile"] = bytes.Clone(body)
		f["x.tsfile"][i] ^= 0x10
		r, err := Open(f, s, Everything())
		for err == nil {
			_, err = r.Next()
		}
		if !errors.Is(err, io.EOF) && !errors.As(err, &b) {
			t.Fatalf("bit flipped at %d: %v", i, err)
		}
		if r != nil {
			_ = r.Close()
		}
	}
}
