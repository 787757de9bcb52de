package plan

import (
	"bytes"
	"math"
	"reflect"
	"testing"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// The vectors of real senders are tested in package request.

func changesOf(t *testing.T, r event.Request, err error) []Change {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Decode(wire.Type(r.Type), r.Body, wire.Options{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	c, known := Changes(p)
	if !known {
		t.Fatalf("%T is not known", p)
	}
	return c
}

func TestConstructors(t *testing.T) {
	alias := "temp"
	schema := tablet.Schema{Name: "s1", Type: tablet.Float, Encoding: tablet.Gorilla, Compressor: tablet.LZ4}
	for name, c := range map[string]struct {
		build func() (event.Request, error)
		want  []Change
	}{
		"delete data": {func() (event.Request, error) { return DeleteDataPlan([]string{"root.`sg`.d1.s*", "root.**"}, -5, 9) },
			[]Change{{Kind: ChangeDeleteData, Paths: []string{"root.sg.d1.s*", "root.**"}, Start: -5, End: 9}}},
		"create series": {func() (event.Request, error) {
			return CreateTimeseriesPlan("root.sg.`s1`", SeriesSpec{Schema: schema, Alias: &alias, Tags: []wire.Pair{{Key: "k", Value: &alias}}})
		}, []Change{{Kind: ChangeCreateSeries, Path: "root.sg.s1", Schema: schema, Alias: &alias, Tags: []wire.Pair{{Key: "k", Value: &alias}}}}},
		"create aligned": {func() (event.Request, error) {
			return CreateAlignedPlan("root.sg.d", []SeriesSpec{{Schema: schema}, {Schema: schema, Attributes: []wire.Pair{{Key: "a", Value: &alias}}}})
		}, []Change{{Kind: ChangeCreateSeries, Path: "root.sg.d.s1", Aligned: true, Schema: schema},
			{Kind: ChangeCreateSeries, Path: "root.sg.d.s1", Aligned: true, Schema: schema, Attributes: []wire.Pair{{Key: "a", Value: &alias}}}}},
		"create database": {func() (event.Request, error) { return CreateDatabasePlan("root.sg", NoTTL) },
			[]Change{{Kind: ChangeCreateDatabase, Path: "root.sg", TTL: NoTTL}}},
		"database with ttl": {func() (event.Request, error) { return CreateDatabasePlan("root.sg", 5) },
			[]Change{{Kind: ChangeCreateDatabase, Path: "root.sg", TTL: 5}}},
		"alter database": {func() (event.Request, error) { return AlterDatabasePlan("root.sg", 6) },
			[]Change{{Kind: ChangeAlterDatabase, Path: "root.sg", TTL: 6}}},
		"delete database": {func() (event.Request, error) { return DeleteDatabasePlan("root.sg") },
			[]Change{{Kind: ChangeDeleteDatabase, Path: "root.sg"}}},
		"delete series": {func() (event.Request, error) {
			return DeleteTimeseriesPlan([]string{"root.a.`b`", "root.a.*.c", "root.a"})
		},
			[]Change{{Kind: ChangeDeleteSeries, Paths: []string{"root.a", "root.a.b", "root.a.*.c"}}}},
		"ttl": {func() (event.Request, error) { return SetTTLPlan("root.sg.**", math.MaxInt64, false) },
			[]Change{{Kind: ChangeSetTTL, Path: "root.sg.**", TTL: math.MaxInt64}}},
	} {
		r, err := c.build()
		if got := changesOf(t, r, err); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	for name, build := range map[string]func() (event.Request, error){
		"data":     func() (event.Request, error) { return DeleteDataPlan([]string{"root..a"}, 0, 1) },
		"series":   func() (event.Request, error) { return CreateTimeseriesPlan("sg.a", SeriesSpec{}) },
		"aligned":  func() (event.Request, error) { return CreateAlignedPlan("", nil) },
		"database": func() (event.Request, error) { return CreateDatabasePlan("root.*", 0) },
		"drop":     func() (event.Request, error) { return DeleteDatabasePlan("x") },
		"delete":   func() (event.Request, error) { return DeleteTimeseriesPlan([]string{"x"}) },
		"ttl":      func() (event.Request, error) { return SetTTLPlan("root.`", 0, false) },
		"type": func() (event.Request, error) {
			return CreateTimeseriesPlan("root.a", SeriesSpec{Schema: tablet.Schema{Type: 6}})
		},
	} {
		if _, err := build(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// plans gives one plan of every kind that has a constructor.
func plans(tb testing.TB) (out []event.Request) {
	for _, build := range []func() (event.Request, error){
		func() (event.Request, error) { return DeleteDataPlan([]string{"root.sg.*.s"}, 0, 9) },
		func() (event.Request, error) { return CreateTimeseriesPlan("root.sg.s", SeriesSpec{}) },
		func() (event.Request, error) { return CreateAlignedPlan("root.sg", []SeriesSpec{{}, {}}) },
		func() (event.Request, error) { return CreateDatabasePlan("root.sg", 1) },
		func() (event.Request, error) { return DeleteDatabasePlan("root.sg") },
		func() (event.Request, error) { return DeleteTimeseriesPlan([]string{"root.sg.**", "root.a.b"}) },
		func() (event.Request, error) { return SetTTLPlan("root.sg", 1, true) },
	} {
		r, err := build()
		if err != nil {
			tb.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// check decodes anything; what it accepts has a stable encoding.
func check(t testing.TB, typ wire.Type, body []byte) {
	p, err := Decode(typ, body, wire.Options{})
	if err != nil {
		return
	}
	Changes(p)
	out, err := p.AppendBody(nil, wire.LayoutAsDecoded)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Decode(typ, out, wire.Options{})
	if err != nil {
		t.Fatalf("own encoding refused: %v", err)
	}
	if back, err := again.AppendBody(nil, wire.LayoutAsDecoded); err != nil || !bytes.Equal(out, back) {
		t.Fatalf("%v: %x then %x", err, out, back)
	}
}

func TestHostile(t *testing.T) {
	for _, r := range plans(t) {
		typ, body := wire.Type(r.Type), append([]byte(nil), r.Body...)
		for n := range body {
			if p, err := Decode(typ, body[:n], wire.Options{Strict: true}); err == nil {
				if _, ttl := p.(*SetTTL); !ttl {
					t.Errorf("%T from %d of %d bytes", p, n, len(body))
				}
			}
		}
		for bit := range 8 * len(body) {
			body[bit/8] ^= 1 << (bit % 8)
			check(t, typ, body)
			body[bit/8] ^= 1 << (bit % 8)
		}
	}
	if _, err := Decode(wire.TypeSlice, []byte{0, 1}, wire.Options{}); err == nil {
		t.Error("a slice is a plan")
	}
}

func FuzzDecode(f *testing.F) {
	for _, r := range plans(f) {
		f.Add(r.Type, r.Body)
	}
	f.Fuzz(func(t *testing.T, typ int16, body []byte) { check(t, wire.Type(typ), body) })
}

// TestDeepTree: a tree of more levels than allowed is an error, not a deep recursion.
func TestDeepTree(t *testing.T) {
	nodes := make([]string, maxDepth+10)
	for i := range nodes {
		nodes[i] = "a"
	}
	p := &DeleteSeries{Tree: NewPatternTree([][]string{nodes})}
	body, err := p.AppendBody(nil, wire.Layout13)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(wire.TypeConfigPlan, body, wire.Options{}); err == nil {
		t.Error("accepted")
	}
	p.Tree = NewPatternTree([][]string{nodes[:maxDepth]})
	body, _ = p.AppendBody(nil, wire.Layout13)
	if _, err := Decode(wire.TypeConfigPlan, body, wire.Options{}); err != nil {
		t.Error(err)
	}
}

// TestCaches reads the parts of a path that senders usually leave out, in the forms of
// 1.x and 2.0.
func TestCaches(t *testing.T) {
	m, dev, alias := "s1", "root.a", ""
	kind := byte(0)
	for _, p := range []Path{
		{Kind: PathPartial, Measurement: &m, Device: &dev, Nodes: []string{"root", "a", "s1"}},
		{Kind: PathPartial, DeviceSegments: []string{"root.a", "x"}, Nodes: []string{"root", "a", "s1"}},
		{Kind: PathPlain, Device: &dev, Measurement: &m},
		{Kind: PathMeasurement, Nodes: []string{"root", "a", "s1"}, Series: &PathSeries{SchemaKind: &kind,
			Schema: tablet.Schema{Name: "s1", Type: tablet.Float}, HasTags: true, UnderAligned: 1, Alias: &alias}},
		{Kind: PathMeasurement, Nodes: []string{"root", "a", "s1"}, Series: &PathSeries{UnderAligned: -1}},
	} {
		d := &DeleteData{Paths: []Path{p}, Start: 1, End: 2}
		body, err := d.AppendBody(nil, wire.Layout20)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(wire.TypePlanNode, body, wire.Options{Strict: true})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, d) {
			t.Errorf("%+v", got)
		}
		if s := got.(*DeleteData).Paths[0].String(); s != "root.a.s1" {
			t.Errorf("path %q", s)
		}
	}
}
