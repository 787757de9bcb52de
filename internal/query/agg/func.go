package agg

import (
	"math"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Func is an aggregate function.
type Func uint8

// The functions.
const (
	Count Func = iota
	Sum
	Avg
	MinValue
	MaxValue
	FirstValue
	LastValue
	MinTime
	MaxTime
)

// Parse returns the function of a name in lower case.
func Parse(name string) (Func, bool) {
	for f, n := range names() {
		if n == name {
			return Func(f), true
		}
	}
	return 0, false
}

func names() []string {
	return []string{"count", "sum", "avg", "min_value", "max_value", "first_value", "last_value", "min_time", "max_time"}
}

// String returns the name.
func (f Func) String() string { return names()[f] }

// Type returns the type of the result for series of a type; false if the function does
// not go with it.
func (f Func) Type(t tablet.DataType) (tablet.DataType, bool) {
	switch f {
	case Count, MinTime, MaxTime:
		return tablet.Int64, true
	case Sum, Avg:
		switch t {
		case tablet.Int32, tablet.Int64, tablet.Float, tablet.Double:
			return tablet.Double, true
		}
		return 0, false
	case MinValue, MaxValue:
		switch t {
		case tablet.Boolean, tablet.Text, tablet.Blob:
			return 0, false
		}
	}
	return t, true
}

// Refusal is the sentence for a type that a function does not go with.
func (f Func) Refusal() string {
	if f == MinValue || f == MaxValue {
		return "Aggregate functions [MIN_VALUE, MAX_VALUE] only support data types [INT32, INT64, FLOAT, DOUBLE, STRING, DATE, TIMESTAMP]"
	}
	return "Aggregate functions [AVG, SUM] only support numeric data types [INT32, INT64, FLOAT, DOUBLE]"
}

// Need is what a State has to keep.
type Need uint8

// The parts of a State besides the number of points and their first and last time.
const (
	NeedSum Need = 1 << iota
	NeedExtremes
	NeedEnds
)

// Need returns what the function looks at.
func (f Func) Need() Need {
	switch f {
	case Sum, Avg:
		return NeedSum
	case MinValue, MaxValue:
		return NeedExtremes
	case FirstValue, LastValue:
		return NeedEnds
	}
	return 0
}

// Put appends the result to a column of the type that Type returned. s may be nil: null.
func (f Func) Put(c *tablet.Column, s *State) {
	switch {
	case s == nil:
		putNull(c)
	case f == Count:
		c.Int64s = append(c.Int64s, s.Count)
	case s.Count == 0:
		putNull(c)
	case f == MinTime:
		c.Int64s = append(c.Int64s, s.First.Time)
	case f == MaxTime:
		c.Int64s = append(c.Int64s, s.Last.Time)
	case f == Sum:
		c.Doubles = append(c.Doubles, s.Sum)
	case f == Avg:
		c.Doubles = append(c.Doubles, s.Sum/float64(s.Count))
	case f == FirstValue:
		s.First.put(c)
	case f == LastValue:
		s.Last.put(c)
	case !s.compared: // NaN only
		putNull(c)
	case f == MinValue:
		s.Min.put(c)
	default:
		s.Max.put(c)
	}
}

func (v *Value) put(c *tablet.Column) {
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		c.Bools = append(c.Bools, v.Bits != 0)
	case tablet.PhysicalInt32:
		c.Int32s = append(c.Int32s, int32(v.Bits))
	case tablet.PhysicalInt64:
		c.Int64s = append(c.Int64s, int64(v.Bits))
	case tablet.PhysicalFloat:
		c.Floats = append(c.Floats, math.Float32frombits(uint32(v.Bits)))
	case tablet.PhysicalDouble:
		c.Doubles = append(c.Doubles, math.Float64frombits(v.Bits))
	default:
		c.Bytes.Append(v.Bytes)
	}
}

// putNull appends a null cell.
func putNull(c *tablet.Column) {
	i := 0
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		i, c.Bools = len(c.Bools), append(c.Bools, false)
	case tablet.PhysicalInt32:
		i, c.Int32s = len(c.Int32s), append(c.Int32s, 0)
	case tablet.PhysicalInt64:
		i, c.Int64s = len(c.Int64s), append(c.Int64s, 0)
	case tablet.PhysicalFloat:
		i, c.Floats = len(c.Floats), append(c.Floats, 0)
	case tablet.PhysicalDouble:
		i, c.Doubles = len(c.Doubles), append(c.Doubles, 0)
	default:
		i = c.Bytes.Len()
		c.Bytes.Append(nil)
	}
	for len(c.Nulls) <= i>>3 {
		c.Nulls = append(c.Nulls, 0)
	}
	c.Nulls.Set(i)
}
