package logscan

import (
	"cmp"
	"context"
	"io"
	"slices"

	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// count answers count(..): one row, one column per series.
func (e *Engine) count(ctx context.Context, x *expansion, s *Select) (*result.Result, error) {
	out := &result.Result{Columns: make([]result.Column, len(x.columns)), Rows: empty{}}
	for i, c := range x.columns {
		out.Columns[i] = result.Column{Name: c.name, Type: tablet.Int64}
	}
	if len(x.columns) == 0 {
		return out, nil
	}
	sp := e.span(s)
	sp.desc = false
	sc, err := e.scan(ctx, x.series, sp)
	if err != nil {
		return nil, err
	}
	counts, err := countAll(ctx, newSweep(sc))
	if err != nil {
		return nil, err
	}
	b := &result.Block{Times: []int64{0}, Columns: make([]tablet.Column, len(x.columns))}
	for i, c := range x.columns {
		b.Columns[i] = tablet.Column{Schema: tablet.Schema{Name: c.name, Type: tablet.Int64}, Category: tablet.Field,
			Int64s: []int64{counts[c.series]}}
	}
	out.Rows = limited(&single{block: b}, s.Limit)
	return out, nil
}

// countAll returns the number of points of each series.
func countAll(ctx context.Context, w *sweep) ([]int64, error) {
	counts := make([]int64, len(w.series))
	for {
		more, err := w.advance(ctx)
		if err != nil {
			return nil, err
		}
		if !more {
			return counts, nil
		}
		byDevice := map[*deviceSeries][]part{}
		for _, p := range w.parts(w.lo, w.hi) {
			byDevice[p.dev] = append(byDevice[p.dev], p)
		}
		for d, parts := range byDevice {
			if w.simple(parts) {
				countParts(counts, parts)
				continue
			}
			if err := w.countMerged(counts, d, parts); err != nil {
				return nil, err
			}
		}
	}
}

// simple reports whether every cell of the parts counts: the times of no series repeat
// and no deletion covers them.
func (s *scanned) simple(parts []part) bool {
	order := slices.Clone(parts)
	slices.SortFunc(order, func(a, b part) int { return cmp.Compare(a.first(), b.first()) })
	apart, hi := true, order[0].last()
	for i := range order {
		if !order[i].strict {
			return false
		}
		apart = apart && (i == 0 || order[i-1].last() < order[i].first())
		hi = max(hi, order[i].last())
	}
	if !apart && !seriesApart(order) {
		return false
	}
	lo := order[0].first()
	for _, d := range s.deleted {
		if d.pos > parts[0].pos && d.lo <= hi && d.hi >= lo && d.coversDevice(parts[0].t.Device) {
			return false
		}
	}
	return true
}

// seriesApart reports whether parts in order of their first times have every time of a
// series once, as the measurements of a file do that come one after the other.
func seriesApart(order []part) bool {
	last := make([]int64, order[0].dev.n)
	seen := make([]bool, len(last))
	for i := range order {
		p := &order[i]
		for _, k := range p.cols {
			k -= p.dev.first
			if seen[k] && last[k] >= p.first() {
				return false
			}
			seen[k], last[k] = true, p.last()
		}
	}
	return true
}

func countParts(counts []int64, parts []part) {
	for i := range parts {
		p := &parts[i]
		for j, k := range p.cols {
			nulls := p.t.Columns[j].Nulls
			n := p.to - p.from
			if len(nulls) > 0 {
				n -= nulls.Count(p.to) - nulls.Count(p.from)
			}
			counts[k] += int64(n)
		}
	}
}

// countMerged counts the cells of one device that are left after merging, some rows
// at a time.
func (s *scanned) countMerged(counts []int64, d *deviceSeries, parts []part) error {
	times := timeline(parts)
	step := s.blockRows()
	need := int64(8*len(times)) + int64(min(step, len(times)))*s.rowBytes()
	if err := s.take(need); err != nil {
		return err
	}
	defer func() { _ = s.take(-need) }()
	for len(times) > 0 {
		n := min(step, len(times))
		cols := s.merge(times[:n], within(parts, times[0], times[n-1]), d.first, d.n)
		for i := range cols {
			counts[d.first+i] += int64(n - cols[i].Nulls.Count(n))
		}
		times = times[n:]
	}
	return nil
}

// within narrows parts to the times lo to hi.
func within(parts []part, lo, hi int64) []part {
	out := make([]part, 0, len(parts))
	for _, p := range parts {
		for p.from < p.to && p.t.Times[p.from] < lo {
			p.from++
		}
		for p.from < p.to && p.t.Times[p.to-1] > hi {
			p.to--
		}
		if p.from < p.to {
			out = append(out, p)
		}
	}
	return out
}

// single is a result of one block.
type single struct{ block *result.Block }

// Next implements result.Rows.
func (s *single) Next(context.Context, int) (*result.Block, error) {
	if s.block == nil {
		return nil, io.EOF
	}
	b := s.block
	s.block = nil
	return b, nil
}

// Close implements result.Rows.
func (s *single) Close() error { return nil }
