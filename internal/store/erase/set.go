package erase

import (
	"slices"
	"sort"

	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Set is deletions in the order of their positions, seen through a range of time. It is
// never changed; the zero Set is empty. Several goroutines may use it.
type Set struct {
	list   []Deletion
	from   int // those before are not in the set
	lo, hi int64
	some   bool // lo and hi count
	index  *index
}

// With returns a set that has one more deletion, whose position is the largest. It may
// share memory with s, which stays as it is; only the newest set may be added to.
func (s Set) With(d Deletion) Set {
	s.list = append(s.list, d)
	if s.index == nil {
		s.index = &index{paths: map[string]*place{}}
	}
	return s
}

// Len returns the number of deletions.
func (s Set) Len() int { return len(s.list) - s.from }

// At returns a deletion by its number.
func (s Set) At(i int) *Deletion { return &s.list[s.from+i] }

// From returns all but the first n deletions.
func (s Set) From(n int) Set {
	s.from = min(s.from+n, len(s.list))
	return s
}

// After returns the deletions that concern a layer ending at pos: those behind it.
func (s Set) After(pos uint64) Set {
	s.from += sort.Search(s.Len(), func(i int) bool { return s.At(i).Pos > pos })
	return s
}

// Within returns what the set takes from the times lo to hi; empty if that is nothing.
func (s Set) Within(lo, hi int64) Set {
	s.lo, s.hi, s.some = lo, hi, true
	for i := len(s.list) - 1; i >= s.from; i-- {
		if d := &s.list[i]; d.lo <= hi && d.hi >= lo {
			return s
		}
	}
	return Set{}
}

// Without returns the set without the deletions at some positions, which ascend.
func (s Set) Without(positions []uint64) Set {
	var out Set
	for i := s.from; i < len(s.list); i++ {
		for len(positions) > 0 && positions[0] < s.list[i].Pos {
			positions = positions[1:]
		}
		if len(positions) == 0 || positions[0] != s.list[i].Pos {
			out = out.With(s.list[i])
		}
	}
	return out
}

// Ranges appends what a series loses, in no order.
func (s Set) Ranges(dst []merge.Range, device, measurement string) []merge.Range {
	s.each(device, func(p *place) bool {
		for _, list := range [2][]ref{p.series[measurement], p.other} {
			for i := before(list, s.from); i < len(list); i++ {
				if list[i].at >= len(s.list) {
					break
				}
				if x := list[i].Part; s.overlaps(x) && x.What.MatchSeries(device, measurement) {
					dst = append(dst, merge.Range{Lo: x.Lo, Hi: x.Hi})
				}
			}
		}
		return true
	})
	return dst
}

// Touches reports whether some series of a device may lose points within lo to hi. It
// may say so although none does.
func (s Set) Touches(device string, lo, hi int64) bool {
	touched := false
	s.each(device, func(p *place) bool {
		touched = p.lo <= hi && p.hi >= lo
		return !touched
	})
	return touched
}

func (s Set) overlaps(x *Part) bool {
	return x.Lo <= x.Hi && (!s.some || x.Lo <= s.hi && x.Hi >= s.lo)
}

// each calls fn with the places of the index that a device may be in, until it returns
// false.
func (s Set) each(device string, fn func(*place) bool) {
	if s.Len() == 0 {
		return
	}
	s.index.mu.RLock()
	defer s.index.mu.RUnlock()
	if s.index.done < len(s.list) {
		s.index.mu.RUnlock()
		s.index.upTo(s.list)
		s.index.mu.RLock()
	}
	for end := 0; ; end = nextDot(device, end+1) {
		if p := s.index.paths[device[:end]]; p != nil && !fn(p) || end == len(device) {
			return
		}
	}
}

// before returns the number of refs to deletions before a number.
func before(list []ref, at int) int {
	return sort.Search(len(list), func(i int) bool { return list[i].at >= at })
}

// Covered returns the positions of the deletions up to a position that later ones of
// them, of the same paths, make needless, ascending.
func (s Set) Covered(pos uint64) []uint64 {
	var gone []uint64
	type kind struct {
		prefix bool
		text   string
	}
	of := func(m tablet.Matcher) kind {
		_, prefix := m.(*tablet.Prefix)
		return kind{prefix, m.String()}
	}
	later := map[kind][]merge.Range{}
	for i := len(s.list) - 1; i >= s.from; i-- {
		d := &s.list[i]
		if d.Pos > pos {
			continue
		}
		covered := true
		for k := range d.Parts {
			p := &d.Parts[k]
			covered = covered && inside(later[of(p.What)], p)
		}
		if covered {
			gone = append(gone, d.Pos)
			continue
		}
		for k := range d.Parts {
			p := &d.Parts[k]
			text := of(p.What)
			if r := later[text]; p.Lo <= p.Hi && len(r) < mostCover {
				later[text] = Normalize(append(r, merge.Range{Lo: p.Lo, Hi: p.Hi}))
			}
		}
	}
	slices.Reverse(gone)
	return gone
}

// mostCover is how many ranges of a path Covered looks at.
const mostCover = 64

func inside(list []merge.Range, p *Part) bool {
	if p.Lo > p.Hi {
		return true
	}
	for _, r := range list {
		if r.Lo <= p.Lo && r.Hi >= p.Hi {
			return true
		}
	}
	return false
}
