package device

import (
	"bytes"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// TestTree: the segments that IoTDB 2.0.1 gives paths, there and back.
func TestTree(t *testing.T) {
	for path, want := range map[string][]string{
		"root":            {"root"},
		"root.d":          {"root", "d"},
		"root.a.b":        {"root.a", "b"},
		"root.a.b.c":      {"root.a.b", "c"},
		"root.a.b.c.d":    {"root.a.b", "c", "d"},
		"root.`a.b`.`c d": nil,
	} {
		id, err := Tree(path)
		if want == nil {
			if err == nil {
				t.Errorf("%s: %v", path, id)
			}
			continue
		}
		if err != nil || len(id.Segments) != len(want) || id.String() != path {
			t.Errorf("%s: %+v %v", path, id.Segments, err)
		}
		for i, s := range id.Segments {
			if s.Text != want[i] || s.Null {
				t.Errorf("%s: segment %d is %+v", path, i, s)
			}
		}
		for _, version := range []byte{3, 4} {
			b := id.Append(nil, version)
			c := wire.Cursor{B: b}
			if back := Read(&c, version); c.Failed() || back.String() != path || !bytes.Equal(back.Append(nil, version), b) {
				t.Errorf("%s in version %d: %v %s", path, version, back, c.Reason)
			}
		}
	}
}

// TestOrder: UTF-16 units, null first, a prefix before the longer id.
func TestOrder(t *testing.T) {
	null := Segment{Null: true}
	ids := []ID{{[]Segment{{Text: "t"}}}, {[]Segment{{Text: "t"}, null}}, {[]Segment{{Text: "t"}, {Text: ""}}},
		{[]Segment{{Text: "t"}, {Text: "a"}}}, {[]Segment{{Text: "t"}, {Text: "a"}, null}}, {[]Segment{{Text: "t"}, {Text: "温"}}},
		{[]Segment{{Text: "t"}, {Text: "\U00010000"}}}, {[]Segment{{Text: "t"}, {Text: "\uffff"}}}}
	for i := range ids {
		for j := range ids {
			if got := ids[i].Compare(ids[j]); got != min(1, max(-1, i-j)) {
				t.Errorf("%v with %v: %d", ids[i], ids[j], got)
			}
		}
	}
	if SameOrder("root.sg1.a.b.c", "root.sg1.d1") || !SameOrder("root.sg1.d1", "root.sg1.d2") {
		t.Error("the trap of docs/format/tsfile.md, section 4")
	}
}

// TestDamage: no prefix and no flipped bit of an id is taken for more than there is.
func TestDamage(t *testing.T) {
	b := ID{[]Segment{{Text: "table"}, {Null: true}, {Text: "tag"}}}.Append(nil, 4)
	for i := range b {
		c := wire.Cursor{B: b[:i]}
		if Read(&c, 4); !c.Failed() {
			t.Errorf("%d of %d bytes", i, len(b))
		}
		for bit := range 8 {
			d := bytes.Clone(b)
			d[i] ^= 1 << bit
			c := wire.Cursor{B: d}
			if id := Read(&c, 4); c.Failed() == (len(id.Segments) > 0) {
				t.Errorf("byte %d bit %d: %v %s", i, bit, id, c.Reason)
			}
		}
	}
}
