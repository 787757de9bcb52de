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
	if p.None() || len(sel.columns) == 0 {
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
}

// lastPoint is the newest point of a series.
type lastPoint struct {
	series int
	time   int64
	text   string
}

// Next implements result.Rows.
func (l *lastRows) Next(_ context.Context, most int) (*result.Block, error) {
	var found []lastPoint
	for len(l.order) > 0 && len(found) < max(1, most) {
		p, ok, err := l.point()
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		return nil, io.EOF
	}
	return l.block(found), nil
}

// point reads the next series backwards until a value comes. Statistics tell the last
// point of a chunk that nothing overlaps; the newest of them and of the first row is it.
func (l *lastRows) point() (lastPoint, bool, error) {
	k := l.order[0]
	l.order = l.order[1:]
	s := &l.b.selection.series[k]
	var state agg.State
	q := l.b.query(s.device, []int{k})
	q.Rows = 1
	q.Stats = func(_ int, st *tsfile.Statistics) bool {
		if !agg.Exact(s.typ, agg.NeedEnds, st) {
			return false
		}
		state.AddStats(s.typ, st, agg.NeedEnds)
		return true
	}
	d := rows.NewDevice(l.b.reading(), q, l.ranges)
	defer d.Close()
	for {
		t, err := d.Next()
		if err != nil && !isEOF(err) {
			return lastPoint{}, false, err
		}
		if err == nil {
			n := state.Count
			state.Add(&t.Columns[0], t.Times, 0, len(t.Times), agg.NeedEnds)
			if state.Count == n {
				continue
			}
		}
		if state.Count == 0 {
			return lastPoint{}, false, nil
		}
		c := tablet.Column{Schema: tablet.Schema{Type: s.typ}}
		agg.LastValue.Put(&c, &state)
		return lastPoint{series: k, time: state.Last.Time, text: lastText(&c, 0)}, true, nil
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
	l.order = nil
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
		p, ok, err := l.point()
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if err := l.b.budget.Take(int64(64 + len(p.text))); err != nil {
			return nil, err
		}
		l.all = append(l.all, p)
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
