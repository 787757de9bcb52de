package logscan

import (
	"math"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// series is one distinct series of a query. Series of one device are neighbours.
type series struct {
	device, name string
	typ          tablet.DataType
}

func (s *series) path() string { return s.device + "." + s.name }

// column is one column of the result.
type column struct {
	name   string
	series int // index of its series
}

// expansion is what the paths of a SELECT stand for.
type expansion struct {
	series  []series
	columns []column
	count   bool // all columns are count(series)
}

// expand resolves every item against every FROM path, in this order and in tree order
// inside. A series named twice gives two columns.
func (e *Engine) expand(s *Select, visible catalog.Visible) (*expansion, error) {
	x := &expansion{}
	found := map[string]*found{}
	var order []*foundColumn
	raw := false
	for i := range s.Items {
		it := &s.Items[i]
		switch it.Func {
		case "count":
			x.count = true
		case "":
			raw = true
		default:
			return nil, status.Errorf(status.Unsupported, "the function %s is not supported by this gateway", it.Func)
		}
		cols, err := e.expandItem(it, s.From, found, visible)
		if err != nil {
			return nil, err
		}
		order = append(order, cols...)
		if len(order) > maxColumns {
			return nil, status.Errorf(status.QueryMemory, "the query selects more than %d columns", maxColumns)
		}
	}
	if raw && x.count {
		return nil, status.Errorf(status.Semantic, "Raw data and aggregation hybrid query is not supported.")
	}
	x.settle(order)
	return x, nil
}

// found is a series before the series are put in order.
type found struct {
	series
	index int
}

type foundColumn struct {
	name string
	of   *found
}

func (e *Engine) expandItem(it *SelectItem, from []sql.Path, known map[string]*found, visible catalog.Visible) ([]*foundColumn, error) {
	var out []*foundColumn
	for _, f := range from {
		text := PathText(f)
		if len(it.Path.Nodes) > 0 {
			text += "." + PathText(it.Path)
		}
		p, err := tablet.CompilePattern(text)
		if err != nil {
			return nil, status.Errorf(status.IllegalPath, "%s is not a legal path: %w", it.Text, err)
		}
		e.cat.Series(p, func(info catalog.SeriesInfo) bool {
			if visible != nil && !visible(info.Device, info.Name) {
				return true
			}
			path := info.Path()
			s := known[path]
			if s == nil {
				s = &found{series: series{device: info.Device, name: info.Name, typ: info.Type}}
				known[path] = s
			}
			name := path
			if it.Func != "" {
				name = it.Func + "(" + path + ")"
			}
			out = append(out, &foundColumn{name: name, of: s})
			return len(out) <= maxColumns
		})
	}
	if it.Alias != "" && len(out) > 1 {
		return nil, status.Errorf(status.Semantic, "alias '%s' can only be matched with one time series", it.Alias)
	}
	if it.Alias != "" && len(out) == 1 {
		out[0].name = it.Alias
	}
	return out, nil
}

// settle makes the list of distinct series, those of a device together, devices in
// the order of their first column.
func (x *expansion) settle(order []*foundColumn) {
	devices := map[string][]*found{}
	var names []string
	seen := map[*found]bool{}
	for _, c := range order {
		if seen[c.of] {
			continue
		}
		seen[c.of] = true
		if devices[c.of.device] == nil {
			names = append(names, c.of.device)
		}
		devices[c.of.device] = append(devices[c.of.device], c.of)
	}
	for _, d := range names {
		for _, s := range devices[d] {
			s.index = len(x.series)
			x.series = append(x.series, s.series)
		}
	}
	for _, c := range order {
		x.columns = append(x.columns, column{name: c.name, series: c.of.index})
	}
}

func (e *Engine) span(s *Select) span {
	sp := span{lo: math.MinInt64, hi: math.MaxInt64, desc: s.Desc, to: e.log.Durable()}
	if s.Where != nil {
		sp.lo, sp.hi = s.Where.Start, s.Where.End
	}
	return sp
}
