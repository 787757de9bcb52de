package sender

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Sender delivers the items of one pipe; it is a plugin.Sink. Write is called by
// one goroutine; everything else may be called at any time.
type Sender struct {
	cfg   Config
	deps  Deps
	log   *slog.Logger
	once  Summary
	limit Limiter
	count counters
	given atomic.Int64 // events or parts given up in a row, with nothing accepted between

	ends   [2]*endpoints // by Class: a target may take data and refuse config
	lanes  []*lane       // cfg.Lanes for data, then one for config
	budget *budget

	barrier bool // the last item written was a barrier; only Write touches it
	ctx     context.Context
	cancel  context.CancelFunc
	wg      sync.WaitGroup
}

// New starts a sender. It does not wait for the target.
func New(cfg Config, deps Deps) (*Sender, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Transport == nil || deps.Acker == nil {
		return nil, errors.New("sender: transport and acker are required")
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Seed == 0 {
		cfg.Seed = uint64(time.Now().UnixNano())
	}
	s := &Sender{cfg: cfg, deps: deps, log: deps.Log, limit: Limiter{Rate: cfg.BytesPerSecond}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.budget = newBudget(cfg.Lanes+1, cfg.LaneBytes, cfg.TotalBytes, s.ctx.Done())
	for class := range s.ends {
		s.ends[class] = newEndpoints(cfg.Endpoints, cfg.Strategy, rand.New(rand.NewPCG(cfg.Seed, uint64(class))))
	}
	for i := range cfg.Lanes + 1 {
		class := DataClass
		if i == cfg.Lanes {
			class = ConfigClass
		}
		l, err := newLane(s, i, class)
		if err != nil {
			s.cancel()
			return nil, err
		}
		l.warm = i == 0 // the first connects at once, so that SHOW PIPES tells early
		s.lanes = append(s.lanes, l)
	}
	for _, l := range s.lanes {
		s.wg.Go(func() { l.run(s.ctx) })
	}
	return s, nil
}

// Write takes one item over; see plugin.Sink. Rows go to the lane of their device;
// anything else waits until all lanes are empty and then travels alone.
func (s *Sender) Write(ctx context.Context, it plugin.Item) error {
	if s.ctx.Err() != nil {
		return ErrClosed
	}
	if it.Event.Kind != event.Tablet {
		return s.writeBarrier(ctx, it)
	}
	if s.barrier {
		if err := s.budget.empty(ctx); err != nil {
			return err
		}
		s.barrier = false
	}
	t := it.Event.Tablet
	if len(t.Times) == 0 || len(t.Columns) == 0 {
		s.deps.Acker.Ack(it.Pos, it.Nth) // nothing to deliver
		return nil
	}
	return s.writeRows(ctx, it, t)
}

// writeRows queues a tablet, cut into slices if it is too large for one request.
func (s *Sender) writeRows(ctx context.Context, it plugin.Item, t *tablet.Tablet) error {
	lane := s.laneOf(t.Device)
	all := rowSlices(t, s.room())
	for i, rows := range all {
		e := entry{pos: it.Pos, nth: it.Nth, ev: it.Event, rows: rows, size: int64(nodeSize(rows)), part: i < len(all)-1}
		e.held = heldBytes(e.rows)
		if err := s.budget.take(ctx, lane, e.held); err != nil {
			return err
		}
		s.lanes[lane].q.push(e)
	}
	return nil
}

// room returns the bytes of rows that fit one request.
func (s *Sender) room() int { return s.cfg.MaxRequest - envelopeBytes - batchBytes }

// rowSlices cuts a tablet by rows into parts that fit one request each, as far as rows do.
func rowSlices(t *tablet.Tablet, room int) []*tablet.Tablet {
	size, rows := nodeSize(t), len(t.Times)
	if size <= room || rows < 2 {
		return []*tablet.Tablet{t}
	}
	step := max(1, int(int64(rows)*int64(room)/int64(size)))
	var out []*tablet.Tablet
	for lo := 0; lo < rows; lo += step {
		out = append(out, t.Slice(lo, min(lo+step, rows)))
	}
	return out
}

// writeBarrier waits for the lanes and then queues the item on its own.
func (s *Sender) writeBarrier(ctx context.Context, it plugin.Item) error {
	if it.Event.Kind == event.File && s.deps.Files == nil {
		return fmt.Errorf("sender: item %d is a file and this sink cannot open files", it.Pos)
	}
	lane := 0
	if classOf(it.Event) == ConfigClass {
		lane = s.cfg.Lanes
	}
	if err := s.budget.empty(ctx); err != nil {
		return err
	}
	e := entry{pos: it.Pos, nth: it.Nth, ev: it.Event, held: sizeOf(it.Event)}
	if err := s.budget.take(ctx, lane, e.held); err != nil {
		return err
	}
	s.barrier = true
	s.lanes[lane].q.push(e)
	return nil
}

// laneOf returns the lane of a device: always the same one.
func (s *Sender) laneOf(device string) int {
	return int(xxhash.Sum64String(device) % uint64(s.cfg.Lanes))
}

// classOf returns the kind of connection an event needs.
func classOf(ev *event.Event) Class {
	t := ev.Request.Type
	if ev.Kind == event.File {
		t = ev.File.Type
	}
	switch request.Type(t) {
	case request.TypeConfigPlan, request.TypeConfigSnapshotPiece, request.TypeConfigSnapshotSeal:
		return ConfigClass
	}
	return DataClass
}

// Drain waits until everything taken has been acknowledged.
func (s *Sender) Drain(ctx context.Context) error { return s.budget.empty(ctx) }

// Close ends all connections and waits for the lanes. What was not acknowledged
// has to be written again to the next sender.
func (s *Sender) Close() error {
	s.cancel()
	s.wg.Wait()
	return nil
}

// Counters returns what the sender has done so far.
func (s *Sender) Counters() Counters {
	c := s.count.snapshot()
	c.InFlight = s.budget.inFlight()
	return c
}

// Status says which endpoints or lanes are in trouble, since when, and when they
// try again.
func (s *Sender) Status() plugin.Status {
	now := time.Now()
	var out []string
	for class, e := range s.ends {
		for _, line := range e.trouble(now) {
			if Class(class) == ConfigClass {
				line = "config connection: " + line
			}
			out = append(out, line)
		}
	}
	for _, l := range s.lanes {
		if line := l.trouble.line(now); line != "" {
			out = append(out, fmt.Sprintf("lane %d: %s", l.id, line))
		}
	}
	return plugin.Status{Healthy: len(out) == 0, Message: strings.Join(out, "; ")}
}

// warn writes a log line that may repeat, at most once a minute per key.
func (s *Sender) warn(key, msg string, args ...any) {
	held, ok := s.once.Allow(key, time.Now())
	if !ok {
		return
	}
	if held > 0 {
		args = append(args, "repeated", held)
	}
	s.log.Warn(msg, args...)
}
