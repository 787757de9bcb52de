package logscan

import (
	"context"

	"github.com/sluice-gateway/sluice/internal/adopt"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Defaults and limits.
const (
	DefaultMemoryBytes = 256 << 20
	maxColumns         = 100_000 // of one result
	chunkBytes         = 1 << 20 // payload bytes of a chunk
	chunkRecords       = 4096
	blockBytes         = 4 << 20 // of one result block, about
	maxKeys            = 32      // devices up to which the log's index is asked by device
)

// Config bounds queries. Zero means the default.
type Config struct {
	MemoryBytes int64        // of one query, default 256 MiB; more is status 709
	Files       *adopt.Files // reads sealed TsFiles; nil: they are not seen
}

// Engine answers queries. Its methods may be called from several goroutines.
type Engine struct {
	log    catalog.Log
	cat    *catalog.Catalog
	memory int64
	files  *adopt.Files // may be nil
	// records bounds a chunk besides chunkBytes; tests make chunks small.
	records int
}

// New returns an engine over a log and its catalog.
func New(log catalog.Log, cat *catalog.Catalog, cfg Config) *Engine {
	e := &Engine{log: log, cat: cat, memory: cfg.MemoryBytes, files: cfg.Files, records: chunkRecords}
	if e.memory <= 0 {
		e.memory = DefaultMemoryBytes
	}
	return e
}

// Select starts a query. It scans the labels of the log before it returns; the rows
// are read as they are asked for. The caller closes the rows.
func (e *Engine) Select(ctx context.Context, s *Select) (*result.Result, error) {
	x, err := e.expand(s, catalog.VisibleOf(ctx))
	if err != nil {
		return nil, err
	}
	switch {
	case s.ByDevice && x.count:
		return nil, status.Errorf(status.Unsupported, "count with ALIGN BY DEVICE is not supported by this gateway")
	case s.ByDevice:
		return e.byDevice(x, s)
	case x.count:
		return e.count(ctx, x, s)
	}
	columns := make([]result.Column, len(x.columns))
	for i, c := range x.columns {
		columns[i] = result.Column{Name: c.name, Type: x.series[c.series].typ}
	}
	out := &result.Result{Columns: columns, HasTime: true, Rows: empty{}}
	if len(columns) == 0 {
		return out, nil
	}
	r, err := e.raw(ctx, x.series, e.span(s))
	if err != nil {
		return nil, err
	}
	places := make([]int, len(x.columns))
	for i, c := range x.columns {
		places[i] = c.series
	}
	out.Rows = limited(&arranged{rows: r, places: places}, s.Limit)
	return out, nil
}

// span is the range of times of a query, inclusive, its direction, and the last
// position of the log that it sees.
type span struct {
	lo, hi int64
	desc   bool
	to     uint64
}

func (e *Engine) raw(ctx context.Context, list []series, sp span) (*rawRows, error) {
	sc, err := e.scan(ctx, list, sp)
	if err != nil {
		return nil, err
	}
	return &rawRows{sweep: newSweep(sc)}, nil
}

// PathText returns the path or pattern of a statement as package tablet reads it.
func PathText(p sql.Path) string {
	nodes := make([]string, len(p.Nodes))
	for i, n := range p.Nodes {
		nodes[i] = n
		if p.Quoted != nil && p.Quoted[i] {
			nodes[i] = tablet.Quote(n)
		}
	}
	return tablet.JoinPath(nodes...)
}
