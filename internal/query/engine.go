package query

import (
	"context"
	"sync"
	"time"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/query/rows"
	"github.com/sluice-gateway/sluice/internal/result"
)

// Defaults and limits.
const (
	DefaultMemoryBytes = 256 << 20
	DefaultTimeout     = 60 * time.Second
	maxColumns         = 100_000 // of one result
	maxRanges          = 16      // ranges of time that are read one after the other
)

// Source gives views of the store.
type Source interface {
	// View returns the points that are durable at the call.
	View(ctx context.Context) (rows.View, error)
}

// Config bounds queries. Zero means the default.
type Config struct {
	MemoryBytes int64         // of one query, default 256 MiB; more is status 709
	Timeout     time.Duration // of the work for one query, waits for its client not counted; default 60 s; < 0: none
}

// Engine answers queries on a store. Its methods may be called from several goroutines.
type Engine struct {
	source Source
	cat    *catalog.Catalog
	o      Config

	mu      sync.Mutex
	running map[string]*run
	next    uint64
}

// New returns an engine over the views of a source and a catalog.
func New(source Source, cat *catalog.Catalog, o Config) *Engine {
	if o.MemoryBytes <= 0 {
		o.MemoryBytes = DefaultMemoryBytes
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	return &Engine{source: source, cat: cat, o: o, running: map[string]*run{}}
}

// Request is one query.
type Request struct {
	Statement *sql.Select
	Text      string // as the client wrote it; empty: printed from the statement when asked for
	User      string
}

// Run starts a query. The rows are read as they are asked for; ctx bounds the start, and
// says which series are visible (catalog.WithVisible): others are as if they were not
// there. The caller closes the rows.
func (e *Engine) Run(ctx context.Context, req Request) (*result.Result, error) {
	r := e.begin(req)
	r.visible = catalog.VisibleOf(ctx)
	var res *result.Result
	err := r.during(ctx, func() (err error) {
		res, err = r.prepare(req.Statement)
		return err
	})
	if err != nil {
		_ = r.Close()
		return nil, err
	}
	r.rows = limited(res.Rows, req.Statement.Limit)
	res.Rows = r
	return res, nil
}

// prepare plans the query.
func (r *run) prepare(s *sql.Select) (*result.Result, error) {
	switch {
	case s.Last:
		return r.last(s)
	case s.ByDevice:
		return r.byDevice(s)
	}
	sel, err := r.expand(s)
	if err != nil {
		return nil, err
	}
	sel.columns = slice(sel.columns, s.Series)
	if len(sel.columns) == 0 { // IoTDB shows a lone Time column, for aggregates, too
		return &result.Result{HasTime: true, Rows: empty{}}, nil
	}
	p, err := sel.compile(s)
	if err != nil {
		return nil, err
	}
	out := &result.Result{HasTime: !sel.aggregate || s.GroupBy != nil, Rows: empty{}}
	if s.EndTime {
		out.Columns = append(out.Columns, result.Column{Name: "__endTime", Type: endTimeType})
	}
	for _, c := range sel.columns {
		out.Columns = append(out.Columns, result.Column{Name: c.name, Type: c.typ})
	}
	if p.None() {
		return out, nil
	}
	if err := r.open(); err != nil {
		return nil, err
	}
	b := builder{run: r, selection: sel, pred: p, desc: s.Order.Desc, limit: s.Limit}
	if sel.aggregate {
		out.Rows = &streamed{b.aggregates(s)}
		return out, nil
	}
	out.Rows = &streamed{b.raw(b.columnSeries(), p.Times(maxRanges))}
	return out, nil
}

// slice applies SLIMIT and SOFFSET.
func slice[T any](list []T, l sql.Limit) []T {
	list = list[min(max(0, l.Offset), int64(len(list))):]
	if l.Limit >= 0 {
		list = list[:min(l.Limit, int64(len(list)))]
	}
	return list
}
