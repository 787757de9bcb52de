//go:build interop

package interop

import (
	"fmt"
	"math"

	"github.com/sluice-gateway/sluice/firmware-test/telemetry"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// plant returns telemetry under another database: rows first… of device d.
func plant(database string, d int, first int64, rows int) *tablet.Tablet {
	t := telemetry.New(11, telemetry.Start).Tablet(d, first, rows)
	t.Device = fmt.Sprintf("root.%s.d%d", database, d)
	return t
}

// allTypes returns a tablet with every data type, nulls, and awkward values.
func allTypes(device string, aligned bool) *tablet.Tablet {
	const rows = 9
	t := &tablet.Tablet{Device: device, Aligned: aligned}
	for i := range int64(rows) {
		t.Times = append(t.Times, 1_700_000_000_000+i)
	}
	add := func(name string, kind tablet.DataType, fill func(c *tablet.Column, i int)) {
		c := tablet.Column{Schema: tablet.Schema{Name: name, Type: kind, Encoding: tablet.DefaultEncoding(kind), Compressor: tablet.LZ4}, Category: tablet.Field}
		c.Nulls = tablet.NewBitmap(rows)
		for i := range rows {
			fill(&c, i)
			if (i+len(t.Columns))%4 == 0 {
				c.Nulls.Set(i)
			}
		}
		t.Columns = append(t.Columns, c)
	}
	texts := []string{"plain", "", "两个字", "tab\tand 'quotes' \"too\"", "锅炉一号", "a,b;c", "%s", " x", "end"}
	add("b", tablet.Boolean, func(c *tablet.Column, i int) { c.Bools = append(c.Bools, i%2 == 0) })
	add("i", tablet.Int32, func(c *tablet.Column, i int) {
		c.Int32s = append(c.Int32s, []int32{math.MinInt32, -1, 0, math.MaxInt32}[i%4])
	})
	add("l", tablet.Int64, func(c *tablet.Column, i int) {
		c.Int64s = append(c.Int64s, []int64{math.MinInt64, -1, math.MaxInt64}[i%3])
	})
	add("f", tablet.Float, func(c *tablet.Column, i int) { c.Floats = append(c.Floats, []float32{0.1, -1.5e30, 3}[i%3]) })
	add("d", tablet.Double, func(c *tablet.Column, i int) { c.Doubles = append(c.Doubles, []float64{0.1, -1.5e300, 3, 1e-300}[i%4]) })
	add("t", tablet.Text, func(c *tablet.Column, i int) { c.Bytes.Append([]byte(texts[i])) })
	add("at", tablet.Timestamp, func(c *tablet.Column, i int) { c.Int64s = append(c.Int64s, int64(i)*1e9) })
	add("day", tablet.Date, func(c *tablet.Column, i int) { c.Int32s = append(c.Int32s, 20240229+int32(i%2)*72) })
	add("raw", tablet.Blob, func(c *tablet.Column, i int) { c.Bytes.Append([]byte{0, 0xff, byte(i)}) })
	add("s", tablet.String, func(c *tablet.Column, i int) { c.Bytes.Append([]byte(texts[rows-1-i])) })
	return t
}
