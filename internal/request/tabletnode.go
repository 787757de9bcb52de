package request

import (
	"fmt"

	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// tabletNode reads
//
//	string device | int32 n, bool schemas, n x (schema or name) | n x type (not in WAL)
//	int32 rows, rows x int64 time
//	bool bitmaps [n x (00 | 01 rows/8+1 bytes)]
//	n x cells (variable: rows x blob) | bool aligned | [n x relational category]
func readTabletNode(d *wire.Decoder, relational, wal bool) TabletNode {
	t := TabletNode{Relational: relational, Wire: &NodeWire{}}
	t.Tablet.Device = d.Device()
	n := d.Count(d.Opts.MaxColumns, 5, "measurements")
	if !wal {
		t.Wire.NamesOnly = !d.Bool()
	}
	if !d.TakeCells(4 * n) {
		return t
	}
	t.Tablet.Columns = make([]tablet.Column, n)
	for i := 0; i < n && !d.Failed(); i++ {
		readNodeColumn(d, &t, i)
	}
	for i := 0; !wal && i < n && !d.Failed(); i++ {
		readNodeType(d, &t, i)
	}
	rows := d.Count(d.Opts.MaxRows, 8, "rows")
	t.Tablet.Times = int64s(d.Bytes(8 * rows))
	t.Wire.BitmapsPresent = d.Bool()
	for i := 0; i < n && t.Wire.BitmapsPresent && !d.Failed(); i++ {
		if d.Bool() {
			t.Tablet.Columns[i].Nulls = append(tablet.Bitmap(nil), d.Bytes(tablet.BitmapBytes(rows))...)
		}
	}
	for i := 0; i < n && !d.Failed(); i++ {
		c := &t.Tablet.Columns[i]
		if c.Type.Physical() == tablet.PhysicalBytes {
			readBlobs(d, c, rows)
		} else {
			readFixed(d, c, rows)
		}
	}
	t.Tablet.Aligned = d.Bool()
	for i := 0; i < n && relational && !d.Failed(); i++ {
		t.Tablet.Columns[i].Category = readRelationalCategory(d)
	}
	return t
}

func readNodeColumn(d *wire.Decoder, t *TabletNode, i int) {
	c := &t.Tablet.Columns[i]
	c.Category = tablet.Field
	if t.Wire.NamesOnly {
		c.Name = d.Measurement(i)
		return
	}
	var props []Pair
	c.Schema, props = d.Schema(i)
	if props != nil {
		if t.Wire.Props == nil {
			t.Wire.Props = make([][]Pair, len(t.Tablet.Columns))
		}
		t.Wire.Props[i] = props
	}
}

// readNodeType reads the type byte of a column, which rules if it differs from the
// schema's.
func readNodeType(d *wire.Decoder, t *TabletNode, i int) {
	c := &t.Tablet.Columns[i]
	typ := d.DataType()
	switch {
	case t.Wire.NamesOnly:
		c.Encoding, c.Compressor = tablet.DefaultEncoding(typ), tablet.LZ4
	case c.Type != typ && t.Wire.SchemaTypes == nil:
		t.Wire.SchemaTypes = make([]tablet.DataType, len(t.Tablet.Columns))
		for j := range t.Tablet.Columns {
			t.Wire.SchemaTypes[j] = t.Tablet.Columns[j].Type
		}
	}
	c.Type = typ
}

func (n *TabletNode) appendFields(dst []byte, wal bool, l Layout) ([]byte, error) {
	w := n.Wire
	if w == nil {
		w = &NodeWire{}
	}
	if wal && (w.NamesOnly || w.SchemaTypes != nil) {
		return dst, fmt.Errorf("request: tablet of %q has no schemas for a WAL entry", n.Tablet.Device)
	}
	dst = wirebuf.AppendString(dst, n.Tablet.Device)
	dst = wirebuf.AppendCount(dst, len(n.Tablet.Columns))
	if !wal {
		dst = wirebuf.AppendBool(dst, !w.NamesOnly)
	}
	for i := range n.Tablet.Columns {
		c := &n.Tablet.Columns[i]
		if w.NamesOnly {
			dst = wirebuf.AppendString(dst, c.Name)
			continue
		}
		t := c.Type
		if w.SchemaTypes != nil {
			t = w.SchemaTypes[i]
		}
		t, err := wire.TypeIn(t, l)
		if err != nil {
			return dst, fmt.Errorf("%w (column %q)", err, c.Name)
		}
		dst = wire.AppendSchema(dst, &c.Schema, t, wire.PropsOf(w.Props, i))
	}
	for i := 0; !wal && i < len(n.Tablet.Columns); i++ {
		t, err := wire.TypeIn(n.Tablet.Columns[i].Type, l)
		if err != nil {
			return dst, fmt.Errorf("%w (column %q)", err, n.Tablet.Columns[i].Name)
		}
		dst = append(dst, byte(t))
	}
	dst = appendNodeRows(dst, &n.Tablet, n.Wire)
	for i := 0; n.Relational && i < len(n.Tablet.Columns); i++ {
		dst = append(dst, relationalNumber(n.Tablet.Columns[i].Category))
	}
	return dst, nil
}

// appendNodeRows writes a tablet from its number of rows to its aligned flag. w nil:
// only columns with nulls get a bitmap.
func appendNodeRows(dst []byte, t *tablet.Tablet, w *NodeWire) []byte {
	rows := len(t.Times)
	dst = appendInt64s(wirebuf.AppendCount(dst, rows), t.Times)
	present := w != nil && w.BitmapsPresent
	for i := 0; w == nil && i < len(t.Columns) && !present; i++ {
		present = hasNulls(t.Columns[i].Nulls, rows)
	}
	dst = wirebuf.AppendBool(dst, present)
	for i := 0; present && i < len(t.Columns); i++ {
		nulls := t.Columns[i].Nulls
		switch {
		case w != nil && len(nulls) == tablet.BitmapBytes(rows):
			dst = append(append(dst, 1), nulls...) // with the noise that was sent
		case hasNulls(nulls, rows):
			dst = appendBits(append(dst, 1), nulls, rows)
		default:
			dst = append(dst, 0)
		}
	}
	for i := range t.Columns {
		if t.Columns[i].Type.Physical() == tablet.PhysicalBytes {
			dst = appendBlobs(dst, &t.Columns[i].Bytes, rows)
		} else {
			dst = appendFixed(dst, &t.Columns[i], rows)
		}
	}
	return wirebuf.AppendBool(dst, t.Aligned)
}
