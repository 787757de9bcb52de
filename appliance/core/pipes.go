package core

import (
	"context"
	"errors"
	"fmt"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/builtin"
	"github.com/sluice-gateway/sluice/internal/pipe/engine"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// openEngine starts the pipes. The list of plugins is this function.
func openEngine(_ context.Context, c *Core) error {
	list := builtin.Declarations(builtin.Deps{Log: builtin.FromLog(c.clog), Store: storeWriter{c}, History: builtin.FromStore(c.store),
		Catalog: c.catalog, Precision: c.precision})
	if c.opt.Sinks != nil {
		list = append(list, c.opt.Sinks(c.audit)...)
	}
	registry, err := plugin.NewRegistry(list...)
	if err != nil {
		return err
	}
	c.engine, err = engine.Open(engine.Deps{FS: c.opt.FS, Log: engine.FromLog(c.clog), Registry: registry, Logger: c.log,
		Metrics: c.reg, DeadLetters: letters{c}, Files: files{c}, Snapshots: builtin.StoreSnapshots{Store: c.store}},
		engine.Config{Dir: c.dir("pipes"), ClusterID: c.id.ClusterID, Precision: c.id.Precision, Layout12: c.v.Text("show_pipes_layout") == "1.2"})
	if err != nil {
		return err
	}
	c.OnStop("pipes", c.engine.Close)
	return nil
}

// storeWriter is the way of the store sink: an event becomes a write of a pipe.
type storeWriter struct{ c *Core }

// Write implements builtin.StoreWriter.
func (s storeWriter) Write(ctx context.Context, ev *event.Event) error {
	err := s.c.apply(ctx, arrival.Origin{Peer: "store-sink", ViaPipe: ev.ViaPipe, ConvertTypes: true}, ev)
	if err != nil && arrival.Classify(err) == arrival.Kept {
		return fmt.Errorf("%w: %w", builtin.ErrRejected, err)
	}
	return err
}

// apply writes an event as if it had just arrived.
func (c *Core) apply(ctx context.Context, o arrival.Origin, ev *event.Event) error {
	switch ev.Kind {
	case event.Tablet:
		return c.ingest.Insert(ctx, o, []*tablet.Tablet{ev.Tablet})
	case event.Plan:
		return c.ingest.Plan(ctx, o, ev.Request)
	case event.File:
		if err := c.ingest.File(ctx, o, ev.File); !errors.Is(err, arrival.ErrKnown) {
			return err
		}
		return nil
	}
	return c.ingest.Keep(ctx, o, ev.Request, "written by a pipe of this gateway")
}

// figures are the gauges that are kept elsewhere; the names are the collector's.
func (c *Core) figures() map[string]float64 {
	l, k := c.clog.Stats(), c.catalog.Stats()
	out := map[string]float64{"durable": float64(l.Durable), "log_bytes": float64(l.Bytes), "log_segments": float64(l.Segments),
		"log_refused": float64(l.Refused), "log_failed_syncs": float64(l.FailedSyncs), "log_damaged": float64(l.Damaged),
		"log_cursor_fails": float64(l.CursorFails), "log_alarm": 0,
		"devices": float64(k.Devices), "series": float64(k.Series), "kept": float64(k.Kept)}
	if l.Alarm {
		out["log_alarm"] = 1
	}
	if r := c.confined.Load(); r != nil {
		out["sandbox_whole"] = 0
		if r.Setting != "off" && r.Whole() {
			out["sandbox_whole"] = 1
		}
	}
	if c.store != nil {
		st := c.store.Stats()
		out["store_files"], out["store_bytes"], out["store_memory_bytes"] = float64(st.Files), float64(st.FileBytes), float64(st.MemoryBytes)
		out["store_behind"], out["store_damaged"], out["store_aside"] = float64(st.Behind), float64(st.Damaged), float64(st.Aside)
	}
	if c.dead != nil {
		if n, err := c.dead.Count(); err == nil {
			out["letters"] = float64(n)
		}
	}
	return out
}
