package tablet

import (
	"fmt"
	"math"
	"slices"
	"sort"
)

// Validate checks the invariants of Tablet and of its columns: lengths, types,
// distinct column names, offsets of binary cells. It does not check the device path;
// Normalize does.
func (t *Tablet) Validate() error {
	for i := range t.Columns {
		if err := t.Columns[i].validate(len(t.Times)); err != nil {
			return fmt.Errorf("tablet %q column %q: %w", clip(t.Device), clip(t.Columns[i].Name), err)
		}
	}
	return t.distinct()
}

func (t *Tablet) distinct() error {
	twice := func(name string) error {
		return fmt.Errorf("tablet %q: column %q twice", clip(t.Device), clip(name))
	}
	if len(t.Columns) <= 16 {
		for i := range t.Columns {
			for j := range i {
				if t.Columns[j].Name == t.Columns[i].Name {
					return twice(t.Columns[i].Name)
				}
			}
		}
		return nil
	}
	seen := make(map[string]struct{}, len(t.Columns))
	for i := range t.Columns {
		if _, dup := seen[t.Columns[i].Name]; dup {
			return twice(t.Columns[i].Name)
		}
		seen[t.Columns[i].Name] = struct{}{}
	}
	return nil
}

func (c *Column) validate(rows int) error {
	want := c.Type.Physical()
	if want == PhysicalNone {
		return fmt.Errorf("type %d is not storable", uint8(c.Type))
	}
	for _, p := range []Physical{PhysicalBool, PhysicalInt32, PhysicalInt64, PhysicalFloat, PhysicalDouble, PhysicalBytes} {
		n := c.cells(p)
		switch {
		case p == want && n != rows:
			return fmt.Errorf("%d cells of type %s in %d rows", n, c.Type, rows)
		case p != want && n != 0:
			return fmt.Errorf("has cells of another type than %s", c.Type)
		}
	}
	if c.Category > Attribute {
		return fmt.Errorf("category %d", c.Category)
	}
	return c.Bytes.validate()
}

func (b *Binary) validate() error {
	last := uint32(0)
	for i, e := range b.Ends {
		if e < last || uint64(e) > uint64(len(b.Data)) {
			return fmt.Errorf("cell %d ends at %d, after %d in %d bytes", i, e, last, len(b.Data))
		}
		last = e
	}
	return nil
}

// cells returns the length of the slice that p names.
func (c *Column) cells(p Physical) int {
	switch p {
	case PhysicalBool:
		return len(c.Bools)
	case PhysicalInt32:
		return len(c.Int32s)
	case PhysicalInt64:
		return len(c.Int64s)
	case PhysicalFloat:
		return len(c.Floats)
	case PhysicalDouble:
		return len(c.Doubles)
	case PhysicalBytes:
		return len(c.Bytes.Ends)
	}
	return 0
}

// TimeRange returns the smallest and the largest time; lo > hi if there is no row.
func (t *Tablet) TimeRange() (lo, hi int64) {
	lo, hi = math.MaxInt64, math.MinInt64
	for _, v := range t.Times {
		lo, hi = min(lo, v), max(hi, v)
	}
	return lo, hi
}

// Sorted reports whether the times never decrease.
func (t *Tablet) Sorted() bool { return slices.IsSorted(t.Times) }

// Sort returns a tablet with the rows of t in time order, equal times in their old
// order. It returns t itself if it is sorted already, else a deep copy.
func (t *Tablet) Sort() *Tablet {
	if t.Sorted() {
		return t
	}
	order := make([]int, len(t.Times))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return t.Times[order[a]] < t.Times[order[b]] })
	out := &Tablet{Device: t.Device, Aligned: t.Aligned, Times: pick(t.Times, order), Columns: make([]Column, len(t.Columns))}
	for i := range t.Columns {
		out.Columns[i] = t.Columns[i].pick(order)
	}
	return out
}

func pick[T any](s []T, order []int) []T {
	if s == nil {
		return nil
	}
	out := make([]T, len(order))
	for i, j := range order {
		out[i] = s[j]
	}
	return out
}

// pick returns a column with the given rows, in that order.
func (c *Column) pick(order []int) Column {
	out := Column{Schema: c.Schema, Category: c.Category, Bools: pick(c.Bools, order), Int32s: pick(c.Int32s, order),
		Int64s: pick(c.Int64s, order), Floats: pick(c.Floats, order), Doubles: pick(c.Doubles, order)}
	if c.Bytes.Ends != nil {
		out.Bytes = Binary{Ends: make([]uint32, 0, len(order)), Data: make([]byte, 0, len(c.Bytes.Data))}
		for _, j := range order {
			out.Bytes.Append(c.Bytes.At(j))
		}
	}
	if c.Nulls != nil {
		out.Nulls = NewBitmap(len(order))
		for i, j := range order {
			if c.Nulls.Get(j) {
				out.Nulls.Set(i)
			}
		}
	}
	return out
}
