package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store is a Committer whose answers a test chooses.
type store struct {
	mu       sync.Mutex
	sessions int
	begun    int
	closed   int
	payloads []string
	commit   func(payload []byte) error // nil: everything is durable at once
}

func (s *store) NewSession(string) Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions++
	return (*storeSession)(s)
}

func (s *store) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.payloads...)
}

type storeSession store

func (s *storeSession) Begin(handshake.Peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun++
}

func (s *storeSession) Commit(_ context.Context, payload []byte) error {
	s.mu.Lock()
	commit := s.commit
	s.mu.Unlock()
	if commit != nil {
		if err := commit(payload); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.payloads = append(s.payloads, string(payload))
	return nil
}

func (s *storeSession) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed++
	return nil
}

// rig is a receiver with its store, without a network.
type rig struct {
	t     *testing.T
	r     *Receiver
	store *store
	reg   *prometheus.Registry
}

func newRig(t *testing.T, cfg Config) *rig {
	t.Helper()
	g := &rig{t: t, store: &store{}, reg: prometheus.NewRegistry()}
	r, err := New(cfg, Deps{Committer: g.store, Logger: slog.New(slog.DiscardHandler), Metrics: g.reg,
		Handshake: handshake.ReceiverConfig{ClusterID: "near", Precision: "ms", Login: login}})
	if err != nil {
		t.Fatal(err)
	}
	g.r = r
	return g
}

func login(c handshake.Credentials) error {
	if c.User != "root" || c.Password != "root" {
		return errors.New("wrong password")
	}
	return nil
}

func (g *rig) stop() {
	g.t.Helper()
	if err := g.r.Stop(g.t.Context()); err != nil {
		g.t.Error(err)
	}
}

// verdicts returns the count of a reason over all actions.
func (g *rig) verdicts(a action, reason string) int {
	return count(g.t, g.r.met.verdicts.WithLabelValues(a.String(), reason))
}

func count(t testing.TB, m prometheus.Metric) int {
	t.Helper()
	var d dto.Metric
	if err := m.Write(&d); err != nil {
		t.Fatal(err)
	}
	return int(d.GetCounter().GetValue() + d.GetGauge().GetValue())
}

// inBubble runs a test in fake time with a rig that is stopped at the end.
func inBubble(t *testing.T, cfg Config, f func(t *testing.T, g *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t, cfg)
		f(t, g)
		g.stop()
		if g.store.closed != g.store.sessions {
			t.Errorf("%d of %d sessions closed", g.store.closed, g.store.sessions)
		}
	})
}

// wire is the receiver's end of a connection; it notes how it would end on TCP.
type wire struct {
	net.Conn
	mu     sync.Mutex
	linger int
	ended  string
}

func (w *wire) SetLinger(sec int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.linger = sec
	return nil
}

func (w *wire) Close() error {
	w.mu.Lock()
	if w.ended == "" {
		w.ended = "fin"
		if w.linger == 0 {
			w.ended = "rst"
		}
	}
	w.mu.Unlock()
	return w.Conn.Close()
}

func (w *wire) end() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ended
}

// peer is a sender under a test's control.
type peer struct {
	t    *testing.T
	conn net.Conn
	wire *wire
}

func (g *rig) dial() *peer {
	near, far := net.Pipe()
	w := &wire{Conn: far, linger: -1}
	g.r.Serve(w)
	p := &peer{t: g.t, conn: near, wire: w}
	g.t.Cleanup(func() { _ = near.Close() })
	return p
}

// open dials and shakes hands.
func (g *rig) open() *peer {
	g.t.Helper()
	p := g.dial()
	p.send(frame(v2()))
	p.want(framing.OK)
	return p
}

func (p *peer) send(b []byte) {
	p.t.Helper()
	if _, err := p.conn.Write(b); err != nil {
		p.t.Fatalf("send: %v", err)
	}
}

// read waits for one byte.
func (p *peer) read(d time.Duration) (byte, error) {
	if err := p.conn.SetReadDeadline(time.Now().Add(d)); err != nil {
		return 0, err // the receiver has ended the connection
	}
	var b [1]byte
	_, err := io.ReadFull(p.conn, b[:])
	return b[0], err
}

// want expects exactly this answer, within ten seconds.
func (p *peer) want(r framing.Reply) {
	p.t.Helper()
	b, err := p.read(10 * time.Second)
	if err != nil || b != framing.IoTDB.Byte(r) {
		p.t.Fatalf("answer 0x%02x, %v; want %v", b, err, r)
	}
}

// silent expects no byte for d.
func (p *peer) silent(d time.Duration) {
	p.t.Helper()
	if b, err := p.read(d); !errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Fatalf("within %v: 0x%02x, %v; want silence", d, b, err)
	}
}

// ends expects the connection to end without a byte, after at least from and at
// most to, by "rst" or "fin".
func (p *peer) ends(from, to time.Duration, how string) {
	p.t.Helper()
	start := time.Now()
	b, err := p.read(to + time.Minute)
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Fatalf("byte 0x%02x, %v; want the end", b, err)
	}
	synctest.Wait()
	if d := time.Since(start); d < from || d > to || p.wire.end() != how {
		p.t.Errorf("ended after %v by %s, want %v to %v by %s", d, p.wire.end(), from, to, how)
	}
}

func frame(payload []byte) []byte { return framing.AppendFrame(nil, payload, framing.Plain) }

// v2 returns the payload of a handshake V2, good unless more keys change it.
func v2(more ...string) []byte {
	pairs := append([]string{"clusterID", "far", "timestampPrecision", "ms"}, more...)
	b := wirebuf.AppendCount(request.AppendEnvelope(nil, request.TypeHandshakeV2), len(pairs)/2)
	for _, s := range pairs {
		b = wirebuf.AppendString(b, s)
	}
	return b
}

func v1(precision string) []byte {
	return wirebuf.AppendString(request.AppendEnvelope(nil, request.TypeHandshakeV1), precision)
}

// data returns a payload that the store takes.
func data(i int) []byte {
	return fmt.Appendf(request.AppendEnvelope(nil, request.TypeTabletRaw), "tablet %d", i)
}
