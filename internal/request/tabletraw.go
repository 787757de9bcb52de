package request

import (
	"fmt"

	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// TabletRaw is a client tablet, types 3 and 11.
//
//	string target | int32 rows | 01 int32 n, n x (01 schema [category])
//	01 rows x int64 time
//	01 n x (00 | 01 int32 size, blob bits)   or 00 for no bitmaps at all
//	01 n x (01 cells)       a variable cell is 00, or 01 and a blob
//	bool aligned | [string database]   the latter in type 11
//
// The category byte is there in 2.0 only; see the package comment on decoding.
type TabletRaw struct {
	V2       bool          // type 11
	Tablet   tablet.Tablet // cells of null slots are kept as they were sent
	Database *string       // type 11; nil and names at root mean tree data
	Wire     *TabletWire   // details of a decoded tablet; nil for one built here
}

// TabletWire is what the bytes of a tablet say beyond its content.
type TabletWire struct {
	Categories     bool            // a category byte follows each schema
	BitmapsPresent bool            // the flag in front of all bitmaps
	BitmapSizes    []int32         // per column, rows; used where Nulls is not nil
	Props          [][]Pair        // per column, of its schema; nil if there are none
	Flags          []tablet.Bitmap // per column, cells whose presence flag is not what their content suggests
}

// Type implements Request.
func (t *TabletRaw) Type() Type {
	if t.V2 {
		return TypeTabletRawV2
	}
	return TypeTabletRaw
}

// AppendBody implements Request. Layout20 writes category bytes, 1.x none.
func (t *TabletRaw) AppendBody(dst []byte, l Layout) ([]byte, error) {
	dst, err := t.appendTablet(dst, l)
	if err != nil {
		return dst, err
	}
	dst = wirebuf.AppendBool(dst, t.Tablet.Aligned)
	if t.V2 {
		dst = wirebuf.AppendNullString(dst, t.Database)
	}
	return dst, nil
}

func (t *TabletRaw) appendTablet(dst []byte, l Layout) ([]byte, error) {
	w := t.Wire
	if w == nil {
		w = &TabletWire{}
	}
	categories := l == Layout20 || l == LayoutAsDecoded && w.Categories
	tab := &t.Tablet
	rows := len(tab.Times)
	dst = wirebuf.AppendString(dst, tab.Device)
	dst = append(wirebuf.AppendCount(dst, rows), 1)
	dst = wirebuf.AppendCount(dst, len(tab.Columns))
	for i := range tab.Columns {
		c := &tab.Columns[i]
		wt, err := wire.TypeIn(c.Type, l)
		if err != nil {
			return dst, fmt.Errorf("%w (column %q)", err, c.Name)
		}
		dst = wire.AppendSchema(append(dst, 1), &c.Schema, wt, wire.PropsOf(w.Props, i))
		if categories {
			dst = append(dst, byte(c.Category))
		}
	}
	dst = appendInt64s(append(dst, 1), tab.Times)
	dst = t.appendBitmaps(dst)
	dst = append(dst, 1)
	for i := range tab.Columns {
		var odd tablet.Bitmap
		if i < len(w.Flags) {
			odd = w.Flags[i]
		}
		dst = appendTabletCells(append(dst, 1), &tab.Columns[i], rows, odd)
	}
	return dst, nil
}

func (t *TabletRaw) appendBitmaps(dst []byte) []byte {
	rows := len(t.Tablet.Times)
	if w := t.Wire; w != nil {
		dst = wirebuf.AppendBool(dst, w.BitmapsPresent)
		for i := 0; i < len(t.Tablet.Columns) && w.BitmapsPresent; i++ {
			nulls := t.Tablet.Columns[i].Nulls
			dst = wirebuf.AppendBool(dst, nulls != nil)
			if nulls != nil {
				dst = wirebuf.AppendBlob(wirebuf.AppendI32(dst, w.BitmapSizes[i]), nulls)
			}
		}
		return dst
	}
	any := false
	for i := range t.Tablet.Columns {
		any = any || hasNulls(t.Tablet.Columns[i].Nulls, rows)
	}
	dst = wirebuf.AppendBool(dst, any)
	for i := 0; i < len(t.Tablet.Columns) && any; i++ {
		nulls := t.Tablet.Columns[i].Nulls
		has := hasNulls(nulls, rows)
		dst = wirebuf.AppendBool(dst, has)
		if has {
			dst = wirebuf.AppendCount(wirebuf.AppendCount(dst, rows), tablet.BitmapBytes(rows))
			dst = appendBits(dst, nulls, rows)
		}
	}
	return dst
}

// appendTabletCells writes the cells as a tablet has them: presence flags in front of
// variable cells, a valid date in null slots. odd marks cells whose flag is inverted.
func appendTabletCells(dst []byte, c *tablet.Column, rows int, odd tablet.Bitmap) []byte {
	if c.Type.Physical() == tablet.PhysicalBytes {
		for i := range rows {
			cell := c.Bytes.At(i)
			present := (len(cell) > 0 || !c.Nulls.Get(i)) != odd.Get(i)
			dst = wirebuf.AppendBool(dst, present)
			if present {
				dst = wirebuf.AppendBlob(dst, cell)
			}
		}
		return dst
	}
	at := len(dst)
	dst = appendFixed(dst, c, rows)
	if c.Type == tablet.Date && c.Nulls != nil {
		for i := range rows {
			if c.Nulls.Get(i) && !tablet.ValidDate(c.Int32s[i]) {
				wirebuf.AppendI32(dst[:at+4*i], nullDate)
			}
		}
	}
	return dst
}

// readTabletRaw reads a Tablet and its aligned flag, with or without category bytes.
func readTabletRaw(d *wire.Decoder, categories bool) TabletRaw {
	t := TabletRaw{Wire: &TabletWire{Categories: categories}}
	t.Tablet.Device = d.Device()
	rows := d.Count(d.Opts.MaxRows, 0, "rows")
	if !d.Bool() {
		d.Fail("tablet without schemas")
	}
	n := d.Count(d.Opts.MaxColumns, 12, "columns")
	if !d.TakeCells(4 * n) {
		return t
	}
	t.Tablet.Columns = make([]tablet.Column, n)
	for i := 0; i < n && !d.Failed(); i++ {
		readTabletColumn(d, &t, i)
	}
	if !d.Bool() && !d.Failed() {
		d.Fail("tablet without timestamps")
	}
	t.Tablet.Times = int64s(d.Bytes(8 * rows))
	readBitmaps(d, &t)
	if !d.Bool() && !d.Failed() {
		d.Fail("tablet without values")
	}
	for i := 0; i < n && !d.Failed(); i++ {
		if !d.Bool() {
			d.Fail("column %d without values", i)
			break
		}
		readTabletCells(d, &t, i, rows)
	}
	t.Tablet.Aligned = d.Bool()
	return t
}

func readTabletColumn(d *wire.Decoder, t *TabletRaw, i int) {
	if !d.Bool() {
		d.Fail("column %d without a schema", i)
		return
	}
	c := &t.Tablet.Columns[i]
	var props []Pair
	c.Schema, props = d.Schema(i)
	if props != nil {
		if t.Wire.Props == nil {
			t.Wire.Props = make([][]Pair, len(t.Tablet.Columns))
		}
		t.Wire.Props[i] = props
	}
	c.Category = tablet.Field
	if t.Wire.Categories {
		c.Category = tablet.Category(d.U8())
		if c.Category > tablet.Attribute {
			d.Fail("column category %d", uint8(c.Category))
		}
	}
}

func readBitmaps(d *wire.Decoder, t *TabletRaw) {
	t.Wire.BitmapsPresent = d.Bool()
	for i := 0; i < len(t.Tablet.Columns) && t.Wire.BitmapsPresent && !d.Failed(); i++ {
		if !d.Bool() {
			continue
		}
		if t.Wire.BitmapSizes == nil {
			t.Wire.BitmapSizes = make([]int32, len(t.Tablet.Columns))
		}
		t.Wire.BitmapSizes[i] = d.I32()
		t.Tablet.Columns[i].Nulls = append(tablet.Bitmap{}, d.Blob(d.Remaining(), "bytes of a bitmap")...)
	}
}

func readTabletCells(d *wire.Decoder, t *TabletRaw, i, rows int) {
	c := &t.Tablet.Columns[i]
	if c.Type.Physical() != tablet.PhysicalBytes {
		readFixed(d, c, rows)
		return
	}
	in := d.Ahead()
	if rows > len(in) {
		d.Fail("%d cells do not fit", rows)
		return
	}
	at, total := 0, 0
	for r := range rows {
		n := flaggedSize(in, at)
		if n < 0 {
			d.Fail("cell %d of a column does not fit", r)
			return
		}
		at, total = at+n, total+max(n-5, 0)
	}
	d.Bytes(at)
	c.Bytes = tablet.Binary{Ends: make([]uint32, rows), Data: make([]byte, 0, total)}
	at = 0
	for r := range c.Bytes.Ends {
		n := flaggedSize(in, at)
		if n > 5 {
			c.Bytes.Data = append(c.Bytes.Data, in[at+5:at+n]...)
		}
		c.Bytes.Ends[r] = uint32(len(c.Bytes.Data))
		if (in[at] == 1) != (n > 5 || !c.Nulls.Get(r)) {
			t.oddFlag(i, r, rows)
		}
		at += n
	}
}

// flaggedSize returns the bytes of a presence flag and the blob behind it, -1 if they
// are not there.
func flaggedSize(in []byte, at int) int {
	switch {
	case at >= len(in) || in[at] > 1:
		return -1
	case in[at] == 0:
		return 1
	}
	if n := blobSize(in, at+1); n >= 0 {
		return n + 1
	}
	return -1
}

func (t *TabletRaw) oddFlag(col, row, rows int) {
	if t.Wire.Flags == nil {
		t.Wire.Flags = make([]tablet.Bitmap, len(t.Tablet.Columns))
	}
	if t.Wire.Flags[col] == nil {
		t.Wire.Flags[col] = tablet.NewBitmap(rows)
	}
	t.Wire.Flags[col].Set(row)
}

// decodeTabletRaw tries the layout of 2.0, which is strict enough to recognise, and
// then that of 1.x. The error is the one of the attempt that came further.
func decodeTabletRaw(v2 bool, body []byte, o Options) (Request, error) {
	var worst error
	far := -1
	for _, categories := range []bool{true, false} {
		d := wire.NewDecoder(body, o)
		t := readTabletRaw(d, categories)
		if v2 {
			t.V2, t.Database = true, d.NullName("database")
		}
		d.End(false)
		if !d.Failed() {
			return &t, nil
		}
		if d.Offset() > far {
			far, worst = d.Offset(), d.Err()
		}
	}
	return nil, worst
}
