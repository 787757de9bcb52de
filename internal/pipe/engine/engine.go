package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/multierr"

	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	ec "github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Config is how pipes are run. Zero means the default in brackets.
type Config struct {
	Dir       string         // of the definitions; made if missing
	ClusterID string         // of this gateway, told to sinks
	Precision string         // of timestamps: ms, us or ns [ms]
	Zone      *time.Location // of times in SHOW PIPES [local]
	Layout12  bool           // SHOW PIPES has the columns of IoTDB 1.2

	Drain    time.Duration // how long STOP waits for acknowledgements [5s]
	RetryMin time.Duration // first pause after an error [1s]
	RetryMax time.Duration // longest pause after an error [60s]
	InFlight int           // positions handed to a sink and not acknowledged, per pipe [8192]
	Watch    time.Duration // how often quotas and snapshots are looked at [10s]
}

func (c Config) withDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	def(&c.Drain, 5*time.Second)
	def(&c.RetryMin, time.Second)
	def(&c.RetryMax, time.Minute)
	def(&c.Watch, 10*time.Second)
	if c.InFlight == 0 {
		c.InFlight = 8192
	}
	if c.Zone == nil {
		c.Zone = time.Local
	}
	if c.Precision == "" {
		c.Precision = "ms"
	}
	return c
}

// Deps are what pipes work on.
type Deps struct {
	FS          vfs.FS
	Log         Log
	Registry    *plugin.Registry
	Logger      *slog.Logger
	Metrics     prometheus.Registerer // nil: none
	DeadLetters plugin.DeadLetters
	Files       plugin.Files
	Snapshots   Snapshots // nil: pipes read the log only, and no quota makes them let go of it
}

// Engine runs the pipes of one gateway. Its methods may be called from several
// goroutines. Errors for users are *status.Error, code 1107.
type Engine struct {
	deps Deps
	cfg  Config
	file string

	save sync.Mutex // held while a definition changes and the file is written; taken before mu

	watch *watcher

	mu     sync.Mutex
	pipes  map[string]*pipe
	nextID uint64
	closed bool
}

// Open reads the definitions in Config.Dir, removes cursors of pipes that are gone
// and starts every pipe that was not stopped by a user or by its end.
func Open(deps Deps, cfg Config) (*Engine, error) {
	cfg = cfg.withDefaults()
	if err := deps.FS.MkdirAll(cfg.Dir); err != nil {
		return nil, fmt.Errorf("engine: make %s: %w", cfg.Dir, err)
	}
	e := &Engine{deps: deps, cfg: cfg, file: path.Join(cfg.Dir, "pipes"), pipes: map[string]*pipe{}}
	b, err := readBook(deps.FS, e.file)
	if err != nil {
		return nil, err
	}
	e.nextID = b.NextID
	cursors := map[string]bool{}
	for _, d := range b.Pipes {
		e.nextID = max(e.nextID, d.ID+1)
		cursors[d.cursorName()] = true
		c, err := deps.Log.Cursor(d.cursorName())
		if err != nil {
			return nil, fmt.Errorf("engine: cursor of pipe %s: %w", d.Name, err)
		}
		e.pipes[d.Name] = newPipe(e, *d, c)
	}
	if err := e.dropOrphans(cursors); err != nil {
		return nil, err
	}
	if deps.Metrics != nil {
		if err := deps.Metrics.Register(e); err != nil {
			return nil, fmt.Errorf("engine: metrics: %w", err)
		}
	}
	for _, p := range e.pipes {
		p.open()
	}
	e.watch = newWatcher(e)
	return e, nil
}

// dropOrphans deletes the cursors that a crash between two steps of CREATE or DROP
// left behind; they would hold back the log's retention.
func (e *Engine) dropOrphans(known map[string]bool) error {
	for name := range e.deps.Log.Cursors() {
		if !strings.HasPrefix(name, cursorPrefix) || known[name] {
			continue
		}
		c, err := e.deps.Log.Cursor(name)
		if err == nil {
			err = c.Delete()
		}
		if err != nil {
			return fmt.Errorf("engine: delete the left-over cursor %s: %w", name, err)
		}
	}
	return nil
}

// refuse makes the error for a user. cause may be nil.
func refuse(cause error, format string, args ...any) error {
	return &ec.Error{Code: ec.Pipe, Message: fmt.Sprintf(format, args...), Err: cause}
}

// Create creates a pipe and starts it. user is who asks. All problems of the
// attributes are reported at once (spec.Problems in the error's chain). The pipe
// is durable when Create returns; its target need not be reachable.
func (e *Engine) Create(ctx context.Context, s *sql.CreatePipe, user string) error {
	if err := checkName(s.Name, "created"); err != nil {
		return err
	}
	p, err := e.reserve(s, user)
	if err != nil || p == nil {
		return err
	}
	defer p.unlock()
	plan, problems := resolve(e.deps.Registry, clausesOf(s))
	if err := problems.Err(); err != nil {
		e.forget(p)
		return refuse(err, "pipe %s is not created: %s", s.Name, err)
	}
	if err := p.create(plan); err != nil {
		e.forget(p)
		return refuse(err, "pipe %s is not created: %s", s.Name, err)
	}
	return nil
}

// reserve enters a new pipe under its name, locked; nil without an error if one
// exists and IF NOT EXISTS was written.
func (e *Engine) reserve(s *sql.CreatePipe, user string) (*pipe, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, refuse(nil, "pipe %s is not created: the gateway is stopping", s.Name)
	}
	if _, ok := e.pipes[s.Name]; ok {
		if s.IfNotExists {
			return nil, nil
		}
		return nil, refuse(nil, "pipe %s is not created: a pipe with that name exists", s.Name)
	}
	def := definition{Name: s.Name, ID: e.nextID, User: user,
		Source: keep(s.Source), Processor: keep(s.Processor), Sink: keep(s.Sink)}
	e.nextID++
	p := newPipe(e, def, nil)
	p.st = status{state: Absent}
	<-p.op // nobody else knows the pipe yet
	e.pipes[s.Name] = p
	return p, nil
}

// forget removes a pipe from memory.
func (e *Engine) forget(p *pipe) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pipes[p.name] == p {
		delete(e.pipes, p.name)
	}
}

func checkName(name, verb string) error {
	if name == "" || len(name) > 256 {
		return refuse(nil, "the name of a pipe has 1 to 256 bytes")
	}
	if strings.HasPrefix(name, "__") {
		return refuse(nil, "pipe %s may not be %s: names that begin with __ belong to the system", name, verb)
	}
	return nil
}

// lock finds a pipe and waits for its control lock. Nobody else changes the pipe
// until unlock.
func (e *Engine) lock(ctx context.Context, name, verb string) (*pipe, error) {
	if err := checkName(name, verb); err != nil {
		return nil, err
	}
	e.mu.Lock()
	p := e.pipes[name]
	e.mu.Unlock()
	unknown := refuse(nil, "pipe %s cannot be %s: it does not exist", name, verb)
	if p == nil {
		return nil, unknown
	}
	select {
	case <-p.op:
	case <-ctx.Done():
		return nil, refuse(ctx.Err(), "pipe %s cannot be %s now: another statement works on it", name, verb)
	}
	if st := p.status(); st.state == Absent || st.state == Dropped {
		p.unlock()
		return nil, unknown
	}
	return p, nil
}

// Start starts a stopped pipe and forgets its message; a running one is left alone.
func (e *Engine) Start(ctx context.Context, name string) error {
	p, err := e.lock(ctx, name, "started")
	if err != nil {
		return err
	}
	defer p.unlock()
	if err := p.start(); err != nil {
		return refuse(err, "pipe %s is not started: %s", name, err)
	}
	return nil
}

// Stop stops a pipe; what its sink has taken gets Config.Drain to be acknowledged. A
// stopped pipe is left alone, but one that waits after an error waits no more.
func (e *Engine) Stop(ctx context.Context, name string) error {
	p, err := e.lock(ctx, name, "stopped")
	if err != nil {
		return err
	}
	defer p.unlock()
	if err := p.stop(); err != nil {
		return refuse(err, "pipe %s is not stopped: %s", name, err)
	}
	return nil
}

// Drop removes a pipe and its progress at once; what its sink has not delivered stays
// undelivered.
func (e *Engine) Drop(ctx context.Context, s *sql.DropPipe) error {
	p, err := e.lock(ctx, s.Name, "dropped")
	if err != nil {
		if s.IfExists && !strings.HasPrefix(s.Name, "__") && !exists(e, s.Name) {
			return nil
		}
		return err
	}
	defer p.unlock()
	if err := p.drop(); err != nil {
		return refuse(err, "pipe %s is not dropped: %s", s.Name, err)
	}
	return nil
}

func (e *Engine) isClosed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed
}

// Close stops all pipes: softly until ctx ends, then hard. Their states are kept, so
// that running pipes run again after the next Open. It may be called twice.
func (e *Engine) Close(ctx context.Context) error {
	e.mu.Lock()
	already := e.closed
	e.closed = true
	pipes := e.sorted()
	e.mu.Unlock()
	if already {
		return nil
	}
	e.watch.close()
	errs := make([]error, len(pipes))
	var wg sync.WaitGroup
	for i, p := range pipes {
		wg.Go(func() { errs[i] = p.close(ctx) })
	}
	wg.Wait()
	if e.deps.Metrics != nil {
		e.deps.Metrics.Unregister(e)
	}
	return multierr.Combine(errs...)
}

// sorted returns the pipes by name; e.mu is held.
func (e *Engine) sorted() []*pipe {
	out := make([]*pipe, 0, len(e.pipes))
	for _, p := range e.pipes {
		out = append(out, p)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out
}

// persist writes the definitions of all pipes that exist; e.save is held.
func (e *Engine) persist() error {
	e.mu.Lock()
	b := book{NextID: e.nextID}
	pipes := e.sorted()
	e.mu.Unlock()
	for _, p := range pipes {
		if d, ok := p.durable(); ok {
			b.Pipes = append(b.Pipes, d)
		}
	}
	return b.write(e.deps.FS, e.file)
}

// errClosed ends the control of a pipe while the engine closes.
var errClosed = errors.New("the gateway is stopping")
