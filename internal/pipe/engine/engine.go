package engine

import (
	"context"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
)

// Engine runs the pipes of one gateway.
type Engine struct{}

// Create creates a pipe and starts it. user is who asks. Errors carry a code (1107).
func (e *Engine) Create(ctx context.Context, s *sql.CreatePipe, user string) error { return nil }

// Start starts a stopped pipe; a running one is left alone.
func (e *Engine) Start(ctx context.Context, name string) error { return nil }

// Stop stops a pipe after a bounded drain; a stopped one is left alone.
func (e *Engine) Stop(ctx context.Context, name string) error { return nil }

// Drop removes a pipe and its progress.
func (e *Engine) Drop(ctx context.Context, s *sql.DropPipe) error { return nil }

// Show answers SHOW PIPES; all columns are TEXT.
func (e *Engine) Show(s *sql.ShowPipes) (*result.Result, error) { return nil, nil }

// Plugins answers SHOW PIPEPLUGINS; all columns are TEXT.
func (e *Engine) Plugins() (*result.Result, error) { return nil, nil }

// Close stops all pipes: softly until ctx ends, then hard.
func (e *Engine) Close(ctx context.Context) error { return nil }
