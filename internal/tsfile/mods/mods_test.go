package mods

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// manifest is the part of the manifests of real writers that is about mods files.
type manifest struct {
	Files []struct {
		File      string `json:"file"`
		Kind      string `json:"kind"`
		Deletions []struct {
			Path   string  `json:"path"`
			Start  string  `json:"start"`
			End    string  `json:"end"`
			Offset *string `json:"file_offset"`
		} `json:"deletions"`
	} `json:"files"`
}

const vectors = "../testdata"

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	must(t, err)
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMods(t *testing.T) {
	for _, set := range []string{"v3", "v3-1.3.7", "v4"} {
		var m manifest
		must(t, json.Unmarshal(readFile(t, filepath.Join(vectors, set, "manifest.json")), &m))
		for _, f := range m.Files {
			if f.Kind == "" {
				continue
			}
			b := readFile(t, filepath.Join(vectors, set, f.File))
			read := ReadText
			if f.Kind == "mods2" {
				read = ReadBinary
			}
			have, err := read(b)
			must(t, err)
			var again []byte
			for i, d := range have {
				w := f.Deletions[i]
				if d.Path != w.Path || strconv.FormatInt(d.Start, 10) != w.Start || strconv.FormatInt(d.End, 10) != w.End ||
					w.Offset != nil && strconv.FormatInt(d.Offset, 10) != *w.Offset {
					t.Errorf("%s: %+v, want %+v", f.File, d, w)
				}
				if f.Kind == "mods2" {
					again = AppendBinary(again, d)
				} else if again, err = AppendText(again, d); err != nil {
					t.Fatal(err)
				}
			}
			if len(have) != len(f.Deletions) || !bytes.Equal(again, b) {
				t.Errorf("%s: %d deletions, written again %q, want %q", f.File, len(have), again, b)
			}
			for i := range b {
				_, _ = read(b[:i])
			}
		}
	}
	d := Deletion{Table: "t", Start: 1, End: 2, Offset: -1, Measurements: []string{"a"}, Tags: TagPredicate{Kind: TagAnd, All: []TagPredicate{
		{Kind: TagEquals, Value: "x", Segment: 1}, {Kind: TagNotNull, Segment: 2}, {Kind: TagExact, Device: tsfile.PathDevice("t")}, {Kind: TagIn, Devices: []tsfile.DeviceID{tsfile.PathDevice("u")}}}}}
	have, err := ReadBinary(AppendBinary(nil, d))
	must(t, err)
	if !bytes.Equal(AppendBinary(nil, have[0]), AppendBinary(nil, d)) {
		t.Errorf("%+v", have)
	}
	old, err := ReadText([]byte("DELETION,root.a,b.c,7,99\r\nDELETION,root.a"))
	if err != nil || len(old) != 1 || old[0].Path != "root.a,b.c" && old[0].End != 99 {
		t.Errorf("old form: %+v %v", old, err)
	}
}

// TestTornLine: no prefix of a list gives a deletion that is not in the list.
func TestTornLine(t *testing.T) {
	list := []Deletion{{Path: "root.a.b.s1", Start: 1700000000000, End: 1700000009999, Offset: 123456}, {Path: "root.a.b.*", Start: -5, End: 17, Offset: 99}}
	var b []byte
	for _, d := range list {
		var err error
		b, err = AppendText(b, d)
		must(t, err)
	}
	for n := range len(b) + 1 {
		got, err := ReadText(b[:n])
		if want := bytes.Count(b[:n], []byte("\n")); err != nil || len(got) != want || want > 0 && !reflect.DeepEqual(got, list[:want]) {
			t.Fatalf("%d bytes: %+v %v", n, got, err)
		}
	}
}

func FuzzMods(f *testing.F) {
	f.Add([]byte("DELETION,root.a.b,1,2,3\n"))
	f.Add(AppendBinary(nil, Deletion{Path: "root.a.**", Start: 1, End: 2}))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = ReadText(b)
		if d, err := ReadBinary(b); err == nil {
			var again []byte
			for _, x := range d {
				again = AppendBinary(again, x)
			}
			if !bytes.Equal(again, b) {
				t.Errorf("%x became %x", b, again)
			}
		}
	})
}
