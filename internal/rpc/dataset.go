package rpc

import (
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
)

// dataset builds the V1 form of a page, TSQueryDataSet:
//
//	time           rows × i64
//	valueList[c]   the cells of column c that are not null, one after the other
//	bitmapList[c]  (rows+7)/8 bytes, most significant bit first, 1 = value present
//
// Both bit order and meaning are the opposite of a tablet's bitmap.
type dataset struct {
	columns []int // of the block, one per distinct name
	rows    int
	bytes   int
	out     gen.TSQueryDataSet
}

func newDataset(columns []int) *dataset {
	d := &dataset{columns: columns}
	d.out = gen.TSQueryDataSet{Time: []byte{}, ValueList: make([][]byte, len(columns)), BitmapList: make([][]byte, len(columns))}
	for i := range columns {
		d.out.ValueList[i], d.out.BitmapList[i] = []byte{}, []byte{}
	}
	return d
}

// add appends a window of a block.
func (d *dataset) add(b *result.Block, w window) {
	d.out.Time = appendInt64s(d.out.Time, b.Times[w.off:w.off+w.n])
	d.bytes += 8 * w.n
	for i, k := range d.columns {
		c := &b.Columns[k]
		before := len(d.out.ValueList[i])
		d.out.ValueList[i] = appendCells(d.out.ValueList[i], c, w)
		d.out.BitmapList[i] = appendPresence(d.out.BitmapList[i], d.rows, c.Nulls, w)
		d.bytes += len(d.out.ValueList[i]) - before + w.n/8 + 1
	}
	d.rows += w.n
}
