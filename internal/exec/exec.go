package exec

import (
	"context"
	"errors"
	"log/slog"

	"github.com/sluice-gateway/sluice/internal/auth"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/ingest"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/query"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/rpc"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// PipeControl changes pipes: *engine.Engine.
type PipeControl interface {
	Create(ctx context.Context, s *sql.CreatePipe, user string) error
	Start(ctx context.Context, name string) error
	Stop(ctx context.Context, name string) error
	Drop(ctx context.Context, s *sql.DropPipe) error
}

// PipeTables shows pipes: *engine.Engine.
type PipeTables interface {
	Show(s *sql.ShowPipes) (*result.Result, error)
	Plugins() (*result.Result, error)
}

// Pipes is the pipe engine.
type Pipes interface {
	PipeControl
	PipeTables
}

// Deps are what statements work on.
type Deps struct {
	Ingest  *ingest.Ingest
	Catalog *catalog.Catalog
	Query   *query.Engine
	Users   *auth.Store
	Pipes   Pipes
	Logger  *slog.Logger
}

// Config is what SHOW statements report of the gateway, and how literals become
// values. Zero means the default.
type Config struct {
	Version     string // default 1.3.3
	BuildInfo   string
	ClusterID   string
	ClusterName string // default "sluice"
	Precision   string // "ms" (default), "us", "ns"
	Infer       Inference
}

// Inference is the type of a new series whose first value has no type. Zero means
// the defaults of IoTDB.
type Inference struct {
	Boolean, Integer, Floating, NaN tablet.DataType
}

// Backend executes statements. It implements rpc.Backend.
type Backend struct{}

var _ rpc.Backend = (*Backend)(nil)

// New returns a backend.
func New(d Deps, cfg Config) *Backend { return &Backend{} }

// Login implements rpc.Backend.
func (b *Backend) Login(ctx context.Context, c rpc.Credentials) (rpc.User, error) {
	return rpc.User{}, errors.New("exec: not built yet")
}

// Execute implements rpc.Backend.
func (b *Backend) Execute(ctx context.Context, s *rpc.Session, st sql.Statement, text string) (*result.Result, error) {
	return nil, errors.New("exec: not built yet")
}

// Insert implements rpc.Backend.
func (b *Backend) Insert(ctx context.Context, s *rpc.Session, tablets []*tablet.Tablet) []error {
	return make([]error, len(tablets))
}
