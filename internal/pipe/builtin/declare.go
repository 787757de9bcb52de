package builtin

import (
	"context"
	"time"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
)

// Reader yields the entries of the log in order.
type Reader interface {
	Next(ctx context.Context) (commitlog.Entry, error)
	TryNext() (commitlog.Entry, bool, error)
	Skip() error
	Close() error
}

// Log opens readers; from is the first position, 0 the oldest kept. Scan calls fn for
// each entry that matches, in order, using the log's index.
type Log interface {
	Reader(from uint64) (Reader, error)
	Scan(ctx context.Context, f commitlog.Filter, fn func(commitlog.Entry) error) error
}

// FromLog makes a Log of the commit log.
func FromLog(l *commitlog.Log) Log { return logAdapter{l} }

type logAdapter struct{ log *commitlog.Log }

// Scan implements Log.
func (l logAdapter) Scan(ctx context.Context, f commitlog.Filter, fn func(commitlog.Entry) error) error {
	return l.log.Scan(ctx, f, fn)
}

func (l logAdapter) Reader(from uint64) (Reader, error) {
	r, err := l.log.Reader(from)
	if err != nil {
		return nil, err // not a typed nil
	}
	return r, nil
}

// Deps are what the plugins work on.
type Deps struct {
	Log       Log
	Store     StoreWriter    // nil: there is no store-sink
	History   History        // nil: the history is read from the log
	Catalog   Catalog        // of what a history creates first; nil: nothing
	Zone      *time.Location // of times in attributes that are written without one; nil: UTC
	Precision sql.Precision  // of the gateway's timestamps
}

// Declarations returns the plugins of this package.
func Declarations(d Deps) []plugin.Declaration {
	out := []plugin.Declaration{sourceDeclaration(d), nothingProcessor(), nothingSink()}
	if d.Store != nil {
		out = append(out, storeSink(d.Store))
	}
	return out
}
