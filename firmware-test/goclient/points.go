package goclient

import (
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Points calls visit for every cell of a tablet that is not null, row by row, with
// the series, the time and the value as Table writes them.
func Points(t *tablet.Tablet, visit func(series string, time int64, value string)) {
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i] = t.Device + "." + t.Columns[i].Name
	}
	for row, at := range t.Times {
		for i := range t.Columns {
			if c := &t.Columns[i]; !c.Nulls.Get(row) {
				visit(names[i], at, text(c, row))
			}
		}
	}
}

// text is the value of one cell as Table writes it.
func text(c *tablet.Column, row int) string {
	switch c.Type {
	case tablet.Boolean:
		return strconv.FormatBool(c.Bools[row])
	case tablet.Int32:
		return strconv.FormatInt(int64(c.Int32s[row]), 10)
	case tablet.Date:
		d := c.Int32s[row]
		return fmt.Sprintf("%04d-%02d-%02d", d/10_000, d/100%100, d%100)
	case tablet.Int64, tablet.Timestamp:
		return strconv.FormatInt(c.Int64s[row], 10)
	case tablet.Float:
		return strconv.FormatFloat(float64(c.Floats[row]), 'g', -1, 32)
	case tablet.Double:
		return strconv.FormatFloat(c.Doubles[row], 'g', -1, 64)
	case tablet.Blob:
		return "0x" + hex.EncodeToString(c.Bytes.At(row))
	}
	return string(c.Bytes.At(row))
}
