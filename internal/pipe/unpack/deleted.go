package unpack

import (
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// deletion is one entry of a mods file.
type deletion struct {
	pattern *tablet.Pattern
	lo, hi  int64
	before  int64 // only chunks that begin before this offset are meant
}

// readMods compiles the deletions beside a file; those of tables concern no tree file.
func readMods(files plugin.Files, p *event.Part) ([]deletion, error) {
	list, err := ReadMods(files, p)
	if err != nil {
		return nil, err
	}
	var out []deletion
	for i := range list {
		d := &list[i]
		if d.Table != "" {
			continue
		}
		m := deletion{lo: d.Start, hi: d.End, before: d.Offset}
		if m.before < 0 {
			m.before = math.MaxInt64
		}
		if m.pattern, err = tablet.CompilePattern(d.Path); err != nil {
			return nil, bad("its mods: %w", err)
		}
		out = append(out, m)
	}
	return out, nil
}

// deleted returns what the mods delete of a series of the current device. A deletion
// that concerns only chunks before an offset ends with the last time of these chunks:
// chunks of a series follow each other in time.
func (x *Reader) deleted(name string, s, clock *tsfile.Series) []span {
	var out []span
	for i := range x.mods {
		m := &x.mods[i]
		if m.hi < s.Stats.Start || m.lo > s.Stats.End || !m.pattern.MatchSeries(x.path, name) {
			continue
		}
		cut := span{m.lo, m.hi}
		chunks := s.Chunks
		if clock != nil {
			chunks = clock.Chunks
		}
		last, all := int64(math.MinInt64), true
		for j := range chunks {
			if chunks[j].Offset < m.before {
				last = max(last, chunks[j].Stats.End)
			} else {
				all = false
			}
		}
		if !all {
			cut.hi = min(cut.hi, last)
		}
		if cut.lo <= cut.hi {
			out = append(out, cut)
		}
	}
	return out
}

// Clear marks the cells of column i with a time between lo and hi, both included, as
// null. The bitmap must be the tablet's own.
func Clear(t *tablet.Tablet, i int, lo, hi int64) {
	c := &t.Columns[i]
	from, to := 0, len(t.Times)
	if slices.IsSorted(t.Times) {
		from = sort.Search(len(t.Times), func(k int) bool { return t.Times[k] >= lo })
		to = sort.Search(len(t.Times), func(k int) bool { return t.Times[k] > hi })
	}
	for k := from; k < to; k++ {
		if t.Times[k] < lo || t.Times[k] > hi {
			continue
		}
		if len(c.Nulls) < tablet.BitmapBytes(len(t.Times)) {
			grown := tablet.NewBitmap(len(t.Times))
			copy(grown, c.Nulls)
			c.Nulls = grown
		}
		c.Nulls.Set(k)
	}
}

// Dense drops columns and rows that hold nothing but nulls; nil if nothing is left.
// Cells may be shared with the input, which is returned if there is nothing to drop.
func Dense(t *tablet.Tablet) (*tablet.Tablet, error) {
	rows := len(t.Times)
	none := true
	for i := range t.Columns {
		none = none && t.Columns[i].Nulls.Count(rows) == 0
	}
	if none {
		if rows == 0 || len(t.Columns) == 0 {
			return nil, nil
		}
		return t, nil
	}
	t = t.Project(func(i int) bool { return t.Columns[i].Nulls.Count(rows) < rows })
	if len(t.Columns) == 0 {
		return nil, nil
	}
	empty := func(row int) bool {
		return !slices.ContainsFunc(t.Columns, func(c tablet.Column) bool { return !c.Nulls.Get(row) })
	}
	var b tablet.Builder
	whole := true
	for i := 0; i < rows; {
		if empty(i) {
			whole = false
			i++
			continue
		}
		start := i
		for i < rows && !empty(i) {
			i++
		}
		if start == 0 && i == rows {
			return t, nil
		}
		if !b.Add(t.Slice(start, i)) {
			return nil, fmt.Errorf("rows of one tablet of %s do not fit together", t.Device)
		}
	}
	if whole {
		return t, nil
	}
	return b.Tablet(), nil
}
