package rpc

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-gateway/sluice/internal/logsum"
)

// Deps are the parts a Server works with.
type Deps struct {
	Backend    Backend               // required
	Parse      Parser                // required
	Pipes      Pipes                 // nil: pipeTransfer is refused with 300
	Logger     *slog.Logger          // nil: nothing is logged
	Registerer prometheus.Registerer // nil: metrics are counted but not registered
}

// Server is the thrift door of a gateway. It may serve several listeners.
type Server struct {
	cfg     Config
	deps    Deps
	methods map[string]method
	frames  *frames
	metrics *metrics
	log     *logsum.Logger
	ids     atomic.Int64 // sessions, statements and queries

	mu    sync.Mutex
	conns map[*conn]struct{}
}

// New makes a Server; it opens nothing.
func New(cfg Config, deps Deps) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Backend == nil || deps.Parse == nil {
		return nil, errors.New("rpc: a server needs a backend and a parser")
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	m, err := newMetrics(deps.Registerer)
	if err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	return &Server{
		cfg:     cfg,
		deps:    deps,
		methods: allMethods(),
		frames:  newFrames(cfg.MaxInFlight),
		metrics: m,
		log:     logsum.New(deps.Logger, 0),
		conns:   map[*conn]struct{}{},
	}, nil
}

// Serve accepts connections until ctx ends, then stops: it closes the listener,
// lets calls that run finish within Config.StopTimeout, cancels and closes the rest
// and returns nil when all are gone. An error of the listener is returned after the
// same clean-up.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	calls, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var running sync.WaitGroup
	closed := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer closed()
	sweeper := make(chan struct{})
	running.Go(func() { s.sweep(sweeper) })

	err := s.accept(ctx, calls, l, &running)
	_ = l.Close()
	close(sweeper)
	s.each(func(c *conn) { c.stop() })
	late := time.AfterFunc(s.cfg.StopTimeout, func() {
		cancel()
		s.each(func(c *conn) { _ = c.nc.Close() })
	})
	defer late.Stop()
	running.Wait()
	return err
}

// accept starts one goroutine per connection; nil when ctx ended.
func (s *Server) accept(ctx, calls context.Context, l net.Listener, running *sync.WaitGroup) error {
	pause := time.Duration(0)
	for {
		nc, err := l.Accept()
		if ctx.Err() != nil {
			if err == nil {
				_ = nc.Close()
			}
			return nil
		}
		if err != nil {
			// Out of descriptors, most often: what is open goes on, new ones wait.
			if errors.Is(err, net.ErrClosed) {
				return err
			}
			s.warn("accept", "rpc: accepting failed", slog.String("error", err.Error()))
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			wait(ctx, pause)
			continue
		}
		pause = 0
		c := newConn(s, nc)
		if !s.add(c) {
			s.metrics.refused.WithLabelValues("full").Inc()
			s.warn("full", "rpc: connection refused: too many are open", slog.Int("maximum", s.cfg.MaxConnections))
			_ = nc.Close()
			continue
		}
		running.Go(func() {
			defer s.remove(c)
			c.serve(calls)
		})
		if ctx.Err() != nil {
			c.stop()
		}
	}
}

// warn logs what a client can provoke: at most one line a minute for each key.
func (s *Server) warn(key, msg string, attrs ...slog.Attr) {
	s.log.Log(context.Background(), slog.LevelWarn, key, msg, attrs...)
}

// wait sleeps for d or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

func (s *Server) add(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) >= s.cfg.MaxConnections {
		return false
	}
	s.conns[c] = struct{}{}
	s.metrics.connections.Set(float64(len(s.conns)))
	return true
}

func (s *Server) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.metrics.connections.Set(float64(len(s.conns)))
}

// each calls f for every open connection, in no order.
func (s *Server) each(f func(*conn)) {
	s.mu.Lock()
	conns := make([]*conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	for _, c := range conns {
		f(c)
	}
}

// sweep closes results that nobody fetches from any more, until done is closed.
func (s *Server) sweep(done <-chan struct{}) {
	t := time.NewTicker(max(s.cfg.ResultTimeout/4, time.Second))
	defer t.Stop()
	for {
		select {
		case <-done:
			return
		case now := <-t.C:
			s.each(func(c *conn) { c.results.expire(now.Add(-s.cfg.ResultTimeout)) })
		}
	}
}
