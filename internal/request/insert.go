package request

import (
	"fmt"
	"strings"

	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// InsertNode is one insert node in plan form, types 2 and 10.
type InsertNode struct {
	V2       bool // type 10
	Node     Node
	Database *string // type 10; nil and names at root mean tree data
}

// Type implements Request.
func (n *InsertNode) Type() Type {
	if n.V2 {
		return TypeInsertNodeV2
	}
	return TypeInsertNode
}

// AppendBody implements Request.
func (n *InsertNode) AppendBody(dst []byte, l Layout) ([]byte, error) {
	dst, err := appendNode(dst, n.Node, l)
	if err == nil && n.V2 {
		dst = wirebuf.AppendNullString(dst, n.Database)
	}
	return dst, err
}

func readInsertNode(d *wire.Decoder, v2 bool) InsertNode {
	n := InsertNode{V2: v2, Node: readNode(d)}
	if v2 {
		n.Database = d.NullName("database")
	}
	return n
}

// WALEntry is an insert node as the write-ahead log holds it, types 7 and 12:
// int8 entry type, int64 memtable id, node in WAL form. Type 12 has a length in front
// and a database behind.
type WALEntry struct {
	V2          bool // type 12
	EntryType   int8 // 4 row, 5 tablet, 8 rows; ignored by receivers
	MemTableID  int64
	SearchIndex int64
	Node        Node    // *RowNode, *TabletNode or *RowsNode
	Database    *string // type 12; nil and names at root mean tree data
}

// Type implements Request.
func (e *WALEntry) Type() Type {
	if e.V2 {
		return TypeTabletBinaryV2
	}
	return TypeTabletBinary
}

// AppendBody implements Request.
func (e *WALEntry) AppendBody(dst []byte, l Layout) ([]byte, error) {
	if !e.V2 {
		return e.appendEntry(dst, l)
	}
	dst, err := e.appendSized(dst, l)
	return wirebuf.AppendNullString(dst, e.Database), err
}

func (e *WALEntry) appendEntry(dst []byte, l Layout) ([]byte, error) {
	dst = wirebuf.AppendI64(append(dst, byte(e.EntryType)), e.MemTableID)
	dst = wirebuf.AppendI16(dst, e.Node.Number())
	return e.Node.appendFields(wirebuf.AppendI64(dst, e.SearchIndex), true, l)
}

// appendSized writes the entry with its length in front.
func (e *WALEntry) appendSized(dst []byte, l Layout) ([]byte, error) {
	at := len(dst)
	dst, err := e.appendEntry(wirebuf.AppendI32(dst, 0), l)
	wirebuf.AppendCount(dst[:at], len(dst)-at-4)
	return dst, err
}

func readWALEntry(d *wire.Decoder) WALEntry {
	e := WALEntry{EntryType: int8(d.U8()), MemTableID: d.I64()}
	number := d.I16()
	e.SearchIndex = d.I64()
	e.Node = readNodeFields(d, number, true)
	return e
}

// readSizedWALEntry reads a length and an entry that fills it, or nearly: a real
// writer may leave the rest of its buffer behind it, as zeros.
func readSizedWALEntry(d *wire.Decoder) (e WALEntry) {
	d.Within("WAL entry", func(in *wire.Decoder) {
		e = readWALEntry(in)
		in.Zeros()
	})
	return e
}

// Batch is many inserts in one request, types 6 and 13:
//
//	int32 n, n x (int32 length, WAL entry [string database])
//	int32 n, n x (node [string database])
//	int32 n, n x (tablet, bool aligned [string database])
//
// with the databases in type 13. A form without the first list existed before 1.2.2.
type Batch struct {
	V2       bool // type 13
	TwoLists bool // type 6 without the list of WAL entries
	Binaries []WALEntry
	Nodes    []InsertNode
	Tablets  []TabletRaw
}

// Type implements Request.
func (b *Batch) Type() Type {
	if b.V2 {
		return TypeBatchV2
	}
	return TypeBatch
}

// AppendBody implements Request.
func (b *Batch) AppendBody(dst []byte, l Layout) ([]byte, error) {
	var err error
	if b.TwoLists && len(b.Binaries) > 0 {
		return dst, fmt.Errorf("request: batch of two lists has no place for %d WAL entries", len(b.Binaries))
	}
	if !b.TwoLists {
		dst = wirebuf.AppendCount(dst, len(b.Binaries))
	}
	for i := range b.Binaries {
		e := &b.Binaries[i]
		if dst, err = e.appendSized(dst, l); err != nil {
			return dst, err
		}
		if b.V2 {
			dst = wirebuf.AppendNullString(dst, e.Database)
		}
	}
	dst = wirebuf.AppendCount(dst, len(b.Nodes))
	for i := range b.Nodes {
		if dst, err = appendNode(dst, b.Nodes[i].Node, l); err != nil {
			return dst, err
		}
		if b.V2 {
			dst = wirebuf.AppendNullString(dst, b.Nodes[i].Database)
		}
	}
	dst = wirebuf.AppendCount(dst, len(b.Tablets))
	for i := range b.Tablets {
		t := &b.Tablets[i]
		if dst, err = t.appendTablet(dst, l); err != nil {
			return dst, err
		}
		dst = wirebuf.AppendBool(dst, t.Tablet.Aligned)
		if b.V2 {
			dst = wirebuf.AppendNullString(dst, t.Database)
		}
	}
	return dst, nil
}

func readBatch(d *wire.Decoder, v2, twoLists, categories bool) *Batch {
	b := &Batch{V2: v2, TwoLists: twoLists}
	for n := readListCount(d, twoLists, "WAL entries"); n > 0 && !d.Failed(); n-- {
		e := readSizedWALEntry(d)
		if v2 {
			e.V2, e.Database = true, d.NullName("database")
		}
		b.Binaries = append(b.Binaries, e)
	}
	for n := readListCount(d, false, "nodes"); n > 0 && !d.Failed(); n-- {
		b.Nodes = append(b.Nodes, readInsertNode(d, v2))
	}
	for n := readListCount(d, false, "tablets"); n > 0 && !d.Failed(); n-- {
		t := readTabletRaw(d, categories)
		if v2 {
			t.V2, t.Database = true, d.NullName("database")
		}
		b.Tablets = append(b.Tablets, t)
	}
	d.End(false)
	return b
}

func readListCount(d *wire.Decoder, skip bool, what string) int {
	if skip {
		return 0
	}
	return d.Count(d.Opts.MaxRows, 4, what)
}

// decodeBatch tries three lists, then two, each with the tablet layout of 2.0 and
// that of 1.x: the first that fits the whole body.
func decodeBatch(v2 bool, body []byte, o Options) (Request, error) {
	var worst error
	far := -1
	for try := range 4 {
		twoLists, categories := try >= 2, try%2 == 0
		if v2 && twoLists {
			break
		}
		d := wire.NewDecoder(body, o)
		b := readBatch(d, v2, twoLists, categories)
		if !d.Failed() {
			return b, nil
		}
		if d.Offset() > far {
			far, worst = d.Offset(), d.Err()
		}
	}
	return nil, worst
}

// IsTree reports whether the database of a 2.0 request stands for tree data: none, or
// a name at root.
func IsTree(database *string) bool {
	return database == nil || *database == "root" || strings.HasPrefix(*database, "root.")
}
