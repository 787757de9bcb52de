package exec

import (
	"context"
	"log/slog"
	"time"

	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/auth"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/ingest"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/pipe/sql/grant"
	"github.com/sluice-gateway/sluice/internal/pipe/sql/timestamp"
	"github.com/sluice-gateway/sluice/internal/query"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/rpc"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// PipeControl changes pipes: *engine.Engine.
type PipeControl interface {
	Create(ctx context.Context, s *sql.CreatePipe, user string) error
	Alter(ctx context.Context, s *sql.AlterPipe) error
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

// Flusher writes what is in memory to files: *store.Store.
type Flusher interface {
	Flush(ctx context.Context) error
}

// Queries answers SELECT and knows which queries run: *query.Engine.
type Queries interface {
	Run(ctx context.Context, r query.Request) (*result.Result, error)
	Running() []query.Running
	Kill(id string) bool
}

// Deps are what statements work on. Pipes may be nil: pipe statements are refused. Store
// may be nil: FLUSH saves the schema only.
type Deps struct {
	Ingest  *ingest.Ingest
	Store   Flusher
	Catalog *catalog.Catalog
	Query   Queries
	Users   *auth.Store
	Pipes   Pipes
	Loader  *Loader // nil: LOAD is refused
	Logger  *slog.Logger
}

// Config is what SHOW statements report of the gateway, and how literals become
// values. Zero means the default.
type Config struct {
	Version     string // default 1.3.3
	BuildInfo   string
	ClusterID   string
	ClusterName string // default "sluice"
	Precision   timestamp.Precision
	Partition   time.Duration // of the store's files; default a week
	Infer       Inference
}

// partition is Partition in ticks.
func (c *Config) partition() int64 { return int64(c.Partition / c.Precision.Unit()) }

// Inference is the type of a new series whose first value has no type. Zero means
// the defaults of IoTDB: BOOLEAN, and DOUBLE for all numbers.
type Inference struct {
	Boolean, Integer, Floating, NaN tablet.DataType
}

// Backend executes statements. It implements rpc.Backend.
type Backend struct {
	Deps
	cfg Config
}

var _ rpc.Backend = (*Backend)(nil)

// New returns a backend.
func New(d Deps, cfg Config) *Backend {
	if cfg.Version == "" {
		cfg.Version = "1.3.3"
	}
	if cfg.ClusterName == "" {
		cfg.ClusterName = "sluice"
	}
	if cfg.Partition == 0 {
		cfg.Partition = 7 * 24 * time.Hour
	}
	for _, t := range []*tablet.DataType{&cfg.Infer.Integer, &cfg.Infer.Floating, &cfg.Infer.NaN} {
		if *t == tablet.Boolean { // zero
			*t = tablet.Double
		}
	}
	return &Backend{Deps: d, cfg: cfg}
}

// Login implements rpc.Backend.
func (b *Backend) Login(_ context.Context, c rpc.Credentials) (rpc.User, error) {
	if err := b.Users.Verify(c.User, c.Password); err != nil {
		return rpc.User{}, err
	}
	return rpc.User{Name: c.User}, nil
}

// Insert implements rpc.Backend.
func (b *Backend) Insert(ctx context.Context, s *rpc.Session, tablets []*tablet.Tablet) []error {
	refused := b.atTheDoor(s, tablets)
	if refused == nil {
		return b.Ingest.InsertEach(ctx, origin(s), tablets)
	}
	var may []*tablet.Tablet
	var at []int
	for i, err := range refused {
		if err == nil {
			may, at = append(may, tablets[i]), append(at, i)
		}
	}
	for k, err := range b.Ingest.InsertEach(ctx, origin(s), may) {
		refused[at[k]] = err
	}
	return refused
}

func origin(s *rpc.Session) arrival.Origin {
	return arrival.Origin{Peer: s.Peer, User: s.User.Name}
}

// Execute implements rpc.Backend.
func (b *Backend) Execute(ctx context.Context, s *rpc.Session, st sql.Statement, text string) (*result.Result, error) {
	r := b.Users.Rights(s.User.Name)
	if err := (guard{r, b.Catalog}).allow(st); err != nil {
		return nil, err
	}
	switch st := st.(type) {
	case *sql.Select:
		if v := r.Visible(auth.ReadData); v != nil {
			ctx = catalog.WithVisible(ctx, v)
		}
		return b.Query.Run(ctx, query.Request{Statement: st, Text: text, User: s.User.Name})
	case *sql.Insert:
		return nil, b.insert(ctx, s, st)
	case *sql.Delete:
		return nil, b.deleteData(ctx, s, st)
	case *sql.Flush:
		return nil, b.flush(ctx, st)
	case *sql.KillQuery:
		return nil, killQuery(b.Query, st)
	case *sql.Load:
		return nil, b.load(ctx, s, st)
	case *grant.Statement:
		return b.users(r, st)
	case *sql.CreateDatabase, *sql.DeleteDatabase, *sql.CreateTimeseries, *sql.CreateAligned, *sql.DeleteTimeseries, *sql.SetTTL:
		return nil, b.define(ctx, s, st)
	case *sql.AlterTimeseries, *sql.CreateTemplate, *sql.AlterTemplate, *sql.SetTemplate, *sql.DropTemplate, *sql.ActivateTemplate, *sql.DeactivateTemplate:
		return nil, b.template(ctx, s, st)
	case *sql.CreatePipe, *sql.AlterPipe, *sql.StartPipe, *sql.StopPipe, *sql.DropPipe, *sql.ShowPipes, *sql.ShowPipePlugins:
		return b.pipe(ctx, s, st)
	case *sql.Unsupported:
		return nil, unsupported("%s", st.What)
	}
	return view{b, r, s}.show(st)
}

func (b *Backend) flush(ctx context.Context, st *sql.Flush) error {
	for _, p := range texts(st.Databases) {
		if b.Catalog.DatabaseConflict(p) != p {
			return status.Errorf(status.DatabaseNotExist, "Database %s does not exist", clip(p))
		}
	}
	if err := b.Ingest.Sync(ctx); err != nil {
		return status.Errorf(status.StorageEngine, "The schema could not be saved: %w", err)
	}
	if b.Store == nil {
		return nil
	}
	if err := b.Store.Flush(ctx); err != nil {
		return status.Errorf(status.StorageEngine, "The points could not be written to files: %w", err)
	}
	return nil
}

func (b *Backend) pipe(ctx context.Context, s *rpc.Session, st sql.Statement) (*result.Result, error) {
	if b.Pipes == nil {
		return nil, unsupported("pipes")
	}
	switch st := st.(type) {
	case *sql.CreatePipe:
		return nil, b.Pipes.Create(ctx, st, s.User.Name)
	case *sql.AlterPipe:
		return nil, b.Pipes.Alter(ctx, st)
	case *sql.StartPipe:
		return nil, b.Pipes.Start(ctx, st.Name)
	case *sql.StopPipe:
		return nil, b.Pipes.Stop(ctx, st.Name)
	case *sql.DropPipe:
		return nil, b.Pipes.Drop(ctx, st)
	case *sql.ShowPipes:
		return b.Pipes.Show(st)
	}
	return b.Pipes.Plugins()
}

func unsupported(format string, args ...any) error {
	err := status.Errorf(status.Unsupported, format, args...)
	err.Message += " is not supported by this gateway."
	return err
}
