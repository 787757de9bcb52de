package request

import (
	"fmt"

	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// AppendTabletNode appends the body of a type 2 request, an InsertTabletNode with
// schemas, for tree data. It allocates nothing if dst has room. Rows should be in
// time order (see tablet.Tablet.Sort). Its layout is the same in all releases but
// for the data types, which Layout12 maps (see WireType). On error dst is returned as
// it was.
func AppendTabletNode(dst []byte, t *tablet.Tablet, l Layout) ([]byte, error) {
	start := len(dst)
	dst = wirebuf.AppendI16(dst, NodeInsertTablet)
	dst = wirebuf.AppendString(dst, t.Device)
	dst = wirebuf.AppendCount(dst, len(t.Columns))
	dst = append(dst, 1)
	for i := range t.Columns {
		wt, err := wire.TypeIn(t.Columns[i].Type, l)
		if err != nil {
			return dst[:start], fmt.Errorf("%w (column %q)", err, t.Columns[i].Name)
		}
		dst = wire.AppendSchema(dst, &t.Columns[i].Schema, wt, nil)
	}
	for i := range t.Columns {
		wt, _ := wire.TypeIn(t.Columns[i].Type, l)
		dst = append(dst, byte(wt))
	}
	dst = appendNodeRows(dst, t, nil)
	return wire.AppendPlanEnd(dst, ""), nil
}

// AppendTabletRaw appends the body of a type 3 request. The layout must be that of the
// peer: 1.x and 2.0 misread each other's.
func AppendTabletRaw(dst []byte, t *tablet.Tablet, l Layout) ([]byte, error) {
	r := TabletRaw{Tablet: *t}
	return r.AppendBody(dst, l)
}

// AppendBatch appends the body of a type 6 request with one InsertTabletNode per
// tablet. 1.2.x should not get batches of rows; tablets are fine.
func AppendBatch(dst []byte, tablets []*tablet.Tablet, l Layout) ([]byte, error) {
	start := len(dst)
	dst = wirebuf.AppendCount(wirebuf.AppendCount(dst, 0), len(tablets))
	for _, t := range tablets {
		var err error
		if dst, err = AppendTabletNode(dst, t, l); err != nil {
			return dst[:start], err
		}
	}
	return wirebuf.AppendCount(dst, 0), nil
}
