package compact

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

type memory map[string][]*tablet.Tablet

func (m memory) Devices() iter.Seq[string]         { return maps.Keys(m) }
func (m memory) Tablets(d string) []*tablet.Tablet { return m[d] }

func open(t testing.TB, b []byte) *tsfile.Reader {
	t.Helper()
	r, err := tsfile.Open(bytes.NewReader(b), int64(len(b)), tsfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// random makes layers of a few devices, some aligned.
type random struct {
	*rand.Rand
	version byte
}

func (r *random) columns(d int) []tablet.Schema {
	rnd := rand.New(rand.NewPCG(uint64(d), 3))
	types := []tablet.DataType{tablet.Boolean, tablet.Int32, tablet.Int64, tablet.Float, tablet.Double, tablet.Text, tablet.String}
	var out []tablet.Schema
	for i := range 1 + rnd.IntN(5) {
		typ := types[rnd.IntN(len(types))]
		if r.IntN(30) == 0 {
			typ = types[r.IntN(len(types))]
		}
		out = append(out, tablet.Schema{Name: fmt.Sprintf("s%d", i), Type: typ, Encoding: tablet.DefaultEncoding(typ),
			Compressor: []tablet.Compressor{tablet.LZ4, tablet.LZ4, tablet.Snappy}[r.IntN(3)]})
	}
	if len(out) > 1 && r.IntN(4) == 0 {
		out = out[1:]
	}
	return out
}

func (r *random) tablet(d int, from int64, rows int) *tablet.Tablet {
	t := &tablet.Tablet{Device: fmt.Sprintf("root.sg.d%d", d), Aligned: d%2 == 0}
	if r.IntN(20) == 0 {
		t.Aligned = !t.Aligned
	}
	for range rows {
		t.Times = append(t.Times, from)
		from += 1 + r.Int64N(2)
	}
	for _, s := range r.columns(d) {
		c := tablet.Column{Schema: s, Category: tablet.Field}
		holes := r.IntN(3) == 0
		for i := range rows {
			v := r.IntN(500)
			switch s.Type.Physical() {
			case tablet.PhysicalBool:
				c.Bools = append(c.Bools, v&1 == 0)
			case tablet.PhysicalInt32:
				c.Int32s = append(c.Int32s, int32(v))
			case tablet.PhysicalInt64:
				c.Int64s = append(c.Int64s, int64(v))
			case tablet.PhysicalFloat:
				c.Floats = append(c.Floats, float32(v)/10)
			case tablet.PhysicalDouble:
				c.Doubles = append(c.Doubles, float64(v)/1000)
			case tablet.PhysicalBytes:
				c.Bytes.Append(fmt.Append(nil, "v", v%9))
			}
			if holes && v%5 == 0 {
				if c.Nulls == nil {
					c.Nulls = tablet.NewBitmap(rows)
				}
				c.Nulls.Set(i)
			}
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

func (r *random) input(t testing.TB, n int) merge.Input {
	var in merge.Input
	mem := memory{}
	for d := range 4 {
		if r.IntN(4) == 0 {
			continue
		}
		x := r.tablet(d, int64(n)*80+r.Int64N(150), 1+r.IntN(100))
		mem[x.Device] = append(mem[x.Device], x)
	}
	if r.IntN(3) == 0 {
		in.Mem = mem
	} else {
		var b bytes.Buffer
		w, err := tsfile.NewWriter(&b, tsfile.WriterOptions{Version: byte(3 + r.IntN(2)), PageRows: 10, GroupBytes: 200})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range slices.Sorted(maps.Keys(mem)) {
			rows := mem[d][0]
			for at := 0; at < rows.Rows(); at += 30 {
				if err := w.Write(rows.Slice(at, min(at+30, rows.Rows()))); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		in.File = open(t, b.Bytes())
	}
	if r.IntN(3) == 0 {
		lo := r.Int64N(500)
		in.Deleted = func(device, m string) []merge.Range {
			if m == "s1" {
				return nil
			}
			return []merge.Range{{Lo: lo, Hi: lo + 30}}
		}
	}
	return in
}

// dump reads all points of all devices as text.
func dump(t testing.TB, inputs []merge.Input, rng merge.Range) map[string]string {
	t.Helper()
	out := map[string]string{}
	for d, err := range merge.Devices(inputs) {
		if err != nil {
			t.Fatal(err)
		}
		s, err := merge.Scan(context.Background(), inputs, merge.Query{Device: d.Name, Columns: d.Columns, Lo: rng.Lo, Hi: rng.Hi})
		if err != nil {
			t.Fatal(err)
		}
		for {
			x, err := s.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range x.Columns {
				c := &x.Columns[i]
				for r, at := range x.Times {
					if !c.Nulls.Get(r) {
						out[fmt.Sprintf("%s.%s@%d", d.Name, c.Name, at)] = c.Type.String() + " " + c.Text(r)
					}
				}
			}
		}
	}
	return out
}

func firstSeed() uint64 {
	var n uint64
	if _, err := fmt.Sscan(os.Getenv("COMPACT_SEED"), &n); err == nil {
		return n
	}
	return rand.Uint64N(1 << 40)
}

func TestSamePoints(t *testing.T) {
	first, copied := firstSeed(), 0
	for seed := first; seed < first+400; seed++ {
		r := &random{Rand: rand.New(rand.NewPCG(seed, 1))}
		var inputs []merge.Input
		for i := range 1 + r.IntN(5) {
			inputs = append(inputs, r.input(t, i))
		}
		o := Options{Version: byte(3 + r.IntN(2)), Recompress: r.IntN(2) == 0, Compressor: tablet.Zstd, Reencode: r.IntN(2) == 0,
			PageRows: 1 + r.IntN(40), ChunkPoints: 1 + r.IntN(100), CopyPoints: 1 + r.IntN(30), GroupBytes: 1 + r.IntN(2000)}
		if r.IntN(2) == 0 {
			o.Compressor = tablet.LZ4
		}
		if r.IntN(3) == 0 {
			lo := r.Int64N(300)
			o.Range = &merge.Range{Lo: lo, Hi: lo + r.Int64N(300)}
		}
		all := merge.Range{Lo: math.MinInt64, Hi: math.MaxInt64}
		want := dump(t, inputs, o.withDefaultRange())
		var b bytes.Buffer
		res, err := Write(context.Background(), inputs, &b, o)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if err := tsfile.Verify(bytes.NewReader(b.Bytes()), int64(b.Len()), tsfile.Limits{}).Err(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got := dump(t, []merge.Input{{File: open(t, b.Bytes())}}, all)
		if !maps.Equal(got, want) {
			for k, v := range want {
				if got[k] != v {
					t.Fatalf("seed %d: %s is %q, want %q (%d points, want %d), %+v", seed, k, got[k], v, len(got), len(want), o)
				}
			}
			t.Fatalf("seed %d: %d points, want %d", seed, len(got), len(want))
		}
		if res.Points != int64(len(want)) || res.Bytes != int64(b.Len()) {
			t.Fatalf("seed %d: result %+v, %d points", seed, res, len(want))
		}
		copied += res.Copied
		if seed%8 == 0 && len(want) > 0 {
			checkRepair(t, seed, b.Bytes(), want)
		}
	}
	if copied == 0 {
		t.Error("no chunk was copied")
	}
}

func (o Options) withDefaultRange() merge.Range { return *o.withDefaults().Range }

// checkRepair cuts the index off and makes it anew from the data.
func checkRepair(t *testing.T, seed uint64, b []byte, want map[string]string) {
	t.Helper()
	cut := b[:open(t, b).Footer().Separator+1]
	var out bytes.Buffer
	if _, err := tsfile.Repair(bytes.NewReader(cut), int64(len(cut)), &out, nil); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	got := dump(t, []merge.Input{{File: open(t, out.Bytes())}}, merge.Range{Lo: math.MinInt64, Hi: math.MaxInt64})
	if !maps.Equal(got, want) {
		t.Fatalf("seed %d: %d points repaired, want %d", seed, len(got), len(want))
	}
}
