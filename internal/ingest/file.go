package ingest

import (
	"context"
	"errors"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/status"
)

// File implements arrival.Writer. A TsFile that can be read creates its series; if one
// of them exists with another type (614), its device with another alignment (609), or
// its place is taken, the whole file is refused. What cannot be read is recorded and
// kept. One that is sent again is not recorded again: arrival.ErrKnown.
func (g *Ingest) File(ctx context.Context, o arrival.Origin, f *event.Sealed) error {
	ev := &event.Event{Kind: event.File, ViaPipe: o.ViaPipe, File: f}
	devices, ok, err := g.cat.FileSchema(f)
	switch {
	case err != nil:
		return failed(err)
	case ok:
		err = adoption{g, ev, devices, transferKey(o, f)}.run(ctx)
	default:
		err = g.append(ctx, ev, func(pos uint64) { g.cat.ApplyEvent(ev, pos) })
	}
	if err == nil {
		g.counts.files.Add(1)
	}
	return err
}

// adoption records a file whose series are known.
type adoption struct {
	g       *Ingest
	ev      *event.Event
	devices []catalog.FileDevice
	key     string // of the transfer
}

func (a adoption) run(ctx context.Context) error {
	g := a.g
	b := g.buffers.Get().(*batch)
	defer g.release(b)
	if err := b.add(a.ev); err != nil {
		return refused(err)
	}
	p, epoch, err := a.order(ctx, b)
	switch {
	case errors.Is(err, arrival.ErrKnown):
		g.counts.repeated.Add(1)
		return err
	case err != nil:
		g.counts.refused.Add(1)
		return err
	}
	if err := g.settle(ctx, p, nil); err != nil {
		return failed(err)
	}
	g.repeats.add(a.key, epoch)
	return nil
}

// order validates, orders and applies the file with the schema locked.
func (a adoption) order(ctx context.Context, b *batch) (p commitlog.Pending, epoch uint64, err error) {
	g := a.g
	g.order.Lock()
	defer g.order.Unlock()
	if err := g.refresh(ctx); err != nil {
		return p, 0, err
	}
	known, epoch := g.repeats.known(a.key)
	if known {
		return p, epoch, arrival.ErrKnown
	}
	for i := range a.devices {
		if err := checkFile(g.cat, &a.devices[i]); err != nil {
			return p, epoch, err
		}
	}
	if p, err = g.begin(b); err != nil {
		return p, epoch, failed(err)
	}
	g.unsettled.Add(1)
	g.cat.ApplyFile(a.devices)
	return p, epoch, nil
}

// checkFile reports the first series of a device of a file that the catalog cannot
// take.
func checkFile(cat *catalog.Catalog, d *catalog.FileDevice) error {
	aligned, exists := cat.Device(d.Path)
	switch {
	case exists && aligned != d.Aligned:
		have, file := "not aligned", "aligned"
		if aligned {
			have, file = file, have
		}
		return status.Errorf(status.AlignedTimeseries, "device %s is %s, in the file it is %s", clip(d.Path), have, file)
	case !exists && !cat.Place(d.Path):
		return status.Errorf(status.DatabaseExists, "No database can be created for %s: databases exist below it", clip(d.Path))
	}
	for i := range d.Series {
		s := &d.Series[i]
		if have, ok := cat.Lookup(d.Path, s.Name); ok {
			if have.Type != s.Type {
				return status.Errorf(status.TypeMismatch, "data type of %s.%s is not consistent, registered type %s, type in the file %s",
					clip(d.Path), clip(s.Name), have.Type, s.Type)
			}
			continue
		}
		if at := cat.Blocked(d.Path, s.Name); at != "" {
			return status.Errorf(status.PathExists, "Path [%s] already exist", clip(at))
		}
	}
	return nil
}
