package gatesim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// Config says between what the gate stands. Listen and Dial are required.
type Config struct {
	// Listen opens the gate's inner port. It is called once by New and again each
	// time a refusal ends; ListenTCP returns the same port every time.
	Listen func() (net.Listener, error)
	// Dial opens the outer side's port for one connection.
	Dial func(context.Context) (net.Conn, error)
	// Trap, if set, is a port on the outer side. Every connection to it is a
	// violation and is reset. The gate owns it from New on.
	Trap net.Listener

	Seed     uint64       // of all random faults
	Settings Settings     // at the start
	MaxFrame int64        // largest length word taken for a frame, 0 = DefaultMaxFrame
	Window   int          // bytes held per direction and connection, 0 = 4 MiB
	Logger   *slog.Logger // nil = silent
}

// Gate is a running gate. Its methods may be called from any goroutine.
type Gate struct {
	cfg     Config
	ledger  ledger
	cables  struct{ out, back link }
	buffers buffers

	mu       sync.Mutex
	settings Settings
	changed  chan struct{} // closed by the next Set
	listener net.Listener  // nil while refusing
	addr     net.Addr
	conns    map[int64]*conn
	last     int64
	closed   bool

	dialing context.Context // ends with Close
	stop    context.CancelFunc
	work    sync.WaitGroup
}

// New opens the inner port and starts to carry connections.
func New(cfg Config) (*Gate, error) {
	if cfg.Listen == nil || cfg.Dial == nil {
		return nil, errors.New("gatesim: Listen and Dial are required")
	}
	if cfg.MaxFrame == 0 {
		cfg.MaxFrame = DefaultMaxFrame
	}
	if cfg.Window == 0 {
		cfg.Window = 4 << 20
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	l, err := cfg.Listen()
	if err != nil {
		return nil, fmt.Errorf("gatesim: open the inner port: %w", err)
	}
	g := &Gate{cfg: cfg, settings: cfg.Settings, changed: make(chan struct{}), listener: l, addr: l.Addr(),
		conns: map[int64]*conn{}}
	g.dialing, g.stop = context.WithCancel(context.Background())
	g.work.Go(g.accept)
	if cfg.Trap != nil {
		g.work.Go(g.trap)
	}
	if cfg.Settings.Refuse {
		g.Set(func(s *Settings) { s.Refuse = true })
	}
	return g, nil
}

// Addr returns the address of the inner port.
func (g *Gate) Addr() net.Addr { return g.addr }

// Verdict returns what the gate has seen so far.
func (g *Gate) Verdict() Verdict {
	v := g.ledger.verdict()
	g.mu.Lock()
	v.Open = int64(len(g.conns))
	g.mu.Unlock()
	return v
}

// Settings returns the settings in force.
func (g *Gate) Settings() Settings {
	s, _ := g.current()
	return s
}

// Set changes settings while traffic flows. Bytes already on their way keep the
// due time they got.
func (g *Gate) Set(change func(*Settings)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	change(&g.settings)
	close(g.changed)
	g.changed = make(chan struct{})
	if g.settings.Refuse && g.listener != nil {
		g.listener.Close()
		g.listener = nil
	}
	for _, c := range g.conns {
		c.watchIdle(g.settings.Cuts.Idle)
	}
}

// Cut ends all open connections now and returns how many there were.
func (g *Gate) Cut(how End) int {
	cs := g.open()
	for _, c := range cs {
		g.ledger.fault("cut")
		c.cut(how)
	}
	return len(cs)
}

// Inject sends a byte nobody asked for to the inner side of every open connection
// and returns how many there were.
func (g *Gate) Inject(b byte) int {
	cs := g.open()
	for _, c := range cs {
		g.ledger.fault("inject")
		c.inject(b)
	}
	return len(cs)
}

// Close resets all connections, closes the ports and waits for all goroutines.
func (g *Gate) Close() error {
	g.mu.Lock()
	if g.closed {
		g.mu.Unlock()
		return nil
	}
	g.closed = true
	g.stop()
	if g.listener != nil {
		g.listener.Close()
		g.listener = nil
	}
	if g.cfg.Trap != nil {
		g.cfg.Trap.Close()
	}
	g.mu.Unlock()
	for _, c := range g.open() {
		c.abort()
	}
	g.work.Wait()
	return nil
}

func (g *Gate) open() []*conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	var cs []*conn
	for _, c := range g.conns {
		cs = append(cs, c)
	}
	return cs
}

// current returns the settings and a channel that is closed when they change.
func (g *Gate) current() (Settings, <-chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.settings, g.changed
}

// accept carries connections of the inner side until Close.
func (g *Gate) accept() {
	for {
		l := g.door()
		if l == nil {
			return
		}
		inner, err := l.Accept()
		if err != nil {
			if g.reopenable(l) {
				continue
			}
			if !g.pause(10 * time.Millisecond) { // out of descriptors, or a broken listener
				return
			}
			continue
		}
		g.work.Go(func() { g.carry(inner) })
	}
}

// door returns the open listener, waiting out a refusal; nil after Close.
func (g *Gate) door() net.Listener {
	for {
		g.mu.Lock()
		l, refuse, changed, closed := g.listener, g.settings.Refuse, g.changed, g.closed
		g.mu.Unlock()
		switch {
		case closed:
			return nil
		case l != nil:
			return l
		case refuse:
			select {
			case <-changed:
			case <-g.dialing.Done():
				return nil
			}
			continue
		}
		l, err := g.cfg.Listen()
		if err != nil {
			g.cfg.Logger.Warn("the inner port cannot be opened again", "error", err)
			if !g.pause(50 * time.Millisecond) {
				return nil
			}
			continue
		}
		g.mu.Lock()
		if g.closed || g.settings.Refuse {
			l.Close()
		} else {
			g.listener = l
		}
		g.mu.Unlock()
	}
}

// reopenable reports that l is no longer the gate's listener: it was closed on purpose.
func (g *Gate) reopenable(l net.Listener) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.listener != l
}

func (g *Gate) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-g.dialing.Done():
		return false
	}
}

// carry connects one connection of the inner side with the outer side.
func (g *Gate) carry(inner net.Conn) {
	for { // a partition also holds the opening of connections
		s, changed := g.current()
		if !s.Partition.stops(true) {
			break
		}
		select {
		case <-changed:
		case <-g.dialing.Done():
			reset(inner)
			return
		}
	}
	outer, err := g.cfg.Dial(g.dialing)
	if err != nil {
		g.ledger.count(func(v *Verdict) { v.DialErrors++ })
		g.cfg.Logger.Debug("no outer side", "error", err)
		reset(inner)
		return
	}
	c := g.register(inner, outer)
	if c == nil {
		reset(inner)
		reset(outer)
		return
	}
	c.run()
	g.mu.Lock()
	delete(g.conns, c.id)
	g.mu.Unlock()
}

func (g *Gate) register(inner, outer net.Conn) *conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	g.last++
	c := newConn(g, g.last, inner, outer)
	g.conns[c.id] = c
	g.ledger.count(func(v *Verdict) { v.Connections++ })
	c.watchIdle(g.settings.Cuts.Idle)
	return c
}

// random returns the source of one purpose on one connection: the same for the
// same seed, whatever other connections do.
func (g *Gate) random(conn int64, purpose uint64) *rand.Rand {
	return rand.New(rand.NewPCG(g.cfg.Seed, uint64(conn)<<2|purpose))
}

// trap records whoever tries to open a connection from the outer side.
func (g *Gate) trap() {
	for {
		c, err := g.cfg.Trap.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) || !g.pause(10*time.Millisecond) {
				return
			}
			continue
		}
		g.ledger.violate(0, 0, OpenedOutside, nil)
		reset(c)
	}
}

// ListenTCP returns a Config.Listen for a TCP address; a port chosen by the
// kernel stays the same when the port is opened again.
func ListenTCP(addr string) func() (net.Listener, error) {
	return func() (net.Listener, error) {
		l, err := net.Listen("tcp", addr)
		if err == nil {
			addr = l.Addr().String()
		}
		return l, err
	}
}

// DialTCP returns a Config.Dial for a TCP address.
func DialTCP(addr string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", addr)
	}
}

// reset closes with RST where the connection is TCP.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		t.SetLinger(0)
	}
	c.Close()
}
