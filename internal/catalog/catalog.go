package catalog

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Log is what the catalog reads: *commitlog.Log.
type Log interface {
	Scan(ctx context.Context, f commitlog.Filter, fn func(commitlog.Entry) error) error
	Durable() uint64
}

// Catalog is the schema of one gateway. All methods may be called from several
// goroutines.
type Catalog struct {
	store
	log Log

	mu   sync.RWMutex // guards what tree points to
	tree *tree

	files  sync.Mutex    // one writer of the files
	saved  saved         // what the files hold; guarded by files
	at     atomic.Uint64 // saved.position
	read   atomic.Int64  // payload bytes replayed by the last Reload
	sorted sortedPaths
}

// Config says where a catalog has its files and how it reads others.
type Config struct {
	FS       vfs.FS
	Dir      string   // made if missing
	SchemaOf SchemaOf // of sealed files; nil: they are kept, not applied
}

// Open is OpenWith without a reader of sealed files.
func Open(ctx context.Context, fs vfs.FS, dir string, log Log, logger *slog.Logger) (*Catalog, error) {
	return OpenWith(ctx, Config{FS: fs, Dir: dir}, log, logger)
}

// OpenWith loads the snapshot in the directory and replays what the log has after it.
func OpenWith(ctx context.Context, cfg Config, log Log, logger *slog.Logger) (*Catalog, error) {
	if err := cfg.FS.MkdirAll(cfg.Dir); err != nil {
		return nil, err
	}
	c := &Catalog{store: store{fs: cfg.FS, dir: cfg.Dir, logger: logger, schemaOf: cfg.SchemaOf}, log: log, tree: newTree()}
	if err := c.Reload(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Reload forgets the state in memory and builds it again from the snapshot and the
// durable log. The caller makes sure that nothing is appended meanwhile.
func (c *Catalog) Reload(ctx context.Context) error {
	c.files.Lock()
	defer c.files.Unlock()
	end := c.log.Durable()
	t, s := c.load(end)
	r := replay{Catalog: c, t: t}
	if err := r.retryKept(ctx); err != nil {
		return err
	}
	bytes := int64(0)
	if s.position < end {
		f := commitlog.Filter{From: s.position + 1, To: end, Skip: c.damaged}
		err := c.log.Scan(ctx, f, func(e commitlog.Entry) error {
			bytes += int64(len(e.Payload))
			ev, err := event.Decode(e.Payload)
			if err != nil {
				return fmt.Errorf("catalog: record %d: %w", e.Pos, err)
			}
			if !r.file(ev) {
				t.applyEvent(ev, e.Pos)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	c.mu.Lock()
	c.tree = t
	c.mu.Unlock()
	c.saved = s
	c.at.Store(s.position)
	c.read.Store(bytes)
	return nil
}

// ApplyTablet creates what a tablet mentions and the catalog lacks. It is called in
// log order, right after the tablet's record was ordered.
func (c *Catalog) ApplyTablet(t *tablet.Tablet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tree.applyTablet(t)
}

// ApplyEvent applies any other event, in log order; a File, see ApplyFile, as one that
// cannot be read. pos is the position of its record.
func (c *Catalog) ApplyEvent(ev *event.Event, pos uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tree.applyEvent(ev, pos)
}

// Stats are gauges of a catalog.
type Stats struct {
	Databases, Devices, Series int
	Kept                       int    // requests that are kept, not applied
	Position                   uint64 // up to which the log is covered by the files
	Replayed                   int64  // bytes of the log that the last Open or Reload had to read
}

// Stats returns the gauges.
func (c *Catalog) Stats() Stats {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return Stats{Databases: len(c.tree.dbs), Devices: len(c.tree.devices), Series: c.tree.nseries,
		Kept: c.tree.kept.total, Position: c.at.Load(), Replayed: c.read.Load()}
}

// Kept lists the newest kept requests (at most 1000), oldest first.
func (c *Catalog) Kept() []Kept {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Clone(c.tree.kept.newest())
}

// Digest is a hash of the whole state, without positions of files: catalogs that
// hold the same have the same.
func (c *Catalog) Digest() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return xxhash.Sum64(encodeTree(c.tree, 0))
}

// Saved returns the position up to which the files make the log unnecessary for the
// schema.
func (c *Catalog) Saved() uint64 { return c.at.Load() }
