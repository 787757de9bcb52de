package inner

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/spec"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gate is a fake receiver behind net.Pipe: it reads frames and lets a function
// decide what happens to each.
type gate struct {
	// react is called with every data request, in the goroutine of its connection. It
	// answers through c. nil answers OK.
	react func(c *peer, n int, t request.Type, body []byte)
	// shake decides about a handshake; nil answers OK.
	shake func(c *peer, t request.Type)
	// refuse makes dialling fail.
	refuse bool

	polarity framing.Polarity
	wrap     framing.Wrap

	mu       sync.Mutex
	dials    []time.Time
	shakes   int
	requests int
	values   map[string]int64
	problems []string
	wg       sync.WaitGroup
}

// peer is one connection as the fake receiver sees it.
type peer struct {
	g    *gate
	conn net.Conn
	gone bool
}

func (c *peer) ok()             { c.bytes(c.g.polarity.Byte(framing.OK)) }
func (c *peer) fail()           { c.bytes(c.g.polarity.Byte(framing.Fail)) }
func (c *peer) bytes(b ...byte) { _, _ = c.conn.Write(b) }
func (c *peer) close()          { c.gone = true; _ = c.conn.Close() }
func (c *peer) later(d time.Duration, b ...byte) {
	c.g.wg.Go(func() {
		<-time.After(d) // fake time: every test of this kind runs in a bubble
		c.bytes(b...)
	})
}

func (g *gate) dial(ctx context.Context, _ string) (net.Conn, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dials = append(g.dials, time.Now())
	if g.refuse {
		return nil, errors.New("connection refused")
	}
	ours, theirs := net.Pipe()
	g.wg.Go(func() { g.serve(&peer{g: g, conn: ours}) })
	return theirs, nil
}

func (g *gate) serve(c *peer) {
	defer c.conn.Close()
	r := framing.NewReader(c.conn, framing.Limits{})
	buf := make([]byte, 8<<10)
	for !c.gone {
		payload, wrap, err := r.Next(buf)
		if err != nil {
			return
		}
		if wrap != g.wrap {
			g.problem("frame is %v", wrap)
		}
		buf = payload[:cap(payload)]
		t, body, err := request.Split(payload)
		if err != nil {
			g.problem("%v", err)
			return
		}
		g.handle(c, t, body)
	}
}

func (g *gate) handle(c *peer, t request.Type, body []byte) {
	if t.IsHandshake() {
		g.mu.Lock()
		g.shakes++
		g.mu.Unlock()
		if g.shake != nil {
			g.shake(c, t)
		} else {
			c.ok()
		}
		return
	}
	g.mu.Lock()
	g.requests++
	n := g.requests
	g.mu.Unlock()
	if g.react != nil {
		g.react(c, n, t, body)
		return
	}
	g.apply(t, body)
	c.ok()
}

// apply stores the rows of a request.
func (g *gate) apply(t request.Type, body []byte) {
	req, err := request.Decode(t, body, request.Options{Strict: true})
	if err != nil {
		g.problem("%v", err)
		return
	}
	in, _ := request.Tablets(req)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.values == nil {
		g.values = map[string]int64{}
	}
	for _, one := range in.Tablets {
		for i, at := range one.Times {
			g.values[fmt.Sprintf("%s@%d", one.Device, at)] = one.Columns[0].Int64s[i]
		}
	}
}

func (g *gate) problem(format string, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.problems = append(g.problems, fmt.Sprintf(format, args...))
}

func (g *gate) counts() (dials, shakes, requests int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.dials), g.shakes, g.requests
}

// acks counts acknowledgements.
type acks struct {
	mu   sync.Mutex
	list []event.Position
}

func (a *acks) Ack(p event.Position, _ uint64) {
	a.mu.Lock()
	a.list = append(a.list, p)
	a.mu.Unlock()
}

func (a *acks) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.list)
}

// open makes a sink from SQL attributes, as the engine would.
func open(t testing.TB, g *gate, a plugin.Acker, attributes ...string) *Sink {
	t.Helper()
	d := Declaration(g.dial)
	in := []spec.Input{{Key: "sink.node-urls", Value: "gate:9780"}}
	for i := 0; i < len(attributes); i += 2 {
		in = append(in, spec.Input{Key: attributes[i], Value: attributes[i+1]})
	}
	v, problems := spec.Parse(d.Fields, in, spec.Options{Prefixes: plugin.KindSink.Prefixes()})
	problems = append(problems, d.Check(v)...)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	s, err := d.NewSink(plugin.SinkContext{Common: plugin.Common{Pipe: "p"}, Acker: a, ClusterID: "inner-1", Precision: "ms"}, v)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*Sink)
}

// row makes an event with one value.
func row(device string, at, v int64) *event.Event {
	return &event.Event{Kind: event.Tablet, Tablet: &tablet.Tablet{Device: device, Times: []int64{at}, Columns: []tablet.Column{{
		Schema: tablet.Schema{Name: "a", Type: tablet.Int64, Encoding: tablet.TS2Diff, Compressor: tablet.LZ4}, Category: tablet.Field, Int64s: []int64{v}}}}}
}

func write(t testing.TB, s *Sink, evs ...*event.Event) {
	t.Helper()
	for i, ev := range evs {
		if err := s.Write(t.Context(), plugin.Item{Pos: event.Position(i + 1), Event: ev}); err != nil {
			t.Fatal(err)
		}
	}
}

func drain(t testing.TB, s *Sink) {
	t.Helper()
	if err := s.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// end closes the sink and waits for the fake receiver.
func end(t testing.TB, s *Sink, g *gate) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	g.wg.Wait()
	for _, p := range g.problems {
		t.Error(p)
	}
}
