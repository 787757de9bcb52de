package tablet

import (
	"math"
	"slices"
	"testing"
)

// TestReadFixed: big-endian cells of every type; what is allocated is valid.
func TestReadFixed(t *testing.T) {
	src := []byte{0, 1, 2, 255, 0x80, 0, 0, 0, 0x7f, 0xc0, 0, 0, 0, 0, 0, 0, 0x7f, 0xf8, 0, 0, 0, 0, 0, 1}
	for _, typ := range []DataType{Boolean, Int32, Int64, Float, Double, Text, Timestamp, Date, Blob, String} {
		c := Column{Schema: Schema{Name: "s", Type: typ}, Category: Field}
		c.ReadFixed(src)
		ok := false
		switch typ.Physical() {
		case PhysicalBool:
			ok = len(c.Bools) == 24 && !c.Bools[0] && c.Bools[2] && c.Bools[3]
		case PhysicalInt32:
			ok = slices.Equal(c.Int32s, []int32{0x000102ff, math.MinInt32, 0x7fc00000, 0, 0x7ff80000, 1})
		case PhysicalInt64:
			ok = slices.Equal(c.Int64s, []int64{0x000102ff80000000, 0x7fc0000000000000, 0x7ff8000000000001})
		case PhysicalFloat:
			ok = len(c.Floats) == 6 && math.Float32bits(c.Floats[2]) == 0x7fc00000 && math.Float32bits(c.Floats[5]) == 1
		case PhysicalDouble:
			ok = len(c.Doubles) == 3 && math.Float64bits(c.Doubles[2]) == 0x7ff8000000000001
		case PhysicalBytes:
			ok = c.Bytes.Len() == 0
		}
		if !ok {
			t.Errorf("%s: %+v", typ, c)
		}
		c = Column{Schema: Schema{Name: "s", Type: typ, Encoding: DefaultEncoding(typ)}, Category: Field}
		c.Alloc(3)
		if typ == Date { // 0 is no day
			c.Int32s = []int32{20200101, 20200101, 20200101}
		}
		x := Tablet{Device: "root.a", Times: []int64{1, 2, 3}, Columns: []Column{c}}
		if err := x.Validate(); err != nil {
			t.Errorf("%s: %v", typ, err)
		}
	}
}
