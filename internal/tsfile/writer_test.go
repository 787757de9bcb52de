package tsfile

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/bloom"
	"github.com/sluice-gateway/sluice/internal/tsfile/cells"
	"github.com/sluice-gateway/sluice/internal/tsfile/encoding"
)

// row gives the time of row i of the golden files.
func rowTime(i int) int64 { return 1700000000000 + 1000*int64(i) }

func int32At(i int) int32 { return int32(7*i%1000 - 500) }

func int64At(i int) int64 { return 1000003*int64(i) - 5 }

func schema(name string, t tablet.DataType, e tablet.Encoding) tablet.Schema {
	return tablet.Schema{Name: name, Type: t, Encoding: e, Compressor: tablet.Uncompressed}
}

func rows(device string, from, to int, cols ...tablet.Column) *tablet.Tablet {
	t := &tablet.Tablet{Device: device, Columns: cols}
	for i := from; i < to; i++ {
		t.Times = append(t.Times, rowTime(i))
		for j := range cols {
			c := &t.Columns[j]
			c.Category = tablet.Field
			switch c.Type {
			case tablet.Int32:
				c.Int32s = append(c.Int32s, int32At(i))
			case tablet.Int64:
				c.Int64s = append(c.Int64s, int64At(i))
			case tablet.Boolean:
				c.Bools = append(c.Bools, false)
			}
		}
	}
	return t
}

func written(t testing.TB, o WriterOptions, f func(w *Writer)) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, o)
	if err != nil {
		t.Fatal(err)
	}
	w.b.Properties[1].Null, w.b.Properties[2].Value = true, "UNENCRYPTED" // as the golden files of version 4 have them
	f(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestGoldenFiles: byte for byte what the Java library wrote for the same content.
func TestGoldenFiles(t *testing.T) {
	plain := func(version byte) []byte {
		return written(t, WriterOptions{Version: version}, func(w *Writer) {
			b := rows("root.sg.d1", 0, 3, tablet.Column{Schema: schema("s1", tablet.Int64, tablet.Plain)})
			b.Columns[0].Int64s = []int64{10, 20, 30}
			must(t, w.Write(b))
		})
	}
	const minimal = "72bb3e90c337feaf93bb348f54bf4e7cbbd7159bdbcfaff957551dd76e83d479"
	if got := fmt.Sprintf("%x", sha256.Sum256(plain(3))); got != minimal {
		t.Errorf("minimal version 3 file: %x", plain(3))
	}
	golden(t, "v4-tree", plain(4))
	golden(t, "v3-aligned", written(t, WriterOptions{PageRows: 3, RawTimes: true}, func(w *Writer) {
		cols := func() []tablet.Column {
			return []tablet.Column{{Schema: schema("s1", tablet.Int32, tablet.Plain)},
				{Schema: schema("s2", tablet.Boolean, tablet.Plain)}, {Schema: schema("s3", tablet.Int64, tablet.TS2Diff)}}
		}
		a, b := rows("root.sg.d1", 98, 100, cols()...), rows("root.sg.d1", 100, 103, cols()...)
		a.Aligned, b.Aligned = true, true
		a.Columns[1].Nulls, a.Columns[2].Nulls, b.Columns[1].Nulls = tablet.Bitmap{3}, tablet.Bitmap{3}, tablet.Bitmap{7}
		must(t, w.Write(a))
		must(t, w.g.sealAligned())
		must(t, w.Write(b))
	}))
	golden(t, "v3-chunks", written(t, WriterOptions{PageRows: 2}, func(w *Writer) {
		col := tablet.Column{Schema: schema("s1", tablet.Int32, tablet.RLE)}
		must(t, w.Write(rows("root.sg.d1", 0, 3, col)))
		must(t, w.PlanRange(1, 2))
		must(t, w.Write(rows("root.sg.d1", 5, 6, col)))
	}))
	tables := []Table{{Name: "table1", Columns: []TableColumn{
		{Schema: tablet.Schema{Name: "region", Type: tablet.String}, Category: tablet.Tag},
		{Schema: tablet.Schema{Name: "v1", Type: tablet.Int64, Compressor: tablet.LZ4}, Category: tablet.Field}}}}
	golden(t, "v4-table", written(t, WriterOptions{Version: 4, RawTimes: true, Tables: tables}, func(w *Writer) {
		for _, d := range []struct {
			id DeviceID
			n  int
		}{{DeviceID{Segments: []Segment{{Text: "table1"}, {Text: "beijing"}}}, 3}, {DeviceID{Segments: []Segment{{Text: "table1"}}}, 1}} {
			b := rows("table1", 0, d.n, tablet.Column{Schema: schema("v1", tablet.Int64, tablet.Plain)})
			b.Aligned = true
			must(t, w.WriteDevice(d.id, b))
		}
	}))
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	want := readFile(t, "testdata/spec-"+name+".tsfile")
	if !bytes.Equal(got, want) {
		i := 0
		for i < min(len(got), len(want)) && got[i] == want[i] {
			i++
		}
		t.Errorf("%s: %d bytes, want %d; first difference at %#x:\n%x\n%x", name, len(got), len(want), i, got[i:min(i+40, len(got))], want[i:min(i+40, len(want))])
	}
}

func TestBloomHash(t *testing.T) {
	for text, want := range map[string][5]int32{
		"root.sg.d1.s1":    {-1021017105, 1766616266, 2009716169, -669598302, -404990910},
		"":                 {-1795273567, 1196418449, -1914381925, -1468591735, 1821659383},
		"a":                {623062375, 1387394267, 662681686, -1321099737, 1426279078},
		"abcdefgh":         {-687253890, -1880143196, 1028329245, 1597272777, -978576591},
		"abcdefghi":        {1482527679, 1846970200, 1370467998, -2076255052, -535719252},
		"abcdefghijklmnop": {-45667408, -2120476737, -772892436, 2860772, 377025556},
		"温度":               {65986797, 95007705, -811472855, -1267960614, -103406433},
		"root.sg.温度.s1":    {729492813, -1361296736, -894757801, 197882248, 1544871180},
	} {
		for i, w := range want {
			if got := bloom.Hash(text, bloom.Seed(uint32(i))); got != w {
				t.Errorf("%q seed %d: %d, want %d", text, i, got, w)
			}
		}
	}
}

// randomTablet makes n rows behind time from; nulls as p of 100.
func randomTablet(r *rand.Rand, device string, schemas []tablet.Schema, from int64, n, nulls int) *tablet.Tablet {
	t := &tablet.Tablet{Device: device}
	for range n {
		from += 1 + r.Int63n(3)
		t.Times = append(t.Times, from)
	}
	for _, s := range schemas {
		c := tablet.Column{Schema: s, Category: tablet.Field}
		for i := range n {
			if r.Intn(100) < nulls {
				cells.SetNull(&c, i)
			}
			v := int64(i) + r.Int63n(20)
			switch s.Type.Physical() {
			case tablet.PhysicalBool:
				c.Bools = append(c.Bools, v%3 == 0)
			case tablet.PhysicalInt32:
				c.Int32s = append(c.Int32s, 20200101+int32(v%20))
			case tablet.PhysicalInt64:
				c.Int64s = append(c.Int64s, v-5)
			case tablet.PhysicalFloat:
				c.Floats = append(c.Floats, float32(v)/4)
			case tablet.PhysicalDouble:
				c.Doubles = append(c.Doubles, float64(v)/4)
			case tablet.PhysicalBytes:
				c.Bytes.Append(fmt.Appendf(nil, "v%d", v))
			}
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

func allSchemas(compressors ...tablet.Compressor) []tablet.Schema {
	var out []tablet.Schema
	for _, typ := range []tablet.DataType{tablet.Boolean, tablet.Int32, tablet.Int64, tablet.Float, tablet.Double, tablet.Text,
		tablet.Timestamp, tablet.Date, tablet.Blob, tablet.String} {
		for e := tablet.Plain; e <= tablet.RLBE; e++ {
			if !encoding.Allowed(typ, e) {
				continue
			}
			for _, c := range compressors {
				out = append(out, tablet.Schema{Name: fmt.Sprintf("%s_%s_%s", typ, e, c), Type: typ, Encoding: e, Compressor: c})
			}
		}
	}
	return out
}

func allCompressors() []tablet.Compressor {
	return []tablet.Compressor{tablet.Uncompressed, tablet.Snappy, tablet.Gzip, tablet.LZ4, tablet.Zstd, tablet.LZMA2}
}

// TestRoundTrips writes every type, encoding and compressor, aligned and not, with and
// without nulls, over pages and chunk groups, and reads it back.
func TestRoundTrips(t *testing.T) {
	seed := rand.Int63()
	r := rand.New(rand.NewSource(seed))
	schemas := allSchemas(allCompressors()...)
	for _, version := range []byte{3, 4} {
		for _, aligned := range []bool{false, true} {
			for _, nulls := range []int{0, 30, 97} {
				want := points{}
				b := written(t, WriterOptions{Version: version, PageRows: 20 + r.Intn(30), PageBytes: 64}, func(w *Writer) {
					for d := range 3 {
						at := int64(0)
						for k := range 3 {
							x := randomTablet(r, fmt.Sprintf("root.a.b.c.d%d", d), schemas, at, 30+r.Intn(40), nulls)
							x.Aligned = aligned
							at = x.Times[x.Rows()-1]
							must(t, w.Write(x))
							want.add(t, x.Device, x)
							if k == 1 {
								must(t, w.EndGroup())
							}
						}
					}
				})
				rd, err := Open(bytes.NewReader(b), int64(len(b)), Limits{})
				must(t, err)
				t.Logf("seed %d version %d aligned %v nulls %d: %d bytes", seed, version, aligned, nulls, len(b))
				compare(t, readAll(t, rd), want)
				if t.Failed() {
					return
				}
			}
		}
	}
}

// TestColumnsCome: a column that joins late has nulls before; after the first chunk
// group an aligned device takes no more.
func TestColumnsCome(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	s := allSchemas(tablet.LZ4)
	want := points{}
	b := written(t, WriterOptions{PageRows: 10}, func(w *Writer) {
		at := int64(0)
		put := func(cols []tablet.Schema) error {
			x := randomTablet(r, "root.a.b", cols, at, 25, 10)
			x.Aligned = true
			err := w.Write(x)
			if err == nil {
				at = x.Times[24]
				want.add(t, x.Device, x)
			}
			return err
		}
		must(t, put(s[3:5]))
		must(t, put(s[:8]))
		must(t, put(s[10:12]))
		must(t, w.EndGroup())
		must(t, put(s[4:6]))
		if err := put(s[20:21]); !errors.Is(err, ErrNewColumn) {
			t.Errorf("new column: %v", err)
		}
		x := randomTablet(r, "root.a.b", s[4:5], at, 2, 0)
		if err := w.Write(x); !errors.Is(err, ErrAlignment) {
			t.Errorf("other alignment: %v", err)
		}
		x.Aligned = true
		x.Times[0] = at
		if err := w.Write(x); !errors.Is(err, ErrTimeOrder) {
			t.Errorf("old time: %v", err)
		}
	})
	rd, err := Open(bytes.NewReader(b), int64(len(b)), Limits{})
	must(t, err)
	compare(t, readAll(t, rd), want)
}

// spillBuffer is a Spill in memory.
type spillBuffer struct{ bytes.Buffer }

func (s *spillBuffer) ReadAt(p []byte, off int64) (int, error) {
	n := copy(p, s.Bytes()[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// TestManyDevices: three and two index levels, with and without spill, byte for byte the same;
// every device and series is found by name.
func TestManyDevices(t *testing.T) {
	one := []tablet.Schema{schema("s", tablet.Int32, tablet.Plain)}
	for version, devices := range map[byte]int{3: 66000, 4: 600} {
		var files [2][]byte
		for i, spill := range []Spill{nil, &spillBuffer{}} {
			files[i] = written(t, WriterOptions{Version: version, Spill: spill}, func(w *Writer) {
				for d := range devices {
					x := &tablet.Tablet{Device: fmt.Sprintf("root.g.d%06d", d), Times: []int64{int64(d)},
						Columns: []tablet.Column{{Schema: one[0], Category: tablet.Field, Int32s: []int32{int32(d)}}}}
					must(t, w.Write(x))
				}
			})
		}
		if !bytes.Equal(files[0], files[1]) {
			t.Fatal("a spill changes the file")
		}
		r, err := Open(bytes.NewReader(files[0]), int64(len(files[0])), Limits{})
		must(t, err)
		for d := 0; d < devices; d += 97 {
			id, err := r.DeviceID(fmt.Sprintf("root.g.d%06d", d))
			must(t, err)
			dev, err := r.Device(id)
			must(t, err)
			if dev == nil {
				t.Fatalf("device %d not found", d)
			}
			s, err := r.Find(dev, "s")
			if err != nil || s == nil || s.Stats.Start != int64(d) {
				t.Fatal(s, err)
			}
		}
		n := 0
		for _, err := range r.Devices() {
			must(t, err)
			n++
		}
		if n != devices {
			t.Fatalf("%d devices", n)
		}
	}
}

// TestManySeries: a device with more series than one leaf of the index holds.
func TestManySeries(t *testing.T) {
	const n = 70000
	x := &tablet.Tablet{Device: "root.g.d", Times: []int64{1}}
	for i := range n {
		x.Columns = append(x.Columns, tablet.Column{Schema: schema(fmt.Sprintf("s%06d", i), tablet.Int32, tablet.Plain), Category: tablet.Field, Int32s: []int32{int32(i)}})
	}
	b := written(t, WriterOptions{}, func(w *Writer) { must(t, w.Write(x)) })
	r, err := Open(bytes.NewReader(b), int64(len(b)), Limits{})
	must(t, err)
	d, err := r.Device(PathDevice("root.g.d"))
	must(t, err)
	for i := 0; i < n; i += 501 {
		s, err := r.Find(d, fmt.Sprintf("s%06d", i))
		if err != nil || s == nil {
			t.Fatal(i, err)
		}
	}
	if s, err := r.Find(d, "t"); s != nil || err != nil {
		t.Fatal(s, err)
	}
}

// TestSpillOrder: with a spill devices must ascend, and with Both in both orders.
func TestSpillOrder(t *testing.T) {
	w, err := NewWriter(io.Discard, WriterOptions{Spill: &spillBuffer{}, Both: true})
	must(t, err)
	put := func(path string) error {
		return w.Write(rows(path, 0, 1, tablet.Column{Schema: schema("s", tablet.Int32, tablet.Plain)}))
	}
	must(t, put("root.sg1.a.b.c"))
	if err := put("root.sg1.d1"); !errors.Is(err, ErrDeviceOrder) {
		t.Errorf("root.sg1.d1 behind root.sg1.a.b.c: %v", err)
	}
	if err := put("root.sg1.a"); !errors.Is(err, ErrDeviceOrder) {
		t.Errorf("descending: %v", err)
	}
	must(t, put("root.sg2.a.b.c"))
}
