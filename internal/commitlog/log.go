package commitlog

import (
	"context"
	"errors"
	"log/slog"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Config is how a log is kept. Zero means the default in brackets.
type Config struct {
	SegmentBytes int64 // a segment is closed at this size [64 MiB]
	Quota        int64 // most bytes of the whole log; appends beyond are ErrQuota [no limit]
	Reserve      int64 // bytes of the disk left free for cursors and metadata [64 MiB]; -1 = none
	Retain       int64 // whole segments beyond this size are removed if every cursor is past them [keep all]
	MaxRecord    int   // most payload bytes of one record [64 MiB]
	MaxGroup     int   // most payload bytes of one Begin [128 MiB]
	Pending      int   // bytes that may wait for the disk before Begin blocks [16 MiB]
}

var errSkeleton = errors.New("commitlog: not implemented yet")

// Log is an open log. All methods may be called from several goroutines.
type Log struct{}

// Open opens or makes the log in a directory, which it locks.
func Open(fs vfs.FS, dir string, cfg Config, logger *slog.Logger) (*Log, error) {
	return nil, errSkeleton
}

// Begin orders and enqueues records as one atomic group without waiting for the
// disk (only while more than Config.Pending bytes wait it blocks).
func (l *Log) Begin(recs ...Record) (Pending, error) { return Pending{}, errSkeleton }

// Append is Begin and Wait.
func (l *Log) Append(ctx context.Context, recs ...Record) (last uint64, err error) {
	return 0, errSkeleton
}

// Durable returns the last durable position, 0 = none.
func (l *Log) Durable() uint64 { return 0 }

// First returns the oldest position kept; Durable()+1 if there is none.
func (l *Log) First() uint64 { return 0 }

// Stats returns counters and gauges.
func (l *Log) Stats() Stats { return Stats{} }

// Close makes durable what was begun, saves the cursors and unlocks.
func (l *Log) Close() error { return errSkeleton }

// Reader returns a reader whose first entry is from (0 = the oldest kept).
func (l *Log) Reader(from uint64) (*Reader, error) { return nil, errSkeleton }

// Scan calls fn for each durable entry that matches, in order.
func (l *Log) Scan(ctx context.Context, f Filter, fn func(Entry) error) error { return errSkeleton }

// Cursor returns the durable position with that name, made at 0 if new.
func (l *Log) Cursor(name string) (*Cursor, error) { return nil, errSkeleton }

// Cursors returns the positions of all cursors by name.
func (l *Log) Cursors() map[string]uint64 { return nil }

// Pending is a group that was begun.
type Pending struct{}

// Wait returns the position of the group's last record when it is durable. A
// cancelled ctx ends the waiting, not the append.
func (p Pending) Wait(ctx context.Context) (last uint64, err error) { return 0, errSkeleton }

// Stats are counters and gauges of a log.
type Stats struct{}

// Reader reads durable entries in order. It is for one goroutine.
type Reader struct{}

// Next returns the next entry, waiting for it.
func (r *Reader) Next(ctx context.Context) (Entry, error) { return Entry{}, errSkeleton }

// TryNext returns the next entry, or false if there is none yet.
func (r *Reader) TryNext() (Entry, bool, error) { return Entry{}, false, errSkeleton }

// Skip moves past the damaged place that Next has just reported.
func (r *Reader) Skip() error { return errSkeleton }

// Close releases the reader.
func (r *Reader) Close() error { return nil }

// Cursor is a durable named position: the last one its owner is done with.
type Cursor struct{}

// Get returns the position, 0 = before everything.
func (c *Cursor) Get() uint64 { return 0 }

// Set moves the position; it is durable within about a second, or after Sync.
func (c *Cursor) Set(pos uint64) {}

// Sync makes the position durable now.
func (c *Cursor) Sync() error { return errSkeleton }

// Delete removes the cursor durably.
func (c *Cursor) Delete() error { return errSkeleton }
