package pred

import (
	"slices"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// Scope tells what the paths of a condition stand for.
type Scope struct {
	// Resolve returns the series that a path stands for, by numbers of the caller.
	Resolve func(p sql.Path) ([]int, error)
	// Series returns the full name and the type of a series.
	Series func(number int) (name string, typ tablet.DataType)
}

// Predicate is a compiled WHERE. It is not safe for concurrent use.
type Predicate struct {
	root    node // nil: every row of Times matches
	none    bool
	times   times
	exact   bool // Times is all there is to it
	series  []int
	place   []int
	needed  map[int][]*leaf // series -> conditions that every row must fulfil
	scratch [][]uint8
	rows    []int32
}

// Compile compiles a condition; nil is no condition. Errors carry status codes: 701 where
// types do not fit, 300 for what is not supported.
func Compile(e sql.Expr, s Scope) (*Predicate, error) {
	p := &Predicate{times: allTimes(), exact: true}
	if e == nil {
		return p, nil
	}
	c := compiler{scope: s}
	n, err := c.condition(e, false)
	if err != nil {
		return nil, err
	}
	if n == nil {
		return &Predicate{none: true, exact: true}, nil
	}
	p.times, p.exact = timesOf(n)
	if p.exact = p.exact && len(p.times) <= maxRanges; !p.exact {
		p.root = n
	}
	p.series = c.used
	p.needed = map[int][]*leaf{}
	p.require(n)
	return p, nil
}

// None reports whether the condition is about series that do not exist, which makes the
// result empty, without a row even of count.
func (p *Predicate) None() bool { return p.none }

// ByTime reports whether the rows of Times are exactly the ones that match.
func (p *Predicate) ByTime() bool { return p.root == nil }

// Times returns the ranges of time outside of which nothing matches, ascending and apart
// from each other. If it is ByTime, there are all of them, at most 64; else at most the
// given number, and their hull if they were more.
func (p *Predicate) Times(most int) []Range {
	if p.exact {
		return p.times
	}
	t, _ := p.times.rounded(most)
	return t
}

// Series returns the numbers of the series that Filter looks at, ascending.
func (p *Predicate) Series() []int { return p.series }

// Bind says in which column of the tablets to come a series stands: place[number].
func (p *Predicate) Bind(place []int) { p.place = place }

// Filter returns the rows of a tablet that match, ascending; all is true if every row
// does, and rows is nil then. rows is valid until the next call.
func (p *Predicate) Filter(t *tablet.Tablet) (rows []int32, all bool) {
	if p.root == nil {
		return nil, true
	}
	n := len(t.Times)
	out := p.take(n)
	p.root.eval(p, &block{times: t.Times, cols: t.Columns, place: p.place}, out)
	p.rows = p.rows[:0]
	for i, v := range out {
		if v == yes {
			p.rows = append(p.rows, int32(i))
		}
	}
	p.give(out)
	return p.rows, len(p.rows) == n
}

// Skip reports whether no row can match in which the series has a value that these
// statistics sum up.
func (p *Predicate) Skip(series int, t tablet.DataType, s *tsfile.Statistics) bool {
	for _, l := range p.needed[series] {
		if excluded(l, t, s) {
			return true
		}
	}
	return false
}

// Prunes reports whether Skip may ever say yes.
func (p *Predicate) Prunes() bool { return len(p.needed) > 0 }

// require collects the conditions on one series that every matching row fulfils.
func (p *Predicate) require(n node) {
	switch n := n.(type) {
	case *all:
		for _, x := range n.of {
			p.require(x)
		}
	case *leaf:
		p.needed[n.series] = append(p.needed[n.series], n)
	}
}

func (p *Predicate) take(n int) []uint8 {
	if k := len(p.scratch); k > 0 {
		b := p.scratch[k-1]
		p.scratch = p.scratch[:k-1]
		if cap(b) >= n {
			return b[:n]
		}
	}
	return make([]uint8, n)
}

func (p *Predicate) give(b []uint8) { p.scratch = append(p.scratch, b) }

// all is AND.
type all struct{ of []node }

func (n *all) eval(p *Predicate, b *block, out []uint8) {
	n.of[0].eval(p, b, out)
	tmp := p.take(len(out))
	for _, x := range n.of[1:] {
		if !slices.ContainsFunc(out, func(v uint8) bool { return v != no }) {
			break
		}
		x.eval(p, b, tmp)
		for i, v := range tmp {
			out[i] = min(out[i], v)
		}
	}
	p.give(tmp)
}

// some is OR.
type some struct{ of []node }

func (n *some) eval(p *Predicate, b *block, out []uint8) {
	n.of[0].eval(p, b, out)
	tmp := p.take(len(out))
	for _, x := range n.of[1:] {
		x.eval(p, b, tmp)
		for i, v := range tmp {
			out[i] = max(out[i], v)
		}
	}
	p.give(tmp)
}

// timesOf returns the times outside of which a condition is never true; exact if it is
// true at all of them.
func timesOf(n node) (set times, exact bool) {
	switch n := n.(type) {
	case always:
		if n.value == yes {
			return allTimes(), true
		}
		return nil, true
	case *when:
		return n.set, true
	case *all:
		set, exact = allTimes(), true
		for _, x := range n.of {
			s, e := timesOf(x)
			set, exact = set.and(s), exact && e
		}
		return set, exact || len(set) == 0
	case *some:
		exact = true
		var parts []Range
		for _, x := range n.of {
			s, e := timesOf(x)
			parts, exact = append(parts, s...), exact && e
		}
		return union(parts), exact
	}
	return allTimes(), false
}

// excluded reports whether the statistics say that no value fulfils the condition.
func excluded(l *leaf, t tablet.DataType, s *tsfile.Statistics) bool {
	switch x := l.test.(type) {
	case intRange:
		lo, hi, ok := intBounds(t, s)
		if l.negate {
			return ok && x.lo <= lo && hi <= x.hi
		}
		return ok && (hi < x.lo || lo > x.hi)
	case floatRange:
		lo, hi, ok := floatBounds(t, s)
		return ok && !l.negate && (hi < x.lo || lo > x.hi)
	case *intSet:
		lo, hi, ok := intBounds(t, s)
		return ok && !l.negate && (hi < x.lo || lo > x.hi)
	case *floatSet:
		lo, hi, ok := floatBounds(t, s)
		return ok && !l.negate && (hi < x.lo || lo > x.hi)
	}
	return false
}
