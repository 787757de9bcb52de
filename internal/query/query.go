package query

import (
	"context"
	"errors"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
)

// Config bounds queries. Zero means the default.
type Config struct {
	MemoryBytes int64 // of one query, default 256 MiB; more is status 709
}

// Engine answers queries.
type Engine struct{}

// New returns an engine over a log and its catalog.
func New(log catalog.Log, cat *catalog.Catalog, cfg Config) *Engine { return &Engine{} }

// Select starts a query.
func (e *Engine) Select(ctx context.Context, s *sql.Select) (*result.Result, error) {
	return nil, errors.New("query: not built yet")
}
