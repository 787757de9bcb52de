package builtin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/spec"
)

// StoreWriter writes events into this gateway.
type StoreWriter interface {
	// Write returns nil when the event is durable. An error that wraps ErrRejected
	// can never be cured; every other one is temporary.
	Write(ctx context.Context, ev *event.Event) error
}

// ErrRejected is wrapped by a StoreWriter's error for what can never be written.
var ErrRejected = errors.New("builtin: the event can never be written")

func storeSink(w StoreWriter) plugin.Declaration {
	return plugin.Declaration{
		Name: "store-sink", Aliases: []string{"write-back-sink", "write-back-connector"}, Kind: plugin.KindSink, Since: "2.0.2",
		WritesBack: true,
		Doc: "Writes into this gateway, one event at a time, marked as sent by a pipe. The pipe must not forward " +
			"such events ('source.forwarding-pipe-requests'='false'), or it would go round for ever.",
		NewSink: func(c plugin.SinkContext, _ *spec.Values) (plugin.Sink, error) {
			return &writeBack{w: w, acker: c.Acker, dead: c.DeadLetters, log: c.Logger, pipe: c.Pipe}, nil
		},
	}
}

// Pauses between tries of a write that failed for a temporary cause.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 5 * time.Second
)

// writeBack is the store sink: Write returns when the event is durable.
type writeBack struct {
	w       StoreWriter
	acker   plugin.Acker
	dead    plugin.DeadLetters
	log     *slog.Logger
	pipe    string
	trouble atomic.Pointer[string]
}

// Write implements plugin.Sink.
func (s *writeBack) Write(ctx context.Context, it plugin.Item) error {
	ev := *it.Event
	ev.ViaPipe = true
	first := time.Now()
	attempts := 0
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		attempts++
		err := s.w.Write(ctx, &ev)
		if errors.Is(err, ErrRejected) {
			err = s.dead.Put(ctx, plugin.DeadLetter{Pipe: s.pipe, Pos: it.Pos, Event: it.Event, Reason: err.Error(),
				Attempts: attempts, First: first, Last: time.Now()})
		}
		if err == nil {
			s.trouble.Store(nil)
			s.acker.Ack(it.Pos, it.Nth)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if s.trouble.Load() == nil {
			s.log.Warn("the store does not take an event now", "position", it.Pos, "error", err)
		}
		message := fmt.Sprintf("the store does not take position %d: %v", it.Pos, err)
		s.trouble.Store(&message)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// Status implements plugin.StatusReporter.
func (s *writeBack) Status() plugin.Status {
	if m := s.trouble.Load(); m != nil {
		return plugin.Status{Message: *m}
	}
	return plugin.Status{Healthy: true}
}

// Drain implements plugin.Sink: everything taken is durable already.
func (s *writeBack) Drain(context.Context) error { return nil }

// Close implements plugin.Sink.
func (s *writeBack) Close() error { return nil }
