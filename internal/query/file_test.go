package query

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// pipeOrigin is who brings files.
var pipeOrigin = arrival.Origin{Peer: "test", ViaPipe: true, ConvertTypes: true}

// file writes a TsFile of the tablets, with small pages; the tablets are sorted, and of
// rows with one time the last stays.
func file(t testing.TB, version byte, tablets ...*tablet.Tablet) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := tsfile.NewWriter(&b, tsfile.WriterOptions{Version: version, PageRows: 4})
	must(t, err)
	for _, x := range tablets {
		must(t, w.Write(x))
	}
	must(t, w.Close())
	return b.Bytes()
}

// put stores a file and its mods and brings the sealed transfer in.
func (u *unit) seal(t testing.TB, name string, content []byte, mods string) error {
	t.Helper()
	f := &event.Sealed{Type: 5}
	add := func(name string, content []byte) {
		must(t, u.fs.MkdirAll("data/files"))
		must(t, vfs.WriteFile(u.fs, "data/files/"+name, content))
		f.Parts = append(f.Parts, event.Part{Name: name, Stored: name, Length: int64(len(content))})
	}
	if mods != "" {
		f.Type = 9
		add(name+".mods", []byte(mods))
	}
	add(name, content)
	return u.in.File(context.Background(), pipeOrigin, f)
}

// distinct sorts a tablet by time and keeps the last row of each.
func distinct(t *tablet.Tablet) *tablet.Tablet {
	t = t.Sort()
	out := &tablet.Tablet{Device: t.Device, Aligned: t.Aligned}
	var order []int
	for i := range t.Times {
		if i+1 == len(t.Times) || t.Times[i+1] != t.Times[i] {
			order = append(order, i)
		}
	}
	p := pick(t, order)
	out.Times, out.Columns = p.Times, p.Columns
	return out
}

// file makes a random sealed file, with or without mods.
func (p *play) file() {
	x := distinct(p.tablet())
	x = x.Project(func(i int) bool { return x.Columns[i].Nulls.Count(x.Rows()) < x.Rows() }) // others have no chunk
	if len(x.Columns) == 0 {
		return
	}
	x.Aligned = p.rng.IntN(4) == 0
	p.files++
	mods, hidden := "", x
	if pat := p.pattern(); p.rng.IntN(2) == 0 && !strings.Contains(pat, "`") {
		lo := int64(p.rng.IntN(60))
		hi := lo + int64(p.rng.IntN(10))
		mods = fmt.Sprintf("DELETION,%s,%d,%d,%d\n", pat, int64(math.MaxInt64), lo, hi)
		hidden = x.Clone()
		m, _ := tablet.CompilePattern(pat)
		for i := range hidden.Columns {
			c := &hidden.Columns[i]
			for r, at := range hidden.Times {
				if at >= lo && at <= hi && m.MatchSeries(x.Device, c.Name) {
					c.Nulls.Set(r)
				}
			}
		}
	}
	err := p.u.seal(p.t, fmt.Sprintf("%d.tsfile", p.files), file(p.t, byte(3+p.rng.IntN(2)), x), mods)
	switch status.Of(err) {
	case status.TypeMismatch, status.AlignedTimeseries, status.PathExists:
		return
	}
	must(p.t, err)
	p.m.insert(hidden)
}

func ints(name string, v ...int64) tablet.Column {
	return tablet.Column{Schema: tablet.Schema{Name: name, Type: tablet.Int64}, Category: tablet.Field, Int64s: v}
}

func sequence(device string, from, n int64, add int64) *tablet.Tablet {
	t := &tablet.Tablet{Device: device}
	var v []int64
	for i := from; i < from+n; i++ {
		t.Times = append(t.Times, i)
		v = append(v, i+add)
	}
	t.Columns = []tablet.Column{ints("a", v...), ints("b", v...)}
	return t
}

// TestFileAndTablets: the later of file and tablet wins, deletions take from what was
// before them, a file that comes after a deletion is seen, and all of it again after a
// restart.
func TestFileAndTablets(t *testing.T) {
	ctx := context.Background()
	fs := vfs.NewMem(1)
	u := open(t, fs, 0)
	d := "root.f.d"
	must(t, u.in.Insert(ctx, client, []*tablet.Tablet{sequence(d, 0, 4, 1000)}))
	must(t, u.seal(t, "1.tsfile", file(t, 3, sequence(d, 2, 4, 2000)), "DELETION,root.f.d.b,9223372036854775807,3,3\n"))
	must(t, u.in.Insert(ctx, client, []*tablet.Tablet{sequence(d, 5, 1, 3000)}))
	plan, err := request.DeleteDataPlan([]string{"root.f.d.a"}, 4, 4)
	must(t, err)
	must(t, u.in.Plan(ctx, client, plan))
	must(t, u.seal(t, "2.tsfile", file(t, 4, sequence("root.f.new", 4, 1, 4000)), ""))
	want := "root.f.d.a:INT64 root.f.d.b:INT64 root.f.new.a:INT64 root.f.new.b:INT64\n" +
		"0 1000 1000 - -\n1 1001 1001 - -\n2 2002 2002 - -\n3 2003 1003 - -\n4 - 2004 4004 4004\n5 3005 3005 - -\n"
	wantCount := "count(root.f.d.a):INT64 count(root.f.d.b):INT64 count(root.f.new.a):INT64 count(root.f.new.b):INT64\n 5 6 1 1\n"
	for range 2 {
		if have := u.text(t, selects("", "**", "root.f"), 3); have != want {
			t.Errorf("have\n%s\nwant\n%s", have, want)
		}
		if have := u.text(t, selects("count", "**", "root.f"), 3); have != wantCount {
			t.Errorf("have\n%s\nwant\n%s", have, wantCount)
		}
		if n := u.cat.Stats().Kept; n != 0 {
			t.Errorf("%d requests are kept", n)
		}
		u.shut(t)
		u = open(t, fs, 0)
	}
	plan, err = request.DeleteTimeseriesPlan([]string{"root.f.d.**"})
	must(t, err)
	must(t, u.in.Plan(ctx, client, plan))
	if have, want := u.text(t, selects("count", "**", "root.f"), 3), "count(root.f.new.a):INT64 count(root.f.new.b):INT64\n 1 1\n"; have != want {
		t.Errorf("have\n%s\nwant\n%s", have, want)
	}
	u.shut(t)
	if n := fs.OpenFiles(); n != 0 {
		t.Errorf("%d files left open", n)
	}
}

// TestFileConflicts: a file with another type or alignment is refused whole, one that
// cannot be read is kept.
func TestFileConflicts(t *testing.T) {
	u := open(t, vfs.NewMem(1), 0)
	defer u.shut(t)
	must(t, u.in.Insert(context.Background(), client, []*tablet.Tablet{sequence("root.f.d", 0, 4, 0)}))
	other := &tablet.Tablet{Device: "root.f.d", Times: []int64{1}, Columns: []tablet.Column{doubles("b", 1), ints("c", 1)}}
	if err := u.seal(t, "1.tsfile", file(t, 3, other), ""); status.Of(err) != status.TypeMismatch || arrival.Classify(err) != arrival.Kept {
		t.Errorf("other type: %v", err)
	}
	other = &tablet.Tablet{Device: "root.f.d", Aligned: true, Times: []int64{1}, Columns: []tablet.Column{ints("c", 1)}}
	if err := u.seal(t, "2.tsfile", file(t, 3, other), ""); status.Of(err) != status.AlignedTimeseries || arrival.Classify(err) != arrival.Kept {
		t.Errorf("other alignment: %v", err)
	}
	whole := file(t, 4, sequence("root.f.x", 0, 100, 0))
	damaged := bytes.Clone(whole)
	for i := len(damaged) / 2; i < len(damaged)-7; i++ { // the index
		damaged[i] ^= 0x55
	}
	must(t, u.seal(t, "3.tsfile", damaged, ""))
	must(t, u.seal(t, "4.tsfile", whole, "no deletion\n"))
	if s := u.cat.Stats(); s.Series != 2 || s.Kept != 2 {
		t.Errorf("%+v", s)
	}
	if have, want := u.text(t, selects("count", "**", "root"), 3), "count(root.f.d.a):INT64 count(root.f.d.b):INT64\n 4 4\n"; have != want {
		t.Errorf("have\n%s\nwant\n%s", have, want)
	}
}

// TestFileInSlices: a file larger than the memory of a query streams, a limit reads the
// beginning of it.
func TestFileInSlices(t *testing.T) {
	u := open(t, vfs.NewMem(1), 0)
	defer u.shut(t)
	u.memory = 1 << 20
	const rows = 200_000
	aligned := sequence("root.f.d1", 0, rows, 0)
	aligned.Aligned = true
	var b bytes.Buffer
	w, err := tsfile.NewWriter(&b, tsfile.WriterOptions{PageRows: 1000})
	must(t, err)
	must(t, w.Write(sequence("root.f.d0", 0, rows, 0)))
	must(t, w.Write(aligned))
	must(t, w.Close())
	must(t, u.seal(t, "1.tsfile", b.Bytes(), ""))
	for _, desc := range []bool{false, true} {
		s := selects("", "**", "root.f")
		s.Desc = desc
		r := u.mustSelect(t, s)
		if n, cells := drain(t, "", r); n != rows || cells != 4*rows {
			t.Errorf("desc %v: %d rows, %d cells", desc, n, cells)
		}
	}
	if _, n := drain(t, "count", u.mustSelect(t, selects("count", "**", "root.f"))); n != 4*rows {
		t.Errorf("%d points counted", n)
	}
	s := selects("", "a", "root.f.*")
	s.Where = &sql.TimeRange{Start: 150_000, End: 150_009}
	if n, cells := drain(t, "", u.mustSelect(t, s)); n != 10 || cells != 20 {
		t.Errorf("time filter: %d rows, %d cells", n, cells)
	}
}
