package event

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

var allTypes = []tablet.DataType{tablet.Boolean, tablet.Int32, tablet.Int64, tablet.Float, tablet.Double, tablet.Text,
	tablet.Timestamp, tablet.Date, tablet.Blob, tablet.String}

// random makes a tablet of the given shape; nulls is the number of cells in ten that
// are null.
func random(r *rand.Rand, rows, cols, nulls int) *tablet.Tablet {
	t := &tablet.Tablet{Device: "root.plant.b1", Times: make([]int64, rows), Columns: make([]tablet.Column, cols)}
	for i := range t.Times {
		t.Times[i] = r.Int64()
	}
	for j := range t.Columns {
		typ := allTypes[j%len(allTypes)]
		c := &t.Columns[j]
		c.Schema = tablet.Schema{Name: fmt.Sprint("s", j), Type: typ, Encoding: tablet.DefaultEncoding(typ), Compressor: tablet.LZ4}
		c.Category = tablet.Field
		for i := range rows {
			if r.IntN(10) < nulls {
				if c.Nulls == nil {
					c.Nulls = tablet.NewBitmap(rows)
				}
				c.Nulls.Set(i)
			}
			switch typ.Physical() {
			case tablet.PhysicalBool:
				c.Bools = append(c.Bools, r.IntN(2) == 0)
			case tablet.PhysicalInt32:
				c.Int32s = append(c.Int32s, r.Int32())
			case tablet.PhysicalInt64:
				c.Int64s = append(c.Int64s, r.Int64())
			case tablet.PhysicalFloat:
				c.Floats = append(c.Floats, r.Float32())
			case tablet.PhysicalDouble:
				c.Doubles = append(c.Doubles, r.NormFloat64())
			case tablet.PhysicalBytes:
				c.Bytes.Append([]byte("some text")[:r.IntN(10)])
			}
		}
	}
	return t
}

func value(s string) *string { return &s }

func samples() []*Event {
	r := rand.New(rand.NewPCG(1, 2))
	evs := []*Event{
		{Kind: Tablet, Tablet: random(r, 3, 10, 3)},
		{Kind: Tablet, Tablet: random(r, 8, 11, 5), ViaPipe: true},
		{Kind: Tablet, Tablet: random(r, 1, 1, 0)},
		{Kind: Tablet, Tablet: &tablet.Tablet{Device: "root.a", Columns: []tablet.Column{}}},
		{Kind: Plan, Request: Request{Type: 200, Body: []byte{0, 206, 0, 0, 0, 4, 'r', 'o', 'o', 't'}}},
		{Kind: Kept, Request: Request{Type: -1, Body: []byte{}}, ViaPipe: true},
		{Kind: File, File: &Sealed{Type: 9, Parts: []Part{{Name: "a.mod", Absent: true}, {Name: "a.tsfile", Length: 47, Sum: 99, Stored: "f1"}},
			Params: []Param{{Key: "k", Value: value("v")}, {Key: "n"}, {Key: "", Value: value("")}}}},
		{Kind: File, File: &Sealed{Type: 5}},
	}
	evs[1].Tablet.Aligned = true
	return evs
}

func TestRoundTrip(t *testing.T) {
	for i, ev := range samples() {
		b, err := Append([]byte("head"), ev)
		if err != nil {
			t.Fatal(err)
		}
		b = b[4:]
		got, err := Decode(b)
		if err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
		if !reflect.DeepEqual(ev, got) {
			t.Errorf("event %d:\n%+v\n%+v", i, ev, got)
		}
		for k := range b {
			b[k] = 0xa5 // the event must not share memory with the record
		}
		if !reflect.DeepEqual(ev, got) {
			t.Errorf("event %d aliases the record", i)
		}
	}
}

// TestNoise: bits of a bitmap after the last row, bitmaps without a bit and bytes after
// the last cell do not matter.
func TestNoise(t *testing.T) {
	tab := random(rand.New(rand.NewPCG(1, 2)), 5, 6, 0)
	clean, err := Append(nil, &Event{Kind: Tablet, Tablet: tab})
	if err != nil {
		t.Fatal(err)
	}
	tab.Columns[0].Nulls = tablet.Bitmap{0xe0, 0xff}
	tab.Columns[1].Nulls = tablet.NewBitmap(5)
	tab.Columns[2].Nulls = tablet.Bitmap{}
	tab.Columns[5].Bytes.Data = append(tab.Columns[5].Bytes.Data, "rest"...)
	noisy, err := Append(nil, &Event{Kind: Tablet, Tablet: tab})
	if err != nil || !bytes.Equal(clean, noisy) {
		t.Errorf("noise is written: %v", err)
	}
	tab.Columns[3].Nulls = tablet.Bitmap{0xe4}
	b, _ := Append(nil, &Event{Kind: Tablet, Tablet: tab})
	got, err := Decode(b)
	if err != nil || !reflect.DeepEqual(got.Tablet.Columns[3].Nulls, tablet.Bitmap{4}) {
		t.Errorf("%v %v", got, err)
	}
}

func TestAppendRefuses(t *testing.T) {
	long := string(make([]byte, MaxName+1))
	for i, ev := range []*Event{
		{}, {Kind: Tablet}, {Kind: File}, {Kind: 9},
		{Kind: Tablet, Tablet: &tablet.Tablet{Device: long}},
		{Kind: Tablet, Tablet: &tablet.Tablet{Columns: []tablet.Column{{Schema: tablet.Schema{Name: long}}}}},
		{Kind: File, File: &Sealed{Parts: make([]Part, MaxParts+1)}},
		{Kind: File, File: &Sealed{Params: make([]Param, MaxParams+1)}},
		{Kind: File, File: &Sealed{Parts: []Part{{Name: long}}}},
		{Kind: File, File: &Sealed{Params: []Param{{Key: "k", Value: &long}}}},
	} {
		if b, err := Append([]byte("x"), ev); err == nil || string(b) != "x" {
			t.Errorf("event %d: %d bytes, %v", i, len(b), err)
		}
	}
}

// check decodes anything; what it accepts has one form only.
func check(t testing.TB, b []byte) {
	ev, err := Decode(b)
	if err != nil {
		if !errors.Is(err, ErrCorrupt) || ev != nil {
			t.Fatalf("%v", err)
		}
		return
	}
	if ev.Kind == Tablet {
		if err := validate(ev.Tablet); err != nil {
			t.Fatal(err)
		}
	}
	ev.Label()
	again, err := Append(nil, ev)
	if err != nil || !bytes.Equal(again, b) {
		t.Fatalf("%v: decoded from\n%x, encoded to\n%x", err, b, again)
	}
}

// validate ignores names that repeat, which the format does not forbid.
func validate(t *tablet.Tablet) error {
	c := *t
	c.Columns = append([]tablet.Column(nil), t.Columns...)
	for i := range c.Columns {
		c.Columns[i].Name = fmt.Sprint(i)
	}
	return c.Validate()
}

func TestHostile(t *testing.T) {
	for _, ev := range samples() {
		b, _ := Append(nil, ev)
		for n := range b {
			if _, err := Decode(b[:n:n]); err == nil && ev.Kind != Plan && ev.Kind != Kept {
				t.Errorf("%d of %d bytes decode", n, len(b))
			}
		}
		for bit := range 8 * len(b) {
			b[bit/8] ^= 1 << (bit % 8)
			check(t, b)
			b[bit/8] ^= 1 << (bit % 8)
		}
		if _, err := Decode(append(b, 0)); err == nil && ev.Kind != Plan && ev.Kind != Kept {
			t.Error("a byte after the end")
		}
		for at := 4; at+4 <= min(len(b), 200); at += 5 {
			saved := [4]byte(b[at:])
			copy(b[at:], []byte{0xff, 0xff, 0xff, 0x03})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, _ = Decode(b)
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got > uint64(64*len(b)+64<<10) {
				t.Errorf("%d bytes allocated for %d", got, len(b))
			}
			copy(b[at:], saved[:])
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, ev := range samples() {
		b, err := Append(nil, ev)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { check(t, b) })
}

func TestLabel(t *testing.T) {
	tab := &tablet.Tablet{Device: "root.`a`.b", Times: []int64{5, -3, 7}}
	l := (&Event{Kind: Tablet, Tablet: tab}).Label()
	if l != (Label{Kind: 1, Key: tablet.DeviceHash("root.a.b"), Lo: -3, Hi: 7}) {
		t.Errorf("%+v", l)
	}
	tab.Times = nil
	if l := (&Event{Kind: Tablet, Tablet: tab}).Label(); l.Lo <= l.Hi {
		t.Errorf("no row: %+v", l)
	}
	full := Label{Kind: 2, Lo: math.MinInt64, Hi: math.MaxInt64}
	if l := (&Event{Kind: Plan, Request: Request{Type: 200}}).Label(); l != full {
		t.Errorf("%+v", l)
	}
	full.Kind = 3
	if l := (&Event{Kind: File, File: &Sealed{}}).Label(); l != full {
		t.Errorf("%+v", l)
	}
}

// TestAllocations: an encoding into a used buffer allocates nothing, a decoding only a
// few times whatever the number of columns.
func TestAllocations(t *testing.T) {
	ev := &Event{Kind: Tablet, Tablet: random(rand.New(rand.NewPCG(1, 2)), 100, 50, 0)}
	buf, err := Append(nil, ev)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(50, func() { buf, _ = Append(buf[:0], ev) }); n != 0 {
		t.Errorf("%v allocations per encoding", n)
	}
	if n := testing.AllocsPerRun(50, func() { _, _ = Decode(buf) }); n > 30 {
		t.Errorf("%v allocations per decoding", n)
	}
}
