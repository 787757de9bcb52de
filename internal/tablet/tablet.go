package tablet

import "math/bits"

// Tablet is a columnar batch of rows of one device (tree model) or one table
// (table model).
//
// Invariants, checked by Validate where outside data enters and assumed elsewhere:
//   - len(Times) rows; every column holds exactly that many cells;
//   - a column's cells are in the slice its type's Physical names, the others are nil;
//   - times may be unsorted and may repeat (the last row of a time wins).
type Tablet struct {
	Device  string // full device path of the tree model, for instance root.plant.b1; table name otherwise
	Aligned bool
	Times   []int64 // in the precision of the gateway (timestamp_precision)
	Columns []Column
}

// Rows returns the number of rows.
func (t *Tablet) Rows() int { return len(t.Times) }

// Points returns the number of cells that are not null.
func (t *Tablet) Points() int {
	n := 0
	for i := range t.Columns {
		n += len(t.Times) - t.Columns[i].Nulls.Count(len(t.Times))
	}
	return n
}

// Schema describes one series of a device: what a CREATE TIMESERIES says.
type Schema struct {
	Name       string // measurement, without back-quotes unless the path needs them
	Type       DataType
	Encoding   Encoding
	Compressor Compressor
}

// Column is one measurement of a Tablet: a schema and typed cells.
type Column struct {
	Schema
	Category Category // Field for tree data
	Nulls    Bitmap   // nil: no cell is null. A null cell still has a slot of any content.

	Bools   []bool
	Int32s  []int32
	Int64s  []int64
	Floats  []float32
	Doubles []float64
	Bytes   Binary
}

// Binary holds n variable-length cells in one buffer: cell i is
// Data[Ends[i-1]:Ends[i]], with Ends[-1] taken as 0.
type Binary struct {
	Ends []uint32
	Data []byte
}

// At returns cell i; the slice aliases Data.
func (b *Binary) At(i int) []byte {
	start := uint32(0)
	if i > 0 {
		start = b.Ends[i-1]
	}
	return b.Data[start:b.Ends[i]]
}

// Append adds one cell, copying v.
func (b *Binary) Append(v []byte) {
	b.Data = append(b.Data, v...)
	b.Ends = append(b.Ends, uint32(len(b.Data)))
}

// Len returns the number of cells.
func (b *Binary) Len() int { return len(b.Ends) }

// Bitmap marks null cells: bit i is byte i/8, mask 1<<(i%8); set means null. A nil
// Bitmap has no bit set, and so has every bit past its end. Bits past the last row
// are noise and must not be looked at.
type Bitmap []byte

// BitmapBytes returns the length upstream gives a bitmap of n rows: n/8+1, one
// spare byte when n is a multiple of 8 (BitMap.getSizeOfBytes).
func BitmapBytes(n int) int { return n/8 + 1 }

// NewBitmap returns a bitmap for n rows with no bit set.
func NewBitmap(n int) Bitmap { return make(Bitmap, BitmapBytes(n)) }

// Get reports whether cell i is null.
func (b Bitmap) Get(i int) bool { return i>>3 < len(b) && b[i>>3]&(1<<(i&7)) != 0 }

// Set marks cell i null. The bitmap must be long enough.
func (b Bitmap) Set(i int) { b[i>>3] |= 1 << (i & 7) }

// Count returns how many of the first n cells are null.
func (b Bitmap) Count(n int) int {
	whole := min(n/8, len(b))
	c := 0
	for _, v := range b[:whole] {
		c += bits.OnesCount8(v)
	}
	for i := 8 * whole; i < n && i>>3 < len(b); i++ {
		if b[i>>3]&(1<<(i&7)) != 0 {
			c++
		}
	}
	return c
}
