package rpc

import (
	"fmt"
	"strings"

	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

var everyType = []tablet.DataType{tablet.Boolean, tablet.Int32, tablet.Int64, tablet.Float, tablet.Double, tablet.Text,
	tablet.Timestamp, tablet.Date, tablet.Blob, tablet.String}

// sample is n rows with a column of every type, some of them with nulls.
func sample(n int) *result.Block {
	b := &result.Block{Times: make([]int64, n), Columns: make([]tablet.Column, len(everyType))}
	for i := range b.Times {
		b.Times[i] = int64(1000 * i)
	}
	for i, typ := range everyType {
		c := &b.Columns[i]
		c.Schema = tablet.Schema{Name: fmt.Sprintf("root.d.s%d", i), Type: typ}
		if i%3 != 1 {
			c.Nulls = tablet.NewBitmap(n)
		}
		for row := range n {
			fill(c, row)
			if c.Nulls != nil && row%7 == i%7 {
				c.Nulls.Set(row)
			}
		}
	}
	return b
}

func fill(c *tablet.Column, row int) {
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		c.Bools = append(c.Bools, row%3 == 0)
	case tablet.PhysicalInt32:
		c.Int32s = append(c.Int32s, 20240101+int32(row%28))
	case tablet.PhysicalInt64:
		c.Int64s = append(c.Int64s, 1700000000000+int64(row)*977)
	case tablet.PhysicalFloat:
		c.Floats = append(c.Floats, float32(row)*1.25)
	case tablet.PhysicalDouble:
		c.Doubles = append(c.Doubles, -float64(row)/8)
	default:
		c.Bytes.Append([]byte(strings.Repeat("ab", row%5)))
	}
}

// textBlock is one column of text.
func textBlock(name string, cells ...string) *result.Block {
	c := tablet.Column{Schema: tablet.Schema{Name: name, Type: tablet.Text}}
	for _, s := range cells {
		c.Bytes.Append([]byte(s))
	}
	return &result.Block{Times: make([]int64, len(cells)), Columns: []tablet.Column{c}}
}
