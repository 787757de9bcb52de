package query

import (
	"slices"
	"time"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/query/agg"
	"github.com/sluice-gateway/sluice/internal/query/pred"
	"github.com/sluice-gateway/sluice/internal/query/rows"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// builder makes the streams of a selection under a condition.
type builder struct {
	*run
	*selection
	pred *pred.Predicate
	desc bool
	// beside is the number of columns of all streams that are open together, if there are
	// others than those of the selection.
	beside int
	fleet  bool // others follow, for many devices
	limit  sql.Limit
}

// Numbers from which devices are not read as if there were only a few.
const (
	manyColumns = 1000
	manyDevices = 16
)

// stream is the rows of some series of one device, one of several streams that have a
// number of columns in all.
func (b *builder) stream(q merge.Query, ranges []pred.Range, columns int) rows.Stream {
	if columns < manyColumns {
		return rows.NewDevice(b.reading(), q, ranges)
	}
	n := b.budget.Most() / 8 / (16 * int64(columns))
	return rows.NewBatch(b.reading(), q, ranges, int(max(4, min(n, 1024))))
}

func (b *builder) columnSeries() []int {
	out := make([]int, len(b.columns))
	for i, c := range b.columns {
		out[i] = c.series
	}
	return out
}

// device is the wanted series of one device.
type device struct {
	name   string
	series []int
}

// devices groups series by device, in the order of their first one.
func (b *builder) devices(list []int) []device {
	var out []device
	at := map[string]int{}
	seen := map[int]bool{}
	for _, k := range list {
		if seen[k] {
			continue
		}
		seen[k] = true
		d := b.selection.series[k].device
		i, ok := at[d]
		if !ok {
			i = len(out)
			at[d] = i
			out = append(out, device{name: d})
		}
		out[i].series = append(out[i].series, k)
	}
	return out
}

// most is the most rows of a tablet.
const most = 8192

// query is the scan of some series of one device.
func (b *builder) query(name string, list []int) merge.Query {
	q := merge.Query{Device: name, Desc: b.desc, Pool: &b.run.pool, Columns: make([]tablet.Schema, len(list))}
	for i, k := range list {
		s := &b.selection.series[k]
		q.Columns[i] = tablet.Schema{Name: s.name, Type: s.typ}
	}
	q.Rows = max(64, min(most, (4<<20)/(12*(len(list)+1))))
	return q
}

func (b *builder) reading() rows.Reading {
	return rows.Reading{Ctx: b.run.ctx, View: b.view, Budget: b.budget}
}

// raw is the stream of the rows of some series, in the order of wanted, that match.
func (b *builder) raw(wanted []int, ranges []pred.Range) rows.Stream {
	var inputs []rows.Input
	place := make([]int, len(b.selection.series))
	n := 0
	all := append(slices.Clone(wanted), b.pred.Series()...)
	for _, d := range b.devices(all) {
		q := b.query(d.name, d.series)
		if l := b.limit; l.Limit >= 0 && b.pred.ByTime() { // no more than that is needed of anything
			q.Rows = int(min(int64(q.Rows), max(16, min(l.Limit, most)+min(max(0, l.Offset), most))))
		}
		if b.pred.Prunes() {
			q.Skip = func(i int, t tablet.DataType, s *tsfile.Statistics) bool { return b.pred.Skip(d.series[i], t, s) }
		}
		for i, k := range d.series {
			place[k] = n + i
		}
		n += len(d.series)
		inputs = append(inputs, rows.Input{Stream: b.stream(q, ranges, max(b.beside, len(all))), Columns: q.Columns})
	}
	s := rows.NewJoin(b.budget, b.desc, inputs)
	places := make([]int, len(wanted))
	straight := len(wanted) == n
	for i, k := range wanted {
		places[i] = place[k]
		straight = straight && places[i] == i
	}
	if b.pred.ByTime() && len(b.pred.Times(maxRanges)) > 0 && straight {
		return s
	}
	b.pred.Bind(place)
	return rows.NewFilter(b.budget, s, b.pred, places)
}

// aggregates is the stream of the windows of a GROUP BY, or of the one row without it.
func (b *builder) aggregates(s *sql.Select) rows.Stream {
	g := &grouped{builder: *b, endTime: s.EndTime, desc: b.desc, slice: 256}
	g.builder.desc = false
	if s.GroupBy != nil {
		g.windows = agg.NewWindows(*s.GroupBy, unit(s.GroupBy.Precision))
	}
	at := map[int]int{}
	for _, c := range b.columns {
		i, ok := at[c.series]
		if !ok {
			i = len(g.wanted)
			at[c.series] = i
			g.wanted = append(g.wanted, c.series)
			g.need = append(g.need, 0)
		}
		g.need[i] |= c.fn.Need()
		g.places = append(g.places, i)
	}
	if g.windows != nil {
		g.panes = g.windows.Panes()
		if g.panes != nil && g.panes.Each > g.budget.Most()/16/stateBytes/int64(len(g.wanted)) {
			g.panes = nil
		}
	}
	if s.Limit.Limit >= 0 {
		g.slice = min(g.slice, s.Limit.Limit+max(0, s.Limit.Offset))
	}
	return g
}

// unit is the length of a tick.
func unit(p sql.Precision) time.Duration {
	switch p {
	case sql.Microsecond:
		return time.Microsecond
	case sql.Nanosecond:
		return time.Nanosecond
	}
	return time.Millisecond
}
