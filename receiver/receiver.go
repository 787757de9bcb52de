package receiver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/logsum"
)

// Deps is what a Receiver works with.
type Deps struct {
	Committer Committer
	Handshake handshake.ReceiverConfig
	Logger    *slog.Logger
	Metrics   prometheus.Registerer // nil: counted, not shown
	Audit     audit.Recorder        // nil: nothing is recorded
}

// Receiver is the outer end of the gate.
type Receiver struct {
	cfg       Config
	deps      Deps
	log       *logsum.Logger
	met       *metrics
	mem       *memory
	soft      context.Context // ends when the receiver stops
	hard      context.Context // ends when commits must be given up
	finish    context.CancelFunc
	abandon   context.CancelFunc
	wg        sync.WaitGroup
	mu        sync.Mutex // guards what follows
	conns     map[*conn]struct{}
	listeners []net.Listener
	stopped   bool
}

// New returns a Receiver that does not listen yet.
func New(cfg Config, d Deps) (*Receiver, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if d.Committer == nil || d.Logger == nil {
		return nil, errors.New("receiver: a committer and a logger are needed")
	}
	met, err := newMetrics(d.Metrics)
	if err != nil {
		return nil, fmt.Errorf("receiver: metrics: %w", err)
	}
	cfg = cfg.withDefaults()
	d.Audit = audit.Or(d.Audit)
	hard, abandon := context.WithCancel(context.Background())
	soft, finish := context.WithCancel(hard)
	return &Receiver{cfg: cfg, deps: d, log: logsum.New(d.Logger, 0), met: met, mem: newMemory(cfg.Memory),
		soft: soft, hard: hard, finish: finish, abandon: abandon, conns: map[*conn]struct{}{}}, nil
}

// ListenConfig is how the gate's port is opened: with keep-alive, and so that the end
// of the process resets every connection.
func ListenConfig(keepAlive time.Duration) net.ListenConfig {
	def(&keepAlive, DefaultKeepAlive)
	return net.ListenConfig{Control: lingerZero, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: keepAlive, Interval: keepAlive / 3}}
}

// Listen opens a TCP address (port 0: chosen by the kernel) and accepts connections
// on it until Stop. It returns the address that listens.
func (r *Receiver) Listen(ctx context.Context, address string) (net.Addr, error) {
	lc := ListenConfig(r.cfg.KeepAlive)
	ln, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("receiver: %w", err)
	}
	return ln.Addr(), r.Take(ln)
}

// Take accepts connections of a listener until Stop, which closes it.
func (r *Receiver) Take(ln net.Listener) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return errors.Join(errors.New("receiver: stopped"), ln.Close())
	}
	r.listeners = append(r.listeners, ln)
	r.wg.Add(1)
	go r.acceptLoop(ln)
	return nil
}

// Stop ends listening and resets every connection; requests that are being
// committed are finished and answered first. When ctx ends they are given up. Stop
// waits for all sessions.
func (r *Receiver) Stop(ctx context.Context) error {
	err := r.beginStop()
	done := make(chan struct{})
	go func() {
		r.wg.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		r.abandon()
		<-done
	}
	r.abandon()
	return err
}

func (r *Receiver) beginStop() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return nil
	}
	r.stopped = true
	r.finish()
	var err error
	for _, ln := range r.listeners {
		err = errors.Join(err, ln.Close())
	}
	for c := range r.conns {
		c.line.interrupt()
	}
	return err
}

// acceptLoop accepts until the listener is closed. Trouble such as too many open
// files passes; the loop waits a little and goes on.
func (r *Receiver) acceptLoop(ln net.Listener) {
	defer r.wg.Done()
	const most = time.Second
	pause := 5 * time.Millisecond
	for {
		nc, err := ln.Accept()
		if err == nil {
			pause = 5 * time.Millisecond
			r.Serve(nc)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		r.log.Log(r.hard, slog.LevelError, "accept", "cannot accept connections", slog.Any("error", err))
		select {
		case <-r.soft.Done():
			return
		case <-time.After(pause):
			pause = min(2*pause, most)
		}
	}
}

// Serve takes over one connection that somebody else accepted and returns at once.
func (r *Receiver) Serve(nc net.Conn) {
	if l, ok := nc.(interface{ SetLinger(int) error }); ok {
		if err := l.SetLinger(0); err != nil {
			r.log.Log(r.hard, slog.LevelWarn, "linger", "cannot set SO_LINGER, an end of this process will look like FIN", slog.Any("error", err))
		}
	}
	peer := nc.RemoteAddr().String()
	if result := r.admit(nc, peer); result != "accepted" {
		r.met.accepted.WithLabelValues(result).Inc()
		r.log.Log(r.hard, slog.LevelWarn, result+host(peer), "connection reset", slog.String("peer", peer), slog.String("reason", result))
		(&record{to: r.deps.Audit, peer: peer}).refused(result)
		_ = nc.Close() // a reset; nobody is interested in its result
		return
	}
	r.met.accepted.WithLabelValues("accepted").Inc()
}

// admit starts a session or says why not.
func (r *Receiver) admit(nc net.Conn, peer string) string {
	if a, err := netip.ParseAddrPort(peer); err == nil && !r.cfg.admits(a.Addr()) {
		return "refused_network"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped {
		return "refused_stopping"
	}
	if len(r.conns) >= r.cfg.MaxConnections && !r.evictLocked() {
		return "refused_full"
	}
	c := newConn(r, nc, peer)
	if c.audit.opened() != nil {
		return "refused_audit"
	}
	r.conns[c] = struct{}{}
	r.met.open.Inc()
	r.wg.Add(1)
	go c.serve()
	return "accepted"
}

// evictLocked makes room by ending the connection that has been silent for longest
// among those that never sent data: real senders open such connections by the
// thousand and leave them. A connection with data is never given up for a new one.
func (r *Receiver) evictLocked() bool {
	var victim *conn
	var oldest time.Time
	for c := range r.conns {
		if at, ok := c.line.idleSince(); ok && (victim == nil || at.Before(oldest)) {
			victim, oldest = c, at
		}
	}
	if victim == nil {
		return false
	}
	victim.line.evict()
	delete(r.conns, victim)
	r.met.open.Dec()
	r.met.accepted.WithLabelValues("evicted").Inc()
	return true
}

// forget takes a session off the list when it has ended.
func (r *Receiver) forget(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.conns[c]; ok {
		delete(r.conns, c)
		r.met.open.Dec()
	}
}

// host returns the address of a peer without its port, as a key for log lines.
func host(peer string) string {
	if h, _, err := net.SplitHostPort(peer); err == nil {
		return h
	}
	return peer
}
