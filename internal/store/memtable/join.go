package memtable

import (
	"cmp"
	"slices"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// ref is one row of one of several pieces.
type ref struct {
	time  int64
	piece int32
	row   int32
}

// join merges pieces of one device: ascending times, each once; of several values of one
// cell the last in the log that is not null.
func join(pieces []piece) *tablet.Tablet {
	pieces = slices.Clone(pieces)
	slices.SortFunc(pieces, func(a, b piece) int { return cmp.Compare(a.order, b.order) })
	n := 0
	for i := range pieces {
		n += len(pieces[i].Times)
	}
	refs := make([]ref, 0, n)
	for i := range pieces {
		for r, t := range pieces[i].Times {
			refs = append(refs, ref{t, int32(i), int32(r)})
		}
	}
	slices.SortFunc(refs, func(a, b ref) int {
		if c := cmp.Compare(a.time, b.time); c != 0 {
			return c
		}
		if c := cmp.Compare(a.piece, b.piece); c != 0 {
			return c
		}
		return cmp.Compare(a.row, b.row)
	})
	return collect(pieces, refs, true)
}

// collect builds a tablet of the rows that refs name; with unique, rows of one time,
// which follow each other, become one.
func collect(pieces []piece, refs []ref, unique bool) *tablet.Tablet {
	starts := make([]int32, 0, len(refs)+1) // where the refs of each output row begin
	t := &tablet.Tablet{Device: pieces[0].Device, Aligned: pieces[len(pieces)-1].Aligned}
	for i := range refs {
		if unique && i > 0 && refs[i].time == refs[i-1].time {
			continue
		}
		starts = append(starts, int32(i))
		t.Times = append(t.Times, refs[i].time)
	}
	starts = append(starts, int32(len(refs)))
	t.Columns = union(pieces)
	src := make([]*tablet.Column, len(pieces))
	for i := range t.Columns {
		c := &t.Columns[i]
		for k := range pieces {
			src[k] = column(pieces[k].Tablet, i, c)
		}
		from := choose(src, refs, starts)
		fill(c, src, from)
	}
	return t
}

// union returns the columns of the pieces without cells; the newest schema counts.
func union(pieces []piece) []tablet.Column {
	var out []tablet.Column
	var index map[string]int
	for k := range pieces {
		cols := pieces[k].Columns
		if k == 0 {
			out = make([]tablet.Column, len(cols))
			for i := range cols {
				out[i].Schema, out[i].Category = cols[i].Schema, cols[i].Category
			}
			continue
		}
		for i := range cols {
			if i < len(out) && out[i].Name == cols[i].Name {
				out[i].Schema = cols[i].Schema
				continue
			}
			if index == nil {
				index = make(map[string]int, len(out))
				for j := range out {
					index[out[j].Name] = j
				}
			}
			j, ok := index[cols[i].Name]
			if !ok {
				j = len(out)
				index[cols[i].Name] = j
				out = append(out, tablet.Column{Category: cols[i].Category})
			}
			out[j].Schema = cols[i].Schema
		}
	}
	return out
}

// column returns the column of a tablet that belongs to c: the same name and type.
func column(t *tablet.Tablet, hint int, c *tablet.Column) *tablet.Column {
	if hint < len(t.Columns) && t.Columns[hint].Name == c.Name {
		if t.Columns[hint].Type != c.Type {
			return nil
		}
		return &t.Columns[hint]
	}
	for i := range t.Columns {
		if t.Columns[i].Name == c.Name && t.Columns[i].Type == c.Type {
			return &t.Columns[i]
		}
	}
	return nil
}

// choose returns for every output row the piece and row of its value, piece -1: null.
func choose(src []*tablet.Column, refs []ref, starts []int32) []ref {
	out := make([]ref, len(starts)-1)
	for i := range out {
		out[i].piece = -1
		for j := starts[i+1] - 1; j >= starts[i]; j-- {
			if c := src[refs[j].piece]; c != nil && !c.Nulls.Get(int(refs[j].row)) {
				out[i] = refs[j]
				break
			}
		}
	}
	return out
}

// fill copies the chosen cells into c.
func fill(c *tablet.Column, src []*tablet.Column, from []ref) {
	for i := range from {
		if from[i].piece < 0 {
			if c.Nulls == nil {
				c.Nulls = tablet.NewBitmap(len(from))
			}
			c.Nulls.Set(i)
		}
	}
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		c.Bools = cells(from, src, func(c *tablet.Column) []bool { return c.Bools })
	case tablet.PhysicalInt32:
		c.Int32s = cells(from, src, func(c *tablet.Column) []int32 { return c.Int32s })
	case tablet.PhysicalInt64:
		c.Int64s = cells(from, src, func(c *tablet.Column) []int64 { return c.Int64s })
	case tablet.PhysicalFloat:
		c.Floats = cells(from, src, func(c *tablet.Column) []float32 { return c.Floats })
	case tablet.PhysicalDouble:
		c.Doubles = cells(from, src, func(c *tablet.Column) []float64 { return c.Doubles })
	case tablet.PhysicalBytes:
		c.Bytes.Ends = make([]uint32, 0, len(from))
		for i := range from {
			var b []byte
			if p := from[i].piece; p >= 0 {
				b = src[p].Bytes.At(int(from[i].row))
			}
			c.Bytes.Append(b)
		}
	}
}

func cells[T any](from []ref, src []*tablet.Column, of func(*tablet.Column) []T) []T {
	list := make([][]T, len(src))
	for i := range src {
		if src[i] != nil {
			list[i] = of(src[i])
		}
	}
	out := make([]T, len(from))
	for i := range from {
		if p := from[i].piece; p >= 0 {
			out[i] = list[p][from[i].row]
		}
	}
	return out
}
