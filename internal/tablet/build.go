package tablet

// Builder gathers the rows of several tablets of one device into one larger tablet
// and reuses its memory from one to the next. Columns are matched by name; a column
// that a tablet lacks is null in its rows.
//
//	b.Add(t1), b.Add(t2)   until one returns false
//	use b.Tablet()
//	b.Reset()              the tablet handed out is invalid from here
//
// The zero value is ready. It is not safe for concurrent use.
type Builder struct {
	out   Tablet
	index map[string]int
	bytes int // of Binary data
	spare []Column
}

// Reset drops the rows and keeps the memory.
func (b *Builder) Reset() {
	b.out.Device, b.out.Aligned = "", false
	b.out.Times = b.out.Times[:0]
	if len(b.out.Columns) > 0 {
		b.spare = append(b.spare[:0], b.out.Columns...)
		b.out.Columns = b.out.Columns[:0]
	}
	clear(b.index)
	b.bytes = 0
}

// Rows returns the rows gathered so far.
func (b *Builder) Rows() int { return len(b.out.Times) }

// Tablet returns the gathered rows. It shares memory with the Builder: it is valid
// until the next Add or Reset.
func (b *Builder) Tablet() *Tablet { return &b.out }

// Fits reports whether Add would take t: the builder is empty, or device and Aligned
// are equal and no column changes its type, its category or its schema.
func (b *Builder) Fits(t *Tablet) bool {
	if len(b.out.Times) == 0 {
		return true
	}
	if t.Device != b.out.Device || t.Aligned != b.out.Aligned {
		return false
	}
	for i := range t.Columns {
		if j, ok := b.find(i, t.Columns[i].Name); ok &&
			(t.Columns[i].Schema != b.out.Columns[j].Schema || t.Columns[i].Category != b.out.Columns[j].Category) {
			return false
		}
	}
	const maxData = 1<<32 - 1 // Binary.Ends are uint32
	return uint64(b.bytes)+uint64(t.binaryBytes()) <= maxData
}

func (t *Tablet) binaryBytes() int {
	n := 0
	for i := range t.Columns {
		n += len(t.Columns[i].Bytes.Data)
	}
	return n
}

// find looks a column up, trying the place it has in the tablet first.
func (b *Builder) find(hint int, name string) (int, bool) {
	if hint < len(b.out.Columns) && b.out.Columns[hint].Name == name {
		return hint, true
	}
	j, ok := b.index[name]
	return j, ok
}

// Add appends the rows of t, copying them, and reports whether they fit. Nothing
// changes if they do not. t must be valid.
func (b *Builder) Add(t *Tablet) bool {
	if !b.Fits(t) {
		return false
	}
	before := len(b.out.Times)
	if before == 0 {
		b.Reset()
		b.out.Device, b.out.Aligned = t.Device, t.Aligned
	}
	b.out.Times = append(b.out.Times, t.Times...)
	for i := range t.Columns {
		j, ok := b.find(i, t.Columns[i].Name)
		if !ok {
			j = b.addColumn(&t.Columns[i], before)
		}
		b.out.Columns[j].appendCells(&t.Columns[i], before, len(t.Times))
	}
	for j := range b.out.Columns {
		b.out.Columns[j].PadNulls(len(b.out.Times))
	}
	b.bytes += t.binaryBytes()
	return true
}

// addColumn adds an empty column with rows null cells.
func (b *Builder) addColumn(c *Column, rows int) int {
	j := len(b.out.Columns)
	col := Column{}
	if j < len(b.spare) {
		col = b.spare[j]
		col.truncate()
	}
	col.Schema, col.Category = c.Schema, c.Category
	b.out.Columns = append(b.out.Columns, col)
	b.out.Columns[j].PadNulls(rows)
	if b.index == nil {
		b.index = make(map[string]int)
	}
	b.index[c.Name] = j
	return j
}

func (c *Column) truncate() {
	c.Bools, c.Int32s, c.Int64s = c.Bools[:0], c.Int32s[:0], c.Int64s[:0]
	c.Floats, c.Doubles = c.Floats[:0], c.Doubles[:0]
	c.Bytes.Ends, c.Bytes.Data = c.Bytes.Ends[:0], c.Bytes.Data[:0]
	c.Nulls = c.Nulls[:0]
}

// appendCells appends n cells of src after the at cells that c has.
func (c *Column) appendCells(src *Column, at, n int) {
	switch c.Type.Physical() {
	case PhysicalBool:
		c.Bools = append(c.Bools, src.Bools...)
	case PhysicalInt32:
		c.Int32s = append(c.Int32s, src.Int32s...)
	case PhysicalInt64:
		c.Int64s = append(c.Int64s, src.Int64s...)
	case PhysicalFloat:
		c.Floats = append(c.Floats, src.Floats...)
	case PhysicalDouble:
		c.Doubles = append(c.Doubles, src.Doubles...)
	case PhysicalBytes:
		base := uint32(len(c.Bytes.Data))
		start := len(c.Bytes.Ends)
		c.Bytes.Ends = append(c.Bytes.Ends, src.Bytes.Ends...)
		for i := start; i < len(c.Bytes.Ends); i++ {
			c.Bytes.Ends[i] += base
		}
		if k := len(src.Bytes.Ends); k > 0 {
			c.Bytes.Data = append(c.Bytes.Data, src.Bytes.Data[:src.Bytes.Ends[k-1]]...)
		}
	}
	if src.Nulls.Count(n) > 0 {
		c.growNulls(at + n)
		copyBits(c.Nulls, at, src.Nulls, 0, n)
	}
}

// PadNulls appends null cells until the column has that many rows; one that has them is left as it is.
func (c *Column) PadNulls(rows int) {
	have := c.cells(c.Type.Physical())
	if have >= rows {
		return
	}
	c.growNulls(rows)
	for i := have; i < rows; i++ {
		c.Nulls.Set(i)
	}
	n := rows - have
	switch c.Type.Physical() {
	case PhysicalBool:
		c.Bools = pad(c.Bools, n)
	case PhysicalInt32:
		c.Int32s = pad(c.Int32s, n)
	case PhysicalInt64:
		c.Int64s = pad(c.Int64s, n)
	case PhysicalFloat:
		c.Floats = pad(c.Floats, n)
	case PhysicalDouble:
		c.Doubles = pad(c.Doubles, n)
	case PhysicalBytes:
		for range n {
			c.Bytes.Ends = append(c.Bytes.Ends, uint32(len(c.Bytes.Data)))
		}
	}
}

func pad[T any](s []T, n int) []T {
	var zero T
	for range n {
		s = append(s, zero)
	}
	return s
}

// growNulls makes the bitmap long enough for rows; new bits are clear.
func (c *Column) growNulls(rows int) {
	for len(c.Nulls) < BitmapBytes(rows) {
		c.Nulls = append(c.Nulls, 0)
	}
}
