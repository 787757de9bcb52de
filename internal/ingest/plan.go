package ingest

import (
	"context"
	"strings"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Plan implements arrival.Writer. A plan of a client (neither ViaPipe nor
// ConvertTypes) must be able to do all it says; one of a pipe is recorded, relayed,
// and changes what is not so already. status.Unsupported means: Keep it.
func (g *Ingest) Plan(ctx context.Context, o arrival.Origin, r event.Request) error {
	changes, what, err := catalog.Changes(r)
	if err != nil {
		return status.Errorf(status.Unsupported, "The plan (%s) is not applied by a gateway: %w", what, err)
	}
	ev := &event.Event{Kind: event.Plan, ViaPipe: o.ViaPipe, Request: r}
	b := g.buffers.Get().(*batch)
	defer g.release(b)
	if err := b.add(ev); err != nil {
		return refused(err)
	}
	p, err := g.orderPlan(ctx, b, ev, func() error {
		if !o.ViaPipe && !o.ConvertTypes {
			if err := check(g.cat, changes); err != nil {
				return err
			}
		}
		g.repeats.deleted(changes)
		return nil
	})
	if err != nil {
		g.counts.refused.Add(1)
		return err
	}
	if err := g.settle(ctx, p, nil); err != nil {
		return failed(err)
	}
	g.counts.plans.Add(1)
	return nil
}

// orderPlan validates, orders and applies a plan with the schema locked.
func (g *Ingest) orderPlan(ctx context.Context, b *batch, ev *event.Event, validate func() error) (p commitlog.Pending, err error) {
	g.order.Lock()
	defer g.order.Unlock()
	if err := g.refresh(ctx); err != nil {
		return p, err
	}
	if err := validate(); err != nil {
		return p, err
	}
	if p, err = g.begin(b); err != nil {
		return p, failed(err)
	}
	g.unsettled.Add(1)
	g.cat.ApplyEvent(ev, 0)
	return p, nil
}

// check reports the first change that cannot be made as it says, with the code
// IoTDB gives.
func check(cat *catalog.Catalog, changes []catalog.Change) error {
	for i := range changes {
		c := &changes[i]
		err := catalog.Check(cat, c)
		if err != nil {
			return err
		}
		switch c.Kind {
		case catalog.CreateDatabase:
			err = checkDatabase(cat, c.Path)
		case catalog.DeleteDatabase:
			if c.Pattern.Concrete() && cat.DatabaseConflict(c.Path) != c.Path {
				err = status.Errorf(status.DatabaseNotExist, "Database %s does not exist", clip(c.Path))
			}
		case catalog.CreateSeries:
			err = checkSeries(cat, c)
		case catalog.DeleteSeries:
			err = checkDelete(cat, c.Patterns)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func checkDatabase(cat *catalog.Catalog, path string) error {
	if path == "root" {
		return status.Errorf(status.IllegalPath, "root is not a legal database")
	}
	switch at := cat.DatabaseConflict(path); {
	case at == "":
		return nil
	case len(at) > len(path):
		return status.Errorf(status.DatabaseExists, "some children of %s have already been created as database", clip(path))
	default:
		return status.Errorf(status.DatabaseExists, "%s has already been created as database", clip(at))
	}
}

func checkSeries(cat *catalog.Catalog, c *catalog.Change) error {
	if c.Path == "root" {
		return status.Errorf(status.IllegalPath, "root is not a legal device: a device lies below root")
	}
	aligned, exists := cat.Device(c.Path)
	if exists && aligned != c.Aligned {
		not, use := "", "createAlignedTimeseries"
		if !aligned {
			not, use = "not ", "createTimeseries"
		}
		return status.Errorf(status.AlignedTimeseries, "Timeseries under this device is %saligned, please use %s or change device. (Path: %s)", not, use, clip(c.Path))
	}
	if !exists && !cat.Place(c.Path) {
		return status.Errorf(status.DatabaseExists, "No database can be created for %s: databases exist below it", clip(c.Path))
	}
	for i := range c.Series {
		s := &c.Series[i]
		path := clip(c.Path + "." + s.Name)
		if _, ok := cat.Lookup(c.Path, s.Name); ok {
			return status.Errorf(status.TimeseriesExists, "Timeseries %s already exists", path)
		}
		if at := cat.Blocked(c.Path, s.Name); at != "" {
			return status.Errorf(status.PathExists, "Path [%s] already exist", clip(at))
		}
		if !encodes(s.Encoding, s.Type) {
			return status.Errorf(status.Metadata, "encoding %s does not support %s", s.Encoding, s.Type)
		}
		if s.Alias != "" && cat.AliasTaken(c.Path, s.Alias) {
			return status.Errorf(status.AliasExists, "Alias [%s] for Path [%s] already exist", clip(s.Alias), path)
		}
	}
	return nil
}

// checkDelete refuses patterns of which none stands for a series.
func checkDelete(cat *catalog.Catalog, patterns []tablet.Matcher) error {
	var names []string
	for _, p := range patterns {
		found := false
		cat.Series(p, func(s catalog.SeriesInfo) bool {
			found = !s.Template
			return !found
		})
		if found {
			return nil
		}
		names = append(names, p.String())
	}
	return status.Errorf(status.PathNotExist, "Timeseries [%s] does not exist or is represented by device template", clip(strings.Join(names, " ... ")))
}

// encodes reports whether IoTDB takes an encoding for a type.
func encodes(e tablet.Encoding, t tablet.DataType) bool {
	switch t.Physical() {
	case tablet.PhysicalBool:
		return e == tablet.Plain || e == tablet.RLE
	case tablet.PhysicalInt32, tablet.PhysicalInt64:
		return numeric(e) || e == tablet.ZigZag
	case tablet.PhysicalFloat, tablet.PhysicalDouble:
		return numeric(e) || e == tablet.GorillaV1
	}
	return e == tablet.Plain || e == tablet.Dictionary
}

func numeric(e tablet.Encoding) bool {
	switch e {
	case tablet.Plain, tablet.RLE, tablet.TS2Diff, tablet.Gorilla, tablet.Chimp, tablet.Sprintz, tablet.RLBE:
		return true
	}
	return false
}
