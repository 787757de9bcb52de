package query

import (
	"context"

	"github.com/sluice-gateway/sluice/internal/adopt"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/query/logscan"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Config bounds queries. Zero means the default.
type Config struct {
	MemoryBytes int64        // of one query, default 256 MiB; more is status 709
	Files       *adopt.Files // reads sealed TsFiles; nil: they are not seen
}

// Engine answers queries. Its methods may be called from several goroutines.
type Engine struct {
	old *logscan.Engine
}

// New returns an engine over a log and its catalog.
func New(log catalog.Log, cat *catalog.Catalog, cfg Config) *Engine {
	return &Engine{old: logscan.New(log, cat, logscan.Config{MemoryBytes: cfg.MemoryBytes, Files: cfg.Files})}
}

// Select starts a query. The rows are read as they are asked for. The caller closes them.
func (e *Engine) Select(ctx context.Context, s *sql.Select) (*result.Result, error) {
	o := &logscan.Select{From: s.From, Limit: s.Limit, Desc: s.Order.Desc, ByDevice: s.ByDevice}
	for _, i := range s.Items {
		o.Items = append(o.Items, logscan.SelectItem{Func: i.Func, Path: i.Path, Alias: i.Alias, Text: i.Name()})
	}
	if s.Where != nil {
		r, ok := sql.RangeOf(s.Where)
		if !ok {
			return nil, status.Errorf(status.Unsupported, "this WHERE is not supported here yet")
		}
		o.Where = &r
	}
	if s.Last || s.GroupBy != nil {
		return nil, status.Errorf(status.Unsupported, "this SELECT is not supported here yet")
	}
	return e.old.Select(ctx, o)
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
