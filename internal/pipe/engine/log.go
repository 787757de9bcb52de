package engine

import "github.com/sluice-gateway/sluice/internal/commitlog"

// Cursor is a durable position in the log.
type Cursor interface {
	Get() uint64
	Set(pos uint64)
	Sync() error
	Delete() error
}

// Log is what the engine needs of the commit log: its head and its cursors. Readers
// belong to the sources.
type Log interface {
	Durable() uint64
	Cursor(name string) (Cursor, error)
	Cursors() map[string]uint64
}

// FromLog makes a Log of the commit log.
func FromLog(l *commitlog.Log) Log { return logAdapter{l} }

type logAdapter struct{ *commitlog.Log }

// Cursor returns the durable position with that name, made at 0 if new.
func (l logAdapter) Cursor(name string) (Cursor, error) { return l.Log.Cursor(name) }
