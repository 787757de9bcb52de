package catalog

import (
	"context"
	"log/slog"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Log is what the catalog reads: *commitlog.Log.
type Log interface {
	Scan(ctx context.Context, f commitlog.Filter, fn func(commitlog.Entry) error) error
	Durable() uint64
}

// Catalog is the schema of one gateway.
type Catalog struct{}

// Open loads the snapshot under dir and replays what the log has after it.
func Open(ctx context.Context, fs vfs.FS, dir string, log Log, logger *slog.Logger) (*Catalog, error) {
	return &Catalog{}, nil
}

// Stats are gauges of a catalog.
type Stats struct {
	Databases, Devices, Series int
	Kept                       int    // requests that are kept, not applied
	Position                   uint64 // of the last snapshot
}

// Stats returns the gauges.
func (c *Catalog) Stats() Stats { return Stats{} }
