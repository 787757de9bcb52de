// Package stat holds the statistics that a TsFile keeps of pages, chunks and series: how
// they are collected, merged, compared, read and written.
package stat

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// Statistics sums up the points of a page, a chunk or a series.
//
// Count is the number of points that are not null, Start and End their first and last
// times. Which other fields mean something depends on the type:
//
//	BOOLEAN           First, Last, SumInt (number of true)
//	INT32, DATE       Min, Max, First, Last, SumInt (wraps)
//	INT64, TIMESTAMP  Min, Max, First, Last, Sum
//	FLOAT, DOUBLE     Min, Max, First, Last, Sum
//	TEXT              First, Last
//	STRING            First, Last, Min, Max
//	BLOB, time column nothing
type Statistics struct {
	Count      uint32
	Start, End int64
	Min, Max   Cell
	First      Cell
	Last       Cell
	SumInt     int64
	Sum        float64
}

// Cell is one value in statistics: Bits holds booleans (0, 1), integers (as int64) and
// floats (IEEE bits in their own width), Bytes the rest. Bytes may alias what it was
// read from.
type Cell struct {
	Bits  uint64
	Bytes []byte
}

// Vector is the pseudo type of a time column.
const Vector tablet.DataType = 6

// Empty returns the statistics of no points.
func Empty() Statistics {
	return Statistics{Start: math.MaxInt64, End: math.MinInt64}
}

// Read reads what a series of type t has.
func Read(c *wire.Cursor, t tablet.DataType) Statistics {
	s := Statistics{Count: c.Uv(), Start: c.I64(), End: c.I64()}
	switch t {
	case tablet.Boolean:
		s.First.Bits, s.Last.Bits = uint64(c.U8()), uint64(c.U8())
		s.SumInt = c.I64()
	case tablet.Int32, tablet.Date:
		for _, v := range s.numbers() {
			v.Bits = uint64(int64(int32(c.U32())))
		}
		s.SumInt = c.I64()
	case tablet.Int64, tablet.Timestamp, tablet.Double:
		for _, v := range s.numbers() {
			v.Bits = uint64(c.I64())
		}
		s.Sum = c.F64()
	case tablet.Float:
		for _, v := range s.numbers() {
			v.Bits = uint64(c.U32())
		}
		s.Sum = c.F64()
	case tablet.Text:
		s.First.Bytes, s.Last.Bytes = c.Blob(), c.Blob()
	case tablet.String:
		s.First.Bytes, s.Last.Bytes = c.Blob(), c.Blob()
		s.Min.Bytes, s.Max.Bytes = c.Blob(), c.Blob()
	case tablet.Blob, Vector:
	default:
		c.Fail("unknown data type")
	}
	return s
}

// numbers lists the fields in the order of numbers in a file.
func (s *Statistics) numbers() [4]*Cell { return [4]*Cell{&s.Min, &s.Max, &s.First, &s.Last} }

// Append appends what a file holds for a series of type t.
func (s *Statistics) Append(dst []byte, t tablet.DataType) []byte {
	be := binary.BigEndian
	dst = wire.AppendI64(wire.AppendI64(wire.AppendUv(dst, s.Count), s.Start), s.End)
	switch t {
	case tablet.Boolean:
		return wire.AppendI64(append(dst, byte(s.First.Bits), byte(s.Last.Bits)), s.SumInt)
	case tablet.Int32, tablet.Date:
		for _, v := range s.numbers() {
			dst = wire.AppendU32(dst, uint32(v.Bits))
		}
		return wire.AppendI64(dst, s.SumInt)
	case tablet.Float:
		for _, v := range s.numbers() {
			dst = wire.AppendU32(dst, uint32(v.Bits))
		}
		return be.AppendUint64(dst, math.Float64bits(s.Sum))
	case tablet.Int64, tablet.Timestamp, tablet.Double:
		for _, v := range s.numbers() {
			dst = be.AppendUint64(dst, v.Bits)
		}
		return be.AppendUint64(dst, math.Float64bits(s.Sum))
	case tablet.Text:
		return wire.AppendBlob(wire.AppendBlob(dst, s.First.Bytes), s.Last.Bytes)
	case tablet.String:
		dst = wire.AppendBlob(wire.AppendBlob(dst, s.First.Bytes), s.Last.Bytes)
		return wire.AppendBlob(wire.AppendBlob(dst, s.Min.Bytes), s.Max.Bytes)
	}
	return dst
}

// Merge adds the statistics of later points of the same series; binary values are
// shared, not copied.
func (s *Statistics) Merge(o *Statistics, t tablet.DataType) {
	if o.Count == 0 {
		return
	}
	if s.Count == 0 {
		*s = *o
		return
	}
	if o.Start < s.Start {
		s.Start, s.First = o.Start, o.First
	}
	if o.End >= s.End {
		s.End, s.Last = o.End, o.Last
	}
	s.Count += o.Count
	s.SumInt += o.SumInt
	s.Sum += o.Sum
	if less(o.Min, s.Min, t) {
		s.Min = o.Min
	}
	if less(s.Max, o.Max, t) {
		s.Max = o.Max
	}
}

// less compares as the writer of statistics does: false when a NaN is involved.
func less(a, b Cell, t tablet.DataType) bool {
	switch t {
	case tablet.Int32, tablet.Date, tablet.Int64, tablet.Timestamp:
		return int64(a.Bits) < int64(b.Bits)
	case tablet.Float:
		return math.Float32frombits(uint32(a.Bits)) < math.Float32frombits(uint32(b.Bits))
	case tablet.Double:
		return math.Float64frombits(a.Bits) < math.Float64frombits(b.Bits)
	case tablet.String:
		return bytes.Compare(a.Bytes, b.Bytes) < 0
	}
	return false
}

// Equal compares what a file holds of two statistics; any NaN equals any other, as writers
// keep only one.
func (s *Statistics) Equal(o *Statistics, t tablet.DataType) bool {
	if s.Count == 0 && o.Count == 0 {
		return true
	}
	a, b := s.oneNaN(t), o.oneNaN(t)
	return bytes.Equal(a.Append(nil, t), b.Append(nil, t))
}

// oneNaN returns s with every NaN replaced by the same one.
func (s *Statistics) oneNaN(t tablet.DataType) Statistics {
	out := *s
	if out.Sum != out.Sum {
		out.Sum = math.NaN()
	}
	for _, c := range out.numbers() {
		switch v := math.Float64frombits(c.Bits); {
		case t == tablet.Float && math.Float32frombits(uint32(c.Bits)) != math.Float32frombits(uint32(c.Bits)):
			c.Bits = uint64(math.Float32bits(float32(math.NaN())))
		case t == tablet.Double && v != v:
			c.Bits = math.Float64bits(math.NaN())
		}
	}
	return out
}

// Collect returns the statistics of rows from..to-1 of col; null cells do not count.
// Binary values alias col.
func Collect(col *tablet.Column, times []int64, from, to int) Statistics {
	s := Empty()
	lo, hi := from, to-1
	if col.Nulls != nil {
		for lo < to && col.Nulls.Get(lo) {
			lo++
		}
		for hi > lo && col.Nulls.Get(hi) {
			hi--
		}
	}
	if lo >= to {
		return s
	}
	s.Start, s.End = times[lo], times[hi]
	n := to - from
	if col.Nulls != nil {
		n = 0
		for i := lo; i <= hi; i++ {
			if !col.Nulls.Get(i) {
				n++
			}
		}
	} else {
		n = hi - lo + 1
	}
	s.Count = uint32(n)
	nulls := col.Nulls
	if n == hi-lo+1 {
		nulls = nil
	}
	switch col.Type.Physical() {
	case tablet.PhysicalBool:
		s.First.Bits, s.Last.Bits = bit(col.Bools[lo]), bit(col.Bools[hi])
		for i, v := range col.Bools[lo : hi+1] {
			if v && (nulls == nil || !nulls.Get(lo+i)) {
				s.SumInt++
			}
		}
	case tablet.PhysicalInt32:
		collectInts(&s, col.Int32s[lo:hi+1], nulls, lo)
	case tablet.PhysicalInt64:
		collectInts(&s, col.Int64s[lo:hi+1], nulls, lo)
	case tablet.PhysicalFloat:
		mn, mx := collectFloats(&s, col.Floats[lo:hi+1], nulls, lo)
		s.Min.Bits, s.Max.Bits = uint64(math.Float32bits(mn)), uint64(math.Float32bits(mx))
		s.First.Bits, s.Last.Bits = uint64(math.Float32bits(col.Floats[lo])), uint64(math.Float32bits(col.Floats[hi]))
	case tablet.PhysicalDouble:
		mn, mx := collectFloats(&s, col.Doubles[lo:hi+1], nulls, lo)
		s.Min.Bits, s.Max.Bits = math.Float64bits(mn), math.Float64bits(mx)
		s.First.Bits, s.Last.Bits = math.Float64bits(col.Doubles[lo]), math.Float64bits(col.Doubles[hi])
	case tablet.PhysicalBytes:
		collectBytes(&s, col, nulls, lo, hi)
	}
	return s
}

func bit(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func collectInts[T int32 | int64](s *Statistics, v []T, nulls tablet.Bitmap, base int) {
	mn, mx := v[0], v[0]
	sumInt, sum := int64(0), 0.0
	for i, x := range v {
		if nulls != nil && nulls.Get(base+i) {
			continue
		}
		mn, mx = min(mn, x), max(mx, x)
		sumInt += int64(x)
		sum += float64(x)
	}
	s.Min.Bits, s.Max.Bits = uint64(int64(mn)), uint64(int64(mx))
	s.First.Bits, s.Last.Bits = uint64(int64(v[0])), uint64(int64(v[len(v)-1]))
	s.SumInt, s.Sum = sumInt, sum
}

func collectFloats[T float32 | float64](s *Statistics, v []T, nulls tablet.Bitmap, base int) (mn, mx T) {
	mn, mx = v[0], v[0]
	sum := float64(v[0]) // not from 0: the sum of -0 is -0
	for i, x := range v[1:] {
		if nulls != nil && nulls.Get(base+1+i) {
			continue
		}
		if x < mn {
			mn = x
		}
		if x > mx {
			mx = x
		}
		sum += float64(x)
	}
	s.Sum = sum
	return mn, mx
}

func collectBytes(s *Statistics, col *tablet.Column, nulls tablet.Bitmap, lo, hi int) {
	if col.Type == tablet.Blob {
		return
	}
	s.First.Bytes, s.Last.Bytes = col.Bytes.At(lo), col.Bytes.At(hi)
	if col.Type != tablet.String {
		return
	}
	s.Min.Bytes, s.Max.Bytes = s.First.Bytes, s.First.Bytes
	for i := lo + 1; i <= hi; i++ {
		if nulls.Get(i) {
			continue
		}
		v := col.Bytes.At(i)
		if bytes.Compare(v, s.Min.Bytes) < 0 {
			s.Min.Bytes = v
		}
		if bytes.Compare(v, s.Max.Bytes) > 0 {
			s.Max.Bytes = v
		}
	}
}

// Own copies the binary values.
func (s *Statistics) Own() {
	for _, v := range s.numbers() {
		v.Bytes = bytes.Clone(v.Bytes)
	}
}
