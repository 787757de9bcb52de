package pred

import (
	"math"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// intBounds returns the least and the greatest value that statistics of a whole number
// type know of.
func intBounds(t tablet.DataType, s *tsfile.Statistics) (lo, hi int64, ok bool) {
	switch t {
	case tablet.Int32, tablet.Int64, tablet.Timestamp, tablet.Date:
		return int64(s.Min.Bits), int64(s.Max.Bits), s.Count > 0
	}
	return 0, 0, false
}

// floatBounds is intBounds for FLOAT and DOUBLE. A NaN in the chunk is in no range, so
// that it does not matter.
func floatBounds(t tablet.DataType, s *tsfile.Statistics) (lo, hi float64, ok bool) {
	switch t {
	case tablet.Float:
		lo, hi = float64(math.Float32frombits(uint32(s.Min.Bits))), float64(math.Float32frombits(uint32(s.Max.Bits)))
	case tablet.Double:
		lo, hi = math.Float64frombits(s.Min.Bits), math.Float64frombits(s.Max.Bits)
	default:
		return 0, 0, false
	}
	return lo, hi, s.Count > 0 && lo <= hi // false with NaN
}

// intCompare is value op k.
func intCompare(op sql.CompareOp, k int64) intRange {
	switch op {
	case sql.Less:
		if k == math.MinInt64 {
			return nothingInt()
		}
		return intRange{math.MinInt64, k - 1}
	case sql.LessEqual:
		return intRange{math.MinInt64, k}
	case sql.Greater:
		if k == math.MaxInt64 {
			return nothingInt()
		}
		return intRange{k + 1, math.MaxInt64}
	case sql.GreaterEqual:
		return intRange{k, math.MaxInt64}
	}
	return intRange{k, k}
}

func nothingInt() intRange { return intRange{1, 0} }

// intCompareFloat is value op k for whole numbers and a k with a fraction or beyond them.
func intCompareFloat(op sql.CompareOp, k float64) intRange {
	const beyond = 1 << 63
	everything := intRange{math.MinInt64, math.MaxInt64}
	down := op == sql.Less || op == sql.LessEqual
	up := op == sql.Greater || op == sql.GreaterEqual
	switch {
	case k >= beyond && down, k < -beyond && up:
		return everything
	case k >= beyond || k < -beyond:
		return nothingInt()
	}
	floor := math.Floor(k)
	if floor == k {
		return intCompare(op, int64(k))
	}
	switch {
	case down:
		return intCompare(sql.LessEqual, int64(floor))
	case up:
		return intCompare(sql.Greater, int64(floor))
	}
	return nothingInt()
}

// floatCompare is value op k for DOUBLE, or for FLOAT if single: k is rounded to the type
// of the series first.
func floatCompare(op sql.CompareOp, k float64, single bool) floatRange {
	inf := math.Inf(1)
	next := func(towards float64) float64 {
		if single {
			return float64(math.Nextafter32(float32(k), float32(towards)))
		}
		return math.Nextafter(k, towards)
	}
	if single {
		k = float64(float32(k))
	}
	switch op {
	case sql.Less:
		if k == -inf {
			return floatRange{inf, -inf}
		}
		return floatRange{-inf, next(-inf)}
	case sql.LessEqual:
		return floatRange{-inf, k}
	case sql.Greater:
		if k == inf {
			return floatRange{inf, -inf}
		}
		return floatRange{next(inf), inf}
	case sql.GreaterEqual:
		return floatRange{k, inf}
	}
	return floatRange{k, k}
}

// outcomes are the outcomes of a comparison that fulfil op.
func outcomes(op sql.CompareOp) order {
	switch op {
	case sql.Less:
		return order{true, false, false}
	case sql.LessEqual:
		return order{true, true, false}
	case sql.Greater:
		return order{false, false, true}
	case sql.GreaterEqual:
		return order{false, true, true}
	}
	return order{false, true, false}
}
