package rows

import (
	"github.com/sluice-gateway/sluice/internal/query/pred"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Batch is the Stream of one device among so many that not all of them can be open: once
// a third of the budget is used it copies a few rows, lets go of everything else and looks
// the device up again when they are used up.
type Batch struct {
	Device
	most  int // rows of a copy at most
	few   int // rows of the next one
	copy  tablet.Tablet
	taken int64 // for copy
}

// firstBatch is the rows of the first copy.
const firstBatch = 16

// NewBatch is NewDevice; most bounds the rows of a copy.
func NewBatch(r Reading, q merge.Query, ranges []pred.Range, most int) *Batch {
	return &Batch{Device: *NewDevice(r, q, ranges), most: most, few: min(firstBatch, most)}
}

// Next implements Stream.
func (b *Batch) Next() (*tablet.Tablet, error) {
	rows := b.q.Rows
	if b.short() {
		b.q.Rows = b.few
	}
	t, err := b.read()
	b.q.Rows = rows
	if err == nil {
		err = b.count()
	}
	if err != nil || !b.short() {
		return t, err
	}
	return b.park(t)
}

// short reports whether memory is short.
func (b *Batch) short() bool { return b.r.Budget.Used() > b.r.Budget.Most()/3 }

// park copies the first rows and closes the device; what is left is a range again.
func (b *Batch) park(t *tablet.Tablet) (*tablet.Tablet, error) {
	n := min(b.few, len(t.Times))
	b.few = min(4*b.few, b.most)
	b.copy.Times = append(b.copy.Times[:0], t.Times[:n]...)
	b.copy.Columns = sized(b.copy.Columns, len(t.Columns))
	for i := range t.Columns {
		copyCells(&b.copy.Columns[i], &t.Columns[i], n)
	}
	left := pred.Range{Lo: b.q.Lo, Hi: b.q.Hi}
	last := t.Times[n-1]
	if b.q.Desc && last > left.Lo {
		left.Hi = last - 1
		b.ranges = append([]pred.Range{left}, b.ranges...)
	}
	if !b.q.Desc && last < left.Hi {
		left.Lo = last + 1
		b.ranges = append([]pred.Range{left}, b.ranges...)
	}
	b.drop()
	now := size(&b.copy)
	err := b.r.Budget.Take(now - b.taken - b.held)
	b.taken, b.held = now, 0
	return &b.copy, err
}

// copyCells copies the first n cells of src.
func copyCells(dst, src *tablet.Column, n int) {
	Empty(dst, src.Schema)
	switch src.Type.Physical() {
	case tablet.PhysicalBool:
		dst.Bools = append(dst.Bools, src.Bools[:n]...)
	case tablet.PhysicalInt32:
		dst.Int32s = append(dst.Int32s, src.Int32s[:n]...)
	case tablet.PhysicalInt64:
		dst.Int64s = append(dst.Int64s, src.Int64s[:n]...)
	case tablet.PhysicalFloat:
		dst.Floats = append(dst.Floats, src.Floats[:n]...)
	case tablet.PhysicalDouble:
		dst.Doubles = append(dst.Doubles, src.Doubles[:n]...)
	case tablet.PhysicalBytes:
		for i := range n {
			dst.Bytes.Append(src.Bytes.At(i))
		}
	}
	if src.Nulls.Count(n) > 0 {
		dst.Nulls = append(dst.Nulls, src.Nulls[:min(len(src.Nulls), tablet.BitmapBytes(n))]...)
	}
}

// Close implements Stream.
func (b *Batch) Close() {
	_ = b.r.Budget.Take(-b.taken)
	b.taken, b.copy = 0, tablet.Tablet{}
	b.Device.Close()
}
