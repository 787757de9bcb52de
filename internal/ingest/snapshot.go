package ingest

import (
	"context"
	"errors"
)

// errStale postpones a snapshot: the catalog must be read again first.
var errStale = errors.New("ingest: the catalog waits to be read again")

// appended counts bytes of the log and wakes the snapshot writer when due.
func (g *Ingest) appended(n int) {
	if g.since.Add(int64(n)) < g.every {
		return
	}
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// snapshots writes a snapshot whenever the log has grown enough, so that the next
// start replays a bounded part of it.
func (g *Ingest) snapshots(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.wake:
		}
		if g.since.Load() < g.every {
			continue
		}
		if err := g.Sync(ctx); err != nil && ctx.Err() == nil {
			g.logger.Warn("ingest: no snapshot of the schema; the next start replays more of the log", "error", err)
		}
	}
}

// Sync makes the catalog's files cover the log up to now and its cursor durable
// (statement FLUSH). Writes wait while the schema is copied in memory, not while it
// is written.
func (g *Ingest) Sync(ctx context.Context) error {
	g.since.Store(0)
	before := g.cat.Saved()
	err := g.cat.Snapshot(func(body func(uint64)) error {
		g.order.Lock()
		defer g.order.Unlock()
		g.unsettled.Wait()
		if g.stale.Load() {
			return errStale
		}
		body(g.log.Durable())
		return nil
	})
	if errors.Is(err, errStale) {
		return g.refreshNow(ctx)
	}
	if err != nil {
		return err
	}
	if g.cat.Saved() != before {
		g.counts.snapshots.Add(1)
	}
	c, err := g.log.Cursor(cursorName)
	if err != nil {
		return err
	}
	c.Set(g.cat.Saved())
	return c.Sync()
}

func (g *Ingest) refreshNow(ctx context.Context) error {
	g.order.Lock()
	defer g.order.Unlock()
	return g.refresh(ctx)
}
