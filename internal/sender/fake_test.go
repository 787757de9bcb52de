package sender

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// target is a fake target: it applies requests to a model and answers as told.
type target struct {
	// react decides about one request before it is applied; nil answers OK at once.
	react func(n int, t request.Type, body []byte) reaction
	// onOpen decides about a connection; nil accepts.
	onOpen func(n int, endpoint string, c Class) error

	mu       sync.Mutex
	opened   int
	requests int
	open     map[*fakeLink]bool
	inFlight map[*fakeLink]int
	model    model
	log      []string
}

// reaction is how the target treats one request.
type reaction struct {
	delay  time.Duration
	answer Answer
	err    error // instead of an answer
	apply  bool
}

type fakeLink struct {
	t    *target
	c    Class
	dead chan struct{}
	once sync.Once
	err  error
}

func newTarget() *target {
	return &target{open: map[*fakeLink]bool{}, inFlight: map[*fakeLink]int{}, model: model{}}
}

func (t *target) Begin(dst []byte) []byte { return append(dst, "head"...) }

func (t *target) Open(ctx context.Context, endpoint string, c Class) (Link, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.opened++
	if t.onOpen != nil {
		if err := t.onOpen(t.opened, endpoint, c); err != nil {
			return nil, err
		}
	}
	k := &fakeLink{t: t, c: c, dead: make(chan struct{})}
	t.open[k] = true
	return k, nil
}

func (k *fakeLink) Send(ctx context.Context, frame []byte, patience time.Duration) (Answer, error) {
	if string(frame[:4]) != "head" {
		return Answer{}, fmt.Errorf("frame starts with %q", frame[:4])
	}
	typ, body, err := request.Split(frame[4:])
	if err != nil {
		return Answer{}, err
	}
	t := k.t
	t.mu.Lock()
	t.requests++
	n := t.requests
	t.inFlight[k]++
	if t.inFlight[k] > 1 {
		t.log = append(t.log, "two requests in flight on one link")
	}
	t.mu.Unlock()
	r := reaction{answer: Answer{Verdict: OK}, apply: true}
	if t.react != nil {
		r = t.react(n, typ, body)
	}
	if r.delay > patience {
		if err := sleep(ctx, patience); err != nil {
			return Answer{}, &LinkError{Reason: ReasonCancelled, Err: err}
		}
		r.delay, r.err = 0, &LinkError{Reason: ReasonTimeout, Err: errors.New("no answer")}
	}
	if r.delay > 0 {
		if err := sleep(ctx, r.delay); err != nil {
			return Answer{}, &LinkError{Reason: ReasonCancelled, Err: err}
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inFlight[k]--
	if r.apply {
		if err := t.model.request(typ, body); err != nil {
			t.log = append(t.log, err.Error())
		}
	}
	return r.answer, r.err
}

func (k *fakeLink) Dead() <-chan struct{} { return k.dead }

func (k *fakeLink) Err() error {
	k.t.mu.Lock()
	defer k.t.mu.Unlock()
	return k.err
}

func (k *fakeLink) Close() error {
	k.t.mu.Lock()
	defer k.t.mu.Unlock()
	delete(k.t.open, k)
	return nil
}

// counts returns the connections that are open and how many were opened.
func (t *target) counts() (open, opened int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.open), t.opened
}

// kill breaks an idle link from the other side; the target's lock is held.
func (k *fakeLink) kill(err error) {
	k.once.Do(func() { k.err = err; close(k.dead) })
}

// model is the state of a target: device, column and time to value.
type model map[string]int64

func (m model) rows(t *tablet.Tablet) {
	for i := range t.Columns {
		for r, at := range t.Times {
			if !t.Columns[i].Nulls.Get(r) {
				m[fmt.Sprintf("%s.%s@%d", t.Device, t.Columns[i].Name, at)] = t.Columns[i].Int64s[r]
			}
		}
	}
}

// wipe deletes the points of all devices at lo to hi.
func (m model) wipe(lo, hi int64) {
	for k := range m {
		var at int64
		for i := len(k) - 1; i >= 0; i-- {
			if k[i] == '@' {
				fmt.Sscan(k[i+1:], &at)
				break
			}
		}
		if at >= lo && at <= hi {
			delete(m, k)
		}
	}
}

func (m model) request(t request.Type, body []byte) error {
	switch t {
	case request.TypeInsertNode, request.TypeBatch:
		req, err := request.Decode(t, body, request.Options{Strict: true})
		if err != nil {
			return err
		}
		in, ok := request.Tablets(req)
		if !ok {
			return fmt.Errorf("%v carries no rows", t)
		}
		for _, one := range in.Tablets {
			m.rows(one)
		}
	case request.TypePlanNode:
		m.wipe(int64(binary.BigEndian.Uint64(body)), int64(binary.BigEndian.Uint64(body[8:])))
	}
	return nil
}

func (m model) event(ev *event.Event) {
	if ev.Kind == event.Tablet {
		m.rows(ev.Tablet)
	} else if ev.Kind == event.Plan && request.Type(ev.Request.Type) == request.TypePlanNode {
		b := ev.Request.Body
		m.wipe(int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[8:])))
	}
}

func (m model) difference(want model) string {
	for k, v := range want {
		if got, ok := m[k]; !ok || got != v {
			return fmt.Sprintf("%s is %d (there: %v), want %d", k, got, ok, v)
		}
	}
	for k := range m {
		if _, ok := want[k]; !ok {
			return k + " should not be there"
		}
	}
	return ""
}

// acks counts acknowledgements per position.
type acks struct {
	mu   sync.Mutex
	seen map[event.Position]int
	list []event.Position
}

func newAcks() *acks { return &acks{seen: map[event.Position]int{}} }

func (a *acks) Ack(p event.Position, _ uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen[p]++
	a.list = append(a.list, p)
}

func (a *acks) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.list)
}

// graves is a DeadLetters in memory.
type graves struct {
	mu      sync.Mutex
	letters []plugin.DeadLetter
	fail    int // of the next puts
}

func (g *graves) Put(_ context.Context, l plugin.DeadLetter) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fail > 0 {
		g.fail--
		return errors.New("disk full")
	}
	g.letters = append(g.letters, l)
	return nil
}

// row makes an event with one row of the given columns, all with value v.
func row(device string, at, v int64, columns ...string) *event.Event {
	t := &tablet.Tablet{Device: device, Times: []int64{at}}
	for _, c := range columns {
		t.Columns = append(t.Columns, tablet.Column{
			Schema:   tablet.Schema{Name: c, Type: tablet.Int64, Encoding: tablet.TS2Diff, Compressor: tablet.LZ4},
			Category: tablet.Field, Int64s: []int64{v}})
	}
	return &event.Event{Kind: event.Tablet, Tablet: t}
}

// wipe makes a plan that deletes lo to hi of all devices (in the fake target's form).
func wipe(lo, hi int64) *event.Event {
	b := binary.BigEndian.AppendUint64(nil, uint64(lo))
	b = binary.BigEndian.AppendUint64(b, uint64(hi))
	return &event.Event{Kind: event.Plan, Request: event.Request{Type: int16(request.TypePlanNode), Body: b}}
}

// configPlan makes an event that needs the config connection.
func configPlan() *event.Event {
	return &event.Event{Kind: event.Plan, Request: event.Request{Type: int16(request.TypeConfigPlan), Body: []byte{0, 200}}}
}

func testConfig(lanes int) Config {
	c := Defaults()
	c.Name, c.Endpoints, c.Lanes, c.Seed = "p", []string{"gate:9780"}, lanes, 7
	return c
}

func start(t testing.TB, c Config, d Deps) *Sender {
	t.Helper()
	s, err := New(c, d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// writeAll writes events at positions 1, 2, ... and waits until all are acknowledged.
func writeAll(t testing.TB, s *Sender, evs []*event.Event) {
	t.Helper()
	for i, ev := range evs {
		if err := s.Write(t.Context(), plugin.Item{Pos: event.Position(i + 1), Event: ev}); err != nil {
			t.Fatalf("write %d: %v", i, err)
		}
	}
	if err := s.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// randomEvents makes rows of several devices that overwrite each other, with
// deletions, schema changes and config plans in between.
func randomEvents(rnd *rand.Rand, n int) []*event.Event {
	var out []*event.Event
	columns := [][]string{{"a"}, {"a", "b"}, {"b"}, {"a", "b", "c"}}
	for i := range n {
		switch k := rnd.IntN(100); {
		case k < 3:
			lo := rnd.Int64N(30)
			out = append(out, wipe(lo, lo+rnd.Int64N(10)))
		case k < 4:
			out = append(out, configPlan())
		default:
			ev := row(fmt.Sprintf("root.d%d", rnd.IntN(7)), rnd.Int64N(30), int64(i), columns[rnd.IntN(len(columns))]...)
			for range rnd.IntN(4) { // more rows, unsorted and repeated
				at := rnd.Int64N(30)
				ev.Tablet.Times = append(ev.Tablet.Times, at)
				for c := range ev.Tablet.Columns {
					ev.Tablet.Columns[c].Int64s = append(ev.Tablet.Columns[c].Int64s, int64(i)*100+at)
				}
			}
			out = append(out, ev)
		}
	}
	return out
}
