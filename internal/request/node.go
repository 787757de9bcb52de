package request

import (
	"fmt"

	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Plan node numbers of insert nodes.
const (
	NodeInsertTablet           int16 = 13
	NodeInsertRow              int16 = 14
	NodeInsertRows             int16 = 15
	NodeInsertRowsOfOneDevice  int16 = 16
	NodeInsertMultiTablets     int16 = 17
	NodeRelationalInsertTablet int16 = 2000
	NodeRelationalInsertRow    int16 = 2001
	NodeRelationalInsertRows   int16 = 2002
)

// Node is an insert node: *RowNode, *TabletNode, *RowsNode, *RowsOfDeviceNode or
// *MultiTabletsNode.
//
//	plan form   int16 number, fields, string id, int32 0
//	WAL form    int16 number, int64 searchIndex, fields (schemas always; no id)
type Node interface {
	// Number returns the plan node number.
	Number() int16
	appendFields(dst []byte, wal bool, l Layout) ([]byte, error)
	id() string
}

// RowNode inserts one row: 14, relational 2001.
type RowNode struct {
	Relational bool
	Row        Row
	ID         string // plan node id; free text, ignored by receivers
}

// TabletNode inserts a tablet: 13, relational 2000.
type TabletNode struct {
	Relational bool
	Tablet     tablet.Tablet
	ID         string
	Wire       *NodeWire // details of a decoded node; nil for one built here
}

// NodeWire is what the bytes of a tablet node say beyond its content.
type NodeWire struct {
	NamesOnly      bool              // names instead of schemas
	BitmapsPresent bool              // the flag in front of all bitmaps
	SchemaTypes    []tablet.DataType // types in the schemas, if one differs from its column's type
	Props          [][]Pair          // per column, of its schema; nil if there are none
}

// RowsNode inserts rows of any devices: 15, relational 2002.
type RowsNode struct {
	Relational bool
	Rows       []Row
	Indexes    []int32 // one per row; absent in WAL entries
	ID         string
}

// RowsOfDeviceNode inserts rows of one device: 16.
type RowsOfDeviceNode struct {
	Device  string
	Rows    []Row // each with Device set
	Indexes []int32
	ID      string
}

// MultiTabletsNode inserts tablets: 17.
type MultiTabletsNode struct {
	Tablets []TabletNode // without ids
	Indexes []int32
	ID      string
}

func relationalOr(relational bool, r, tree int16) int16 {
	if relational {
		return r
	}
	return tree
}

// Number implements Node.
func (n *RowNode) Number() int16 {
	return relationalOr(n.Relational, NodeRelationalInsertRow, NodeInsertRow)
}

// Number implements Node.
func (n *TabletNode) Number() int16 {
	return relationalOr(n.Relational, NodeRelationalInsertTablet, NodeInsertTablet)
}

// Number implements Node.
func (n *RowsNode) Number() int16 {
	return relationalOr(n.Relational, NodeRelationalInsertRows, NodeInsertRows)
}

// Number implements Node.
func (n *RowsOfDeviceNode) Number() int16 { return NodeInsertRowsOfOneDevice }

// Number implements Node.
func (n *MultiTabletsNode) Number() int16 { return NodeInsertMultiTablets }

func (n *RowNode) id() string          { return n.ID }
func (n *TabletNode) id() string       { return n.ID }
func (n *RowsNode) id() string         { return n.ID }
func (n *RowsOfDeviceNode) id() string { return n.ID }
func (n *MultiTabletsNode) id() string { return n.ID }

// readNode reads a node in plan form.
func readNode(d *wire.Decoder) Node {
	number := d.I16()
	n := readNodeFields(d, number, false)
	if n == nil {
		return nil
	}
	id := d.PlanEnd()
	switch n := n.(type) {
	case *RowNode:
		n.ID = id
	case *TabletNode:
		n.ID = id
	case *RowsNode:
		n.ID = id
	case *RowsOfDeviceNode:
		n.ID = id
	case *MultiTabletsNode:
		n.ID = id
	}
	return n
}

func readNodeFields(d *wire.Decoder, number int16, wal bool) Node {
	f := rowForm{wal: wal}
	switch number {
	case NodeInsertRow, NodeRelationalInsertRow:
		f.relational = number == NodeRelationalInsertRow
		return &RowNode{Relational: f.relational, Row: readRow(d, f)}
	case NodeInsertTablet, NodeRelationalInsertTablet:
		n := readTabletNode(d, number == NodeRelationalInsertTablet, wal)
		return &n
	case NodeInsertRows, NodeRelationalInsertRows:
		f.relational = number == NodeRelationalInsertRows
		n := &RowsNode{Relational: f.relational}
		n.Rows, n.Indexes = readRows(d, f)
		return n
	}
	if !wal && number == NodeInsertRowsOfOneDevice {
		f.noDevice = true
		n := &RowsOfDeviceNode{Device: d.Name("device")}
		n.Rows, n.Indexes = readRows(d, f)
		for i := range n.Rows {
			n.Rows[i].Device = n.Device
		}
		return n
	}
	if !wal && number == NodeInsertMultiTablets {
		return readMultiTablets(d)
	}
	d.Fail("plan node %d is not an insert node", number)
	return nil
}

// readRows reads int32 n, n rows and, outside WAL entries, n indexes.
func readRows(d *wire.Decoder, f rowForm) (rows []Row, indexes []int32) {
	n := d.Count(d.Opts.MaxRows, 15, "rows")
	if !d.TakeCells(n) {
		return nil, nil
	}
	rows = make([]Row, 0, n)
	for i := 0; i < n && !d.Failed(); i++ {
		rows = append(rows, readRow(d, f))
	}
	if !f.wal {
		indexes = readIndexes(d, n)
	}
	return rows, indexes
}

func readIndexes(d *wire.Decoder, n int) []int32 {
	if n*4 > d.Remaining() {
		d.Fail("%d indexes do not fit", n)
		return nil
	}
	out := make([]int32, n)
	for i := range out {
		out[i] = d.I32()
	}
	return out
}

func readMultiTablets(d *wire.Decoder) Node {
	n := d.Count(d.Opts.MaxRows, 15, "tablets")
	m := &MultiTabletsNode{}
	for i := 0; i < n && !d.Failed(); i++ {
		m.Tablets = append(m.Tablets, readTabletNode(d, false, false))
	}
	m.Indexes = readIndexes(d, n)
	return m
}

// appendNode writes a node in plan form.
func appendNode(dst []byte, n Node, l Layout) ([]byte, error) {
	dst, err := n.appendFields(wirebuf.AppendI16(dst, n.Number()), false, l)
	if err != nil {
		return dst, err
	}
	return wire.AppendPlanEnd(dst, n.id()), nil
}

func (n *RowNode) appendFields(dst []byte, wal bool, l Layout) ([]byte, error) {
	return n.Row.append(dst, rowForm{relational: n.Relational, wal: wal}, l)
}

func (n *RowsNode) appendFields(dst []byte, wal bool, l Layout) ([]byte, error) {
	return appendRows(dst, n.Rows, n.Indexes, rowForm{relational: n.Relational, wal: wal}, l)
}

func (n *RowsOfDeviceNode) appendFields(dst []byte, wal bool, l Layout) ([]byte, error) {
	if wal {
		return dst, errNotInWAL(n)
	}
	return appendRows(wirebuf.AppendString(dst, n.Device), n.Rows, n.Indexes, rowForm{noDevice: true}, l)
}

func (n *MultiTabletsNode) appendFields(dst []byte, wal bool, l Layout) ([]byte, error) {
	if wal {
		return dst, errNotInWAL(n)
	}
	dst = wirebuf.AppendCount(dst, len(n.Tablets))
	for i := range n.Tablets {
		var err error
		if dst, err = n.Tablets[i].appendFields(dst, false, l); err != nil {
			return dst, err
		}
	}
	return appendIndexes(dst, n.Indexes, len(n.Tablets))
}

func errNotInWAL(n Node) error {
	return fmt.Errorf("request: plan node %d has no WAL form", n.Number())
}

func appendRows(dst []byte, rows []Row, indexes []int32, f rowForm, l Layout) ([]byte, error) {
	dst = wirebuf.AppendCount(dst, len(rows))
	for i := range rows {
		var err error
		if dst, err = rows[i].append(dst, f, l); err != nil {
			return dst, err
		}
	}
	if f.wal {
		return dst, nil
	}
	return appendIndexes(dst, indexes, len(rows))
}

// appendIndexes writes the given indexes, or 0..n-1 if there are none.
func appendIndexes(dst []byte, indexes []int32, n int) ([]byte, error) {
	if indexes != nil && len(indexes) != n {
		return dst, fmt.Errorf("request: %d elements with %d indexes", n, len(indexes))
	}
	for i := range n {
		if indexes == nil {
			dst = wirebuf.AppendCount(dst, i)
		} else {
			dst = wirebuf.AppendI32(dst, indexes[i])
		}
	}
	return dst, nil
}
