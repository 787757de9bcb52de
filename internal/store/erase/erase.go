// Package erase turns the deletions of the commit log into ranges of time that are hidden
// in older layers of a store.
//
//	plan in the log ── Of ──► Deletion {position, matchers, lo, hi} ──► Set ── Ranges ──► []merge.Range
//
// A deletion at position p hides points that were written before p. A deleted series or
// database hides all times. It is pure: it knows no files and no catalogue.
package erase

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Deletion is what one plan of the log takes away.
type Deletion struct {
	Pos   uint64 // of its record
	Plan  event.Request
	Parts []Part
}

// Part is a range of times of some series.
type Part struct {
	What   tablet.Matcher
	Lo, Hi int64 // inclusive
}

// Of returns what a plan deletes; false if it deletes nothing.
func Of(pos uint64, r event.Request) (Deletion, bool) {
	d := Deletion{Pos: pos, Plan: r}
	changes, _, err := catalog.Changes(r)
	if err != nil { // kept, so it has no effect
		return d, false
	}
	for i := range changes {
		c := &changes[i]
		lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
		switch c.Kind {
		case catalog.DeleteDatabase:
			below, err := tablet.CompilePattern(c.Pattern.String() + ".**")
			if err == nil {
				d.Parts = append(d.Parts, Part{below, lo, hi})
			}
			continue
		case catalog.DeleteData:
			lo, hi = c.Lo, c.Hi
		case catalog.DeleteSeries:
		default:
			continue
		}
		for _, m := range c.Patterns {
			d.Parts = append(d.Parts, Part{m, lo, hi})
		}
	}
	return d, len(d.Parts) > 0
}

// Touches reports whether some series of a device may lose points within lo to hi.
func (d *Deletion) Touches(device string, lo, hi int64) bool {
	for i := range d.Parts {
		p := &d.Parts[i]
		if p.Lo <= hi && p.Hi >= lo && p.What.Device(device) != tablet.NoSeries {
			return true
		}
	}
	return false
}

// Ranges appends what a series loses, in no order.
func (d *Deletion) Ranges(dst []merge.Range, device, measurement string) []merge.Range {
	for i := range d.Parts {
		p := &d.Parts[i]
		if p.Lo <= p.Hi && p.What.MatchSeries(device, measurement) {
			dst = append(dst, merge.Range{Lo: p.Lo, Hi: p.Hi})
		}
	}
	return dst
}

// Hull returns the smallest and largest time of all parts.
func (d *Deletion) Hull() (lo, hi int64) {
	lo, hi = math.MaxInt64, math.MinInt64
	for i := range d.Parts {
		lo, hi = min(lo, d.Parts[i].Lo), max(hi, d.Parts[i].Hi)
	}
	return lo, hi
}

// Set is deletions in the order of their positions. It is never changed.
type Set []Deletion

// With returns a set that has one more deletion, whose position is the largest. It may
// share memory with s, which stays as it is; only the newest set may be added to.
func (s Set) With(d Deletion) Set { return append(s, d) }

// After returns the deletions that concern a layer ending at pos: those behind it.
func (s Set) After(pos uint64) Set {
	i := sort.Search(len(s), func(i int) bool { return s[i].Pos > pos })
	return s[i:]
}

// Within returns the deletions that touch the times lo to hi.
func (s Set) Within(lo, hi int64) Set {
	var out Set
	for i := range s {
		if l, h := s[i].Hull(); l <= hi && h >= lo {
			out = append(out, s[i])
		}
	}
	return out
}

// Normalize sorts ranges and joins those that touch.
func Normalize(r []merge.Range) []merge.Range {
	if len(r) < 2 {
		return r
	}
	slices.SortFunc(r, func(a, b merge.Range) int { return cmp.Compare(a.Lo, b.Lo) })
	out := r[:1]
	for _, x := range r[1:] {
		last := &out[len(out)-1]
		if last.Hi == math.MaxInt64 || x.Lo <= last.Hi+1 {
			last.Hi = max(last.Hi, x.Hi)
			continue
		}
		out = append(out, x)
	}
	return out
}
