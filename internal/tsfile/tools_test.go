package tsfile

import (
	"bytes"
	"io"
	"math/rand"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// eachVector calls f with every file of the vectors.
func eachVector(t *testing.T, f func(t *testing.T, name string, b []byte)) {
	files, err := filepath.Glob("testdata/*/*.tsfile")
	must(t, err)
	more, err := filepath.Glob("testdata/*.tsfile")
	must(t, err)
	for _, name := range append(files, more...) {
		t.Run(filepath.Base(filepath.Dir(name))+"/"+filepath.Base(name), func(t *testing.T) { f(t, name, readFile(t, name)) })
	}
}

// TestMap: the regions of every file follow each other and end at the end, also when the
// file is cut.
func TestMap(t *testing.T) {
	eachVector(t, func(t *testing.T, _ string, b []byte) {
		for _, n := range []int{len(b), len(b) - 1, len(b) / 2, 20, 7, 3} {
			at := int64(0)
			kinds := map[RegionKind]int{}
			err := Map(bytes.NewReader(b[:n]), int64(n), Limits{}, func(r Region) error {
				if r.Offset != at || r.Size <= 0 {
					t.Fatalf("region at %d of %d bytes, want %d", r.Offset, r.Size, at)
				}
				kinds[r.Kind]++
				at += r.Size
				return nil
			})
			if at != int64(n) {
				t.Errorf("regions of %d bytes end at %d", n, at)
			}
			if n == len(b) && (err != nil || kinds[Unaccounted] > 0 || kinds[RegionFooter] != 1) {
				t.Errorf("whole file: %v %v", err, kinds)
			}
			if n < len(b) && err == nil {
				t.Errorf("cut to %d bytes: no error", n)
			}
		}
	})
}

// TestVerify: the files of real writers have no problem, but for the points that the
// writers lost themselves.
func TestVerify(t *testing.T) {
	eachVector(t, func(t *testing.T, _ string, b []byte) {
		r := Verify(bytes.NewReader(b), int64(len(b)), Limits{})
		for _, err := range r.Problems {
			if !bytes.Contains([]byte(err.Error()), []byte("sprintz")) {
				t.Error(err)
			}
		}
		if r.Points == 0 || r.Pages == 0 || r.Series == 0 {
			t.Errorf("%+v", r)
		}
	})
}

// TestRepair: a file cut anywhere gives back its whole chunk groups; cut in the index it
// gives back everything.
func TestRepair(t *testing.T) {
	r := rand.New(rand.NewSource(5))
	for _, version := range []byte{3, 4} {
		var ends []int64
		var all []*tablet.Tablet
		whole := written(t, WriterOptions{Version: version, PageRows: 7}, func(w *Writer) {
			for i := range 6 {
				x := randomTablet(r, "root.a.b"+strconv.Itoa(i%3), allSchemas(tablet.LZ4)[i:i+9], int64(100*(i/3)), 20, 10)
				if i < 3 {
					x.Columns = x.Columns[:4]
				} else {
					x.Columns = all[i-3].Columns
					x.Columns = randomTablet(r, x.Device, schemasOf(all[i-3]), int64(100*(i/3)), 20, 10).Columns
				}
				x.Aligned = i%3 == 1
				must(t, w.Write(x))
				must(t, w.EndGroup())
				all = append(all, x)
				ends = append(ends, w.Size())
			}
		})
		for cut := headBytes; cut <= len(whole); cut += 13 {
			var out bytes.Buffer
			rep, err := Repair(bytes.NewReader(whole[:cut]), int64(cut), &out, nil)
			if err != nil {
				t.Fatalf("version %d cut at %d: %v", version, cut, err)
			}
			want := points{}
			for i, end := range ends {
				if int64(cut) > end {
					want.add(t, all[i].Device, all[i])
				}
			}
			rd, err := Open(bytes.NewReader(out.Bytes()), int64(out.Len()), Limits{})
			must(t, err)
			compare(t, readAll(t, rd), want)
			if t.Failed() {
				t.Fatalf("version %d cut at %d: %+v", version, cut, rep)
			}
			if int64(cut) > ends[5] && (version == 3 && !bytes.Equal(out.Bytes(), whole) || rep.Lost != nil) {
				t.Fatalf("cut in the index at %d: %d bytes, want %d: %+v", cut, out.Len(), len(whole), rep)
			}
		}
	}
}

func schemasOf(x *tablet.Tablet) []tablet.Schema {
	var out []tablet.Schema
	for _, c := range x.Columns {
		out = append(out, c.Schema)
	}
	return out
}

// TestFilter: statistics and time range leave out exactly what does not match.
func TestFilter(t *testing.T) {
	r := rand.New(rand.NewSource(9))
	for _, aligned := range []bool{false, true} {
		x := randomTablet(r, "root.a.b", allSchemas(tablet.LZ4), 0, 500, 20)
		x.Aligned = aligned
		b := written(t, WriterOptions{PageRows: 10, GroupBytes: 4096}, func(w *Writer) {
			for i := 0; i < 500; i += 50 {
				must(t, w.Write(x.Slice(i, i+50)))
			}
		})
		rd, err := Open(bytes.NewReader(b), int64(len(b)), Limits{})
		must(t, err)
		for range 50 {
			from := r.Int63n(1200) - 50
			q := Query{Device: PathDevice("root.a.b"), From: from, To: from + r.Int63n(300)}
			name := x.Columns[r.Intn(len(x.Columns))].Name
			q.Measurements = []string{name, "nothing"}
			s, err := rd.Scan(q)
			must(t, err)
			have, want := points{}, points{}
			for {
				y, err := s.Next()
				if err == io.EOF {
					break
				}
				must(t, err)
				have.add(t, "d", y)
			}
			for _, c := range x.Columns {
				for i, at := range x.Times {
					if c.Name == name && at >= q.From && at <= q.To && !c.Nulls.Get(i) {
						want.put("d", c.Name, c.Type.String(), at, cellText(&c, i))
					}
				}
			}
			compare(t, have, want)
		}
	}
}

// TestConvert: a file converted to the other version and back is the same byte for byte,
// and holds the same points in between.
func TestConvert(t *testing.T) {
	eachVector(t, func(t *testing.T, name string, b []byte) {
		if strings.HasPrefix(filepath.Base(name), "spec-v4") {
			return // a property differs from what releases write
		}
		r, err := Open(bytes.NewReader(b), int64(len(b)), Limits{})
		must(t, err)
		other := 7 - r.Footer().Version
		var out, back bytes.Buffer
		if err := Convert(r, &out, other); len(r.Footer().Tables) > 0 {
			if err == nil {
				t.Error("tables went into version 3")
			}
			return
		} else if err != nil {
			t.Fatal(err)
		}
		x, err := Open(bytes.NewReader(out.Bytes()), int64(out.Len()), Limits{})
		must(t, err)
		if x.Footer().Version != other {
			t.Errorf("version %d", x.Footer().Version)
		}
		compare(t, readAll(t, x), readAll(t, r))
		must(t, Convert(x, &back, r.Footer().Version))
		if !bytes.Equal(back.Bytes(), b) {
			t.Errorf("there and back: %d bytes, want %d", back.Len(), len(b))
		}
	})
}
