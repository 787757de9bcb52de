package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.uber.org/multierr"

	"github.com/sluice-gateway/sluice/appliance"
	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/adopt"
	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog"
	"github.com/sluice-gateway/sluice/internal/auth"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/deadletter"
	"github.com/sluice-gateway/sluice/internal/ingest"
	"github.com/sluice-gateway/sluice/internal/pipe/engine"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/pipe/sql/timestamp"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/rpc"
	"github.com/sluice-gateway/sluice/internal/store"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Options is what a product decides about its core.
type Options struct {
	Side  appliance.Side
	FS    vfs.FS
	Sinks func(audit.Recorder) []plugin.Declaration // the sinks that only this product has

	PasswordCost int // auth.Config.Cost; 0: its default
}

// Parts are the running parts a product may hand on to parts of its own.
type Parts struct {
	Identity appliance.Identity
	Arrivals *arrival.Arrivals
	Metrics  *prometheus.Registry
	Audit    *auditlog.Log

	Handshake handshake.ReceiverConfig // what a door checks of a sender
}

// Core is the common part of a gateway.
type Core struct {
	opt    Options
	v      *appliance.Values
	log    *slog.Logger
	reg    *prometheus.Registry
	failed chan error
	stops  []stop

	stored
	id        appliance.Identity
	precision timestamp.Precision
	users     *auth.Store
	ingest    *ingest.Ingest
	dead      *deadletter.Store
	arrivals  *arrival.Arrivals
	engine    *engine.Engine
	ready     appliance.Ready
}

// stored is what is read and written under the data directory.
type stored struct {
	clog    *commitlog.Log
	catalog *catalog.Catalog
	audit   *auditlog.Log
	store   *store.Store

	confined atomic.Pointer[appliance.SandboxReport] // nil before the start has ended
}

// stop is one thing to end, in reverse order of its opening.
type stop struct {
	name string
	do   func(context.Context) error
}

// New returns a core that opens nothing before Start.
func New(v *appliance.Values, log *slog.Logger, opt Options) *Core {
	if opt.FS == nil {
		opt.FS = vfs.OS()
	}
	return &Core{opt: opt, v: v, log: log, reg: prometheus.NewRegistry(), failed: make(chan error, 8),
		ready: appliance.Ready{RPC: "off", AirGap: "off", HTTP: "off"}}
}

// Failed yields an error when the gateway cannot go on.
func (c *Core) Failed() <-chan error { return c.failed }

// Fail reports an error after which the gateway cannot go on. It never blocks.
func (c *Core) Fail(err error) {
	select {
	case c.failed <- err:
	default:
	}
}

// OnStop adds something to end; the last added is ended first.
func (c *Core) OnStop(name string, do func(context.Context) error) {
	c.stops = append(c.stops, stop{name, do})
}

// dir returns a folder of the data directory.
func (c *Core) dir(parts ...string) string {
	return filepath.Join(append([]string{c.v.Text("data_dir")}, parts...)...)
}

// Start opens every part. own, if given, opens the product's own part before the
// client door and the page, so that nothing is announced before all listens.
func (c *Core) Start(ctx context.Context, own func(context.Context, Parts) (airGap string, err error)) (appliance.Ready, error) {
	steps := []struct {
		name string
		open func(context.Context, *Core) error
	}{
		{"data directory", openDirectory},
		{"audit log", openAudit},
		{"users", openUsers},
		{"commit log", openLog},
		{"catalogue", openCatalog},
		{"store", openStore},
		{"dead letters", openArrivals},
		{"pipes", openEngine},
		{"witness of the audit log", openWitness},
		{"gate", func(ctx context.Context, c *Core) error { return c.openOwn(ctx, own) }},
		{"client door", openRPC},
		{"HTTP page", openPage},
	}
	for _, s := range steps {
		if err := s.open(ctx, c); err != nil {
			return appliance.Ready{}, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return c.ready, nil
}

// Stop ends every part, the last opened first. When ctx ends, the rest is hurried.
func (c *Core) Stop(ctx context.Context) error {
	var err error
	for _, s := range slices.Backward(c.stops) {
		if e := s.do(ctx); e != nil && !errors.Is(e, context.Canceled) {
			err = multierr.Append(err, fmt.Errorf("stop %s: %w", s.name, e))
		}
	}
	c.stops = nil
	c.log.Info("stopped")
	return err
}

func closer(c io.Closer) func(context.Context) error {
	return func(context.Context) error { return c.Close() }
}

func openDirectory(_ context.Context, c *Core) error {
	dir := c.dir()
	id, made, err := appliance.OpenIdentity(c.opt.FS, dir, c.opt.Side, c.v.Text("timestamp_precision"), c.v.Given("timestamp_precision"))
	if err != nil {
		return err
	}
	if c.precision, err = timestamp.ParsePrecision(id.Precision); err != nil {
		return err
	}
	lock, err := c.opt.FS.Lock(filepath.Join(dir, "LOCK"))
	if err != nil {
		return err
	}
	c.OnStop("data directory", closer(lock))
	c.id = id
	c.reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	c.log.Info("data directory", "dir", dir, "new", made, "cluster_id", id.ClusterID, "precision", id.Precision, "version", appliance.Version())
	return nil
}

func openUsers(_ context.Context, c *Core) error {
	users, err := auth.Open(c.opt.FS, c.dir("users.json"), auth.Config{Cost: c.opt.PasswordCost}, c.log)
	if err != nil {
		return err
	}
	c.users = users
	if users.DefaultPassword() {
		c.log.Warn("user root still has the password root; change it with: gatectl passwd --data DIR root")
	}
	return nil
}

func openLog(_ context.Context, c *Core) error {
	l, err := commitlog.Open(c.opt.FS, c.dir("log"), commitlog.Config{
		SegmentBytes: c.v.Size("commit_log_segment_bytes"),
		Quota:        c.v.Size("commit_log_quota_bytes"),
		Reserve:      c.v.Size("commit_log_reserve_bytes"),
		Retain:       c.v.Size("commit_log_retain_bytes"),
		Removed:      func(r commitlog.Removed) { recordRemoved(c.audit, r) },
	}, c.log)
	if err != nil {
		return err
	}
	c.OnStop("commit log", closer(l))
	c.clog = l
	return nil
}

func openCatalog(ctx context.Context, c *Core) error {
	files := adopt.New(c.opt.FS, c.dir("files"), c.log)
	cat, err := catalog.OpenWith(ctx, catalog.Config{FS: c.opt.FS, Dir: c.dir("catalog"), SchemaOf: files.Schema}, c.clog, c.log)
	if err != nil {
		return err
	}
	c.catalog = cat
	if err := holdLog(c.clog, cat); err != nil {
		return err
	}
	c.ingest = ingest.New(c.clog, cat, ingest.Config{}, c.log)
	c.reg.MustRegister(c.ingest)
	c.OnStop("ingest", c.ingest.Close)
	c.reg.MustRegister(newCollector(c))
	return nil
}

// handshakes returns what both doors check of a sender. A handshake V1 has no password:
// a setting of the outer side decides about it; where there is none it counts as root
// with the default password, as IoTDB takes it.
func (c *Core) handshakes() handshake.ReceiverConfig {
	v1 := handshake.AllowV1
	if c.opt.Side == appliance.Outer && c.v.Text("air_gap_v1_handshake") == "refuse" || c.opt.Side == appliance.Inner && !c.users.DefaultPassword() {
		v1 = handshake.RefuseV1
	}
	return handshake.ReceiverConfig{ClusterID: c.id.ClusterID, Precision: c.id.Precision, V1: v1,
		Login: func(k handshake.Credentials) error { return recordedLogin(c, k) }}
}

func (c *Core) openOwn(ctx context.Context, own func(context.Context, Parts) (string, error)) error {
	if own == nil {
		return nil
	}
	addr, err := own(ctx, Parts{Identity: c.id, Arrivals: c.arrivals, Metrics: c.reg, Audit: c.audit, Handshake: c.handshakes()})
	c.ready.AirGap = addr
	return err
}

func (c *Core) decode() request.Options {
	return request.Options{MaxInflated: int(c.v.Size("pipe_receiver_req_decompressed_max_length_in_bytes"))}
}

func openRPC(ctx context.Context, c *Core) error {
	addr := c.v.Text("rpc_listen")
	if addr == "off" {
		return nil
	}
	server, err := rpc.New(rpc.Config{
		BuildInfo:      appliance.Version(),
		Precision:      c.id.Precision,
		MaxFrame:       int(c.v.Size("rpc_max_frame_bytes")),
		MaxConnections: int(c.v.Int("rpc_max_connections")),
	}, rpc.Deps{Backend: recordedBackend{c.backend(), c.audit}, Parse: c.parse, Pipes: pipeDoor{c}, Logger: c.log, Registerer: c.reg})
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	c.ready.RPC = ln.Addr().String()
	c.Run(ctx, "client door", func(ctx context.Context) error { return server.Serve(ctx, recordedListener{ln, c.audit}) })
	return nil
}

// Run starts a part that serves until its context ends, and ends it at Stop.
func (c *Core) Run(ctx context.Context, name string, serve func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() {
		err := serve(ctx)
		if err != nil && ctx.Err() == nil {
			c.Fail(fmt.Errorf("%s: %w", name, err))
		}
		done <- err
	}()
	c.OnStop(name, func(soft context.Context) error {
		cancel()
		return <-done
	})
}

func openPage(_ context.Context, c *Core) error {
	page, err := appliance.OpenPage(c.v.Text("http_listen"), c.reg, c.health, c.log)
	if err != nil {
		return err
	}
	c.OnStop("HTTP page", page.Close)
	c.ready.HTTP = page.Addr()
	return nil
}

// pollInterval is how often the replay folder of the dead letters is looked at.
const pollInterval = time.Second
