package rpc

import (
	"encoding/binary"
	"math"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Type bytes of a record that are not data types.
const (
	recordNull    = 0xfe // -2: null, no cell follows
	recordUntyped = 0xff // -1: a string whose type is to be inferred; only between servers
)

// record is one row as a client sends it; values is one type byte and one cell per
// measurement, cells as in tabletBuffers.
type record struct {
	device       string
	measurements []string
	values       []byte
	time         int64
}

// cell is one value that is not null, still in wire form.
type cell struct {
	name string
	typ  tablet.DataType
	raw  []byte // without the length in front of strings
}

// cells cuts the values of a record, leaving nulls out. buf is reused.
func (r *record) cells(buf []cell) ([]cell, error) {
	buf = buf[:0]
	src := r.values
	for _, name := range r.measurements {
		if len(src) == 0 {
			return nil, illegal("The record ends before its %d values.", len(r.measurements))
		}
		code := src[0]
		src = src[1:]
		if code == recordNull {
			continue
		}
		if code == recordUntyped {
			return nil, unsupported("A record with a value of unknown type is not supported; send insertStringRecord.")
		}
		typ, err := dataTypeOf(int32(int8(code)))
		if err != nil {
			return nil, err
		}
		raw, rest, ok := cutCell(typ, src)
		if !ok {
			return nil, illegal("The value of %s in the record is cut.", clip(name))
		}
		buf, src = append(buf, cell{name: name, typ: typ, raw: raw}), rest
	}
	if len(src) > 0 {
		return nil, illegal("The record has %d bytes behind its last value.", len(src))
	}
	return buf, nil
}

func cutCell(typ tablet.DataType, src []byte) (raw, rest []byte, ok bool) {
	w := typ.Width()
	if w == 0 {
		return cutBinary(src)
	}
	if len(src) < w {
		return nil, nil, false
	}
	return src[:w], src[w:], true
}

// groups collects records into tablets: rows of one device that follow each other
// in the request and have the same columns become one tablet. Only the device's
// latest tablet takes further rows, so that of two rows with one time the later
// still wins.
type groups struct {
	aligned bool
	tablets []*tablet.Tablet
	latest  map[string]int // device to its place in tablets
	buf     []cell
}

// none is the place of a record that has nothing to write.
const none = -1

// add takes one record and returns the place of its tablet, none if it has only nulls.
func (g *groups) add(r *record) (int, error) {
	cells, err := r.cells(g.buf)
	if err != nil {
		return none, err
	}
	g.buf = cells
	if len(cells) == 0 {
		return none, nil
	}
	if i, ok := g.latest[r.device]; ok && appendRow(g.tablets[i], r.time, cells) {
		return i, nil
	}
	t, err := newGroup(r.device, g.aligned, cells)
	if err != nil {
		return none, err
	}
	appendRow(t, r.time, cells)
	if g.latest == nil {
		g.latest = map[string]int{}
	}
	g.latest[r.device] = len(g.tablets)
	g.tablets = append(g.tablets, t)
	return len(g.tablets) - 1, nil
}

// newGroup is an empty tablet with the columns of a row; names stay as the client
// wrote them until finish.
func newGroup(device string, aligned bool, cells []cell) (*tablet.Tablet, error) {
	t := &tablet.Tablet{Device: device, Aligned: aligned, Columns: make([]tablet.Column, len(cells))}
	for i, c := range cells {
		t.Columns[i].Schema = defaultSchema(c.name, c.typ)
		t.Columns[i].Category = tablet.Field
	}
	return t, noRepeats(t.Columns)
}

// appendRow adds a row whose cells name columns of t in order. It adds nothing and
// returns false when a cell has no column, or when most columns would be null.
func appendRow(t *tablet.Tablet, time int64, cells []cell) bool {
	if len(cells) > len(t.Columns) || 2*len(cells) < len(t.Columns) || !fits(t, cells) {
		return false
	}
	row, next := len(t.Times), 0
	t.Times = append(t.Times, time)
	if len(cells) == len(t.Columns) {
		for i := range cells {
			appendCell(&t.Columns[i], cells[i].raw)
		}
		return true
	}
	for i := range t.Columns {
		col := &t.Columns[i]
		if next < len(cells) && cells[next].name == col.Name {
			appendCell(col, cells[next].raw)
			next++
			continue
		}
		appendNull(col, row)
	}
	return true
}

func fits(t *tablet.Tablet, cells []cell) bool {
	next := 0
	for i := range t.Columns {
		col := &t.Columns[i]
		if next < len(cells) && cells[next].name == col.Name {
			if cells[next].typ != col.Type {
				return false
			}
			next++
		}
	}
	return next == len(cells)
}

// appendCell adds a value; raw has the width of the column's type.
func appendCell(c *tablet.Column, raw []byte) {
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		c.Bools = append(c.Bools, raw[0] != 0)
	case tablet.PhysicalInt32:
		c.Int32s = append(c.Int32s, int32(binary.BigEndian.Uint32(raw)))
	case tablet.PhysicalInt64:
		c.Int64s = append(c.Int64s, int64(binary.BigEndian.Uint64(raw)))
	case tablet.PhysicalFloat:
		c.Floats = append(c.Floats, math.Float32frombits(binary.BigEndian.Uint32(raw)))
	case tablet.PhysicalDouble:
		c.Doubles = append(c.Doubles, math.Float64frombits(binary.BigEndian.Uint64(raw)))
	default:
		c.Bytes.Append(raw)
	}
}

// zeroCell is a filler for any fixed-width type.
const zeroCell = "\x00\x00\x00\x00\x00\x00\x00\x00"

// appendNull adds a null cell as row number row.
func appendNull(c *tablet.Column, row int) {
	appendCell(c, []byte(zeroCell)[:c.Type.Width()])
	for len(c.Nulls) < tablet.BitmapBytes(row) {
		c.Nulls = append(c.Nulls, 0)
	}
	c.Nulls.Set(row)
}

// finish brings the tablets into the form a backend takes and returns an error for
// each that has none.
func (g *groups) finish() []error {
	errs := make([]error, len(g.tablets))
	for i, t := range g.tablets {
		errs[i] = normalize(t)
	}
	return errs
}

// normalize gives names their normal form and null bitmaps their full length.
func normalize(t *tablet.Tablet) (err error) {
	if t.Device, err = device(t.Device); err != nil {
		return err
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Name, err = measurement(c.Name); err != nil {
			return err
		}
		for c.Nulls != nil && len(c.Nulls) < tablet.BitmapBytes(t.Rows()) {
			c.Nulls = append(c.Nulls, 0)
		}
	}
	return noRepeats(t.Columns)
}
