package wire

import (
	"testing"
	"unsafe"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

func TestFields(t *testing.T) {
	v := "v"
	s := tablet.Schema{Name: "s1", Type: tablet.Float, Encoding: tablet.Gorilla, Compressor: tablet.LZ4}
	b := AppendSchema(nil, &s, s.Type, []Pair{{Key: "k", Value: &v}, {Key: "n"}})
	b = AppendNames(b, []string{"a", ""})
	b = AppendOptional(AppendOptional(b, nil), &v)
	b = AppendPlanEnd(b, "id")
	d := NewDecoder(b, Options{})
	got, props := d.Schema(0)
	if got != s || len(props) != 2 || props[1].Value != nil {
		t.Errorf("%+v %+v", got, props)
	}
	if value, ok := Get(props, "k"); !ok || value != "v" {
		t.Errorf("%q %v", value, ok)
	}
	if _, ok := Get(props, "n"); ok {
		t.Error("null value found")
	}
	if n := d.Names("names"); len(n) != 2 || d.Optional("o") != nil || *d.Optional("o") != "v" || d.PlanEnd() != "id" {
		t.Error("other fields")
	}
	d.End(false)
	if d.Err() != nil {
		t.Error(d.Err())
	}
}

// TestSharedNames: equal names of successive rows are one string.
func TestSharedNames(t *testing.T) {
	var b []byte
	for range 2 {
		for _, n := range []string{"root.a", "s1", "s2"} {
			b = wirebuf.AppendString(b, n)
		}
	}
	d := NewDecoder(b, Options{})
	read := func() [3]string { return [3]string{d.Device(), d.Measurement(0), d.Measurement(1)} }
	first, second := read(), read()
	for i := range first {
		if first[i] != second[i] || unsafe.StringData(first[i]) != unsafe.StringData(second[i]) {
			t.Errorf("%q and %q", first[i], second[i])
		}
	}
}

func TestLimits(t *testing.T) {
	o := Options{MaxName: 3, MaxMap: 1, MaxCells: 5}
	for name, read := range map[string]func(*Decoder){
		"name":   func(d *Decoder) { d.Name("x") },
		"map":    func(d *Decoder) { d.Pairs() },
		"cells":  func(d *Decoder) { d.TakeCells(4); d.TakeCells(2) },
		"within": func(d *Decoder) { d.Within("part", func(in *Decoder) { in.U8() }) },
		"rest":   func(d *Decoder) { d.End(false) },
		"zero":   func(d *Decoder) { d.Zeros() },
		"type":   func(d *Decoder) { d.Bytes(3); d.DataType(); d.Bytes(3); d.DataType() },
	} {
		d := NewDecoder([]byte{0, 0, 0, 4, 1, 2, 3, 6, 0, 0, 0, 0}, o)
		if read(d); d.Err() == nil {
			t.Errorf("%s: accepted", name)
		}
		if d.Opaque {
			t.Errorf("%s: taken for a variant", name)
		}
	}
	if o := (Options{MaxRows: 7}).WithDefaults(); o.MaxRows != 7 || o.MaxName != DefaultMaxName || o.MaxDepth != DefaultMaxDepth {
		t.Errorf("%+v", o)
	}
}

func TestTypes(t *testing.T) {
	known := 0
	for v := Type(-1); v < 500; v++ {
		if v.Known() {
			known++
		}
		if v.IsHandshake() && !v.Known() || v.IsInsert() && v.IsHandshake() {
			t.Errorf("type %d", v)
		}
	}
	if known != 24 || TypeProbe.Known() || TypeProbe != 20817 {
		t.Errorf("%d types, probe %d", known, TypeProbe)
	}
	for typ, want := range map[tablet.DataType]tablet.DataType{tablet.Date: tablet.Int32, tablet.Timestamp: tablet.Int64,
		tablet.Blob: tablet.Text, tablet.String: tablet.Text, tablet.Boolean: tablet.Boolean} {
		if got, err := TypeIn(typ, Layout12); got != want || err != nil {
			t.Errorf("%s for 1.2: %s, %v", typ, got, err)
		}
		if got, err := TypeIn(typ, Layout13); got != typ || err != nil {
			t.Errorf("%s for 1.3: %s, %v", typ, got, err)
		}
	}
	if _, err := TypeIn(6, Layout20); err == nil {
		t.Error("VECTOR travels")
	}
}
