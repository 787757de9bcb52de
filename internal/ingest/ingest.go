package ingest

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
)

// Defaults of Config and limits.
const (
	DefaultSnapshotBytes = 64 << 20
	maxRecord            = 32 << 20 // encoded bytes of one record; larger tablets are cut by rows
	maxGroup             = 64 << 20 // encoded bytes ordered at once
	maxRecords           = 1 << 20  // records ordered at once
	maxColumns           = 1 << 16  // of a tablet: what a request across the gate can hold
	maxPooled            = 8 << 20  // capacity of a buffer that is kept for reuse
	cursorName           = "catalog"
)

// Config tunes the door. Zero means the default.
type Config struct {
	SnapshotBytes int64 // log bytes between two snapshots of the catalog, default 64 MiB
}

// Ingest makes writes durable. It implements arrival.Writer. All methods may be
// called from several goroutines.
type Ingest struct {
	log    *commitlog.Log
	cat    *catalog.Catalog
	logger *slog.Logger
	every  int64 // SnapshotBytes

	// order is held shared by writes that change no schema and alone by what does,
	// from validation to commitlog.Begin and the change of the catalog.
	order sync.RWMutex
	// unsettled counts ordered groups that changed the catalog, or will, and whose
	// outcome is not known. Add happens under order, so that who holds it alone may Wait.
	unsettled sync.WaitGroup
	stale     atomic.Bool // such a group failed: the catalog must be read again

	since   atomic.Int64 // log bytes since the last snapshot
	wake    chan struct{}
	stop    context.CancelFunc
	workers sync.WaitGroup
	buffers sync.Pool // of *batch
	counts  counters
	repeats repeats
}

var _ arrival.Writer = (*Ingest)(nil)

// New returns the door to a log and the catalog that follows it. It runs one
// goroutine until Close.
func New(log *commitlog.Log, cat *catalog.Catalog, cfg Config, logger *slog.Logger) *Ingest {
	g := &Ingest{log: log, cat: cat, logger: logger, every: cfg.SnapshotBytes, wake: make(chan struct{}, 1)}
	if g.every <= 0 {
		g.every = DefaultSnapshotBytes
	}
	g.buffers.New = func() any { return new(batch) }
	g.since.Store(cat.Stats().Replayed)
	ctx, cancel := context.WithCancel(context.Background())
	g.stop = cancel
	g.workers.Add(1)
	go func() {
		defer g.workers.Done()
		g.snapshots(ctx)
	}()
	return g
}

// settle ends the account of a group that may have changed the catalog. apply, if
// not nil, runs when the group is durable; it gets the position of its last record.
func (g *Ingest) settle(ctx context.Context, p commitlog.Pending, apply func(last uint64)) error {
	last, err := p.Wait(ctx)
	if err != nil && ctx.Err() != nil {
		go func() { // the outcome is still to come and must be known
			last, err := p.Wait(context.Background())
			g.settled(last, err, apply)
		}()
		return err
	}
	g.settled(last, err, apply)
	return err
}

func (g *Ingest) settled(last uint64, err error, apply func(last uint64)) {
	defer g.unsettled.Done()
	switch {
	case err != nil && apply == nil:
		g.stale.Store(true)
	case err == nil && apply != nil:
		apply(last)
	}
}

// refresh reads the catalog again if it may hold what the log does not. The caller
// holds order alone.
func (g *Ingest) refresh(ctx context.Context) error {
	if !g.stale.Load() {
		return nil
	}
	g.unsettled.Wait()
	if err := g.cat.Reload(ctx); err != nil {
		return failed(err)
	}
	g.stale.Store(false)
	g.counts.reloads.Add(1)
	return nil
}

// append orders and waits for a single event that changes no schema; then is called
// with its position once it is durable.
func (g *Ingest) append(ctx context.Context, ev *event.Event, then func(pos uint64)) error {
	b := g.buffers.Get().(*batch)
	defer g.release(b)
	if err := b.add(ev); err != nil {
		return refused(err)
	}
	g.order.RLock()
	p, err := g.begin(b)
	if err == nil {
		g.unsettled.Add(1)
	}
	g.order.RUnlock()
	if err != nil {
		return failed(err)
	}
	if err := g.settle(ctx, p, then); err != nil {
		return failed(err)
	}
	return nil
}

// Keep implements arrival.Writer.
func (g *Ingest) Keep(ctx context.Context, o arrival.Origin, r event.Request, why string) error {
	ev := &event.Event{Kind: event.Kept, ViaPipe: o.ViaPipe, Request: r}
	err := g.append(ctx, ev, func(pos uint64) { g.cat.ApplyEvent(ev, pos) })
	if err == nil {
		g.counts.kept.Add(1)
		g.logger.Debug("ingest: a request is kept, not applied", "type", r.Type, "peer", o.Peer, "reason", why)
	}
	return err
}

// Close writes a last snapshot of the catalog and ends the goroutine. No other method
// may be running or called later; the log must still be open.
func (g *Ingest) Close(ctx context.Context) error {
	g.stop()
	g.workers.Wait()
	g.unsettled.Wait()
	return g.Sync(ctx)
}
