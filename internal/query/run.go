package query

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/query/rows"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/store/merge"
)

// Codes of queries that end early.
const (
	wasKilled status.Code = 715 // QUERY_WAS_KILLED
)

var errKilled = errors.New("the query was killed") //nolint:gochecknoglobals // a sentinel, never changed

// Running is a query that was not closed yet.
type Running struct {
	ID    string // as KILL QUERY names it
	Text  string
	User  string
	Since time.Time
}

// run is one query from its start to Close. It is the result.Rows that clients see.
type run struct {
	e       *Engine
	req     Request
	id      string
	visible catalog.Visible // nil: everything
	since   time.Time
	ctx     context.Context // of the whole query: Kill and Close end it
	cancel  context.CancelCauseFunc
	busy    time.Duration // spent so far
	budget  *rows.Budget
	view    rows.View // nil: not opened
	pool    merge.Pool
	rows    result.Rows
	closed  bool
}

func (e *Engine) begin(req Request) *run {
	r := &run{e: e, req: req, since: time.Now(), budget: rows.NewBudget(e.o.MemoryBytes)}
	r.ctx, r.cancel = context.WithCancelCause(context.Background())
	e.mu.Lock()
	defer e.mu.Unlock()
	e.next++
	r.id = fmt.Sprintf("%s_%05d_1", r.since.UTC().Format("20060102_150405"), e.next)
	e.running[r.id] = r
	return r
}

// Running lists the queries whose results were not closed, oldest first.
func (e *Engine) Running() []Running {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []Running
	for _, r := range e.running {
		text := r.req.Text
		if text == "" {
			text = sql.Print(r.req.Statement)
		}
		out = append(out, Running{ID: r.id, Text: text, User: r.req.User, Since: r.since})
	}
	slices.SortFunc(out, func(a, b Running) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID)) })
	return out
}

// Kill ends a query: its client gets status 715. False: there is no such query.
func (e *Engine) Kill(id string) bool {
	e.mu.Lock()
	r := e.running[id]
	e.mu.Unlock()
	if r == nil {
		return false
	}
	r.cancel(errKilled)
	return true
}

// open takes a view.
func (r *run) open() error {
	v, err := r.e.source.View(r.ctx)
	r.view = v
	return err
}

// during does some work for the query while ctx lasts and its time-out is not used up.
func (r *run) during(ctx context.Context, work func() error) error {
	if err := r.ctx.Err(); err != nil {
		return r.failed(err)
	}
	if limit := r.e.o.Timeout; limit > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, limit-r.busy)
		defer stop()
	}
	unwatch := context.AfterFunc(ctx, func() { r.cancel(context.Cause(ctx)) })
	defer unwatch()
	began := time.Now()
	err := work()
	r.busy += time.Since(began)
	return r.failed(err)
}

// failed gives an error its code.
func (r *run) failed(err error) error {
	var coded *status.Error
	switch {
	case err == nil, errors.As(err, &coded), isEOF(err):
		return err
	}
	cause := err
	if r.ctx.Err() != nil {
		cause = context.Cause(r.ctx)
	}
	switch {
	case errors.Is(cause, errKilled):
		return status.Errorf(wasKilled, "Query was killed.")
	case errors.Is(cause, context.DeadlineExceeded):
		return status.Errorf(status.QueryTimeout, "Current query is time out, query start time is %d; the client's time-out or query_timeout_threshold (%d ms) is used up",
			r.since.UnixMilli(), r.e.o.Timeout.Milliseconds())
	}
	return status.Errorf(status.QueryProcess, "the query failed: %w", cause)
}

// Next implements result.Rows.
func (r *run) Next(ctx context.Context, most int) (*result.Block, error) {
	var b *result.Block
	err := r.during(ctx, func() (err error) {
		b, err = r.rows.Next(ctx, most)
		return err
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Close implements result.Rows.
func (r *run) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.e.mu.Lock()
	delete(r.e.running, r.id)
	r.e.mu.Unlock()
	r.cancel(context.Canceled)
	var err error
	if r.rows != nil {
		err = r.rows.Close()
	}
	if r.view != nil {
		r.view.Close()
	}
	return err
}
