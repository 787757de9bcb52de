package rpc

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// encodeBuffers is the client's side of tabletBuffers, cell by cell.
func encodeBuffers(device string, times []int64, cols []tablet.Column, nulls bool) *tabletBuffers {
	b := &tabletBuffers{device: device, size: int32(len(times))}
	for _, t := range times {
		b.times = binary.BigEndian.AppendUint64(b.times, uint64(t))
	}
	for i := range cols {
		b.measurements, b.types = append(b.measurements, cols[i].Name), append(b.types, int32(cols[i].Type))
		for row := range times {
			b.values = appendWireCell(b.values, &cols[i], row)
		}
	}
	if !nulls {
		return b
	}
	for i := range cols {
		if cols[i].Nulls == nil {
			b.values = append(b.values, 0)
			continue
		}
		b.values = append(append(b.values, 1), cols[i].Nulls[:len(times)/8+1]...)
	}
	return b
}

func appendWireCell(dst []byte, c *tablet.Column, row int) []byte {
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		if c.Bools[row] {
			return append(dst, 1)
		}
		return append(dst, 0)
	case tablet.PhysicalInt32:
		return binary.BigEndian.AppendUint32(dst, uint32(c.Int32s[row]))
	case tablet.PhysicalInt64:
		return binary.BigEndian.AppendUint64(dst, uint64(c.Int64s[row]))
	case tablet.PhysicalFloat:
		return binary.BigEndian.AppendUint32(dst, math.Float32bits(c.Floats[row]))
	case tablet.PhysicalDouble:
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(c.Doubles[row]))
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(c.Bytes.At(row))))
	return append(dst, c.Bytes.At(row)...)
}

// named gives sample columns names that are measurements.
func named(cols []tablet.Column) []tablet.Column {
	for i := range cols {
		cols[i].Name = fmt.Sprintf("s%d", i)
		cols[i].Category = tablet.Field
		cols[i].Encoding, cols[i].Compressor = tablet.DefaultEncoding(cols[i].Type), tablet.LZ4
	}
	return cols
}

func TestTabletDecode(t *testing.T) {
	for _, n := range []int{1, 2, 7, 8, 9, 16, 100} {
		for _, nulls := range []bool{true, false} {
			block := sample(n)
			cols := named(block.Columns)
			for i := range cols {
				if !nulls || cols[i].Nulls.Count(n) == 0 {
					cols[i].Nulls = nil
				}
			}
			b := encodeBuffers("root.d", block.Times, cols, nulls)
			got, err := b.decode()
			if err != nil {
				t.Fatal(err)
			}
			if err := got.Validate(); err != nil {
				t.Fatal(err)
			}
			for i := range cols {
				if len(cols[i].Bytes.Ends) > 0 && cols[i].Bytes.Data == nil {
					cols[i].Bytes.Data = []byte{}
				}
				if !reflect.DeepEqual(got.Columns[i], cols[i]) {
					t.Fatalf("%d rows, column %s:\n%+v\n%+v", n, cols[i].Type, got.Columns[i], cols[i])
				}
			}
			for cut := range b.values {
				short := *b
				short.values = b.values[:cut]
				if _, err := short.decode(); err == nil && cut != len(encodeBuffers("root.d", block.Times, cols, false).values) {
					t.Fatalf("%d rows: %d of %d bytes were taken", n, cut, len(b.values))
				}
			}
			for i := range b.values { // no panic, whatever the bit
				b.values[i] ^= 1 << (i % 8)
				if got, err := b.decode(); err == nil && got.Validate() != nil {
					t.Fatalf("byte %d flipped: invalid tablet", i)
				}
				b.values[i] ^= 1 << (i % 8)
			}
		}
	}
}

// TestTabletExample is a recorded tablet: BOOLEAN, INT32, TEXT, DATE; row 1 of column
// 2 null.
func TestTabletExample(t *testing.T) {
	b := tabletBuffers{device: "root.d", measurements: []string{"b", "i", "t", "d"}, types: []int32{0, 1, 5, 9}, size: 3,
		times: make([]byte, 24),
		values: unhex(t, `01 00 01 00000001 00000002 00000003 00000002 7630 00000002 7631 00000002 7632
			0134dade 0134dade 0134dade 00 0102 00 00`)}
	got, err := b.decode()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Columns[0].Bools, []bool{true, false, true}) || !got.Columns[1].Nulls.Get(1) || got.Columns[1].Nulls.Count(3) != 1 ||
		string(got.Columns[2].Bytes.At(2)) != "v2" || got.Columns[3].Int32s[0] != 20241118 {
		t.Fatalf("%+v", got)
	}
}

func TestTabletRefusals(t *testing.T) {
	good := func() *tabletBuffers {
		return &tabletBuffers{device: "root.d", measurements: []string{"a", "b"}, types: []int32{1, 1}, size: 1, times: make([]byte, 8), values: make([]byte, 8)}
	}
	if _, err := good().decode(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*tabletBuffers){
		"negative size":       func(b *tabletBuffers) { b.size = -1 },
		"huge size":           func(b *tabletBuffers) { b.size = math.MaxInt32 },
		"times too short":     func(b *tabletBuffers) { b.times = b.times[:7] },
		"types too few":       func(b *tabletBuffers) { b.types = b.types[:1] },
		"no columns":          func(b *tabletBuffers) { b.types, b.measurements = nil, nil },
		"unknown type":        func(b *tabletBuffers) { b.types[0] = 6 },
		"negative type":       func(b *tabletBuffers) { b.types[0] = -1 },
		"type 256":            func(b *tabletBuffers) { b.types[0] = 256 },
		"same name":           func(b *tabletBuffers) { b.measurements[1] = "a" },
		"same name in quotes": func(b *tabletBuffers) { b.measurements[1] = "`a`" },
		"name is a path":      func(b *tabletBuffers) { b.measurements[1] = "a.b" },
		"name is empty":       func(b *tabletBuffers) { b.measurements[1] = "" },
		"device without root": func(b *tabletBuffers) { b.device = "d" },
		"device with NUL":     func(b *tabletBuffers) { b.device = "root.a\x00" },
		"values too short":    func(b *tabletBuffers) { b.values = b.values[:7] },
		"flag 2":              func(b *tabletBuffers) { b.values = append(b.values, 2, 0) },
		"trailing bytes":      func(b *tabletBuffers) { b.values = append(b.values, 0, 0, 0) },
		"text length":         func(b *tabletBuffers) { b.types[1] = 5; b.values = unhex(t, "00000000 7fffffff") },
		"text negative":       func(b *tabletBuffers) { b.types[1] = 5; b.values = unhex(t, "00000000 ffffffff") },
	} {
		b := good()
		spoil(b)
		if got, err := b.decode(); err == nil {
			t.Errorf("%s: taken as %+v", name, got)
		}
	}
}

// TestManyColumns: a tablet may have as many columns as a request across the gate.
func TestManyColumns(t *testing.T) {
	const n = maxMeasurements
	b := &tabletBuffers{device: "root.d", size: 1, times: make([]byte, 8), values: make([]byte, n)}
	for i := range n {
		b.measurements, b.types = append(b.measurements, fmt.Sprint("c", i)), append(b.types, 0)
	}
	if _, err := b.decode(); err != nil {
		t.Fatal(err)
	}
	b.measurements[n-1] = "c0"
	if _, err := b.decode(); err == nil {
		t.Fatal("a repeated name was taken")
	}
	b.measurements, b.types, b.values = append(b.measurements, "more"), append(b.types, 0), append(b.values, 0)
	if _, err := b.decode(); status.Of(err) != status.IllegalParameter {
		t.Fatal("one more was taken:", err)
	}
}

func FuzzTabletDecode(f *testing.F) {
	for _, n := range []int{1, 8, 9} {
		b := sample(n)
		w := encodeBuffers("root.d", b.Times, named(b.Columns), true)
		types := make([]byte, len(w.types))
		for i, v := range w.types {
			types[i] = byte(v)
		}
		f.Add(int32(n), types, w.values)
	}
	f.Fuzz(func(t *testing.T, size int32, types, values []byte) {
		b := &tabletBuffers{device: "root.d", size: size, values: values}
		if size >= 0 && size < 1000 {
			b.times = make([]byte, 8*size)
		}
		for i, v := range types {
			b.measurements, b.types = append(b.measurements, fmt.Sprint("s", i)), append(b.types, int32(v))
		}
		got, err := b.decode()
		if err != nil {
			return
		}
		if err := got.Validate(); err != nil {
			t.Fatal(err)
		}
		again := encodeBuffers("root.d", got.Times, got.Columns, false)
		if !bytes.HasPrefix(values, again.values) && !boolsOnly(got) {
			t.Fatalf("%x decodes to a tablet that encodes to %x", values, again.values)
		}
	})
}

// boolsOnly: a boolean byte other than 0 and 1 reads as true, so it does not come back.
func boolsOnly(t *tablet.Tablet) bool {
	for i := range t.Columns {
		if t.Columns[i].Type == tablet.Boolean {
			return true
		}
	}
	return false
}

func encodeRecord(cols []tablet.Column, row int) []byte {
	var dst []byte
	for i := range cols {
		if cols[i].Nulls.Get(row) {
			dst = append(dst, recordNull)
			continue
		}
		dst = appendWireCell(append(dst, byte(cols[i].Type)), &cols[i], row)
	}
	return dst
}

// TestRecordExample is a recorded row: INT32 5, DOUBLE 1.5, BLOB 01 02.
func TestRecordExample(t *testing.T) {
	r := record{device: "root.d", measurements: []string{"a", "b", "c"}, values: unhex(t, "01 00000005 04 3ff8000000000000 0a 00000002 0102")}
	g := groups{}
	if place, err := g.add(&r); err != nil || place != 0 {
		t.Fatal(place, err)
	}
	c := g.tablets[0].Columns
	if c[0].Int32s[0] != 5 || c[1].Doubles[0] != 1.5 || !bytes.Equal(c[2].Bytes.At(0), []byte{1, 2}) {
		t.Fatalf("%+v", c)
	}
	for cut := range r.values {
		short := r
		short.values = r.values[:cut]
		if _, err := g.add(&short); err == nil {
			t.Fatalf("%d of %d bytes were taken", cut, len(r.values))
		}
	}
	r.values = append(r.values, 0)
	if _, err := g.add(&r); err == nil {
		t.Fatal("a trailing byte was taken")
	}
	for _, values := range []string{"ff 00000001 61", "06", "07 00", "0c 00", "80"} {
		if _, err := g.add(&record{device: "root.d", measurements: []string{"a"}, values: unhex(t, values)}); err == nil {
			t.Fatalf("%s was taken", values)
		}
	}
}

// point is a cell for the comparison of grouping with a plain replay.
type point struct {
	device, name string
	time         int64
}

// apply replays tablets row by row into a map; later wins.
func apply(m map[point]string, tablets []*tablet.Tablet) {
	for _, tb := range tablets {
		for row, time := range tb.Times {
			for i := range tb.Columns {
				if c := &tb.Columns[i]; !c.Nulls.Get(row) {
					m[point{tb.Device, c.Name, time}] = fmt.Sprint(c.Type, appendWireCell(nil, c, row))
				}
			}
		}
	}
}

// TestGroupsKeepOrder compares grouped records with one tablet per record: the same
// points, and of two rows with one time the later wins.
func TestGroupsKeepOrder(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		var rows []record
		for range 1 + rng.IntN(40) {
			r := record{device: fmt.Sprintf("root.d%d", rng.IntN(3)), time: int64(rng.IntN(4))}
			for col := range 4 {
				switch rng.IntN(5) {
				case 0:
					r.measurements, r.values = append(r.measurements, fmt.Sprint("c", col)), append(r.values, recordNull)
				case 1:
					r.measurements = append(r.measurements, fmt.Sprint("c", col))
					r.values = binary.BigEndian.AppendUint32(append(append(r.values, 5), 0, 0, 0, 4), rng.Uint32())
				case 2, 3:
					r.measurements = append(r.measurements, fmt.Sprint("c", col))
					r.values = binary.BigEndian.AppendUint32(append(r.values, 1), rng.Uint32())
				}
			}
			rows = append(rows, r)
		}
		all, plain := groups{}, map[point]string{}
		for i := range rows {
			place, err := all.add(&rows[i])
			if err != nil {
				t.Fatal(err)
			}
			one := groups{}
			alone, _ := one.add(&rows[i])
			if (alone == none) != (place == none) {
				t.Fatalf("seed %d row %d: place %d", seed, i, place)
			}
			apply(plain, one.tablets)
		}
		for i, err := range all.finish() {
			if err != nil {
				t.Fatal(err)
			}
			if err := all.tablets[i].Validate(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		got := map[point]string{}
		apply(got, all.tablets)
		if !reflect.DeepEqual(got, plain) {
			t.Fatalf("seed %d: grouping changed the points", seed)
		}
	}
}

func FuzzRecord(f *testing.F) {
	b := sample(3)
	cols := named(b.Columns)
	for row := range 3 {
		f.Add(len(cols), encodeRecord(cols, row))
	}
	f.Fuzz(func(t *testing.T, n int, values []byte) {
		if n < 0 || n > 64 {
			return
		}
		r := record{device: "root.d", values: values}
		for i := range n {
			r.measurements = append(r.measurements, fmt.Sprint("m", i))
		}
		g := groups{}
		for range 2 {
			if _, err := g.add(&r); err != nil {
				return
			}
		}
		for i, err := range g.finish() {
			if err != nil || g.tablets[i].Validate() != nil || g.tablets[i].Rows() != 2 {
				t.Fatal(err, g.tablets[i])
			}
		}
	})
}
