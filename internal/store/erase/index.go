package erase

import (
	"math"
	"strings"
	"sync"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// index finds the parts that may concern a device. Sets of one origin share it: it may
// have more deletions than a Set, at the ends of its lists.
type index struct {
	mu    sync.RWMutex
	done  int // deletions that are in it
	paths map[string]*place
}

// place is the parts below one path.
type place struct {
	series map[string][]ref // of one series, by its measurement
	other  []ref            // with wildcards behind the path, or ending within a node
	lo, hi int64            // times of all
}

// ref is a part of the deletion number at.
type ref struct {
	at int
	*Part
}

// upTo takes up the deletions of a list that are not in the index yet.
func (x *index) upTo(list []Deletion) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for ; x.done < len(list); x.done++ {
		for k := range list[x.done].Parts {
			x.add(ref{x.done, &list[x.done].Parts[k]})
		}
	}
}

func (x *index) add(r ref) {
	path, measurement := anchor(r.What)
	p := x.paths[path]
	if p == nil {
		p = &place{lo: math.MaxInt64, hi: math.MinInt64}
		x.paths[path] = p
	}
	p.lo, p.hi = min(p.lo, r.Lo), max(p.hi, r.Hi)
	if measurement == "" {
		p.other = append(p.other, r)
		return
	}
	if p.series == nil {
		p.series = map[string][]ref{}
	}
	p.series[measurement] = append(p.series[measurement], r)
}

// anchor returns a path at or above every device that a matcher selects, and the
// measurement if it selects one series only. The empty path is above all.
func anchor(m tablet.Matcher) (path, measurement string) {
	switch m := m.(type) {
	case *tablet.Pattern:
		text := m.String()
		start, end := 0, 0
		for {
			end = nextDot(text, start)
			node := text[start:end]
			if node[0] != '`' && strings.IndexByte(node, '*') >= 0 {
				return text[:max(0, start-1)], ""
			}
			if end == len(text) {
				return text[:max(0, start-1)], node
			}
			start = end + 1
		}
	case *tablet.Prefix:
		text, last := m.String(), 0
		for end := nextDot(text, 0); end < len(text); end = nextDot(text, end+1) {
			last = end
		}
		return text[:last], ""
	}
	return "", ""
}

// nextDot returns where the node that begins at i ends.
func nextDot(path string, i int) int {
	quoted := false
	for ; i < len(path); i++ {
		switch {
		case path[i] == '`':
			quoted = !quoted
		case path[i] == '.' && !quoted:
			return i
		}
	}
	return len(path)
}
