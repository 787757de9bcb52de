package exec

import (
	"context"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/auth"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// AllowedArrivals is a Writer that checks what pipes bring against the rights of the user
// of their handshake, as IoTDB's receiver does: what this user may not type here it may
// not send. A handshake itself needs no privilege. Who came without a user (a V1
// handshake, a replayed dead letter) is not checked.
type AllowedArrivals struct {
	arrival.Writer
	Users   *auth.Store
	Catalog *catalog.Catalog
}

// guard returns what the user may do; false: everything.
func (w *AllowedArrivals) guard(o arrival.Origin) (guard, bool) {
	if o.User == "" {
		return guard{}, false
	}
	r := guard{w.Users.Rights(o.User), w.Catalog}
	return r, !r.Admin()
}

// Insert implements arrival.Writer.
func (w *AllowedArrivals) Insert(ctx context.Context, o arrival.Origin, tablets []*tablet.Tablet) error {
	if r, check := w.guard(o); check {
		for _, t := range tablets {
			if err := r.allowTablet(t); err != nil {
				return err
			}
		}
	}
	return w.Writer.Insert(ctx, o, tablets)
}

// File implements arrival.Writer. A file may hold any device.
func (w *AllowedArrivals) File(ctx context.Context, o arrival.Origin, f *event.Sealed) error {
	if r, check := w.guard(o); check && !r.Everything(auth.WriteData) {
		return denied(auth.WriteData, "root.**")
	}
	return w.Writer.File(ctx, o, f)
}

// Plan implements arrival.Writer. A plan that is not applied here may do anything where
// it is relayed to: only root may send one.
func (w *AllowedArrivals) Plan(ctx context.Context, o arrival.Origin, p event.Request) error {
	if r, check := w.guard(o); check {
		changes, _, err := catalog.Changes(p)
		if err != nil {
			return errAdmin()
		}
		for i := range changes {
			if err := r.allowChange(&changes[i]); err != nil {
				return err
			}
		}
	}
	return w.Writer.Plan(ctx, o, p)
}

// Keep implements arrival.Writer: rows and plans that are only relayed.
func (w *AllowedArrivals) Keep(ctx context.Context, o arrival.Origin, p event.Request, why string) error {
	if r, check := w.guard(o); check && !r.Everything(auth.WriteData) {
		return denied(auth.WriteData, "root.**")
	}
	return w.Writer.Keep(ctx, o, p, why)
}

// allowChange is allow for one change of a plan.
func (r guard) allowChange(c *catalog.Change) error {
	need := func(p auth.Privilege, paths ...string) error {
		for _, at := range paths {
			if !r.Covers(p, at) {
				return denied(p, at)
			}
		}
		return nil
	}
	switch c.Kind {
	case catalog.CreateDatabase, catalog.DeleteDatabase:
		if !r.Has(auth.ManageDatabase) {
			return denied(auth.ManageDatabase, "")
		}
		return nil
	case catalog.CreateSeries, catalog.AlterSeries:
		for i := range c.Series {
			if err := need(auth.WriteSchema, c.Path+"."+c.Series[i].Name); err != nil {
				return err
			}
		}
		if c.Kind == catalog.AlterSeries {
			return nil
		}
		return r.allowDatabase(c.Path + ".x")
	case catalog.DeleteSeries:
		return need(auth.WriteSchema, matchers(c.Patterns)...)
	case catalog.DeleteData:
		return need(auth.WriteData, matchers(c.Patterns)...)
	case catalog.SetTTL:
		return need(auth.WriteSchema, c.Path)
	}
	switch c.Plan.(type) {
	case *plan.ActivateTemplate, *plan.BatchActivate, *plan.DeactivateTemplate:
		return need(auth.WriteSchema, "root.**")
	}
	return errAdmin()
}

func matchers(list []tablet.Matcher) []string {
	out := make([]string, len(list))
	for i, m := range list {
		out[i] = m.String()
	}
	return out
}
