// Package erase turns the deletions of the commit log into ranges of time that are hidden
// in older layers of a store.
//
//	plan in the log ── Of ──► Deletion {position, matchers, lo, hi} ──► Set ── Ranges ──► []merge.Range
//	                                                                     └ index: path above the first
//	                                                                       wildcard ► measurement ► parts
//
// There may be tens of thousands of deletions at a time. A Set finds those of a series by
// the paths above it, so that the others cost nothing.
//
// A deletion at position p hides points that were written before p. A deleted series or
// database hides all times. It is pure: it knows no files and no catalogue.
package erase

import (
	"cmp"
	"math"
	"slices"

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

	lo, hi int64 // of all parts
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
	d.bound()
	return d, len(d.Parts) > 0
}

// Beside returns the set of what is deleted in one file by what came beside it.
func Beside(parts []Part) Set {
	if len(parts) == 0 {
		return Set{}
	}
	d := Deletion{Parts: parts}
	d.bound()
	return Set{}.With(d)
}

// bound notes the times of all parts.
func (d *Deletion) bound() {
	d.lo, d.hi = math.MaxInt64, math.MinInt64
	for i := range d.Parts {
		d.lo, d.hi = min(d.lo, d.Parts[i].Lo), max(d.hi, d.Parts[i].Hi)
	}
}

// Hull returns the smallest and largest time of all parts.
func (d *Deletion) Hull() (lo, hi int64) { return d.lo, d.hi }

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
