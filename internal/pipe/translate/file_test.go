package translate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/pipe/unpack"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/tsfile/mods"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// folder is the files folder in memory.
type folder map[string][]byte

func (f folder) Open(name string) (plugin.File, error) {
	b, ok := f[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, os.ErrNotExist)
	}
	return memory{bytes.NewReader(b)}, nil
}

func (f folder) part(name string, b []byte) event.Part {
	f[name] = b
	return event.Part{Name: name, Length: int64(len(b)), Stored: name}
}

// content reads a part as a sink does: in pieces, once with a step back.
func content(t testing.TB, f *File, p *event.Part) []byte {
	t.Helper()
	file, err := f.Open(p)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	out := make([]byte, p.Length)
	const step = 1000
	for round := range 2 {
		for off := int64(0); off < p.Length; off += step {
			n := min(step, p.Length-off)
			if k, err := file.ReadAt(out[off:off+n], off); int64(k) != n {
				t.Fatalf("round %d: %d bytes at %d of %d: %v", round, k, off, p.Length, err)
			}
		}
	}
	return out
}

// pointsOf lists all points of a sealed file as it goes to the target.
func pointsOf(t testing.TB, files plugin.Files, s *event.Sealed) []string {
	t.Helper()
	r, err := unpack.Open(files, s, unpack.Everything())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out []string
	for {
		x, err := r.Next()
		if errors.Is(err, io.EOF) {
			slices.Sort(out)
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range x.Columns {
			for row, at := range x.Times {
				if !x.Columns[i].Nulls.Get(row) {
					out = append(out, fmt.Sprintf("%s.%s %v %v %d %s", x.Device, x.Columns[i].Name, x.Aligned, x.Columns[i].Type, at, cell(&x.Columns[i], row)))
				}
			}
		}
	}
}

// taken writes a prepared file into a folder, as the target would hold it.
func taken(t testing.TB, f *File) (folder, *event.Sealed) {
	t.Helper()
	out := folder{}
	s := &event.Sealed{Type: f.Sealed.Type}
	for i := range f.Sealed.Parts {
		p := &f.Sealed.Parts[i]
		s.Parts = append(s.Parts, out.part(p.Name, content(t, f, p)))
	}
	return out, s
}

// TestFilesOfRealWriters: every TsFile of the vectors becomes one that the target reads
// and that holds the same points.
func TestFilesOfRealWriters(t *testing.T) {
	const dir = "../../tsfile/testdata"
	for _, from := range []string{"v3", "v3-1.3.7", "v4"} {
		names, err := filepath.Glob(filepath.Join(dir, from, "*.tsfile"))
		if err != nil || len(names) == 0 {
			t.Fatal(err, len(names))
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files := folder{}
			s := &event.Sealed{Type: 5, Parts: []event.Part{files.part(filepath.Base(name), b)}}
			for _, suffix := range []string{".mods", ".mods2"} {
				if m, err := os.ReadFile(name + suffix); err == nil {
					s = &event.Sealed{Type: 9, Parts: []event.Part{files.part(filepath.Base(name)+suffix, m), s.Parts[0]}}
				}
			}
			for _, to := range []request.Layout{request.Layout12, request.Layout13, request.Layout20} {
				where := fmt.Sprintf("%s/%s to %s", from, filepath.Base(name), to)
				f, v, why, err := Prepare(files, s, to)
				if err != nil {
					t.Fatal(where, err)
				}
				if strings.HasPrefix(filepath.Base(name), "table") {
					if want := map[request.Layout]Verdict{request.Layout12: Bury, request.Layout13: Bury}[to]; v != want {
						t.Errorf("%s: verdict %d %s", where, v, why)
					}
					continue
				}
				if v != Send {
					t.Errorf("%s: verdict %d %s", where, v, why)
					continue
				}
				checkFile(t, where, files, s, f, to)
			}
		}
	}
}

func checkFile(t *testing.T, where string, files folder, s *event.Sealed, f *File, to request.Layout) {
	t.Helper()
	if f.AsRows {
		if to == request.Layout13 || to == request.Layout20 && len(s.Parts) == 1 { // real mods may speak of offsets
			t.Errorf("%s: as rows", where)
		}
		return
	}
	held, got := taken(t, f)
	r, err := unpack.Open(held, got, unpack.Everything())
	if err != nil {
		t.Fatal(where, err)
	}
	if to != request.Layout20 && r.Version() != 3 {
		t.Errorf("%s: version %d", where, r.Version())
	}
	_ = r.Close()
	verify := func(in folder, s *event.Sealed) *tsfile.Report {
		p := s.Parts[len(s.Parts)-1]
		return tsfile.Verify(bytes.NewReader(in[p.Stored]), p.Length, tsfile.Limits{})
	}
	// SPRINTZ of real writers contradicts its own statistics.
	if was, is := verify(files, s), verify(held, got); len(is.Problems) != len(was.Problems) {
		t.Errorf("%s: %v", where, is.Err())
	}
	if before, after := pointsOf(t, files, s), pointsOf(t, held, got); !slices.Equal(before, after) {
		t.Errorf("%s: %d points became %d, or they differ", where, len(before), len(after))
	}
	if n := len(got.Parts); n > 1 {
		want := textMods
		if to == request.Layout20 {
			want = binaryMods
		}
		if name := got.Parts[0].Name; name != got.Parts[1].Name+want {
			t.Errorf("%s: mods are called %s", where, name)
		}
	}
}

// rowsFile writes a TsFile with one point per device.
func rowsFile(t testing.TB, version byte, typ tablet.DataType, devices ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := tsfile.NewWriter(&b, tsfile.WriterOptions{Version: version})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range devices {
		c := tablet.Column{Schema: tablet.Schema{Name: "s", Type: typ, Encoding: tablet.Plain, Compressor: tablet.LZ4}, Category: tablet.Field}
		if typ.Physical() == tablet.PhysicalBytes {
			c.Bytes.Append([]byte("x"))
		} else {
			c.Int64s = []int64{7}
		}
		if err := w.Write(&tablet.Tablet{Device: d, Times: []int64{5}, Columns: []tablet.Column{c}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestFormOfFiles is the table of the package comment.
func TestFormOfFiles(t *testing.T) {
	mod := func(binary bool, offset int64) []byte {
		d := mods.Deletion{Path: "root.a.d1.s", Start: 1, End: 3, Offset: offset}
		if binary {
			return mods.AppendBinary(nil, d)
		}
		b, err := mods.AppendText(nil, d)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, c := range map[string]struct {
		version byte
		typ     tablet.DataType
		devices []string
		mods    []byte
		want    [3]string // for 1.2, 1.3, 2.0
	}{
		"v3":           {3, tablet.Int64, []string{"root.a.d1"}, nil, [3]string{"5 v3", "5 v3", "5 v3"}},
		"v4":           {4, tablet.Int64, []string{"root.a.d1"}, nil, [3]string{"5 v3", "5 v3", "5 v4"}},
		"newer type":   {4, tablet.String, []string{"root.a.d1"}, nil, [3]string{"rows", "5 v3", "5 v4"}},
		"odd order":    {3, tablet.Int64, []string{"root.sg1.a.b.c", "root.sg1.d1"}, nil, [3]string{"5 v3", "5 v3", "5 v4"}},
		"text mods":    {3, tablet.Int64, []string{"root.a.d1"}, mod(false, -1), [3]string{"rows", "9 .mods v3", "9 .mods2 v3"}},
		"binary mods":  {4, tablet.Int64, []string{"root.a.d1"}, mod(true, -1), [3]string{"rows", "9 .mods v3", "9 .mods2 v4"}},
		"bounded mods": {3, tablet.Int64, []string{"root.a.d1"}, mod(false, 20), [3]string{"rows", "9 .mods v3", "rows"}},
		"empty mods":   {3, tablet.Int64, []string{"root.a.d1"}, []byte{}, [3]string{"5 v3", "5 v3", "9 v3"}},
	} {
		for i, to := range []request.Layout{request.Layout12, request.Layout13, request.Layout20} {
			files := folder{}
			db := "root.a"
			s := &event.Sealed{Type: 5, Parts: []event.Part{files.part("1.tsfile", rowsFile(t, c.version, c.typ, c.devices...))}}
			if c.mods != nil {
				s.Type, s.Parts = 9, append([]event.Part{files.part("1.tsfile.mods", c.mods)}, s.Parts...)
				s.Params = []event.Param{{Key: databaseKey + "1.tsfile", Value: &db}}
			}
			f, v, why, err := Prepare(files, s, to)
			if err != nil || v != Send {
				t.Fatal(name, v, why, err)
			}
			got := "rows"
			if !f.AsRows {
				held, sealed := taken(t, f)
				main := sealed.Parts[len(sealed.Parts)-1]
				got = fmt.Sprint(sealed.Type)
				if len(sealed.Parts) > 1 {
					got += strings.TrimPrefix(sealed.Parts[0].Name, "1.tsfile")
					got = got[:1] + " " + got[1:]
				}
				got += fmt.Sprintf(" v%d", held[main.Stored][6])
				for _, p := range f.Sealed.Params {
					if to != request.Layout20 || p.Value != nil {
						t.Errorf("%s to %s: parameter %s", name, to, p.Key)
					}
				}
			}
			if got != c.want[i] {
				t.Errorf("%s to %s: %s, want %s", name, to, got, c.want[i])
			}
		}
	}
}

// TestUnknownRelease and files that cannot be read pass as they came; a disk that fails
// is an error.
func TestFilesThatPassAsTheyAre(t *testing.T) {
	files := folder{}
	s := &event.Sealed{Type: 9, Parts: []event.Part{{Absent: true}, files.part("1.tsfile", rowsFile(t, 4, tablet.Int64, "root.a.d1"))}}
	f, v, _, err := Prepare(files, s, request.LayoutAsDecoded)
	if err != nil || v != Send || f.Sealed.Type != 9 || len(f.Sealed.Parts) != 2 {
		t.Errorf("%+v %d %v", f, v, err)
	}
	files["1.tsfile"] = files["1.tsfile"][:len(files["1.tsfile"])-3]
	s.Parts[1].Length -= 3
	f, v, _, err = Prepare(files, s, request.Layout13)
	if err != nil || v != Send || f.AsRows || f.Sealed.Type != 9 {
		t.Errorf("damaged: %+v %d %v", f, v, err)
	}
	delete(files, "1.tsfile")
	if _, _, _, err = Prepare(files, s, request.Layout13); err == nil {
		t.Error("a missing file is no error")
	}
}

// TestSnapshots: parameters of the other generation are taken out or put in.
func TestSnapshots(t *testing.T) {
	text := func(s string) *string { return &s }
	newer := &event.Sealed{Type: 102, Parts: []event.Part{{Name: "mtree.snapshot", Length: 1}, {Absent: true}, {Name: "device_attribute.snapshot", Length: 1}},
		Params: []event.Param{{Key: "PathPattern", Value: text("root.**")}, {Key: "TableName"}, {Key: "tree", Value: text("")}, {Key: "Type", Value: text("19")}}}
	f, v, _, err := Prepare(folder{}, newer, request.Layout13)
	if err != nil || v != Send || len(f.Sealed.Parts) != 1 || len(f.Sealed.Params) != 2 {
		t.Errorf("%+v %d %v", f.Sealed, v, err)
	}
	if _, v, _, _ = Prepare(folder{}, newer, request.Layout12); v != LeaveOut {
		t.Errorf("1.2: %d", v)
	}
	older := &event.Sealed{Type: 202, Parts: []event.Part{{Name: "user", Length: 1}}, Params: []event.Param{{Key: "fileType", Value: text("1")}}}
	if f, v, _, _ = Prepare(folder{}, older, request.Layout20); v != Send || len(f.Sealed.Params) != 2 || len(older.Params) != 1 {
		t.Errorf("2.0: %+v %d", f.Sealed, v)
	}
	tables := &event.Sealed{Type: 202, Parts: []event.Part{{Name: "user", Length: 1}}, Params: []event.Param{{Key: "table", Value: text("")}}}
	if _, v, _, _ = Prepare(folder{}, tables, request.Layout13); v != LeaveOut {
		t.Errorf("tables: %d", v)
	}
}
