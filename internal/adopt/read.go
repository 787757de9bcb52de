package adopt

import (
	"context"
	"errors"
	"io"
	"math"
	"sort"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// Read calls fn with the wanted points of a slice, device by device: tablets of one
// device whose times ascend. Rows of an aligned device are whole; of another device
// the measurements come one after the other. A tablet belongs to fn. The error is fn's,
// the context's, or one of the disk.
func (p *Plan) Read(ctx context.Context, s Slice, fn func(*tablet.Tablet) error) error {
	x, err := p.files.acquire(p.sealed)
	if err != nil {
		return p.files.tolerate(p.sealed.Parts[len(p.sealed.Parts)-1].Stored, err)
	}
	defer x.release()
	for i := range p.devices {
		d := &p.devices[i]
		if d.lo > s.Hi || d.hi < s.Lo {
			continue
		}
		if err := x.scan(ctx, d, s, fn); err != nil {
			return err
		}
	}
	return nil
}

func (x *File) scan(ctx context.Context, d *planned, s Slice, fn func(*tablet.Tablet) error) error {
	rows, err := x.r.Scan(tsfile.Query{Device: d.id, Measurements: d.names, From: s.Lo, To: s.Hi})
	if err != nil {
		return x.of.tolerate(x.stored, x.fault(err))
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		t, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return x.of.tolerate(x.stored, x.fault(err))
		}
		t = t.Clone()
		t.Device = d.path
		for i := range t.Columns {
			c := &t.Columns[i]
			if c.Name, err = tablet.NormalizeMeasurement(c.Name); err != nil {
				return err
			}
			d.hide(c, t.Times)
		}
		if err := fn(t); err != nil {
			return err
		}
	}
}

// hide makes the deleted cells of a column null.
func (d *planned) hide(c *tablet.Column, times []int64) {
	for i := range d.cuts {
		m := &d.cuts[i]
		if m.name != c.Name {
			continue
		}
		from := sort.Search(len(times), func(i int) bool { return times[i] >= m.lo })
		to := len(times)
		if m.hi < math.MaxInt64 {
			to = sort.Search(len(times), func(i int) bool { return times[i] > m.hi })
		}
		if from < to && c.Nulls == nil {
			c.Nulls = tablet.NewBitmap(len(times))
		}
		for r := from; r < to; r++ {
			c.Nulls.Set(r)
		}
	}
}
