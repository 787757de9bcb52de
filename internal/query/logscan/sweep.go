package logscan

import (
	"cmp"
	"context"
	"slices"
	"sort"
)

// sweep walks over time window by window, up or down, and holds the chunks that reach
// into the present one. Windows lie between the beginnings of hulls, so that a chunk
// is loaded once and dropped after the last window it reaches into.
type sweep struct {
	*scanned
	bounds []int64  // beginnings of the windows, ascending
	end    int64    // end of the last one
	next   int      // index into bounds of the next window
	queue  []*chunk // not loaded yet, in the order in which they are needed
	active []*chunk
	lo, hi int64 // of the present window
}

func newSweep(s *scanned) *sweep {
	w := &sweep{scanned: s, queue: s.chunks}
	for _, c := range s.chunks {
		w.bounds = append(w.bounds, c.lo)
	}
	slices.Sort(w.bounds)
	w.bounds = slices.Compact(w.bounds)
	if len(s.chunks) > 0 {
		w.end = slices.MaxFunc(s.chunks, func(a, b *chunk) int { return cmp.Compare(a.hi, b.hi) }).hi
	}
	slices.SortFunc(w.queue, func(a, b *chunk) int {
		if s.span.desc {
			return cmp.Compare(b.hi, a.hi)
		}
		return cmp.Compare(a.lo, b.lo)
	})
	if s.span.desc {
		w.next = len(w.bounds) - 1
	}
	return w
}

// advance moves to the next window and loads what it needs; false at the end.
func (w *sweep) advance(ctx context.Context) (bool, error) {
	if w.next < 0 || w.next >= len(w.bounds) {
		w.drop(func(*chunk) bool { return true })
		return false, nil
	}
	w.lo, w.hi = w.bounds[w.next], w.end
	if w.next+1 < len(w.bounds) {
		w.hi = w.bounds[w.next+1] - 1
	}
	if w.span.desc {
		w.next--
		w.drop(func(c *chunk) bool { return c.lo > w.hi })
	} else {
		w.next++
		w.drop(func(c *chunk) bool { return c.hi < w.lo })
	}
	for len(w.queue) > 0 && w.queue[0].lo <= w.hi && w.queue[0].hi >= w.lo {
		c := w.queue[0]
		if err := w.load(ctx, c); err != nil {
			return false, err
		}
		w.active = append(w.active, c)
		w.queue = w.queue[1:]
	}
	return true, nil
}

func (w *sweep) drop(past func(*chunk) bool) {
	w.active = slices.DeleteFunc(w.active, func(c *chunk) bool {
		if !past(c) {
			return false
		}
		w.unload(c)
		return true
	})
}

// part is the rows from..to-1 of a piece.
type part struct {
	*piece
	from, to int
}

func (p *part) first() int64 { return p.t.Times[p.from] }
func (p *part) last() int64  { return p.t.Times[p.to-1] }

// parts returns what the active chunks have of the times lo to hi, in log order.
func (w *sweep) parts(lo, hi int64) []part {
	var out []part
	for _, c := range w.active {
		if c.lo > hi || c.hi < lo {
			continue
		}
		for _, p := range c.pieces {
			times := p.t.Times
			if len(times) == 0 || times[0] > hi || times[len(times)-1] < lo {
				continue
			}
			from := sort.Search(len(times), func(i int) bool { return times[i] >= lo })
			to := from + sort.Search(len(times)-from, func(i int) bool { return times[from+i] > hi })
			if from < to {
				out = append(out, part{piece: p, from: from, to: to})
			}
		}
	}
	slices.SortFunc(out, func(a, b part) int { return cmp.Compare(a.pos, b.pos) })
	return out
}

// timeline returns the distinct times of the parts, ascending.
func timeline(parts []part) []int64 {
	n := 0
	for i := range parts {
		n += parts[i].to - parts[i].from
	}
	out := make([]int64, 0, n)
	order := slices.Clone(parts)
	slices.SortStableFunc(order, func(a, b part) int { return cmp.Compare(a.first(), b.first()) })
	sorted := true
	for i := range order {
		p := &order[i]
		sorted = sorted && p.strict && (len(out) == 0 || out[len(out)-1] < p.first())
		out = append(out, p.t.Times[p.from:p.to]...)
	}
	if !sorted {
		slices.Sort(out)
		out = slices.Compact(out)
	}
	return out
}
