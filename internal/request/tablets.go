package request

import (
	"math"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Inserted is what an insert request writes.
type Inserted struct {
	// Tablets are the rows in the order of the request, tree model. They share no memory
	// with the body, but those of tablets and tablet nodes are part of the request.
	Tablets []*tablet.Tablet
	// TableModel is set if the request has rows of the table model. They are not in
	// Tablets; keep the whole request instead.
	TableModel bool
	// Infer lists columns whose values came as raw strings. Their type is TEXT until
	// someone decides what they are (tablet.InferType, tablet.Convert).
	Infer []ColumnRef
}

// ColumnRef names a column of Inserted.Tablets.
type ColumnRef struct{ Tablet, Column int }

// Tablets returns the rows of an insert request: *TabletRaw, *InsertNode, *WALEntry or
// *Batch; ok is false for any other. Adjacent rows of one device with the same
// measurements become one tablet. A null of unknown type is dropped with its
// measurement if no row of that tablet gives the type. Devices and names are as sent;
// nothing is validated beyond what decoding checks.
func Tablets(r Request) (in Inserted, ok bool) {
	g := gatherer{}
	switch r := r.(type) {
	case *TabletRaw:
		g.raw(r)
	case *InsertNode:
		g.node(r.Node, r.Database)
	case *WALEntry:
		g.node(r.Node, r.Database)
	case *Batch:
		for i := range r.Binaries {
			g.node(r.Binaries[i].Node, r.Binaries[i].Database)
		}
		for i := range r.Nodes {
			g.node(r.Nodes[i].Node, r.Nodes[i].Database)
		}
		for i := range r.Tablets {
			g.raw(&r.Tablets[i])
		}
	default:
		return Inserted{}, false
	}
	g.flush()
	return g.out, true
}

// gatherer collects tablets and merges rows.
type gatherer struct {
	out   Inserted
	rows  []*Row     // adjacent rows that fit into one tablet
	kinds []cellKind // per cell of these rows
}

// cellKind is what the rows so far say about the type of a column.
type cellKind struct {
	known bool // a value or a typed null has been seen
	raw   bool // values are raw strings
	typ   tablet.DataType
}

func kindOf(c *Cell) cellKind {
	switch c.Tag {
	case TagNull:
		return cellKind{}
	case TagRaw:
		return cellKind{known: true, raw: true, typ: tablet.Text}
	}
	return cellKind{known: true, typ: c.Type}
}

func (g *gatherer) raw(t *TabletRaw) {
	if !IsTree(t.Database) {
		g.out.TableModel = true
		return
	}
	g.tablet(&t.Tablet)
}

func (g *gatherer) tablet(t *tablet.Tablet) {
	g.flush()
	if len(t.Times) > 0 && len(t.Columns) > 0 {
		g.out.Tablets = append(g.out.Tablets, t)
	}
}

func (g *gatherer) node(n Node, database *string) {
	if !IsTree(database) || n.Number() >= NodeRelationalInsertTablet {
		g.out.TableModel = true
		return
	}
	switch n := n.(type) {
	case *RowNode:
		g.row(&n.Row)
	case *RowsNode:
		for i := range n.Rows {
			g.row(&n.Rows[i])
		}
	case *RowsOfDeviceNode:
		for i := range n.Rows {
			g.row(&n.Rows[i])
		}
	case *TabletNode:
		g.tablet(&n.Tablet)
	case *MultiTabletsNode:
		for i := range n.Tablets {
			g.tablet(&n.Tablets[i].Tablet)
		}
	}
}

func (g *gatherer) row(r *Row) {
	if !g.fits(r) {
		g.flush()
	}
	if len(g.rows) == 0 {
		g.kinds = append(g.kinds[:0], make([]cellKind, len(r.Cells))...)
	}
	for i := range r.Cells {
		if k := kindOf(&r.Cells[i]); k.known {
			g.kinds[i] = k
		}
	}
	g.rows = append(g.rows, r)
}

// fits reports whether r can follow the gathered rows in one tablet: equal device and
// schemas, and no cell of another type.
func (g *gatherer) fits(r *Row) bool {
	if len(g.rows) == 0 {
		return true
	}
	first := g.rows[0]
	if first.Device != r.Device || first.Aligned != r.Aligned || len(first.Cells) != len(r.Cells) || first.HasSchemas != r.HasSchemas {
		return false
	}
	for i := range r.Cells {
		k := kindOf(&r.Cells[i])
		if first.Cells[i].Schema != r.Cells[i].Schema || k.known && g.kinds[i].known && k != g.kinds[i] {
			return false
		}
	}
	return true
}

// flush turns the gathered rows into one tablet.
func (g *gatherer) flush() {
	if len(g.rows) == 0 {
		return
	}
	first := g.rows[0]
	t := &tablet.Tablet{Device: first.Device, Aligned: first.Aligned, Times: make([]int64, len(g.rows))}
	for i, r := range g.rows {
		t.Times[i] = r.Time
	}
	var infer []int
	for i := range first.Cells {
		typ, known := g.columnType(i)
		if !known {
			continue
		}
		if g.kinds[i].raw {
			infer = append(infer, len(t.Columns))
		}
		t.Columns = append(t.Columns, g.column(i, typ))
	}
	if len(t.Columns) > 0 {
		for _, c := range infer {
			g.out.Infer = append(g.out.Infer, ColumnRef{Tablet: len(g.out.Tablets), Column: c})
		}
		g.out.Tablets = append(g.out.Tablets, t)
	}
	g.rows = g.rows[:0]
}

// columnType returns the type of cell i: that of a value or typed null, else that of
// the schema.
func (g *gatherer) columnType(i int) (tablet.DataType, bool) {
	if g.kinds[i].known {
		return g.kinds[i].typ, true
	}
	first := g.rows[0]
	return first.Cells[i].Schema.Type, first.HasSchemas
}

func (g *gatherer) column(i int, typ tablet.DataType) tablet.Column {
	n := len(g.rows)
	c := tablet.Column{Schema: g.rows[0].Cells[i].Schema, Category: tablet.Field}
	if !g.rows[0].HasSchemas || c.Type != typ {
		c.Encoding, c.Compressor = tablet.DefaultEncoding(typ), tablet.LZ4
	}
	c.Type = typ
	c.Alloc(n)
	c.Bytes.Ends = c.Bytes.Ends[:0]
	for k, r := range g.rows {
		cell := &r.Cells[i]
		if cell.IsNull() {
			if c.Nulls == nil {
				c.Nulls = tablet.NewBitmap(n)
			}
			c.Nulls.Set(k)
		}
		setCell(&c, k, cell)
	}
	return c
}

// setCell stores the content of a cell, 0 or nothing for null, in slot k.
func setCell(c *tablet.Column, k int, cell *Cell) {
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		c.Bools[k] = cell.Bits == 1
	case tablet.PhysicalInt32:
		c.Int32s[k] = int32(uint32(cell.Bits))
	case tablet.PhysicalInt64:
		c.Int64s[k] = int64(cell.Bits)
	case tablet.PhysicalFloat:
		c.Floats[k] = math.Float32frombits(uint32(cell.Bits))
	case tablet.PhysicalDouble:
		c.Doubles[k] = math.Float64frombits(cell.Bits)
	case tablet.PhysicalBytes:
		c.Bytes.Append(cell.Bytes)
	}
}
