package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/builtin"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/spec"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is an engine with a real log on a disk in memory, and targets that outlive
// restarts and crashes.
type world struct {
	t       testing.TB
	mem     *vfs.Mem
	log     *commitlog.Log
	engine  *Engine
	metrics *prometheus.Registry
	cfg     Config

	mu      sync.Mutex
	targets map[string]*target
	dead    int
}

// target is where the test sink of one pipe delivers to.
type target struct {
	mu        sync.Mutex
	mode      string // ack, hold, block, fail, panic
	delivered []event.Position
	held      []event.Position
	acker     plugin.Acker
	sick      string // what Status says
}

func (t *target) setMode(mode string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.mode = mode
}

func (t *target) positions() []event.Position {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.delivered)
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, mem: vfs.NewMem(1), targets: map[string]*target{},
		cfg: Config{Dir: "data/pipes", Zone: time.UTC, ClusterID: "c"}}
	w.open()
	return w
}

func (w *world) target(pipe string) *target {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.targets[pipe] == nil {
		w.targets[pipe] = &target{mode: "ack"}
	}
	return w.targets[pipe]
}

func (w *world) Put(context.Context, plugin.DeadLetter) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead++
	return nil
}

func (w *world) open() {
	w.t.Helper()
	logger := slog.New(slog.DiscardHandler)
	log, err := commitlog.Open(w.mem, "data/log", commitlog.Config{Reserve: -1}, logger)
	if err != nil {
		w.t.Fatal(err)
	}
	w.log = log
	w.metrics = prometheus.NewRegistry()
	r, err := plugin.NewRegistry(append(builtin.Declarations(builtin.Deps{Log: builtin.FromLog(log)}), w.sinkDeclaration(), backDeclaration(), oddDeclaration())...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.engine, err = Open(Deps{FS: w.mem, Log: FromLog(log), Registry: r, Logger: logger, Metrics: w.metrics, DeadLetters: w}, w.cfg)
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) close() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.engine.Close(ctx); err != nil {
		w.t.Error(err)
	}
	if err := w.log.Close(); err != nil {
		w.t.Error(err)
	}
}

// append appends n rows of device and returns the last position.
func (w *world) append(device string, n int) uint64 {
	w.t.Helper()
	var last uint64
	for range n {
		ev := &event.Event{Kind: event.Tablet, Tablet: &tablet.Tablet{Device: device, Times: []int64{1},
			Columns: []tablet.Column{{Schema: tablet.Schema{Name: "s", Type: tablet.Int64}, Int64s: []int64{1}}}}}
		payload, err := event.Append(nil, ev)
		if err != nil {
			w.t.Fatal(err)
		}
		l := ev.Label()
		last, err = w.log.Append(context.Background(), commitlog.Record{Label: commitlog.Label{Kind: l.Kind, Key: l.Key, Lo: l.Lo, Hi: l.Hi}, Payload: payload})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return last
}

// exec runs a statement as the executor of a gateway would.
func (w *world) exec(text string) (*result.Result, error) {
	s, err := sql.Parse(text, sql.Options{})
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	switch s := s.(type) {
	case *sql.CreatePipe:
		return nil, w.engine.Create(ctx, s, "root")
	case *sql.AlterPipe:
		return nil, w.engine.Alter(ctx, s)
	case *sql.StartPipe:
		return nil, w.engine.Start(ctx, s.Name)
	case *sql.StopPipe:
		return nil, w.engine.Stop(ctx, s.Name)
	case *sql.DropPipe:
		return nil, w.engine.Drop(ctx, s)
	case *sql.ShowPipes:
		return w.engine.Show(s)
	case *sql.ShowPipePlugins:
		return w.engine.Plugins()
	}
	return nil, fmt.Errorf("not a pipe statement: %T", s)
}

func (w *world) mustExec(text string) {
	w.t.Helper()
	if _, err := w.exec(text); err != nil {
		w.t.Fatalf("%s: %v", text, err)
	}
}

// sinkDeclaration is a sink whose behaviour the test sets.
func (w *world) sinkDeclaration() plugin.Declaration {
	return plugin.Declaration{
		Name: "test-sink", Aliases: []string{"test-connector"}, Kind: plugin.KindSink, Doc: "Delivers to the test.", Hidden: true,
		Fields: []spec.Field{
			{Name: "ip", Aliases: []string{"host"}, Doc: "Host."},
			{Name: "port", Type: spec.Int, Default: "6667", Range: spec.Between(1, 65535), Doc: "Port."},
			{Name: "password", Secret: true, Doc: "Password."},
			{Name: "broken", Type: spec.Bool, Default: "false", Doc: "The constructor fails."},
		},
		NewSink: func(c plugin.SinkContext, v *spec.Values) (plugin.Sink, error) {
			if v.Bool("broken") {
				return nil, errors.New("no such device")
			}
			t := w.target(c.Pipe)
			t.mu.Lock()
			defer t.mu.Unlock()
			t.acker, t.held = c.Acker, nil
			if err := c.Metrics.Register(prometheus.NewCounter(prometheus.CounterOpts{Name: "test_total", Help: "x"})); err != nil {
				return nil, err
			}
			return &testSink{t: t, acker: c.Acker}, nil
		},
	}
}

func backDeclaration() plugin.Declaration {
	return plugin.Declaration{Name: "back-sink", Kind: plugin.KindSink, Doc: "Writes back.", WritesBack: true, Hidden: true,
		NewSink: func(c plugin.SinkContext, _ *spec.Values) (plugin.Sink, error) {
			return &testSink{t: &target{mode: "ack"}, acker: c.Acker}, nil
		}}
}

// oddDeclaration is a processor that drops odd positions, doubles multiples of four and
// fails at 100.
func oddDeclaration() plugin.Declaration {
	return plugin.Declaration{Name: "odd-processor", Kind: plugin.KindProcessor, Doc: "For tests.", Hidden: true,
		NewProcessor: func(plugin.ProcessorContext, *spec.Values) (plugin.Processor, error) { return odd{}, nil }}
}

type odd struct{}

func (odd) Process(_ context.Context, it plugin.Item) ([]plugin.Item, error) {
	switch {
	case it.Pos == 100:
		return nil, errors.New("one hundred")
	case it.Pos%2 == 1:
		return nil, nil
	case it.Pos%4 == 0:
		return []plugin.Item{{Event: it.Event}, {Event: it.Event}}, nil
	}
	return []plugin.Item{it}, nil
}

func (odd) Close() error { return nil }

// testSink is one instance of the test sink.
type testSink struct {
	t     *target
	acker plugin.Acker
}

func (s *testSink) Write(ctx context.Context, it plugin.Item) error {
	s.t.mu.Lock()
	mode := s.t.mode
	switch mode {
	case "ack":
		s.t.delivered = append(s.t.delivered, it.Pos)
	case "hold":
		s.t.held = append(s.t.held, it.Pos)
	}
	s.t.mu.Unlock()
	switch mode {
	case "ack":
		s.acker.Ack(it.Pos, it.Nth)
	case "block":
		<-ctx.Done()
		return ctx.Err()
	case "fail":
		return fmt.Errorf("the target refuses position %d", it.Pos)
	case "panic":
		panic("nil map")
	}
	return nil
}

// release delivers and acknowledges held positions in the order given by pick.
func (t *target) release(pick func([]event.Position) []event.Position) {
	t.mu.Lock()
	held := pick(slices.Clone(t.held))
	acker := t.acker
	t.held = slices.DeleteFunc(t.held, func(p event.Position) bool { return slices.Contains(held, p) })
	t.delivered = append(t.delivered, held...)
	t.mu.Unlock()
	for _, p := range held {
		acker.Ack(p, 0)
	}
}

func (s *testSink) Drain(ctx context.Context) error {
	for {
		s.t.mu.Lock()
		n := len(s.t.held)
		s.t.mu.Unlock()
		if n == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *testSink) Close() error { return nil }

func (s *testSink) Status() plugin.Status {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	return plugin.Status{Healthy: s.t.sick == "", Message: s.t.sick}
}
