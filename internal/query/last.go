package query

import (
	"cmp"
	"context"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/query/agg"
	"github.com/sluice-gateway/sluice/internal/query/pred"
	"github.com/sluice-gateway/sluice/internal/query/rows"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// last answers SELECT LAST: one row per series that has a point.
func (r *run) last(s *sql.Select) (*result.Result, error) {
	sel, err := r.expand(s)
	if err != nil {
		return nil, err
	}
	p, err := sel.compile(s)
	if err != nil {
		return nil, err
	}
	if !p.ByTime() || len(p.Series()) > 0 {
		return nil, status.Errorf(status.Semantic, "Only time filters are supported in LAST query")
	}
	out := &result.Result{HasTime: true, Rows: empty{}, Columns: []result.Column{
		{Name: "Timeseries", Type: tablet.Text}, {Name: "Value", Type: tablet.Text}, {Name: "DataType", Type: tablet.Text}}}
	if p.None() || len(sel.series) == 0 {
		return out, nil
	}
	order := make([]int, len(sel.series))
	for i := range order {
		order[i] = i
	}
	if s.Order.Series != 0 {
		slices.SortFunc(order, func(a, b int) int {
			return int(s.Order.Series) * strings.Compare(sel.series[a].path(), sel.series[b].path())
		})
	}
	if err := r.open(); err != nil {
		return nil, err
	}
	b := builder{run: r, selection: sel, pred: p, desc: true}
	l := &lastRows{b: b, order: order, ranges: p.Times(maxRanges)}
	out.Rows = l
	if s.Order.ByTime {
		out.Rows = &lastByTime{lastRows: l, desc: s.Order.Desc}
	}
	return out, nil
}

// lastRows finds the newest point of one series after the other.
type lastRows struct {
	b      builder
	order  []int // series still to be read
	ranges []pred.Range
	found  []lastPoint // not given out
}

// lastPoint is the newest point of a series.
type lastPoint struct {
	series int
	time   int64
	text   string
}

// Next implements result.Rows.
func (l *lastRows) Next(_ context.Context, most int) (*result.Block, error) {
	for len(l.found) == 0 {
		if len(l.order) == 0 {
			return nil, io.EOF
		}
		if err := l.device(); err != nil {
			return nil, err
		}
	}
	n := min(max(1, most), len(l.found))
	out := l.block(l.found[:n])
	l.found = l.found[n:]
	return out, nil
}

// device finds the newest points of the next series that belong to one device.
func (l *lastRows) device() error {
	n := 1
	name := l.b.selection.series[l.order[0]].device
	for n < len(l.order) && l.b.selection.series[l.order[n]].device == name {
		n++
	}
	list := l.order[:n]
	l.order = l.order[n:]
	states, open, err := l.newest(name, list)
	for i := 0; i < n && err == nil; i++ {
		if open[i] && n > 1 {
			var one []agg.State
			if one, _, err = l.newest(name, list[i:i+1]); err == nil {
				states[i] = one[0]
			}
		}
		if states[i].Count > 0 {
			s := &l.b.selection.series[list[i]]
			c := tablet.Column{Schema: tablet.Schema{Type: s.typ}}
			agg.LastValue.Put(&c, &states[i])
			l.found = append(l.found, lastPoint{series: list[i], time: states[i].Last.Time, text: lastText(&c, 0)})
		}
	}
	return err
}

// newest reads some series of a device backwards until a row comes. Statistics tell the
// last point of a chunk that nothing overlaps: the newest of them and of the row is the
// newest of all, but for series that have neither a value in the row nor a newer one in
// statistics. These are open. What is older than a point of every series is not looked at.
func (l *lastRows) newest(name string, list []int) (states []agg.State, open []bool, err error) {
	states, open = make([]agg.State, len(list)), make([]bool, len(list))
	q := l.b.query(name, list)
	q.Rows = 1
	q.Stats = func(i int, st *tsfile.Statistics) bool {
		typ := q.Columns[i].Type
		if !agg.Exact(typ, agg.NeedEnds, st) {
			return false
		}
		states[i].AddStats(typ, st, agg.NeedEnds)
		return true
	}
	q.Until = func(t int64) bool {
		for i := range states {
			if states[i].Count == 0 || states[i].Last.Time < t {
				return false
			}
		}
		return true
	}
	d := rows.NewDevice(l.b.reading(), q, l.ranges)
	defer d.Close()
	for {
		t, err := d.Next()
		if isEOF(err) {
			return states, open, nil
		}
		if err != nil {
			return nil, nil, err
		}
		found := false
		for i := range list {
			n := states[i].Count
			states[i].Add(&t.Columns[i], t.Times, 0, len(t.Times), agg.NeedEnds)
			open[i] = states[i].Count == 0 || states[i].Last.Time < t.Times[0]
			found = found || states[i].Count > n
		}
		if found {
			return states, open, nil
		}
		clear(open)
	}
}

func (l *lastRows) block(found []lastPoint) *result.Block {
	out := &result.Block{Columns: make([]tablet.Column, 3)}
	for i := range out.Columns {
		out.Columns[i] = tablet.Column{Schema: tablet.Schema{Type: tablet.Text}, Category: tablet.Field}
	}
	for _, p := range found {
		s := &l.b.selection.series[p.series]
		out.Times = append(out.Times, p.time)
		out.Columns[0].Bytes.Append([]byte(s.path()))
		out.Columns[1].Bytes.Append([]byte(p.text))
		out.Columns[2].Bytes.Append([]byte(s.typ.String()))
	}
	return out
}

// lastText is a value as SELECT LAST shows it: a DATE as its number; a BLOB in
// hexadecimal, because not every BLOB is a text.
func lastText(c *tablet.Column, i int) string {
	switch c.Type {
	case tablet.Blob:
		return "0x" + hex.EncodeToString(c.Bytes.At(i))
	case tablet.Date:
		d := *c
		d.Type = tablet.Int32
		return d.Text(i)
	}
	return c.Text(i)
}

// Close implements result.Rows.
func (l *lastRows) Close() error {
	l.order, l.found = nil, nil
	return nil
}

// lastByTime is ORDER BY TIME of SELECT LAST.
type lastByTime struct {
	*lastRows
	desc bool
	all  []lastPoint
	read bool
}

// Next implements result.Rows.
func (l *lastByTime) Next(_ context.Context, most int) (*result.Block, error) {
	for len(l.order) > 0 {
		if err := l.device(); err != nil {
			return nil, err
		}
		for _, p := range l.found {
			if err := l.b.budget.Take(int64(64 + len(p.text))); err != nil {
				return nil, err
			}
		}
		l.all, l.found = append(l.all, l.found...), nil
	}
	if !l.read {
		l.read = true
		slices.SortStableFunc(l.all, func(a, b lastPoint) int {
			if l.desc {
				a, b = b, a
			}
			return cmp.Compare(a.time, b.time)
		})
	}
	if len(l.all) == 0 {
		return nil, io.EOF
	}
	n := min(max(1, most), len(l.all))
	out := l.block(l.all[:n])
	l.all = l.all[n:]
	return out, nil
}
