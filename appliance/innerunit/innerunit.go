// Package innerunit is the explicit wiring of inner-gateway: the common core plus
// the sinks of the inner zone. It contains neither the accepting nor the applying
// side of the gate; a test in internal/lint proves it.
package innerunit

import (
	"context"
	"log/slog"

	"github.com/sluice-gateway/sluice/appliance"
	"github.com/sluice-gateway/sluice/appliance/core"
	"github.com/sluice-gateway/sluice/inner"
	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/thriftsink"
)

// Product describes inner-gateway to the command line.
func Product() appliance.Product {
	return appliance.Product{Side: appliance.Inner, Short: "inner side of a one-way gate: takes time-series data in and sends it outwards", New: New}
}

// Unit is one inner gateway.
type Unit struct{ *core.Core }

// New wires an inner gateway; it opens nothing.
func New(v *appliance.Values, log *slog.Logger) (appliance.Unit, error) {
	return &Unit{core.New(v, log, core.Options{Side: appliance.Inner,
		Sinks: func(rec audit.Recorder) []plugin.Declaration {
			return []plugin.Declaration{inner.Recorded(nil, rec), thriftsink.Recorded(nil, rec)}
		}})}, nil
}

// Start implements appliance.Unit.
func (u *Unit) Start(ctx context.Context) (appliance.Ready, error) { return u.Core.Start(ctx, nil) }
