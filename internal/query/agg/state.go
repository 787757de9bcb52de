package agg

import (
	"bytes"
	"math"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// Value is a value of a series: Bits or Bytes as in tsfile.Cell.
type Value struct {
	Bits  uint64
	Bytes []byte
}

// Point is a value with its time.
type Point struct {
	Time int64
	Value
}

// State sums up points of one series. The zero State has none.
type State struct {
	Count       int64
	Sum         float64
	First, Last Point
	Min, Max    Value
	compared    bool // Min and Max are set
}

// Add takes the rows from..to-1 of a column. times ascend or descend.
func (s *State) Add(c *tablet.Column, times []int64, from, to int, need Need) {
	if from >= to {
		return
	}
	present := to - from
	if len(c.Nulls) > 0 {
		present -= c.Nulls.Count(to) - c.Nulls.Count(from)
	}
	if present == 0 {
		return
	}
	a, b := from, to-1
	for c.Nulls.Get(a) {
		a++
	}
	for c.Nulls.Get(b) {
		b--
	}
	if times[a] > times[b] {
		a, b = b, a
	}
	s.ends(c, times, a, b, need)
	s.Count += int64(present)
	if need&(NeedSum|NeedExtremes) == 0 {
		return
	}
	dense := present == to-from
	switch c.Type.Physical() {
	case tablet.PhysicalInt32:
		addInts(s, c.Int32s, c.Nulls, span{from, to, dense, need})
	case tablet.PhysicalInt64:
		addInts(s, c.Int64s, c.Nulls, span{from, to, dense, need})
	case tablet.PhysicalFloat:
		addFloats(s, c.Floats, c.Nulls, span{from, to, dense, need})
	case tablet.PhysicalDouble:
		addFloats(s, c.Doubles, c.Nulls, span{from, to, dense, need})
	case tablet.PhysicalBytes:
		if need&NeedExtremes != 0 {
			s.addBytes(c, from, to)
		}
	}
}

// ends takes the first and the last point, whose rows are given.
func (s *State) ends(c *tablet.Column, times []int64, a, b int, need Need) {
	if s.Count == 0 || times[a] < s.First.Time {
		s.First.Time = times[a]
		if need&NeedEnds != 0 {
			s.First.set(c, a)
		}
	}
	if s.Count == 0 || times[b] > s.Last.Time {
		s.Last.Time = times[b]
		if need&NeedEnds != 0 {
			s.Last.set(c, b)
		}
	}
}

func (v *Value) set(c *tablet.Column, i int) {
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		v.Bits = 0
		if c.Bools[i] {
			v.Bits = 1
		}
	case tablet.PhysicalInt32:
		v.Bits = uint64(int64(c.Int32s[i]))
	case tablet.PhysicalInt64:
		v.Bits = uint64(c.Int64s[i])
	case tablet.PhysicalFloat:
		v.Bits = uint64(math.Float32bits(c.Floats[i]))
	case tablet.PhysicalDouble:
		v.Bits = math.Float64bits(c.Doubles[i])
	default:
		v.Bytes = append(v.Bytes[:0:0], c.Bytes.At(i)...)
	}
}

// span is some rows of a column.
type span struct {
	from, to int
	dense    bool // none is null
	need     Need
}

func addInts[T int32 | int64](s *State, cells []T, nulls tablet.Bitmap, r span) {
	lo, hi := T(0), T(0)
	sum, first := float64(0), true
	if r.dense && r.need == NeedSum {
		for _, v := range cells[r.from:r.to] {
			sum += float64(v)
		}
		s.Sum += sum
		return
	}
	for i, v := range cells[r.from:r.to] {
		if !r.dense && nulls.Get(r.from+i) {
			continue
		}
		sum += float64(v)
		if first {
			lo, hi, first = v, v, false
		}
		lo, hi = min(lo, v), max(hi, v)
	}
	s.Sum += sum
	if r.need&NeedExtremes == 0 {
		return
	}
	if !s.compared || int64(lo) < int64(s.Min.Bits) {
		s.Min.Bits = uint64(int64(lo))
	}
	if !s.compared || int64(hi) > int64(s.Max.Bits) {
		s.Max.Bits = uint64(int64(hi))
	}
	s.compared = true
}

func addFloats[T float32 | float64](s *State, cells []T, nulls tablet.Bitmap, r span) {
	sum := float64(0)
	if r.dense && r.need == NeedSum {
		for _, v := range cells[r.from:r.to] {
			sum += float64(v)
		}
		s.Sum += sum
		return
	}
	lo, hi, any := T(0), T(0), false
	for i, v := range cells[r.from:r.to] {
		if !r.dense && nulls.Get(r.from+i) {
			continue
		}
		sum += float64(v)
		switch {
		case v != v: // NaN is neither the least nor the greatest
		case !any:
			lo, hi, any = v, v, true
		case v < lo:
			lo = v
		case v > hi:
			hi = v
		}
	}
	s.Sum += sum
	if any && r.need&NeedExtremes != 0 {
		s.extremes(floatBits(lo), floatBits(hi), lessFloat[T])
	}
}

// floatBits returns the IEEE bits of a float in its own width.
func floatBits[T float32 | float64](v T) uint64 {
	if f, ok := any(v).(float32); ok {
		return uint64(math.Float32bits(f))
	}
	return math.Float64bits(float64(v))
}

func lessFloat[T float32 | float64](a, b uint64) bool {
	var zero T
	if _, ok := any(zero).(float32); ok {
		return math.Float32frombits(uint32(a)) < math.Float32frombits(uint32(b))
	}
	return math.Float64frombits(a) < math.Float64frombits(b)
}

// extremes takes the least and the greatest value of some points.
func (s *State) extremes(lo, hi uint64, less func(a, b uint64) bool) {
	if !s.compared || less(lo, s.Min.Bits) {
		s.Min.Bits = lo
	}
	if !s.compared || less(s.Max.Bits, hi) {
		s.Max.Bits = hi
	}
	s.compared = true
}

func (s *State) addBytes(c *tablet.Column, from, to int) {
	for i := from; i < to; i++ {
		if !c.Nulls.Get(i) {
			s.bytes(c.Bytes.At(i))
		}
	}
}

// bytes takes one value of a STRING.
func (s *State) bytes(v []byte) {
	if !s.compared || bytes.Compare(v, s.Min.Bytes) < 0 {
		s.Min.Bytes = bytes.Clone(v)
	}
	if !s.compared || bytes.Compare(v, s.Max.Bytes) > 0 {
		s.Max.Bytes = bytes.Clone(v)
	}
	s.compared = true
}

// Exact reports whether the statistics of a series of a type tell what is needed.
func Exact(t tablet.DataType, need Need, st *tsfile.Statistics) bool {
	if t == tablet.Blob && need&NeedEnds != 0 {
		return false
	}
	if need&NeedExtremes == 0 {
		return true
	}
	switch t { // NaN in the least or greatest value: it may hide others
	case tablet.Float:
		return math.Float32frombits(uint32(st.Min.Bits)) <= math.Float32frombits(uint32(st.Max.Bits))
	case tablet.Double:
		return math.Float64frombits(st.Min.Bits) <= math.Float64frombits(st.Max.Bits)
	}
	return true
}

// AddStats takes what statistics say of some points of a series of a type. Exact must
// have said yes.
func (s *State) AddStats(t tablet.DataType, st *tsfile.Statistics, need Need) {
	if st.Count == 0 {
		return
	}
	if s.Count == 0 || st.Start < s.First.Time {
		s.First = Point{Time: st.Start}
		if need&NeedEnds != 0 {
			s.First.Value = cell(st.First)
		}
	}
	if s.Count == 0 || st.End > s.Last.Time {
		s.Last = Point{Time: st.End}
		if need&NeedEnds != 0 {
			s.Last.Value = cell(st.Last)
		}
	}
	s.Count += int64(st.Count)
	if t == tablet.Int32 {
		s.Sum += float64(st.SumInt)
	} else {
		s.Sum += st.Sum
	}
	if need&NeedExtremes == 0 {
		return
	}
	if t == tablet.String {
		s.bytes(st.Min.Bytes)
		s.bytes(st.Max.Bytes)
		return
	}
	s.extremes(st.Min.Bits, st.Max.Bits, lessBits(t))
}

func cell(c tsfile.Cell) Value { return Value{Bits: c.Bits, Bytes: bytes.Clone(c.Bytes)} }

// Merge takes what another state knows of other points of the same series of a type.
func (s *State) Merge(o *State, t tablet.DataType) {
	if o.Count == 0 {
		return
	}
	if s.Count == 0 {
		*s = *o
		return
	}
	if o.First.Time < s.First.Time {
		s.First = o.First
	}
	if o.Last.Time > s.Last.Time {
		s.Last = o.Last
	}
	s.Count += o.Count
	s.Sum += o.Sum
	if !o.compared {
		return
	}
	if t.Physical() == tablet.PhysicalBytes {
		s.bytes(o.Min.Bytes)
		s.bytes(o.Max.Bytes)
		return
	}
	s.extremes(o.Min.Bits, o.Max.Bits, lessBits(t))
}

// lessBits compares two values of a type that are in Value.Bits.
func lessBits(t tablet.DataType) func(a, b uint64) bool {
	switch t {
	case tablet.Float:
		return lessFloat[float32]
	case tablet.Double:
		return lessFloat[float64]
	}
	return func(a, b uint64) bool { return int64(a) < int64(b) }
}
