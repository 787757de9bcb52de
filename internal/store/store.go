package store

import (
	"context"
	"log/slog"
	"time"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Log is what the store needs of the commit log: *commitlog.Log.
type Log interface {
	Reader(from uint64) (*commitlog.Reader, error)
	Scan(ctx context.Context, f commitlog.Filter, fn func(commitlog.Entry) error) error
	Cursor(name string) (*commitlog.Cursor, error)
	Durable() uint64
	First() uint64
}

// Schema tells how long points are kept: *catalog.Catalog.
type Schema interface {
	// TTL returns the milliseconds that points of a device are kept; 0: for ever.
	TTL(device string) int64
}

// Config says where a store lies and how it is kept. Zero numbers mean the default in
// brackets.
type Config struct {
	FS       vfs.FS
	Dir      string // of the store; made if missing
	FilesDir string // where sealed files are linked when they arrive
	Log      Log
	Schema   Schema
	Logger   *slog.Logger

	Precision time.Duration // unit of times [1 ms]
	Partition time.Duration // time partition of files [7 days]
	Memory    int64         // bytes of a memtable that make it be flushed [64 MiB]
	Age       time.Duration // age of the oldest record that makes it be flushed [1 h]; < 0: none
	Retention time.Duration // points older than this are dropped, whatever their TTL [never]

	Compaction Compaction
}

// Compaction says how files are merged in the background. Zero means the default in
// brackets.
type Compaction struct {
	Off            bool
	Inputs         int   // files merged at once at most [10]
	BytesPerSecond int64 // read and written together [16 MiB]; < 0: no limit
	Compressor     tablet.Compressor
}

// Store is an open store. All methods may be called from several goroutines.
type Store struct{}

// Open opens or makes a store and starts to read the log where the files end. It returns
// before the log was read; a View waits for it.
func Open(ctx context.Context, cfg Config) (*Store, error) { return &Store{}, nil }

// Close ends the goroutines. What is in memory is not flushed: the log has it.
func (s *Store) Close() error { return nil }

// Position returns the last position of the log that the store has read.
func (s *Store) Position() uint64 { return 0 }

// Flush writes everything that was durable at the call to files.
func (s *Store) Flush(ctx context.Context) error { return nil }

// Compact merges until nothing is left to merge, without a limit of speed.
func (s *Store) Compact(ctx context.Context) error { return nil }

// View returns the state of the store once it has read what was durable at the call. The
// caller closes it.
func (s *Store) View(ctx context.Context) (*View, error) { return &View{}, nil }

// View is an unchanging state of a store. It may be used by several goroutines; what
// it returned is valid until Close.
type View struct{}

// Close releases the files.
func (v *View) Close() {}

// Position returns the last position of the log that the view contains, or a later one
// if only records without points follow.
func (v *View) Position() uint64 { return 0 }

// Scan reads rows of one device. The TTL of the device cuts the range of q from below.
func (v *View) Scan(ctx context.Context, q merge.Query) (*merge.Scanner, error) {
	return merge.Scan(ctx, nil, q)
}

// Point is the newest point of a series.
type Point struct {
	Time  int64
	Value tablet.Column // one cell; no cell if the series has no point
}

// Last returns the newest point of each column of a device.
func (v *View) Last(ctx context.Context, device string, columns []tablet.Schema) ([]Point, error) {
	return make([]Point, len(columns)), nil
}

// Inputs returns the layers that may have points within lo to hi, oldest first, with what
// is deleted in each. TTLs are not applied.
func (v *View) Inputs(lo, hi int64) ([]merge.Input, error) { return nil, nil }
