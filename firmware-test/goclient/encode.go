package goclient

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/apache/iotdb-client-go/client"
	"github.com/apache/iotdb-client-go/rpc"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// insertRequest writes a tablet the way Session.InsertTablet does: all cells of a
// column big-endian, column after column, then the bitmaps if there is a null.
func insertRequest(t *tablet.Tablet) (*rpc.TSInsertTabletReq, error) {
	aligned := t.Aligned
	r := &rpc.TSInsertTabletReq{PrefixPath: t.Device, Size: int32(t.Rows()), IsAligned: &aligned}
	r.Timestamps = make([]byte, 0, 8*t.Rows())
	for _, at := range t.Times {
		r.Timestamps = binary.BigEndian.AppendUint64(r.Timestamps, uint64(at))
	}
	nulls := false
	for i := range t.Columns {
		c := &t.Columns[i]
		r.Measurements = append(r.Measurements, c.Name)
		r.Types = append(r.Types, int32(c.Type))
		nulls = nulls || c.Nulls.Count(t.Rows()) > 0
		var err error
		if r.Values, err = appendColumn(r.Values, c); err != nil {
			return nil, err
		}
	}
	if !nulls {
		return r, nil
	}
	for i := range t.Columns {
		b := t.Columns[i].Nulls
		if b.Count(t.Rows()) == 0 {
			r.Values = append(r.Values, 0)
			continue
		}
		r.Values = append(r.Values, 1)
		whole := tablet.NewBitmap(t.Rows())
		copy(whole, b)
		r.Values = append(r.Values, whole...)
	}
	return r, nil
}

func appendColumn(dst []byte, c *tablet.Column) ([]byte, error) {
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		for _, v := range c.Bools {
			if v {
				dst = append(dst, 1)
			} else {
				dst = append(dst, 0)
			}
		}
	case tablet.PhysicalInt32:
		for _, v := range c.Int32s {
			dst = binary.BigEndian.AppendUint32(dst, uint32(v))
		}
	case tablet.PhysicalInt64:
		for _, v := range c.Int64s {
			dst = binary.BigEndian.AppendUint64(dst, uint64(v))
		}
	case tablet.PhysicalFloat:
		for _, v := range c.Floats {
			dst = binary.BigEndian.AppendUint32(dst, math.Float32bits(v))
		}
	case tablet.PhysicalDouble:
		for _, v := range c.Doubles {
			dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(v))
		}
	case tablet.PhysicalBytes:
		for i := range c.Bytes.Len() {
			v := c.Bytes.At(i)
			dst = binary.BigEndian.AppendUint32(dst, uint32(len(v)))
			dst = append(dst, v...)
		}
	default:
		return nil, fmt.Errorf("goclient: column %s has no type", c.Name)
	}
	return dst, nil
}

// NewTablet returns a tablet of the Go client with the series of t and room for
// its rows, for those who measure Session.InsertTablet.
func NewTablet(t *tablet.Tablet) (*client.Tablet, error) {
	schemas := make([]*client.MeasurementSchema, len(t.Columns))
	for i := range t.Columns {
		schemas[i] = &client.MeasurementSchema{Measurement: t.Columns[i].Name, DataType: client.TSDataType(t.Columns[i].Type)}
	}
	return client.NewTablet(t.Device, schemas, t.Rows())
}

// Fill copies times and cells of src, which has no nulls and no variable types,
// into dst, which was made by NewTablet for the same series and at least as many rows.
func Fill(dst *client.Tablet, src *tablet.Tablet) error {
	for row, at := range src.Times {
		dst.SetTimestamp(at, row)
	}
	for i := range src.Columns {
		c := &src.Columns[i]
		var err error
		switch c.Type.Physical() {
		case tablet.PhysicalBool:
			err = set(dst, i, c.Bools)
		case tablet.PhysicalInt32:
			err = set(dst, i, c.Int32s)
		case tablet.PhysicalInt64:
			err = set(dst, i, c.Int64s)
		case tablet.PhysicalFloat:
			err = set(dst, i, c.Floats)
		case tablet.PhysicalDouble:
			err = set(dst, i, c.Doubles)
		default:
			err = fmt.Errorf("goclient: Fill does not know %s", c.Type)
		}
		if err != nil {
			return err
		}
	}
	dst.RowSize = src.Rows()
	return nil
}

// set hands over pointers: the client takes them and nothing is boxed.
func set[T any](dst *client.Tablet, column int, cells []T) error {
	for row := range cells {
		if err := dst.SetValueAt(&cells[row], column, row); err != nil {
			return err
		}
	}
	return nil
}
