package tablet

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

var allTypes = []DataType{Boolean, Int32, Int64, Float, Double, Text, Timestamp, Date, Blob, String}

// random makes a valid tablet of one column per type.
func random(r *rand.Rand, device string, rows int) *Tablet {
	t := &Tablet{Device: device, Aligned: true}
	for i := range rows {
		t.Times = append(t.Times, int64(i)-int64(r.IntN(3)))
	}
	for _, typ := range allTypes {
		c := Column{Schema: Schema{Name: typ.String(), Type: typ, Encoding: DefaultEncoding(typ), Compressor: LZ4}, Category: Field}
		for i := range rows {
			if r.IntN(4) == 0 {
				c.growNulls(rows)
				c.Nulls.Set(i)
			}
			switch typ.Physical() {
			case PhysicalBool:
				c.Bools = append(c.Bools, r.IntN(2) == 0)
			case PhysicalInt32:
				c.Int32s = append(c.Int32s, 20000101+r.Int32N(28))
			case PhysicalInt64:
				c.Int64s = append(c.Int64s, r.Int64())
			case PhysicalFloat:
				c.Floats = append(c.Floats, r.Float32())
			case PhysicalDouble:
				c.Doubles = append(c.Doubles, r.Float64())
			case PhysicalBytes:
				c.Bytes.Append([]byte(fmt.Sprint(r.IntN(1000)))[:r.IntN(2)])
			}
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

// rowText renders row i with every cell by name; columns that are null do not show.
func rowText(t *Tablet, i int) string {
	s := fmt.Sprint(t.Times[i])
	for _, typ := range append([]DataType{}, allTypes...) {
		for j := range t.Columns {
			if c := &t.Columns[j]; c.Name == typ.String() && !c.Nulls.Get(i) {
				s += " " + c.Name + "=" + c.Text(i)
			}
		}
	}
	return s
}

func rowsText(t *Tablet) (out []string) {
	for i := range t.Times {
		out = append(out, rowText(t, i))
	}
	return out
}

func TestSliceSortClone(t *testing.T) {
	seed := uint64(7)
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for rows := range 20 {
		tab := random(r, "root.a", rows)
		if err := tab.Validate(); err != nil {
			t.Fatal(err)
		}
		want := rowsText(tab)
		if !reflect.DeepEqual(rowsText(tab.Clone()), want) {
			t.Error("clone differs")
		}
		for from := 0; from <= rows; from++ {
			for to := from; to <= rows; to++ {
				s := tab.Slice(from, to)
				if err := s.Validate(); err != nil {
					t.Fatal(err)
				}
				if got := rowsText(s); len(got) != to-from || len(got) > 0 && !reflect.DeepEqual(got, want[from:to]) {
					t.Fatalf("rows %d to %d: %v, want %v", from, to, got, want[from:to])
				}
			}
		}
		sorted := tab.Sort()
		if !sorted.Sorted() || sorted.Validate() != nil || sorted.Rows() != rows {
			t.Fatal("not sorted")
		}
		for i := range sorted.Times {
			found := false
			for _, w := range want {
				found = found || w == rowText(sorted, i)
			}
			if !found {
				t.Fatalf("row %s is new", rowText(sorted, i))
			}
		}
		lo, hi := tab.TimeRange()
		if rows > 0 && (lo != sorted.Times[0] || hi != sorted.Times[rows-1]) || rows == 0 && lo <= hi {
			t.Errorf("range %d to %d", lo, hi)
		}
	}
}

func TestBuilder(t *testing.T) {
	seed := uint64(11)
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var b Builder
	for range 200 {
		b.Reset()
		var want []string
		for range 1 + r.IntN(5) {
			tab := random(r, "root.a", r.IntN(12))
			tab = tab.Project(func(int) bool { return r.IntN(3) > 0 })
			r.Shuffle(len(tab.Columns), func(i, j int) { tab.Columns[i], tab.Columns[j] = tab.Columns[j], tab.Columns[i] })
			if !b.Add(tab) {
				t.Fatal("does not fit")
			}
			want = append(want, rowsText(tab)...)
		}
		got := b.Tablet()
		if err := got.Validate(); err != nil {
			t.Fatal(err)
		}
		if b.Rows() != len(want) || len(want) > 0 && !reflect.DeepEqual(rowsText(got), want) {
			t.Fatalf("got %q\nwant %q", rowsText(got), want)
		}
	}
}

func TestBuilderRefuses(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	base := random(r, "root.a", 3)
	var b Builder
	b.Add(base)
	other := base.Clone()
	other.Device = "root.b"
	flat := base.Clone()
	flat.Aligned = false
	typed := base.Clone()
	typed.Columns[0].Type = Int32
	for _, tab := range []*Tablet{other, flat, typed} {
		if b.Add(tab) || b.Rows() != 3 {
			t.Errorf("%s %v fits", tab.Device, tab.Aligned)
		}
	}
	b.Reset()
	if !b.Add(other) || b.Tablet().Device != "root.b" {
		t.Error("does not fit after Reset")
	}
}

func TestValidate(t *testing.T) {
	good := func() *Tablet { return random(rand.New(rand.NewPCG(3, 3)), "root.a", 4) }
	for name, spoil := range map[string]func(*Tablet){
		"type":     func(x *Tablet) { x.Columns[0].Type = 6 },
		"cells":    func(x *Tablet) { x.Columns[1].Int32s = x.Columns[1].Int32s[:3] },
		"other":    func(x *Tablet) { x.Columns[1].Bools = make([]bool, 4) },
		"twice":    func(x *Tablet) { x.Columns[1].Name = x.Columns[2].Name },
		"category": func(x *Tablet) { x.Columns[1].Category = 3 },
		"offsets":  func(x *Tablet) { x.Columns[5].Bytes.Ends[0] = 1 << 30 },
		"descending": func(x *Tablet) {
			x.Columns[5].Bytes.Ends[3] = 0
			x.Columns[5].Bytes.Ends[2] = 1
			x.Columns[5].Bytes.Data = []byte("x")
		},
	} {
		x := good()
		spoil(x)
		if x.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	many := &Tablet{Device: "root.a"}
	for i := range 40 {
		many.Columns = append(many.Columns, Column{Schema: Schema{Name: fmt.Sprint("s", i%39), Type: Int32}})
	}
	if many.Validate() == nil {
		t.Error("repeated name among many accepted")
	}
}

func cell(typ DataType, text string) Column {
	c := Column{Schema: Schema{Name: "s", Type: Text}}
	c.Bytes.Append([]byte(text))
	out, err := Convert(&c, 1, typ)
	if err != nil {
		panic(err)
	}
	return out
}

func TestConvert(t *testing.T) {
	for _, c := range []struct {
		from DataType
		in   string
		to   DataType
		want string // "" is an error
	}{
		{Int32, "7", Int64, "7"}, {Int64, "4294967297", Int32, "1"}, {Int64, "-1", Float, "-1.0"},
		{Double, "1e300", Int64, "9223372036854775807"}, {Double, "NaN", Int32, "0"}, {Double, "-2.9", Int32, "-2"},
		{Float, "3.5", Double, "3.5"}, {Double, "1e300", Float, "Infinity"}, {Double, "0", Boolean, "false"},
		{Int32, "-3", Boolean, "true"}, {Boolean, "true", Int64, "1"}, {Boolean, "true", Double, "1.0"},
		{Boolean, "false", Text, "false"}, {Double, "12345678.9", Text, "1.23456789E7"}, {Float, "100", String, "100.0"},
		{Double, "0.0001", Text, "1.0E-4"}, {Text, "abc", Int32, ""}, {Text, " 1", Int32, ""}, {Text, "12", Int64, "12"},
		{Text, "1.5", Double, "1.5"}, {Text, "0x10", Double, ""}, {Text, "1_0", Double, ""}, {Text, "TRUE", Boolean, "true"},
		{Text, "yes", Boolean, ""}, {Text, "2024-02-29", Date, "2024-02-29"}, {Text, "20240229", Date, "2024-02-29"},
		{Text, "2023-02-29", Date, ""}, {Date, "20240229", Int32, "20240229"}, {Date, "20240229", Text, "2024-02-29"},
		{Int64, "20240229", Date, "2024-02-29"}, {Int32, "5", Date, ""}, {Int64, "4315207525", Date, ""},
		{Boolean, "true", Date, ""}, {Timestamp, "5", Int64, "5"}, {Int32, "5", Timestamp, "5"}, {Timestamp, "5", Text, "5"},
		{Text, "x", Blob, "x"}, {Blob, "7", Int32, "7"}, {String, "x", Text, "x"}, {Text, "99999999999", Int32, ""},
		{Text, "1e999", Double, "Infinity"},
	} {
		in := cell(c.from, c.in)
		out, err := Convert(&in, 1, c.to)
		if (err != nil) != (c.want == "") {
			t.Errorf("%s %q to %s: %v", c.from, c.in, c.to, err)
			continue
		}
		if err == nil && (out.Text(0) != c.want || out.Type != c.to || out.validate(1) != nil) {
			t.Errorf("%s %q to %s: %q, want %q", c.from, c.in, c.to, out.Text(0), c.want)
		}
		var ce *ConvertError
		if err != nil && (!errors.As(err, &ce) || len(ce.Rows) != 1 || !out.Nulls.Get(0) || ce.Error() == "") {
			t.Errorf("%s %q to %s: %v", c.from, c.in, c.to, err)
		}
	}
	r := rand.New(rand.NewPCG(5, 5))
	tab := random(r, "root.a", 9)
	for _, from := range tab.Columns {
		for _, to := range allTypes {
			out, _ := Convert(&from, 9, to)
			if err := out.validate(9); err != nil {
				t.Errorf("%s to %s: %v", from.Type, to, err)
			}
			for i := range 9 {
				if from.Nulls.Get(i) && !out.Nulls.Get(i) {
					t.Errorf("%s to %s: null lost", from.Type, to)
				}
			}
		}
	}
}

func TestInfer(t *testing.T) {
	for s, want := range map[string]DataType{"true": Boolean, "FALSE": Boolean, "1": Double, "-1.5e3": Double, ".5": Double,
		"NaN": Double, "Infinity": Text, "inf": Text, "'a'": Text, "": Text, "1x": Text, "0x1": Text, "nan": Text} {
		if got := InferType(s); got != want {
			t.Errorf("%q: %s", s, got)
		}
	}
	c := Column{Schema: Schema{Name: "s", Type: Text}, Nulls: NewBitmap(3)}
	c.Nulls.Set(0)
	for _, s := range []string{"", "1.5", "2"} {
		c.Bytes.Append([]byte(s))
	}
	if out := InferColumn(&c, 3); out.Type != Double || out.Text(0) != "null" || out.Text(2) != "2.0" {
		t.Errorf("%+v", out)
	}
	c = Column{Schema: Schema{Name: "s", Type: Text}}
	for _, s := range []string{"1", "'b'"} {
		c.Bytes.Append([]byte(s))
	}
	if out := InferColumn(&c, 2); out.Type != Text || out.Text(1) != "b" {
		t.Errorf("%+v", out)
	}
}

func TestFormatFloat(t *testing.T) {
	for want, v := range map[string]float64{"0.0": 0, "1.0": 1, "0.001": 0.001, "9.99E-4": 0.000999, "1.0E7": 1e7, "9999999.0": 9999999,
		"NaN": math.NaN(), "-Infinity": math.Inf(-1), "1.7976931348623157E308": math.MaxFloat64} {
		if got := FormatFloat(v, 64); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
	if got := FormatFloat(math.Copysign(0, -1), 64); got != "-0.0" {
		t.Error(got)
	}
	if got := FormatFloat(float64(float32(0.1)), 32); got != "0.1" {
		t.Error(got)
	}
}

func TestValidDate(t *testing.T) {
	for v, want := range map[int32]bool{10000101: true, 99991231: true, 20240229: true, 20230229: false, 19000229: false,
		20000229: true, 20240431: false, 0: false, 20241301: false, 20240100: false, -20240101: false, 9991231: false, 100000101: false} {
		if ValidDate(v) != want {
			t.Errorf("%d: %v", v, !want)
		}
	}
}
