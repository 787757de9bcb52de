package tsfile

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// TestSalvage: a file cut anywhere gives what Repair would save, without writing, and a
// reader that may be asked for any range.
func TestSalvage(t *testing.T) {
	for _, name := range []string{"testdata/v4/table.tsfile", "testdata/v4/devices.tsfile", "testdata/v3/nulls-aligned.tsfile"} {
		b := readFile(t, name)
		tables := []Table{}
		if r, err := Open(bytes.NewReader(b), int64(len(b)), Limits{}); err == nil {
			tables = r.Footer().Tables
		}
		saved := int64(0)
		for cut := headBytes; cut <= len(b); cut += 5 {
			part := bytes.NewReader(b[:cut])
			r, rep, err := Salvage(part, int64(cut), Limits{})
			must(t, err)
			var out bytes.Buffer
			want, err := Repair(part, int64(cut), &out, tables)
			must(t, err)
			if rep.Cut != want.Cut || rep.Groups != want.Groups || rep.Points != want.Points || rep.Points < saved {
				t.Fatalf("%s cut at %d: %+v, repaired %+v", name, cut, rep, want)
			}
			saved = rep.Points
			x, err := Open(bytes.NewReader(out.Bytes()), int64(out.Len()), Limits{})
			must(t, err)
			compare(t, readAll(t, r), readAll(t, x))
			if got := Verify(r.r, r.size, Limits{}); got.Err() != nil {
				t.Fatalf("%s cut at %d: %v", name, cut, got.Err())
			}
		}
		if saved == 0 {
			t.Errorf("%s: nothing was saved", name)
		}
	}
	if _, _, err := Salvage(strings.NewReader("not a file of this kind"), 23, Limits{}); err != ErrNotTsFile {
		t.Error(err)
	}
}

// TestMended: reads across the seam, at every place and of every length.
func TestMended(t *testing.T) {
	m := &mended{r: strings.NewReader("abcdef??"), cut: 6, tail: []byte("ghij")}
	for off := range 12 {
		for n := range 13 {
			p := make([]byte, n)
			got, err := m.ReadAt(p, int64(off))
			want := "abcdefghij"[min(off, 10):min(off+n, 10)]
			if string(p[:got]) != want || (err == io.EOF) != (got < n) {
				t.Fatalf("%d at %d: %q %v, want %q", n, off, p[:got], err, want)
			}
		}
	}
}
