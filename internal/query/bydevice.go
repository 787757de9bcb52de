package query

import (
	"context"
	"io"
	"slices"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/query/pred"
	"github.com/sluice-gateway/sluice/internal/query/rows"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// oneDevice is a device of ALIGN BY DEVICE with the columns of the result that it fills.
type oneDevice struct {
	name   string
	sel    *selection
	places []int // column of sel -> column of the result, the device column not counted
}

// devices is what the paths of an ALIGN BY DEVICE stand for.
type devices struct {
	run     *run
	s       *sql.Select
	list    []*oneDevice
	named   map[string]*oneDevice
	columns []result.Column
	beside  int // columns that are open together, if those of several devices are
}

// hit is one series that an item stands for.
type hit struct {
	info  catalog.SeriesInfo
	shown string
}

// byDevice answers ALIGN BY DEVICE: the device in the first column and one column per
// measurement name.
func (r *run) byDevice(s *sql.Select) (*result.Result, error) {
	x := &devices{run: r, s: s, named: map[string]*oneDevice{}}
	for i := range s.Items {
		if err := x.item(&s.Items[i]); err != nil {
			return nil, err
		}
	}
	if len(x.list) == 0 { // as without ALIGN BY DEVICE
		return &result.Result{HasTime: true, Rows: empty{}}, nil
	}
	x.paginate()
	slices.SortFunc(x.list, func(a, b *oneDevice) int {
		if s.Order.DeviceDesc {
			a, b = b, a
		}
		return catalog.ComparePaths(a.name, b.name)
	})
	out := &result.Result{HasTime: s.Items[0].Func == "" || s.GroupBy != nil, Rows: empty{}}
	out.Columns = append(out.Columns, result.Column{Name: "Device", Type: tablet.Text})
	if s.EndTime {
		out.Columns = append(out.Columns, result.Column{Name: "__endTime", Type: endTimeType})
	}
	out.Columns = append(out.Columns, x.columns...)
	if len(x.list) == 0 {
		return out, nil
	}
	if err := r.open(); err != nil {
		return nil, err
	}
	c := &chain{x: x, columns: out.Columns}
	if s.Order.ByTime && len(x.list) > 1 && out.HasTime {
		for _, d := range x.list {
			x.beside += len(d.sel.series)
		}
		out.Rows = &interleaved{chain: c, desc: s.Order.Desc}
		return out, nil
	}
	out.Rows = c
	return out, nil
}

// item adds the columns of one item, of all devices.
func (x *devices) item(it *sql.SelectItem) error {
	if n := it.Path.Nodes; len(n) != 1 || n[0] == "**" && it.Path.Quoted == nil {
		return pred.Problem(status.Semantic, it.Path.Pos, "ALIGN BY DEVICE: the suffix paths can only be measurement or one-level wildcard", "")
	}
	var hits []hit
	seen := map[string]bool{}
	for _, f := range x.s.From {
		err := x.run.match(f, it.Path, func(info *catalog.SeriesInfo, shown string) error {
			if path := info.Path(); !seen[path] {
				seen[path] = true
				hits = append(hits, hit{*info, shown})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return catalog.ComparePaths(a.info.Device, b.info.Device) })
	at := map[string]int{}
	for i := range hits {
		if err := x.hit(it, &hits[i], at); err != nil {
			return err
		}
	}
	if it.Alias != "" && len(at) > 1 {
		return pred.Problem(status.Semantic, it.Path.Pos, "alias '"+it.Alias+"' can only be matched with one time series", "")
	}
	return nil
}

// hit adds one series; at tells the columns of the item by the name that is shown.
func (x *devices) hit(it *sql.SelectItem, h *hit, at map[string]int) error {
	d := x.named[h.info.Device]
	if d == nil {
		d = &oneDevice{name: h.info.Device, sel: x.run.newSelection(it.Func != "")}
		x.named[d.name] = d
		x.list = append(x.list, d)
	}
	if err := d.sel.add(it, &h.info, h.shown); err != nil {
		return err
	}
	c := &d.sel.columns[len(d.sel.columns)-1]
	if it.Alias != "" {
		c.name = it.Alias
	}
	k, ok := at[h.shown]
	if !ok {
		if len(x.columns) >= maxColumns {
			return status.Errorf(status.QueryMemory, "the query selects more than %d columns", maxColumns)
		}
		k = len(x.columns)
		at[h.shown] = k
		x.columns = append(x.columns, result.Column{Name: c.name, Type: c.typ})
	}
	if x.columns[k].Type != c.typ {
		return pred.Problem(status.Semantic, it.Path.Pos, "ALIGN BY DEVICE: the data types of the same measurement column should be the same across devices.",
			h.shown+" is "+x.columns[k].Type.String()+" and, in "+d.name+", "+c.typ.String())
	}
	d.places = append(d.places, k)
	return nil
}

// paginate applies SLIMIT and SOFFSET: columns that are cut off, and devices that have no
// other, go.
func (x *devices) paginate() {
	if x.s.Series.Limit < 0 && x.s.Series.Offset <= 0 {
		return
	}
	first := int(min(max(0, x.s.Series.Offset), int64(len(x.columns))))
	x.columns = slice(x.columns, x.s.Series)
	x.list = slices.DeleteFunc(x.list, func(d *oneDevice) bool {
		var columns []column
		var places []int
		for i, k := range d.places {
			if k >= first && k < first+len(x.columns) {
				columns, places = append(columns, d.sel.columns[i]), append(places, k-first)
			}
		}
		d.sel.columns, d.places = columns, places
		return len(places) == 0
	})
}

// stream is the rows of one device, raw ones only within some times; nil if its WHERE is
// about series that it has not.
func (x *devices) stream(d *oneDevice, within pred.Range) (rows.Stream, error) {
	from, err := tablet.SplitPath(d.name)
	if err != nil {
		return nil, err
	}
	p, err := d.sel.compileFor(x.s.Where, []sql.Path{{Nodes: from}})
	if err != nil || p.None() {
		return nil, err
	}
	b := builder{run: x.run, selection: d.sel, pred: p, desc: x.s.Order.Desc, limit: x.s.Limit, fleet: len(x.list) > manyDevices, beside: x.beside}
	if d.sel.aggregate {
		return b.aggregates(x.s), nil
	}
	return b.raw(b.columnSeries(), pred.Intersect(p.Times(maxRanges), []pred.Range{within})), nil
}

// chain is the rows of one device after the other.
type chain struct {
	x       *devices
	columns []result.Column // of the result, with the device
	at      int             // of the present device
	s       rows.Stream     // nil: not begun
	nulls   []tablet.Column
	out     result.Block
}

// Next implements result.Rows.
func (c *chain) Next(context.Context, int) (*result.Block, error) {
	for c.at < len(c.x.list) {
		d := c.x.list[c.at]
		if c.s == nil {
			s, err := c.x.stream(d, always())
			if err != nil {
				return nil, err
			}
			if s == nil {
				c.at++
				continue
			}
			c.s = s
		}
		t, err := c.s.Next()
		if err == nil {
			return c.widen(d, t), nil
		}
		if !isEOF(err) {
			return nil, err
		}
		c.s.Close()
		c.s = nil
		c.at++
	}
	return nil, io.EOF
}

// widen gives rows of one device all columns of the result.
func (c *chain) widen(d *oneDevice, t *tablet.Tablet) *result.Block {
	n := len(t.Times)
	if c.nulls == nil {
		c.nulls = make([]tablet.Column, len(c.columns))
	}
	c.out = result.Block{Times: t.Times, Columns: make([]tablet.Column, len(c.columns))}
	names := &c.nulls[0].Bytes
	names.Ends, names.Data = names.Ends[:0], names.Data[:0]
	for range n {
		names.Append([]byte(d.name))
	}
	c.nulls[0].Schema = tablet.Schema{Name: "Device", Type: tablet.Text}
	c.out.Columns[0] = c.nulls[0]
	extra := 1
	if c.x.s.EndTime {
		c.out.Columns[1] = t.Columns[0]
		extra = 2
	}
	filled := make([]bool, len(c.columns))
	for i, k := range d.places {
		c.out.Columns[extra+k] = t.Columns[extra-1+i]
		filled[extra+k] = true
	}
	for k := extra; k < len(c.columns); k++ {
		if !filled[k] {
			rows.Nulls(&c.nulls[k], tablet.Schema{Name: c.columns[k].Name, Type: c.columns[k].Type}, n)
			c.out.Columns[k] = c.nulls[k]
		}
	}
	return &c.out
}

// Close implements result.Rows.
func (c *chain) Close() error {
	if c.s != nil {
		c.s.Close()
		c.s = nil
	}
	c.at = len(c.x.list)
	return nil
}
