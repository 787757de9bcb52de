package logscan

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// byDevice answers ALIGN BY DEVICE: the devices one after the other in tree order,
// with the device in the first column and one column per measurement name.
func (e *Engine) byDevice(x *expansion, s *Select) (*result.Result, error) {
	out := &result.Result{Columns: []result.Column{{Name: "Device", Type: tablet.Text}}, HasTime: true, Rows: empty{}}
	r := &deviceRows{e: e, span: e.span(s), places: map[string]int{}, named: map[string]*oneDevice{}}
	for _, c := range x.columns {
		sr := &x.series[c.series]
		name := sr.name
		if c.name != sr.path() { // AS
			name = c.name
		}
		k, ok := r.places[name]
		if !ok {
			k = len(out.Columns)
			r.places[name] = k
			out.Columns = append(out.Columns, result.Column{Name: name, Type: sr.typ})
		}
		if out.Columns[k].Type != sr.typ {
			return nil, status.Errorf(status.Semantic, "ALIGN BY DEVICE: the data types of the same measurement column should be the same across devices: %s is %s and %s",
				name, out.Columns[k].Type, sr.typ)
		}
		r.add(sr, k)
	}
	slices.SortStableFunc(r.devices, func(a, b *oneDevice) int { return catalog.ComparePaths(a.name, b.name) })
	r.columns = out.Columns
	if len(r.devices) > 0 {
		out.Rows = limited(r, s.Limit)
	}
	return out, nil
}

// oneDevice is a device with its series and the result columns they fill.
type oneDevice struct {
	name   string
	series []series
	places []int
}

// deviceRows yields the rows of one device after the other.
type deviceRows struct {
	e       *Engine
	span    span
	columns []result.Column
	places  map[string]int
	named   map[string]*oneDevice
	devices []*oneDevice // not finished
	rows    *rawRows     // of devices[0]; nil: not begun
}

func (r *deviceRows) add(s *series, place int) {
	d := r.named[s.device]
	if d == nil {
		d = &oneDevice{name: s.device}
		r.named[s.device] = d
		r.devices = append(r.devices, d)
	}
	if !slices.Contains(d.places, place) {
		d.series = append(d.series, *s)
		d.places = append(d.places, place)
	}
}

// Next implements result.Rows.
func (r *deviceRows) Next(ctx context.Context, most int) (*result.Block, error) {
	for len(r.devices) > 0 {
		d := r.devices[0]
		if r.rows == nil {
			rows, err := r.e.raw(ctx, d.series, r.span)
			if err != nil {
				return nil, err
			}
			r.rows = rows
		}
		b, err := r.rows.Next(ctx, most)
		if err == nil {
			return r.widen(d, b), nil
		}
		if !errors.Is(err, io.EOF) {
			return nil, err
		}
		_ = r.Close()
		r.devices = r.devices[1:]
	}
	return nil, io.EOF
}

// widen gives a block of one device all columns of the result.
func (r *deviceRows) widen(d *oneDevice, b *result.Block) *result.Block {
	n := len(b.Times)
	out := &result.Block{Times: b.Times, Columns: make([]tablet.Column, len(r.columns))}
	out.Columns[0] = tablet.Column{Schema: tablet.Schema{Name: r.columns[0].Name, Type: tablet.Text}, Category: tablet.Field}
	for range n {
		out.Columns[0].Bytes.Append([]byte(d.name))
	}
	for i := 1; i < len(out.Columns); i++ {
		out.Columns[i] = nulls(r.columns[i], n)
	}
	for i, k := range d.places {
		out.Columns[k] = b.Columns[i]
	}
	return out
}

// nulls returns a column of n nulls.
func nulls(c result.Column, n int) tablet.Column {
	out := tablet.Column{Schema: tablet.Schema{Name: c.Name, Type: c.Type}, Category: tablet.Field, Nulls: tablet.NewBitmap(n)}
	for i := range out.Nulls {
		out.Nulls[i] = 0xff
	}
	switch c.Type.Physical() {
	case tablet.PhysicalBool:
		out.Bools = make([]bool, n)
	case tablet.PhysicalInt32:
		out.Int32s = make([]int32, n)
	case tablet.PhysicalInt64:
		out.Int64s = make([]int64, n)
	case tablet.PhysicalFloat:
		out.Floats = make([]float32, n)
	case tablet.PhysicalDouble:
		out.Doubles = make([]float64, n)
	case tablet.PhysicalBytes:
		out.Bytes.Ends = make([]uint32, n)
	}
	return out
}

// Close implements result.Rows.
func (r *deviceRows) Close() error {
	if r.rows == nil {
		return nil
	}
	err := r.rows.Close()
	r.rows = nil
	return err
}
