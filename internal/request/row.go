package request

import (
	"fmt"
	"math"

	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Tags in front of a value of a row. A tag >= 0 is the data type of the value.
const (
	TagRaw       int8 = -1 // a string whose type is to be inferred
	TagNull      int8 = -2 // null of unknown type
	TagTypedNull int8 = -3 // null; its data type follows (2.0 only)
)

// Row is one row of one device in an insert node.
type Row struct {
	Time       int64
	Device     string // table name in relational nodes
	HasSchemas bool   // schemas instead of names only (always in WAL entries)
	Cells      []Cell
	InferType  bool // values may be raw strings; not in WAL entries
	Aligned    bool
	Props      [][]Pair // per cell, of its schema; nil if there are none
}

// Cell is one value of a row. Its content is in Bits or Bytes.
type Cell struct {
	Schema   tablet.Schema // only Name is set if the row has no schemas
	Tag      int8
	Type     tablet.DataType // of the value, or of a typed null
	Category tablet.Category // relational nodes
	Bits     uint64          // bool 0/1; integers sign-extended; IEEE bits of floats
	Bytes    []byte          // TEXT, BLOB, STRING and raw strings; aliases the body
}

// IsNull reports whether the cell holds no value.
func (c *Cell) IsNull() bool { return c.Tag == TagNull || c.Tag == TagTypedNull }

// rowForm says which parts of a row are on the wire where it stands.
type rowForm struct {
	relational bool // categories at the end
	wal        bool // schemas without a flag, no InferType
	noDevice   bool // the node has the device (rows of one device)
}

// readRow reads a row from its time on.
func readRow(d *wire.Decoder, f rowForm) Row {
	r := Row{Time: d.I64(), HasSchemas: true}
	if !f.noDevice {
		r.Device = d.Device()
	}
	n := d.Count(d.Opts.MaxColumns, 5, "measurements")
	if !f.wal {
		r.HasSchemas = d.Bool()
	}
	if !d.TakeCells(n) {
		return r
	}
	r.Cells = make([]Cell, n)
	for i := 0; i < n && !d.Failed(); i++ {
		if !r.HasSchemas {
			r.Cells[i].Schema.Name = d.Measurement(i)
			continue
		}
		var props []Pair
		r.Cells[i].Schema, props = d.Schema(i)
		if props != nil {
			if r.Props == nil {
				r.Props = make([][]Pair, n)
			}
			r.Props[i] = props
		}
	}
	for i := 0; i < n && !d.Failed(); i++ {
		readCell(d, &r.Cells[i])
	}
	if !f.wal {
		r.InferType = d.Bool()
	}
	r.Aligned = d.Bool()
	for i := 0; f.relational && i < n && !d.Failed(); i++ {
		r.Cells[i].Category = readRelationalCategory(d)
	}
	return r
}

func readCell(d *wire.Decoder, c *Cell) {
	c.Tag = int8(d.U8())
	switch {
	case c.Tag == TagRaw:
		c.Bytes = d.Blob(d.Remaining(), "bytes of a raw value")
		return
	case c.Tag == TagNull:
		return
	case c.Tag == TagTypedNull:
		c.Type = d.DataType()
		return
	case c.Tag < 0 || !tablet.DataType(c.Tag).Valid():
		d.Fail("value tag %d", c.Tag)
		return
	}
	c.Type = tablet.DataType(c.Tag)
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		if d.Bool() {
			c.Bits = 1
		}
	case tablet.PhysicalInt32:
		c.Bits = uint64(int64(d.I32()))
	case tablet.PhysicalFloat:
		c.Bits = uint64(uint32(d.I32()))
	case tablet.PhysicalInt64, tablet.PhysicalDouble:
		c.Bits = uint64(d.I64())
	case tablet.PhysicalBytes:
		c.Bytes = d.Blob(d.Remaining(), "bytes of a value")
	}
}

// append writes a row from its time on.
func (r *Row) append(dst []byte, f rowForm, l Layout) ([]byte, error) {
	dst = wirebuf.AppendI64(dst, r.Time)
	if !f.noDevice {
		dst = wirebuf.AppendString(dst, r.Device)
	}
	dst = wirebuf.AppendCount(dst, len(r.Cells))
	if !f.wal {
		dst = wirebuf.AppendBool(dst, r.HasSchemas)
	} else if !r.HasSchemas {
		return dst, fmt.Errorf("request: row of %q has no schemas for a WAL entry", r.Device)
	}
	for i := range r.Cells {
		c := &r.Cells[i]
		if !r.HasSchemas {
			dst = wirebuf.AppendString(dst, c.Schema.Name)
			continue
		}
		t, err := wire.TypeIn(c.Schema.Type, l)
		if err != nil {
			return dst, err
		}
		dst = wire.AppendSchema(dst, &c.Schema, t, wire.PropsOf(r.Props, i))
	}
	for i := range r.Cells {
		var err error
		if dst, err = r.Cells[i].append(dst, l); err != nil {
			return dst, err
		}
	}
	if !f.wal {
		dst = wirebuf.AppendBool(dst, r.InferType)
	}
	dst = wirebuf.AppendBool(dst, r.Aligned)
	for i := 0; f.relational && i < len(r.Cells); i++ {
		dst = append(dst, relationalNumber(r.Cells[i].Category))
	}
	return dst, nil
}

func (c *Cell) append(dst []byte, l Layout) ([]byte, error) {
	switch c.Tag {
	case TagRaw:
		return wirebuf.AppendBlob(append(dst, 0xff), c.Bytes), nil
	case TagNull:
		return append(dst, 0xfe), nil
	case TagTypedNull:
		if l == Layout12 || l == Layout13 { // 1.x fails on typed nulls
			return append(dst, 0xfe), nil
		}
		return append(dst, 0xfd, byte(c.Type)), nil
	}
	t, err := wire.TypeIn(c.Type, l)
	if err != nil {
		return dst, err
	}
	dst = append(dst, byte(t))
	switch t.Physical() {
	case tablet.PhysicalBool:
		dst = append(dst, byte(c.Bits))
	case tablet.PhysicalInt32, tablet.PhysicalFloat:
		dst = wirebuf.AppendI32(dst, int32(uint32(c.Bits)))
	case tablet.PhysicalInt64, tablet.PhysicalDouble:
		dst = wirebuf.AppendI64(dst, int64(c.Bits))
	case tablet.PhysicalBytes:
		dst = wirebuf.AppendBlob(dst, c.Bytes)
	}
	return dst, nil
}

// Float returns the value of a FLOAT cell.
func (c *Cell) Float() float32 { return math.Float32frombits(uint32(c.Bits)) }

// Double returns the value of a DOUBLE cell.
func (c *Cell) Double() float64 { return math.Float64frombits(c.Bits) }

// Categories of relational nodes have numbers of their own:
// TAG 0, ATTRIBUTE 1, TIME 2, FIELD 3.
func relationalNumber(c tablet.Category) byte {
	switch c {
	case tablet.Tag:
		return 0
	case tablet.Attribute:
		return 1
	}
	return 3
}

func readRelationalCategory(d *wire.Decoder) tablet.Category {
	switch v := d.U8(); v {
	case 0:
		return tablet.Tag
	case 1:
		return tablet.Attribute
	case 3:
		return tablet.Field
	default:
		d.Fail("relational column category %d", v)
		return tablet.Field
	}
}
