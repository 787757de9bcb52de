package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/builtin"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/pipe/unpack"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/spec"
	"github.com/sluice-gateway/sluice/internal/store"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// points are the state of a store or a target: device, time, value.
type points map[string]map[int64]int64

func (p points) apply(ev *event.Event) {
	switch ev.Kind {
	case event.Tablet:
		t := ev.Tablet
		if p[t.Device] == nil {
			p[t.Device] = map[int64]int64{}
		}
		for i, at := range t.Times {
			p[t.Device][at] = t.Columns[0].Int64s[i]
		}
	case event.Plan:
		changes, _, err := request.EventChanges(ev.Request, request.Options{})
		if err != nil {
			panic(err)
		}
		for _, c := range changes {
			for d := range p {
				if c.Kind == request.ChangeDeleteData && strings.HasPrefix(c.Paths[0], d+".") {
					maps.DeleteFunc(p[d], func(at, _ int64) bool { return at >= c.Start && at <= c.End })
				}
			}
		}
	}
}

func (p points) String() string {
	var out []string
	for d, at := range p {
		for k, v := range at {
			out = append(out, fmt.Sprintf("%s@%d=%d", d, k, v))
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (p points) clone() points {
	out := points{}
	for d := range p {
		out[d] = maps.Clone(p[d])
	}
	return out
}

// pastWorld is an engine with a model of the store and a target that can hang.
type pastWorld struct {
	t      testing.TB
	mem    *vfs.Mem
	log    *commitlog.Log
	engine *Engine

	mu        sync.Mutex
	store     points // of everything appended
	snapshots map[string]savedPoints
	target    points
	left      int // items the target takes before it hangs; negative: all
	taken     int // by the target

	useStore bool
	still    bool         // the store merges nothing by itself
	whole    byte         // what the target wants as files
	files    int          // it has taken
	real     *store.Store // nil: the model is asked for snapshots
}

type savedPoints struct {
	at     uint64
	points points
}

func newPastWorld(t testing.TB) *pastWorld {
	w := &pastWorld{t: t, mem: vfs.NewMem(3), store: points{}, snapshots: map[string]savedPoints{}, target: points{}, left: -1}
	w.open()
	return w
}

func (w *pastWorld) open() {
	w.t.Helper()
	log, err := commitlog.Open(w.mem, "log", commitlog.Config{Reserve: -1, SegmentBytes: 8 << 10, Retain: 1}, slog.New(slog.DiscardHandler))
	if err != nil {
		w.t.Fatal(err)
	}
	w.log = log
	sink := plugin.Declaration{Name: "state-sink", Kind: plugin.KindSink, Doc: "Applies to a model.",
		Whole:   func(*spec.Values) byte { return w.whole },
		NewSink: func(c plugin.SinkContext, _ *spec.Values) (plugin.Sink, error) { return stateSink{w, c.Acker}, nil }}
	var history builtin.History = w
	var snapshots Snapshots = w
	if w.useStore {
		cfg := store.Config{FS: w.mem, Dir: "store", Log: log, Logger: slog.New(slog.DiscardHandler), Partition: 10 * time.Millisecond, Memory: 8 << 10,
			Compaction: store.Compaction{Off: w.still}}
		if w.real, err = store.Open(context.Background(), cfg); err != nil {
			w.t.Fatal(err)
		}
		history, snapshots = builtin.FromStore(w.real), builtin.StoreSnapshots{Store: w.real}
	}
	r, err := plugin.NewRegistry(append(builtin.Declarations(builtin.Deps{Log: builtin.FromLog(log), History: history}), sink)...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.engine, err = Open(Deps{FS: w.mem, Log: FromLog(log), Registry: r, Logger: slog.New(slog.DiscardHandler), Snapshots: snapshots, Files: storeFiles{w.mem}},
		Config{Dir: "pipes", Zone: time.UTC, Watch: 3 * time.Millisecond, RetryMin: time.Millisecond})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *pastWorld) close() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := w.engine.Close(ctx); err != nil {
		w.t.Error(err)
	}
	if w.real != nil {
		if err := w.real.Close(); err != nil {
			w.t.Error(err)
		}
	}
	if err := w.log.Close(); err != nil {
		w.t.Error(err)
	}
}

// append writes events into log and store.
func (w *pastWorld) append(evs ...*event.Event) {
	w.t.Helper()
	var records []commitlog.Record
	for _, ev := range evs {
		payload, err := event.Append(nil, ev)
		if err != nil {
			w.t.Fatal(err)
		}
		l := ev.Label()
		records = append(records, commitlog.Record{Label: commitlog.Label{Kind: l.Kind, Key: l.Key, Lo: l.Lo, Hi: l.Hi}, Payload: payload})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.log.Append(context.Background(), records...); err != nil {
		w.t.Fatal(err)
	}
	for _, ev := range evs {
		w.store.apply(ev)
	}
}

// churn appends rows, and deletions of what was there.
func (w *pastWorld) churn(rng *rand.Rand, n int) {
	for range n {
		device := fmt.Sprintf("root.d%d", rng.Intn(4))
		at := rng.Int63n(50)
		if rng.Intn(10) == 0 {
			r, err := request.DeleteDataPlan([]string{device + ".*"}, at, at+10)
			if err != nil {
				w.t.Fatal(err)
			}
			w.append(&event.Event{Kind: event.Plan, Request: r})
			continue
		}
		w.append(&event.Event{Kind: event.Tablet, Tablet: &tablet.Tablet{Device: device, Times: []int64{at},
			Columns: []tablet.Column{{Schema: tablet.Schema{Name: "s", Type: tablet.Int64}, Category: tablet.Field, Int64s: []int64{rng.Int63()}}}}})
	}
}

// Snapshot implements builtin.History.
func (w *pastWorld) Snapshot(_ context.Context, name string) (builtin.Snapshot, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.snapshots[name]; !ok {
		w.snapshots[name] = savedPoints{w.log.Durable(), w.store.clone()}
	}
	return w.snapshots[name], nil
}

// Positions implements Snapshots.
func (w *pastWorld) Positions() (map[string]uint64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := map[string]uint64{}
	for name, s := range w.snapshots {
		out[name] = s.at
	}
	return out, nil
}

// Delete implements Snapshots.
func (w *pastWorld) Delete(name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.snapshots, name)
	return nil
}

func (s savedPoints) Position() uint64 { return s.at }
func (s savedPoints) Close() error     { return nil }

func (s savedPoints) Files() []builtin.HistoryFile                  { return nil }
func (s savedPoints) Points(func(int) bool) (builtin.Points, error) { return s, nil }

func (s savedPoints) Devices(int64, int64) iter.Seq2[merge.Device, error] {
	return func(yield func(merge.Device, error) bool) {
		for _, d := range slices.Sorted(maps.Keys(s.points)) {
			if !yield(merge.Device{Name: d, Columns: []tablet.Schema{{Name: "s", Type: tablet.Int64}}}, nil) {
				return
			}
		}
	}
}

func (s savedPoints) Scan(_ context.Context, q merge.Query) (builtin.Rows, error) {
	r := &savedRows{}
	for _, at := range slices.Sorted(maps.Keys(s.points[q.Device])) {
		r.list = append(r.list, &tablet.Tablet{Device: q.Device, Times: []int64{at},
			Columns: []tablet.Column{{Schema: q.Columns[0], Int64s: []int64{s.points[q.Device][at]}}}})
	}
	return r, nil
}

type savedRows struct{ list []*tablet.Tablet }

func (r *savedRows) Next() (*tablet.Tablet, error) {
	if len(r.list) == 0 {
		return nil, io.EOF
	}
	t := r.list[0]
	r.list = r.list[1:]
	return t, nil
}

// stateSink applies items to the target of the world.
type stateSink struct {
	w     *pastWorld
	acker plugin.Acker
}

func (s stateSink) Write(ctx context.Context, it plugin.Item) error {
	s.w.mu.Lock()
	hang := s.w.left == 0
	if !hang {
		s.w.left--
		s.w.taken++
		hang = s.w.deliver(it.Event) != nil // its disk is broken: a real sink would try for ever
	}
	s.w.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	s.acker.Ack(it.Pos, it.Nth)
	return nil
}

// deliver applies an event to the target; mu is held.
func (w *pastWorld) deliver(ev *event.Event) error {
	if ev.Kind != event.File {
		w.target.apply(ev)
		return nil
	}
	w.files++
	r, err := unpack.Open(storeFiles{w.mem}, ev.File, unpack.Everything())
	for err == nil {
		var t *tablet.Tablet
		if t, err = r.Next(); t != nil {
			w.target.apply(&event.Event{Kind: event.Tablet, Tablet: t})
		}
	}
	if r != nil {
		_ = r.Close() // read only
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	var bad *unpack.Bad
	if errors.As(err, &bad) {
		w.t.Error(err)
	}
	return err
}

// storeFiles opens the files of snapshots.
type storeFiles struct{ mem *vfs.Mem }

func (f storeFiles) Open(stored string) (plugin.File, error) { return f.mem.Open("store/" + stored) }

func (s stateSink) Drain(context.Context) error { return nil }
func (s stateSink) Close() error                { return nil }

func (w *pastWorld) take(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = n
}

func (w *pastWorld) exec(text string) {
	w.t.Helper()
	if err := w.try(text); err != nil {
		w.t.Fatal(err)
	}
}

func (w *pastWorld) try(text string) error {
	w.t.Helper()
	s, err := sql.Parse(text, sql.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	switch s := s.(type) {
	case *sql.CreatePipe:
		return w.engine.Create(context.Background(), s, "root")
	case *sql.StopPipe:
		return w.engine.Stop(context.Background(), s.Name)
	case *sql.StartPipe:
		return w.engine.Start(context.Background(), s.Name)
	case *sql.AlterPipe:
		return w.engine.Alter(context.Background(), s)
	case *sql.DropPipe:
		return w.engine.Drop(context.Background(), s)
	}
	return fmt.Errorf("%T", s)
}

// eventually waits for a condition.
func (w *pastWorld) eventually(what string, ok func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			w.t.Fatalf("not within a minute: %s; pipe %+v", what, w.engine.Pipes())
		}
		<-time.After(time.Millisecond) // real goroutines and a real log
	}
}

func (w *pastWorld) equal() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.store.String() == w.target.String()
}

// TestHistoryIsASnapshot: a pipe whose log has lost its beginning gets everything, the
// log goes on being cut while the history is sent, and a restart in the middle loses
// nothing and brings nothing back.
func TestHistoryIsASnapshot(t *testing.T) {
	for seed := range int64(3) {
		rng := rand.New(rand.NewSource(seed))
		w := newPastWorld(t)
		w.churn(rng, 300)
		w.eventually("the log has lost its first records", func() bool { return w.log.First() > 1 })
		w.take(int(20 + rng.Int63n(50)))
		w.exec("create pipe p with source ('inclusion'='data') with sink ('sink'='state-sink')")
		w.churn(rng, 300)
		first := w.log.First()
		for range 2 {
			w.close()
			w.open()
			w.take(int(20 + rng.Int63n(50)))
			w.churn(rng, 100)
		}
		if w.log.First() == first && seed == 0 {
			t.Logf("seed %d: nothing was cut meanwhile", seed)
		}
		w.take(-1)
		w.close()
		w.open()
		w.eventually(fmt.Sprintf("seed %d: target and store are equal", seed), w.equal)
		w.eventually("the snapshot is removed", func() bool { n, _ := w.Positions(); return len(n) == 0 })
		w.churn(rng, 50)
		w.eventually("and stay so", w.equal)
		w.close()
	}
}

// TestQuota: a stopped pipe and one that hangs let go of the log at their quota, say so,
// and go on with a snapshot; what was deleted meanwhile is deleted at the target.
func TestQuota(t *testing.T) {
	for _, stopped := range []bool{true, false} {
		t.Run(fmt.Sprintf("stopped=%v", stopped), func(t *testing.T) {
			rng := rand.New(rand.NewSource(7))
			w := newPastWorld(t)
			w.churn(rng, 50)
			w.exec("create pipe p with source ('inclusion'='data', 'log-quota'='32KiB') with sink ('sink'='state-sink')")
			w.eventually("the history is over", func() bool { n, _ := w.Positions(); return w.equal() && len(n) == 0 })
			if i := w.engine.Pipes()[0]; i.History != "" || i.Quota != 32<<10 {
				t.Errorf("before: %+v", i)
			}
			before := w.log.First()
			if stopped {
				w.exec("stop pipe p")
			} else {
				w.take(3)
			}
			for round := 0; w.log.First() < before+400 && round < 100; round++ {
				w.churn(rng, 50)
				<-time.After(5 * time.Millisecond) // the watcher looks
			}
			if w.log.First() < before+400 {
				t.Fatalf("the log still begins at %d: %+v", w.log.First(), w.engine.Pipes())
			}
			if i := w.engine.Pipes()[0]; !strings.Contains(i.History, "over its log-quota") || i.Remaining == 0 {
				t.Errorf("after: %+v", i)
			}
			w.close()
			w.open() // it is remembered
			w.churn(rng, 50)
			w.take(-1)
			if stopped {
				w.exec("start pipe p")
			} else {
				w.close()
				w.open()
			}
			w.eventually("target and store are equal", w.equal)
			w.eventually("the past is over", func() bool {
				n, _ := w.Positions()
				return len(n) == 0 && w.engine.Pipes()[0].History == ""
			})
			w.churn(rng, 50)
			w.eventually("and stay so", w.equal)
			if names, _ := w.mem.List("pipes"); len(names) != 1 {
				t.Errorf("files left: %q", names)
			}
			w.close()
		})
	}
}

// TestHistoryWhileTheStoreCompacts: the store flushes, compacts and cuts the log while a
// pipe sends its history, which is stopped and started again in the middle of it. What
// arrives is what the store has: nothing is lost, nothing deleted comes back.
func TestHistoryWhileTheStoreCompacts(t *testing.T) {
	for seed := range int64(3) {
		rng := rand.New(rand.NewSource(100 + seed))
		w := &pastWorld{t: t, mem: vfs.NewMem(uint64(seed)), store: points{}, target: points{}, left: -1, useStore: true, whole: byte(3 * (seed % 2))}
		w.open()
		work := func() {
			w.churn(rng, 200)
			ctx := t.Context()
			for _, err := range []error{w.real.Flush(ctx), w.real.Compact(ctx)} {
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		for range 4 {
			work()
		}
		w.eventually("the log has lost its first records", func() bool { return w.log.First() > 1 })
		w.take(int(rng.Int63n(40)))
		w.exec("create pipe p with source ('inclusion'='data') with sink ('sink'='state-sink')")
		before := w.log.First()
		for range 3 {
			work()
			w.exec("stop pipe p")
			work()
			w.take(int(rng.Int63n(40)))
			w.exec("start pipe p")
			work()
		}
		w.close()
		w.open()
		w.take(-1)
		w.exec("stop pipe p")
		w.exec("start pipe p")
		w.eventually(fmt.Sprintf("seed %d: target and store are equal", seed), w.equal)
		w.eventually("the snapshot is removed", func() bool { n, err := w.real.Snapshots(); return err == nil && len(n) == 0 })
		work()
		w.eventually("and stay so", w.equal)
		w.eventually("the log is cut behind the pipe", func() bool { work(); return w.log.First() > before })
		w.close()
	}
}

// TestFinishedPipeHoldsNoLog: behind the end of its source a pipe needs nothing.
func TestFinishedPipeHoldsNoLog(t *testing.T) {
	for _, attributes := range []string{"'mode'='snapshot'", "'realtime.enable'='false'"} {
		rng := rand.New(rand.NewSource(9))
		w := newPastWorld(t)
		w.churn(rng, 50)
		w.exec("create pipe p with source ('inclusion'='data', " + attributes + ") with sink ('sink'='state-sink')")
		w.eventually("the history is over", func() bool { n, _ := w.Positions(); return w.equal() && len(n) == 0 })
		before := w.target.String()
		for round := 0; w.log.First() < 200 && round < 200; round++ {
			w.churn(rng, 50)
			<-time.After(5 * time.Millisecond) // the watcher looks
		}
		i := w.engine.Pipes()[0]
		if w.log.First() < 200 || i.Remaining != 0 || i.History != "" || w.target.String() != before {
			t.Errorf("%s: the log begins at %d; %+v", attributes, w.log.First(), i)
		}
		w.close()
	}
}

// TestHistoryAndCrashes cuts the power at any moment of histories, quotas and the end of
// a past, over the real store. In the end the target is what the store is.
func TestHistoryAndCrashes(t *testing.T) {
	seeds := int64(6)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		rng := rand.New(rand.NewSource(200 + seed))
		w := &pastWorld{t: t, mem: vfs.NewMem(uint64(seed)), store: points{}, target: points{}, left: -1, useStore: true, whole: byte(3 * (seed % 2))}
		w.open()
		w.churn(rng, 300)
		if err := w.real.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.take(rng.Intn(30))
		w.exec("create pipe p with source ('inclusion'='data', 'log-quota'='10KiB') with sink ('sink'='state-sink')")
		for range 8 {
			w.churn(rng, rng.Intn(500))
			switch rng.Intn(4) {
			case 0:
				w.exec("stop pipe p")
			case 1:
				w.exec("start pipe p")
			case 2:
				if err := w.real.Compact(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			w.take(rng.Intn(60))
			<-time.After(time.Duration(rng.Intn(8)) * time.Millisecond) // somewhere in what goes on by itself
			clone := w.mem.CrashClone(uint64(rng.Int63()), rng.Float64())
			w.close()
			w.mem = clone
			w.open()
		}
		w.take(-1)
		w.close() // a target that hung is asked again
		w.open()
		w.exec("start pipe p")
		w.eventually(fmt.Sprintf("seed %d: target and store are equal", seed), w.equal)
		w.churn(rng, 50)
		w.eventually("and stay so", w.equal)
		w.eventually("the past is over", func() bool { n, err := w.real.Snapshots(); return err == nil && len(n) == 0 })
		w.close()
	}
}
