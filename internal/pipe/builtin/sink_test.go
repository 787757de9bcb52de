package builtin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
)

// fakeStore fails as told, then takes events.
type fakeStore struct {
	errs []error
	got  []*event.Event
}

func (s *fakeStore) Write(_ context.Context, ev *event.Event) error {
	if len(s.errs) > 0 {
		err := s.errs[0]
		s.errs = s.errs[1:]
		return err
	}
	s.got = append(s.got, ev)
	return nil
}

type acks []event.Position

func (a *acks) Ack(pos event.Position, _ uint64) { *a = append(*a, pos) }

func newStoreSink(w StoreWriter, a plugin.Acker, d plugin.DeadLetters) plugin.Sink {
	s, _ := storeSink(w).NewSink(plugin.SinkContext{Common: plugin.Common{Pipe: "p", Logger: slog.New(slog.DiscardHandler)}, Acker: a, DeadLetters: d}, nil)
	return s
}

func TestStoreSinkRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &fakeStore{errs: []error{errors.New("full"), errors.New("full")}}
		var a acks
		var d letters
		s := newStoreSink(w, &a, &d)
		start := time.Now()
		ev := rowsOf("root.a", []int64{1}, "s")
		if err := s.Write(t.Context(), plugin.Item{Pos: 7, Event: ev}); err != nil {
			t.Fatal(err)
		}
		if len(w.got) != 1 || !w.got[0].ViaPipe || ev.ViaPipe || len(a) != 1 || a[0] != 7 || len(d) != 0 {
			t.Errorf("written %v, acks %v, dead %v", w.got, a, d)
		}
		if time.Since(start) != 3*firstPause {
			t.Errorf("took %s", time.Since(start))
		}
	})
}

func TestStoreSinkDeadLetterAndCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a acks
		var d letters
		s := newStoreSink(&fakeStore{errs: []error{fmt.Errorf("type: %w", ErrRejected)}}, &a, &d)
		if err := s.Write(t.Context(), plugin.Item{Pos: 1, Event: rowsOf("root.a", []int64{1}, "s")}); err != nil || len(d) != 1 || len(a) != 1 {
			t.Errorf("%v, %d letters, %d acks", err, len(d), len(a))
		}
		always := &fakeStore{}
		for range 1000 {
			always.errs = append(always.errs, errors.New("down"))
		}
		s = newStoreSink(always, &a, &d)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := s.Write(ctx, plugin.Item{Pos: 2, Event: rowsOf("root.a", []int64{1}, "s")}); !errors.Is(err, context.DeadlineExceeded) || len(a) != 1 {
			t.Errorf("%v, acks %v", err, a)
		}
		if st := s.(plugin.StatusReporter).Status(); st.Healthy || st.Message == "" {
			t.Errorf("status %+v", st)
		}
	})
}

func TestNothing(t *testing.T) {
	var a acks
	s, _ := nothingSink().NewSink(plugin.SinkContext{Acker: &a}, nil)
	p, _ := nothingProcessor().NewProcessor(plugin.ProcessorContext{}, nil)
	for pos := event.Position(1); pos <= 3; pos++ {
		out, err := p.Process(t.Context(), plugin.Item{Pos: pos})
		if err != nil || len(out) != 1 {
			t.Fatal(out, err)
		}
		if err := s.Write(t.Context(), out[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.Drain(t.Context()), s.Close(), p.Close()); err != nil || len(a) != 3 {
		t.Error(err, a)
	}
}
