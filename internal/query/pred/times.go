package pred

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
)

// Range is a range of times, both ends inclusive.
type Range struct{ Lo, Hi int64 }

// maxRanges bounds the ranges of a condition on time alone; one of more is judged row by row.
const maxRanges = 64

// times is a sorted list of ranges that do not touch.
type times []Range

func allTimes() times { return times{{math.MinInt64, math.MaxInt64}} }

// compared is the set of times for which time op t holds.
func compared(op sql.CompareOp, t int64) times {
	switch op {
	case sql.Equal:
		return times{{t, t}}
	case sql.NotEqual:
		return times{{t, t}}.without()
	case sql.Less:
		if t == math.MinInt64 {
			return nil
		}
		return times{{math.MinInt64, t - 1}}
	case sql.LessEqual:
		return times{{math.MinInt64, t}}
	case sql.Greater:
		if t == math.MaxInt64 {
			return nil
		}
		return times{{t + 1, math.MaxInt64}}
	}
	return times{{t, math.MaxInt64}}
}

// without returns all other times.
func (s times) without() times {
	var out times
	next, open := int64(math.MinInt64), true
	for _, r := range s {
		if r.Lo > next {
			out = append(out, Range{next, r.Lo - 1})
		}
		if r.Hi == math.MaxInt64 {
			open = false
			break
		}
		next = r.Hi + 1
	}
	if open {
		out = append(out, Range{next, math.MaxInt64})
	}
	return out
}

// and returns the times that are in both.
func (s times) and(o times) times {
	var out times
	for i, j := 0, 0; i < len(s) && j < len(o); {
		lo, hi := max(s[i].Lo, o[j].Lo), min(s[i].Hi, o[j].Hi)
		if lo <= hi {
			out = append(out, Range{lo, hi})
		}
		if s[i].Hi < o[j].Hi {
			i++
		} else {
			j++
		}
	}
	return out
}

// or returns the times that are in one of them.
func (s times) or(o times) times { return union(append(slices.Clone(s), o...)) }

// union makes any ranges a set.
func union(list []Range) times {
	slices.SortFunc(list, func(a, b Range) int { return cmp.Compare(a.Lo, b.Lo) })
	var out times
	for _, r := range list {
		if n := len(out); n > 0 && (out[n-1].Hi == math.MaxInt64 || r.Lo <= out[n-1].Hi+1) {
			out[n-1].Hi = max(out[n-1].Hi, r.Hi)
			continue
		}
		out = append(out, r)
	}
	return out
}

// has reports whether t is in the set.
func (s times) has(t int64) bool {
	i := sort.Search(len(s), func(i int) bool { return s[i].Hi >= t })
	return i < len(s) && s[i].Lo <= t
}

// rounded returns the set or, if it has too many ranges, a larger one; exact tells which.
func (s times) rounded(most int) (out times, exact bool) {
	if len(s) <= most {
		return s, true
	}
	return times{{s[0].Lo, s[len(s)-1].Hi}}, false
}

// Intersect returns the times that are in both of two lists of ranges that ascend and do
// not touch.
func Intersect(a, b []Range) []Range { return times(a).and(b) }
