package engine

import (
	"context"

	"github.com/sluice-gateway/sluice/internal/commitlog"
)

// Cursor is a durable position in the log.
type Cursor interface {
	Get() uint64
	Set(pos uint64)
	Sync() error
	Delete() error
}

// Log is what the engine needs of the commit log: its head, its cursors, and what it
// lets go of when a pipe is over its quota. Readers belong to the sources.
type Log interface {
	Durable() uint64
	Cursor(name string) (Cursor, error)
	Cursors() map[string]uint64
	// Held returns the bytes that a cursor at pos keeps on disk.
	Held(pos uint64) int64
	Scan(ctx context.Context, f commitlog.Filter, fn func(commitlog.Entry) error) error
}

// Snapshots are the named states of the store that pipes begin with. A source makes
// them; the engine removes them when the pipe is behind them.
type Snapshots interface {
	// Positions returns the position of the log of each snapshot, by name.
	Positions() (map[string]uint64, error)
	// Delete removes one; a name that is not there is no error.
	Delete(name string) error
}

// FromLog makes a Log of the commit log.
func FromLog(l *commitlog.Log) Log { return logAdapter{l} }

type logAdapter struct{ *commitlog.Log }

// Held returns the bytes that a cursor at pos keeps on disk.
func (l logAdapter) Held(pos uint64) int64 { return commitlog.Held(l.Log, pos) }

// Cursor returns the durable position with that name, made at 0 if new.
func (l logAdapter) Cursor(name string) (Cursor, error) { return l.Log.Cursor(name) }
