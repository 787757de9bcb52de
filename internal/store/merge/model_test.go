package merge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"testing"

	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

const device = "root.sg.d1"

// layer is one random layer and what it holds, cell by cell.
type layer struct {
	in    Input
	cells map[string]map[int64]cell
	del   map[string][]Range
}

type cell struct {
	typ  tablet.DataType
	text string
}

// memory is a memtable made of tablets.
type memory map[string][]*tablet.Tablet

func (m memory) Devices() iter.Seq[string] {
	return func(yield func(string) bool) {
		for d := range m {
			if !yield(d) {
				return
			}
		}
	}
}

func (m memory) Tablets(d string) []*tablet.Tablet { return m[d] }

func allTypes() []tablet.DataType {
	return []tablet.DataType{tablet.Boolean, tablet.Int32, tablet.Int64, tablet.Float, tablet.Double,
		tablet.Text, tablet.Timestamp, tablet.Date, tablet.Blob, tablet.String}
}

type random struct {
	*rand.Rand
	schemas []tablet.Schema
	span    int64
}

func (r *random) times(n int) []int64 {
	set := map[int64]bool{}
	at := r.Int64N(r.span)
	for len(set) < n {
		if r.IntN(10) == 0 {
			at = r.Int64N(r.span)
		}
		set[at] = true
		at += 1 + r.Int64N(3)
	}
	out := make([]int64, 0, n)
	for t := range set {
		out = append(out, t)
	}
	slices.Sort(out)
	return out
}

func (r *random) column(s tablet.Schema, n int) tablet.Column {
	c := tablet.Column{Schema: s, Category: tablet.Field}
	mode := r.IntN(3)
	if mode > 0 {
		c.Nulls = tablet.NewBitmap(n)
	}
	for i := range n {
		if mode == 1 && r.IntN(4) == 0 || mode == 2 && r.IntN(20) > 0 {
			c.Nulls.Set(i)
		}
		v := r.IntN(1000)
		switch s.Type.Physical() {
		case tablet.PhysicalBool:
			c.Bools = append(c.Bools, v&1 == 0)
		case tablet.PhysicalInt32:
			c.Int32s = append(c.Int32s, 20200101+int32(v%28))
		case tablet.PhysicalInt64:
			c.Int64s = append(c.Int64s, int64(v))
		case tablet.PhysicalFloat:
			c.Floats = append(c.Floats, float32(v))
		case tablet.PhysicalDouble:
			c.Doubles = append(c.Doubles, float64(v))
		case tablet.PhysicalBytes:
			c.Bytes.Append(bytes.Repeat([]byte{byte('a' + v%26)}, v%7))
		}
	}
	return c
}

// tablet makes rows of the schemas that chance selects.
func (r *random) tablet(times []int64, aligned bool, schemas []tablet.Schema) *tablet.Tablet {
	t := &tablet.Tablet{Device: device, Aligned: aligned, Times: times}
	for _, s := range schemas {
		t.Columns = append(t.Columns, r.column(s, len(times)))
	}
	return t
}

// subset returns some schemas, now and then one with another type.
func (r *random) subset() []tablet.Schema {
	var out []tablet.Schema
	for _, s := range r.schemas {
		if r.IntN(4) == 0 {
			continue
		}
		if r.IntN(12) == 0 {
			s.Type = allTypes()[r.IntN(10)]
			s.Encoding = tablet.Plain
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		out = append(out, r.schemas[0])
	}
	return out
}

func (r *random) layer(t testing.TB) *layer {
	l := &layer{cells: map[string]map[int64]cell{}, del: map[string][]Range{}}
	aligned := r.IntN(2) == 0
	schemas := r.subset()
	times := r.times(1 + r.IntN(120))
	var tablets []*tablet.Tablet
	for len(times) > 0 {
		n := min(len(times), 1+r.IntN(60))
		tablets = append(tablets, r.tablet(times[:n:n], aligned, schemas))
		times = times[n:]
	}
	for _, x := range tablets {
		l.note(x)
	}
	if r.IntN(3) == 0 {
		l.in.Mem = memory{device: tablets}
	} else {
		l.in.File = r.file(t, tablets)
	}
	if r.IntN(2) == 0 {
		first, last := tablets[0].Times, tablets[len(tablets)-1].Times
		l.in.Bounds = &Range{first[0] - r.Int64N(2)*r.Int64N(50), last[len(last)-1] + r.Int64N(2)*r.Int64N(50)}
	}
	if r.IntN(2) == 0 {
		for _, s := range schemas {
			var list []Range
			for range r.IntN(4) {
				lo := r.Int64N(r.span)
				list = append(list, Range{lo, lo + r.Int64N(40)})
			}
			if r.IntN(10) == 0 {
				list = append(list, Range{math.MinInt64, r.Int64N(r.span)})
			}
			l.del[s.Name] = fuse(list)
		}
		l.in.Deleted = func(d, m string) []Range {
			if d != device {
				t.Fatalf("asked for %s", d)
			}
			return l.del[m]
		}
		for name, list := range l.del {
			for at := range l.cells[name] {
				if covered(list, at, at) == all {
					delete(l.cells[name], at)
				}
			}
		}
	}
	return l
}

func (l *layer) note(x *tablet.Tablet) {
	for i := range x.Columns {
		c := &x.Columns[i]
		if l.cells[c.Name] == nil {
			l.cells[c.Name] = map[int64]cell{}
		}
		for r, at := range x.Times {
			if !c.Nulls.Get(r) {
				l.cells[c.Name][at] = cell{c.Type, c.Text(r)}
			}
		}
	}
}

func (r *random) file(t testing.TB, tablets []*tablet.Tablet) *tsfile.Reader {
	var b bytes.Buffer
	w, err := tsfile.NewWriter(&b, tsfile.WriterOptions{Version: byte(3 + r.IntN(2)), PageRows: 1 + r.IntN(30), GroupBytes: 1 + r.IntN(2000)})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range tablets {
		if err := w.Write(x); err != nil {
			t.Fatal(err)
		}
		if r.IntN(3) == 0 {
			if err := w.EndGroup(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := tsfile.Open(bytes.NewReader(b.Bytes()), int64(b.Len()), tsfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func newRandom(seed uint64) *random {
	r := &random{Rand: rand.New(rand.NewPCG(seed, 7)), span: 300}
	for i := range 1 + r.IntN(6) {
		typ := allTypes()[r.IntN(10)]
		r.schemas = append(r.schemas, tablet.Schema{Name: fmt.Sprintf("s%d", i), Type: typ, Encoding: tablet.DefaultEncoding(typ), Compressor: tablet.LZ4})
	}
	return r
}

// expected joins the layers of a query, row by row.
func expected(layers []*layer, q *Query) map[int64][]string {
	rows := map[int64][]string{}
	for i, c := range q.Columns {
		for _, l := range layers {
			for at, v := range l.cells[c.Name] {
				if v.typ != c.Type || at < q.Lo || at > q.Hi {
					continue
				}
				if rows[at] == nil {
					rows[at] = make([]string, len(q.Columns))
				}
				rows[at][i] = v.text + "."
			}
		}
	}
	return rows
}

func collect(t testing.TB, s *Scanner, q *Query) ([]int64, map[int64][]string) {
	t.Helper()
	var order []int64
	rows := map[int64][]string{}
	for {
		x, err := s.Next()
		if errors.Is(err, io.EOF) {
			return order, rows
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Validate(); err != nil {
			t.Fatal(err)
		}
		if len(x.Times) == 0 || q.Rows > 0 && len(x.Times) > q.Rows || len(x.Columns) != len(q.Columns) {
			t.Fatalf("%d rows, %d columns", len(x.Times), len(x.Columns))
		}
		for r, at := range x.Times {
			row := make([]string, len(x.Columns))
			for i := range x.Columns {
				if x.Columns[i].Schema != q.Columns[i] {
					t.Fatalf("column %d has schema %+v", i, x.Columns[i].Schema)
				}
				if !x.Columns[i].Nulls.Get(r) {
					row[i] = x.Columns[i].Text(r) + "."
				}
			}
			order = append(order, at)
			rows[at] = row
		}
	}
}

func (r *random) query() Query {
	q := Query{Device: device, Lo: math.MinInt64, Hi: math.MaxInt64, Desc: r.IntN(2) == 0, Rows: []int{0, 1, 3, 17, 1000}[r.IntN(5)]}
	for _, s := range r.schemas {
		if r.IntN(5) > 0 {
			q.Columns = append(q.Columns, s)
		}
	}
	if r.IntN(3) == 0 {
		q.Columns = append(q.Columns, tablet.Schema{Name: "nowhere", Type: tablet.Text})
	}
	r.Shuffle(len(q.Columns), func(i, j int) { q.Columns[i], q.Columns[j] = q.Columns[j], q.Columns[i] })
	if r.IntN(2) == 0 {
		q.Lo = r.Int64N(r.span) - 20
		q.Hi = q.Lo + r.Int64N(r.span)
	}
	return q
}

func checkOrder(t *testing.T, seed uint64, order []int64, q *Query, want int) {
	t.Helper()
	if !sort.SliceIsSorted(order, func(i, j int) bool { return order[i] < order[j] != q.Desc && order[i] != order[j] }) {
		t.Fatalf("seed %d: order %v", seed, order)
	}
	if len(order) != want {
		t.Fatalf("seed %d: %d rows, want %d", seed, len(order), want)
	}
}

func TestModel(t *testing.T) {
	first := firstSeed()
	pool := &Pool{}
	for seed := first; seed < first+1500; seed++ {
		r := newRandom(seed)
		var layers []*layer
		var inputs []Input
		for range 1 + r.IntN(5) {
			l := r.layer(t)
			layers, inputs = append(layers, l), append(inputs, l.in)
		}
		q := r.query()
		if seed%3 > 0 {
			q.Pool = pool
		}
		want := expected(layers, &q)
		filter := -1
		switch r.IntN(3) {
		case 0:
			q.Stats = takeStats(t, r, want, &q)
		case 1:
			if filter = slices.IndexFunc(q.Columns, func(s tablet.Schema) bool { return s.Type == tablet.Int64 }); filter >= 0 {
				q.Skip = func(i int, typ tablet.DataType, s *tsfile.Statistics) bool {
					return i == filter && int64(s.Max.Bits) < 500
				}
			}
		}
		s, err := Scan(context.Background(), inputs, q)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		order, got := collect(t, s, &q)
		if s.Bytes() < 0 {
			t.Fatal("no memory")
		}
		if filter >= 0 {
			pass := func(at int64, row []string) bool { return len(row[filter]) < 4 || row[filter] < "500" }
			deleteRows(got, pass)
			deleteRows(want, pass)
			order = slices.DeleteFunc(order, func(at int64) bool { return got[at] == nil })
		}
		deleteRows(want, func(_ int64, row []string) bool {
			return !slices.ContainsFunc(row, func(s string) bool { return s != "" })
		})
		for at, row := range want {
			if !slices.Equal(row, got[at]) {
				t.Fatalf("seed %d: time %d: have %q, want %q, query %+v, layers %d", seed, at, got[at], row, q, len(layers))
			}
		}
		checkOrder(t, seed, order, &q, len(want))
		s.Close()
	}
}

// TestUntil: a scan ends where it is told, and what comes later is not even looked for.
func TestUntil(t *testing.T) {
	for _, desc := range []bool{false, true} {
		older, newer := plantFile(t, 0, false), plantFile(t, 2*benchRows, false)
		at := func(row int64) int64 { return telemetry.Start + row*telemetry.Step }
		older.Bounds, newer.Bounds = &Range{at(0), at(benchRows)}, &Range{at(2 * benchRows), at(3 * benchRows)}
		nowhere := &older
		border := at(benchRows + 1)
		if !desc {
			nowhere = &newer
		}
		nowhere.Deleted = func(string, string) []Range {
			t.Fatal("the layer was entered")
			return nil
		}
		s, err := Scan(context.Background(), []Input{older, newer}, Query{Device: "root.plant.d0", Columns: telemetry.Schema(),
			Lo: math.MinInt64, Hi: math.MaxInt64, Desc: desc, Until: func(x int64) bool { return x < border == desc }})
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		for {
			x, err := s.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			rows += len(x.Times)
		}
		if rows != benchRows {
			t.Fatalf("%d rows", rows)
		}
	}
}

func deleteRows(rows map[int64][]string, cond func(int64, []string) bool) {
	for at, row := range rows {
		if cond(at, row) {
			delete(rows, at)
		}
	}
}

// takeStats takes some of the statistics that are offered, after it has compared them with
// the rows, from which it removes what they stand for.
func takeStats(t *testing.T, r *random, want map[int64][]string, q *Query) func(int, *tsfile.Statistics) bool {
	return func(i int, s *tsfile.Statistics) bool {
		if r.IntN(2) == 0 {
			return false
		}
		n, lo, hi := uint32(0), int64(math.MaxInt64), int64(math.MinInt64)
		for at, row := range want {
			if at >= s.Start && at <= s.End && row[i] != "" {
				n, lo, hi = n+1, min(lo, at), max(hi, at)
				row[i] = ""
			}
		}
		if n != s.Count || lo != s.Start || hi != s.End {
			t.Fatalf("statistics of column %s: %d points %d..%d, have %d %d..%d", q.Columns[i].Name, s.Count, s.Start, s.End, n, lo, hi)
		}
		return true
	}
}

// firstSeed is random; MERGE_SEED repeats a run.
func firstSeed() uint64 {
	var n uint64
	if _, err := fmt.Sscan(os.Getenv("MERGE_SEED"), &n); err == nil {
		return n
	}
	return rand.Uint64N(1 << 40)
}
