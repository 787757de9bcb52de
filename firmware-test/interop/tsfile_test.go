//go:build interop

package interop

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/sluice-gateway/sluice/firmware-test/peer"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// twinSeeds are the files that the Java library writes, each of another kind.
const twinSeeds = 5

// TestT_JavaWrites: what the Java library writes (every type, encoding and compressor, aligned
// and not, nulls, many pages, chunks and index levels, extremes, long and foreign names) is
// read here as that library reads it.
func TestT_JavaWrites(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), caseTime)
	defer cancel()
	lib, err := peer.Fetch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := lib.Java(ctx, "testdata/java/TsFileTwin.java", "write", dir, "1", strconv.Itoa(twinSeeds)); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(dir + "/*.tsfile")
	if err != nil || len(files) != twinSeeds {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for name, want := range javaReads(t, ctx, lib, dir, files) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			got := weRead(t, name)
			if n := samePoints(t, got, want); n == 0 {
				t.Error("no points")
			}
		})
	}
}

// TestT_JavaReads: the Java library reads every point of what is written here, of both versions,
// with more devices and series than an index node holds, with and without a spill.
func TestT_JavaReads(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), caseTime)
	defer cancel()
	lib, err := peer.Fetch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(seedOf(t), 1))
	var files []string
	wrote := map[string]filePoints{}
	for _, version := range []byte{3, 4} {
		for i := range 4 {
			name := filepath.Join(dir, fmt.Sprintf("v%d-%d.tsfile", version, i))
			files = append(files, name)
			f, err := os.Create(name)
			if err != nil {
				t.Fatal(err)
			}
			wrote[name] = writeTwin(t, r, f, twinKind{version: version, devices: []int{3, 3, 3, 600}[i%4], spill: i%2 == 1})
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, got := range javaReads(t, ctx, lib, dir, files) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			if n := samePoints(t, got, wrote[name]); n == 0 {
				t.Error("no points")
			}
		})
	}
}

type twinKind struct {
	version byte
	devices int
	spill   bool
}

// writeTwin writes devices in an order that both versions of readers find.
func writeTwin(t *testing.T, r *rand.Rand, f *os.File, k twinKind) filePoints {
	t.Helper()
	o := tsfile.WriterOptions{Version: k.version, PageRows: 1 + r.IntN(300), PageBytes: 1 << 10, GroupBytes: 1 << (8 + r.IntN(10))}
	if k.spill {
		spill, err := os.Create(f.Name() + ".spill")
		if err != nil {
			t.Fatal(err)
		}
		defer spill.Close()
		o.Spill, o.Both = spill, true
	}
	w, err := tsfile.NewWriter(f, o)
	if err != nil {
		t.Fatal(err)
	}
	out := filePoints{}
	for d := range k.devices {
		schemas := everySchema()
		if k.devices > 3 {
			r.Shuffle(len(schemas), func(i, j int) { schemas[i], schemas[j] = schemas[j], schemas[i] })
			schemas = schemas[:2]
		} else if r.IntN(2) == 0 {
			for i := range 600 {
				schemas = append(schemas, tablet.Schema{Name: fmt.Sprintf("m%d温度", i), Type: tablet.Int64, Encoding: tablet.TS2Diff, Compressor: tablet.LZ4})
			}
		}
		device := fmt.Sprintf("root.db.%s.d%06d", []string{"`a b.c`", "`😀`", "n", strings.Repeat("n", 300), "温度"}[d*5/k.devices], d)
		aligned, nulls := r.IntN(2) == 0, r.IntN(100)
		at := []int64{math.MinInt64, math.MinInt64 / 2, -1_700_000_000_000, 0, 1_700_000_000_000}[r.IntN(5)]
		for range 1 + r.IntN(3) {
			x := twinTablet(r, schemas, at, 1+r.IntN(40_000/len(schemas)/min(k.devices, 100)), nulls)
			x.Device, x.Aligned, at = device, aligned, x.Times[x.Rows()-1]
			if err := w.Write(x); err != nil {
				t.Fatal(err)
			}
			y := *x
			if k.version == 3 {
				out.add(device, &y)
			} else {
				id, err := tsfile.TreeDevice(device)
				if err != nil {
					t.Fatal(err)
				}
				out.add(id.String(), &y)
			}
			if r.IntN(3) == 0 {
				if err := w.EndGroup(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

// twinTablet makes rows of extreme, constant, walking and random values behind time at.
func twinTablet(r *rand.Rand, schemas []tablet.Schema, at int64, rows, nulls int) *tablet.Tablet {
	t := &tablet.Tablet{}
	for range rows {
		at += 1 + r.Int64N(3)
		if r.IntN(5) == 0 {
			at += r.Int64N(1 << r.IntN(40))
		}
		t.Times = append(t.Times, at)
	}
	for _, s := range schemas {
		c := tablet.Column{Schema: s, Category: tablet.Field, Nulls: tablet.NewBitmap(rows)}
		decimal := s.Encoding == tablet.RLE || s.Encoding == tablet.TS2Diff
		kind, v := r.IntN(6), r.Int64N(1000)
		for i := range rows {
			if r.IntN(100) < nulls {
				c.Nulls.Set(i)
			}
			v = twinNumber(r, kind, i, v)
			switch s.Type.Physical() {
			case tablet.PhysicalBool:
				c.Bools = append(c.Bools, v&1 == 1)
			case tablet.PhysicalInt32:
				n := int32(v)
				if s.Type == tablet.Date {
					n = 20000101 + int32(uint32(v)%28)
				}
				c.Int32s = append(c.Int32s, n)
			case tablet.PhysicalInt64:
				c.Int64s = append(c.Int64s, v)
			case tablet.PhysicalFloat:
				n := math.Float32frombits(uint32(v))
				if decimal {
					n = float32(v%10_000) / 4
				}
				c.Floats = append(c.Floats, n)
			case tablet.PhysicalDouble:
				n := math.Float64frombits(uint64(v))
				if decimal {
					n = float64(v%100_000) / 4
				}
				c.Doubles = append(c.Doubles, n)
			case tablet.PhysicalBytes:
				c.Bytes.Append([]byte(strings.Repeat("😀", int(uint64(v)%4)) + strconv.FormatInt(v%30, 36)))
			}
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

// twinNumber gives value i of a kind, behind value v.
func twinNumber(r *rand.Rand, kind, i int, v int64) int64 {
	switch kind {
	case 0:
		return int64(r.Uint64())
	case 1:
		return v + r.Int64N(9) - 4
	case 2:
		return int64(i / 37 % 5)
	case 3: // the differences overflow
		return []int64{math.MinInt64, math.MaxInt64, math.MinInt32, math.MaxInt32, 0, -1}[i%(2+r.IntN(5))]
	case 4:
		return v
	}
	return int64(r.Uint64()) >> r.IntN(64)
}

// filePoints is series ("TYPE device measurement") to time to value.
type filePoints map[string]map[int64]string

// javaReads lets the Java library print every point of the files.
func javaReads(t *testing.T, ctx context.Context, lib peer.Lib, dir string, files []string) map[string]filePoints {
	t.Helper()
	text := filepath.Join(dir, "points.txt")
	if _, err := lib.Java(ctx, "testdata/java/TsFileTwin.java", append([]string{"dump", text}, files...)...); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(text)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]filePoints{}
	var file filePoints
	var series map[int64]string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "file":
			file = filePoints{}
			out[rest] = file
		case "series":
			series = map[int64]string{}
			file[rest] = series
		case "error":
			t.Errorf("Java: %s", rest)
		default:
			at, err := strconv.ParseInt(word, 10, 64)
			if err != nil {
				t.Fatal(lines.Text())
			}
			series[at] = rest
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// weRead reads every series of a file twice, whole devices and each by its name.
func weRead(t *testing.T, name string) filePoints {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	// The Java library loses values of these two encodings, but not in the statistics.
	if rep := tsfile.Verify(f, st.Size(), tsfile.Limits{}); rep.Err() != nil {
		for _, p := range rep.Problems {
			if !strings.Contains(p.Error(), "_SPRINTZ") && !strings.Contains(p.Error(), "_RLBE") {
				t.Error(p)
			}
		}
	}
	r, err := tsfile.Open(f, st.Size(), tsfile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	out := filePoints{}
	for d, err := range r.Devices() {
		if err != nil {
			t.Fatal(err)
		}
		whole, single := filePoints{}, filePoints{}
		whole.scan(t, r, d, nil)
		for s, err := range r.Series(d) {
			if err != nil {
				t.Fatal(err)
			}
			if !s.Time {
				single.scan(t, r, d, []string{s.Name})
				key := fmt.Sprintf("%s %s %s", s.Type, d.ID, s.Name)
				if whole[key] == nil {
					whole[key], single[key] = map[int64]string{}, map[int64]string{}
				}
			}
		}
		samePoints(t, single, whole)
		for k, v := range whole {
			out[k] = v
		}
	}
	return out
}

func (p filePoints) scan(t *testing.T, r *tsfile.Reader, d *tsfile.Device, names []string) {
	t.Helper()
	q := tsfile.Everything(d.ID)
	q.Measurements = names
	s, err := r.Scan(q)
	if err != nil {
		t.Fatal(err)
	}
	for {
		b, err := s.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		p.add(d.ID.String(), b)
	}
}

func (p filePoints) add(device string, b *tablet.Tablet) {
	for j := range b.Columns {
		c := &b.Columns[j]
		key := fmt.Sprintf("%s %s %s", c.Type, device, c.Name)
		if p[key] == nil {
			p[key] = map[int64]string{}
		}
		for i, at := range b.Times {
			if !c.Nulls.Get(i) {
				p[key][at] = twinText(c, i)
			}
		}
	}
}

// twinText is the text that the Java program gives a cell.
func twinText(c *tablet.Column, i int) string {
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		if c.Bools[i] {
			return "1"
		}
		return "0"
	case tablet.PhysicalInt32:
		return strconv.Itoa(int(c.Int32s[i]))
	case tablet.PhysicalInt64:
		return strconv.FormatInt(c.Int64s[i], 10)
	case tablet.PhysicalFloat:
		return floatBits(float64(c.Floats[i]), uint64(math.Float32bits(c.Floats[i])))
	case tablet.PhysicalDouble:
		return floatBits(c.Doubles[i], math.Float64bits(c.Doubles[i]))
	}
	return "x" + hex.EncodeToString(c.Bytes.At(i))
}

func floatBits(v float64, bits uint64) string {
	if v != v {
		return "NaN"
	}
	return strconv.FormatUint(bits, 16)
}

// samePoints returns how many points are the same.
func samePoints(t *testing.T, got, want filePoints) (same int) {
	t.Helper()
	bad := 0
	for k, w := range want {
		g := got[k] // nil: a series without points may be left out
		if len(g) != len(w) {
			t.Errorf("%.200s: %d points, want %d", k, len(g), len(w))
			bad++
		}
		for at, v := range w {
			if g[at] != v {
				t.Errorf("%.200s at %d: %s, want %s", k, at, g[at], v)
				bad++
				break
			}
			same++
		}
		if bad > 20 {
			t.Fatal("…")
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok && len(got[k]) > 0 {
			t.Errorf("%.200s: nobody wrote it", k)
		}
	}
	return same
}
