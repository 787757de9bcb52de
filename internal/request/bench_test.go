package request

import (
	"fmt"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// benchTablet has rows x columns: half DOUBLE, the rest INT64, FLOAT, INT32, BOOLEAN,
// and one TEXT if there are ten.
func benchTablet(rows, columns int) *tablet.Tablet {
	types := []tablet.DataType{tablet.Double, tablet.Int64, tablet.Double, tablet.Float, tablet.Double, tablet.Int32,
		tablet.Double, tablet.Boolean, tablet.Double, tablet.Text}
	t := &tablet.Tablet{Device: "root.plant.unit1.b1", Aligned: true, Times: make([]int64, rows)}
	for i := range t.Times {
		t.Times[i] = 1700000000000 + int64(i)*1000
	}
	for j := range columns {
		typ := types[j%len(types)]
		c := tablet.Column{Schema: tablet.Schema{Name: fmt.Sprintf("s%d", j), Type: typ, Encoding: tablet.DefaultEncoding(typ),
			Compressor: tablet.LZ4}, Category: tablet.Field}
		for i := range rows {
			switch typ.Physical() {
			case tablet.PhysicalBool:
				c.Bools = append(c.Bools, i%3 == 0)
			case tablet.PhysicalInt32:
				c.Int32s = append(c.Int32s, int32(i))
			case tablet.PhysicalInt64:
				c.Int64s = append(c.Int64s, int64(i)*7)
			case tablet.PhysicalFloat:
				c.Floats = append(c.Floats, float32(i)/3)
			case tablet.PhysicalDouble:
				c.Doubles = append(c.Doubles, float64(i)/7)
			case tablet.PhysicalBytes:
				c.Bytes.Append([]byte("running"))
			}
		}
		t.Columns = append(t.Columns, c)
	}
	return t
}

func BenchmarkAppendTabletNode(b *testing.B) {
	for _, rows := range []int{1, 100, 1000} {
		t := benchTablet(rows, 10)
		b.Run(fmt.Sprintf("rows=%d/columns=10", rows), func(b *testing.B) {
			buf, err := AppendTabletNode(nil, t, Layout20)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = AppendTabletNode(buf[:0], t, Layout20)
			}
			points(b, rows*10)
		})
	}
}

// BenchmarkEncode compares the two forms in which a tablet can travel.
func BenchmarkEncode(b *testing.B) {
	t := benchTablet(1000, 10)
	for _, c := range []struct {
		name   string
		append func([]byte, *tablet.Tablet, Layout) ([]byte, error)
	}{{"node", AppendTabletNode}, {"raw", AppendTabletRaw}} {
		b.Run("form="+c.name+"/rows=1000/columns=10", func(b *testing.B) {
			buf, _ := c.append(nil, t, Layout20)
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = c.append(buf[:0], t, Layout20)
			}
			points(b, 10000)
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	t := benchTablet(1000, 10)
	node, _ := AppendTabletNode(nil, t, Layout20)
	raw13, _ := AppendTabletRaw(nil, t, Layout13)
	raw20, _ := AppendTabletRaw(nil, t, Layout20)
	for _, c := range []struct {
		name string
		typ  Type
		body []byte
	}{{"node", TypeInsertNode, node}, {"raw-1.3", TypeTabletRaw, raw13}, {"raw-2.0", TypeTabletRaw, raw20},
		{"rows-1000x10", TypeInsertNode, benchRows(b, 1000)}} {
		b.Run("form="+c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.body)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := Decode(c.typ, c.body, Options{})
				if err != nil {
					b.Fatal(err)
				}
				if in, ok := Tablets(r); !ok || len(in.Tablets) == 0 {
					b.Fatal("no tablets")
				}
			}
			points(b, 10000)
		})
	}
}

// benchRows is an InsertRowsNode of rows x 10 doubles of one device.
func benchRows(b *testing.B, rows int) []byte {
	n := &RowsNode{}
	for i := range rows {
		r := Row{Time: int64(i), Device: "root.plant.unit1.b1", HasSchemas: true}
		for j := range 10 {
			r.Cells = append(r.Cells, Cell{Schema: tablet.Schema{Name: fmt.Sprintf("s%d", j), Type: tablet.Double},
				Tag: int8(tablet.Double), Type: tablet.Double, Bits: uint64(i)})
		}
		n.Rows = append(n.Rows, r)
	}
	body, err := (&InsertNode{Node: n}).AppendBody(nil, Layout13)
	if err != nil {
		b.Fatal(err)
	}
	return body
}

func BenchmarkCompress(b *testing.B) {
	payload := AppendEnvelope(nil, TypeInsertNode)
	payload, _ = AppendTabletNode(payload, benchTablet(1000, 10), Layout20)
	for id := CompressSnappy; id <= CompressLZMA2; id++ {
		b.Run("codec="+id.String(), func(b *testing.B) {
			f, err := NewDeflater(id)
			if err != nil {
				b.Fatal(err)
			}
			var buf []byte
			b.SetBytes(int64(len(payload)))
			b.ReportAllocs()
			for b.Loop() {
				if buf, err = f.Append(buf[:0], payload); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(buf))/float64(len(payload)), "ratio")
		})
	}
}

func points(b *testing.B, perOp int) {
	b.ReportMetric(float64(perOp)*float64(b.N)/b.Elapsed().Seconds(), "points/s")
}
