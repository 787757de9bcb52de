package store

import (
	"context"
	"errors"
	"time"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/store/erase"
)

// Sizes of what is read before it is applied, and how many memtables may wait.
const (
	batchBytes   = 1 << 20
	batchRecords = 512
	mostWaiting  = 2
)

// follower is the store as the reader of the log; one goroutine.
type follower struct{ *Store }

// record is a decoded record of the log; ev is nil for what does not concern the store.
type record struct {
	pos uint64
	ev  *event.Event
}

// follow reads the log until the store or the log is closed.
func (s follower) follow(ctx context.Context, r *commitlog.Reader) {
	defer r.Close()
	err := s.read(ctx, r)
	if ctx.Err() == nil && !errors.Is(err, commitlog.ErrClosed) {
		s.cfg.Logger.Error("the store no longer reads the log", "position", s.Position(), "error", err)
	}
	if ctx.Err() == nil {
		s.fail(err)
	}
}

func (s follower) read(ctx context.Context, r *commitlog.Reader) error {
	batch := make([]record, 0, batchRecords)
	for {
		batch = batch[:0]
		e, err := r.Next(ctx)
		for size := 0; err == nil; {
			batch = append(batch, s.decode(e))
			size += len(e.Payload)
			if size >= batchBytes || len(batch) == batchRecords {
				break
			}
			var ok bool
			if e, ok, err = r.TryNext(); !ok {
				break
			}
		}
		if e := s.apply(ctx, batch); e != nil {
			return e
		}
		var damage *commitlog.CorruptError
		switch {
		case errors.As(err, &damage):
			s.counts.damaged.Add(1)
			s.cfg.Logger.Error("a damaged place of the log is not in the store", "error", damage)
			if err := r.Skip(); err != nil {
				return err
			}
			if damage.From <= damage.To {
				s.skipTo(damage.To)
			}
		case err != nil:
			return err
		}
	}
}

// decode reads what concerns the store.
func (s follower) decode(e commitlog.Entry) record {
	rec := record{pos: e.Pos}
	switch event.Kind(e.Kind) {
	case event.Tablet, event.Plan, event.File:
	default:
		return rec
	}
	ev, err := event.Decode(e.Payload)
	if err != nil {
		s.counts.damaged.Add(1)
		s.cfg.Logger.Error("a record cannot be read and is not in the store", "position", e.Pos, "error", err)
		return rec
	}
	rec.ev = ev
	return rec
}

// apply takes records over, in order. It waits while too many memtables wait.
func (s follower) apply(ctx context.Context, batch []record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for i := range batch {
		rec := &batch[i]
		if err := s.room(ctx, now); err != nil {
			return err
		}
		switch {
		case rec.ev == nil:
		case rec.ev.Kind == event.Tablet:
			s.active.Add(rec.ev.Tablet, now)
		case rec.ev.Kind == event.Plan:
			if d, ok := erase.Of(rec.pos, rec.ev.Request); ok {
				s.active.Delete(d, now)
				s.deleted = s.deleted.With(d)
			}
		case rec.ev.Kind == event.File:
			s.broadcast()
			s.mu.Unlock()
			add, err := adopter{s.Store}.adopt(ctx, rec.pos, rec.ev.File)
			s.mu.Lock()
			if err != nil {
				return err
			}
			if add != nil {
				s.insert(add)
			}
		}
		s.applied = rec.pos
	}
	if s.due(now) && s.roomy() {
		s.rotate()
	}
	s.broadcast()
	return nil
}

// room rotates a full memtable and waits until there may be another. mu is held.
func (s follower) room(ctx context.Context, now time.Time) error {
	if !s.full() {
		return nil
	}
	if !s.roomy() {
		s.stalled = true
		s.broadcast()
	}
	err := s.until(ctx, s.roomy)
	s.stalled = false
	if err != nil {
		return err
	}
	s.rotate()
	return nil
}

// roomy reports whether another memtable may wait: two may, but only one that is full.
// mu is held.
func (s follower) roomy() bool {
	held := s.active.Bytes()
	for _, m := range s.waiting {
		held += m.Bytes()
	}
	return len(s.waiting) == 0 || len(s.waiting) < mostWaiting && held <= s.cfg.Memory
}
