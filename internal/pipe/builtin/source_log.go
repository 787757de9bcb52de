package builtin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync/atomic"
	"time"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/spec"
)

// reportEvery is how many skipped records move the progress at the latest.
const reportEvery = 4096

// logSource reads the commit log from a position.
//
//	From ─► history (positions up to Created) ─► real time
//
// Invariants: reported ≤ seen; everything up to seen was returned, skipped or made a
// dead letter; reported is the position of the last item returned.
type logSource struct {
	rules
	c      plugin.SourceContext
	reader Reader

	deps          Deps
	past          *past                  // what is sent before the log; nil: nothing (more)
	extent        atomic.Pointer[extent] // of the past; nil: none, or not open yet
	prepared      bool                   // deleted is loaded, past is opened
	deleted       deletions
	history, live filter
	file          *unpacking     // being sent in tablets, at position seen; nil: none
	end           event.Position // last position to look at; 0: none
	endless       bool           // at the end wait instead of finishing
	seen          event.Position
	reported      event.Position
}

// rules say what a pipe carries, beside paths and times.
type rules struct {
	carries inclusion
	forward bool // also what came through a pipe
	mods    bool // the deletions beside a file
	skipBad bool // go on behind damage of the log
}

func newLogSource(c plugin.SourceContext, v *spec.Values, d Deps) (*logSource, error) {
	f, err := filterOf(v)
	if err != nil {
		return nil, err
	}
	s := &logSource{c: c, rules: rules{carries: newInclusion(v.List("inclusion"), v.List("inclusion.exclusion")),
		forward: forwards(v), skipBad: v.Bool("skip-corrupt-records")},
		seen: c.From, reported: c.From, endless: !snapshot(v)}
	s.mods = s.carries.has("data.delete")
	if v.Has("mods.enable") {
		s.mods = v.Bool("mods.enable")
	}
	at := d.timeOptions(c.CreatedAt)
	f.lo, f.hi = timeOf(v, "start-time", f.lo, at), timeOf(v, "end-time", f.hi, at)
	s.history, s.live = f, f
	s.history.lo = max(f.lo, timeOf(v, "history.start-time", math.MinInt64, at))
	s.history.hi = min(f.hi, timeOf(v, "history.end-time", math.MaxInt64, at))
	if !v.Bool("history.enable") {
		s.seen = max(s.seen, c.Created)
	}
	bounded := !v.Bool("realtime.enable") || snapshot(v)
	if bounded {
		if s.end = c.Created; s.end == 0 {
			s.end = noEnd // the log was empty
		}
	}
	s.deps = d
	if s.snapshots() {
		return s, nil // the log is opened behind the snapshot
	}
	return s, s.open(d.Log)
}

// snapshots reports whether the pipe begins with a snapshot of the store.
func (s *logSource) snapshots() bool { return s.c.Snapshot != "" && s.deps.History != nil }

// noEnd stands for a history without a record.
const noEnd = event.Position(math.MaxUint64)

// open positions the reader behind what was seen. A new pipe begins at the oldest
// record that is kept; one that has already read must find its place.
func (s *logSource) open(log Log) error {
	r, err := log.Reader(uint64(s.seen) + 1)
	if errors.Is(err, commitlog.ErrGone) && s.c.From == 0 {
		s.c.Logger.Warn("the log no longer has its first records; the history begins at the oldest one kept")
		r, err = log.Reader(0)
	}
	if err != nil {
		return fmt.Errorf("log behind position %d: %w", s.seen, err)
	}
	s.reader = r
	return nil
}

// End implements plugin.Bounded.
func (s *logSource) End() (event.Position, bool) {
	if s.end == noEnd {
		return 0, true
	}
	return s.end, s.end != 0
}

func (s *logSource) finished() bool { return s.end == noEnd || s.end != 0 && s.seen >= s.end }

// Next implements plugin.Source.
func (s *logSource) Next(ctx context.Context) (plugin.Item, error) {
	if !s.prepared {
		if err := s.prepare(ctx); err != nil {
			return plugin.Item{}, err
		}
		s.prepared = true
	}
	for {
		if err := ctx.Err(); err != nil {
			return plugin.Item{}, err
		}
		if s.past != nil {
			return s.nextOfPast(ctx)
		}
		if s.file != nil {
			return s.nextOfFile(ctx)
		}
		if s.finished() {
			return s.atEnd(ctx)
		}
		e, ok, err := s.reader.TryNext()
		if !ok && err == nil {
			if s.seen > s.reported {
				return s.progress(), nil // before waiting
			}
			e, err = s.reader.Next(ctx)
		}
		if err != nil {
			if err = s.damaged(err); err != nil {
				return plugin.Item{}, err
			}
			continue
		}
		ev, err := s.take(ctx, &e)
		if err != nil {
			return plugin.Item{}, err
		}
		s.seen = event.Position(e.Pos)
		if ev != nil {
			s.reported = s.seen
			return plugin.Item{Pos: s.seen, Event: ev}, nil
		}
		if s.seen-s.reported >= reportEvery {
			return s.progress(), nil
		}
	}
}

// prepare opens what comes before the log.
func (s *logSource) prepare(ctx context.Context) error {
	if !s.snapshots() {
		if err := s.loadDeletions(ctx, s.deps.Log); err != nil {
			return fmt.Errorf("deletions of the history: %w", err)
		}
		return nil
	}
	p, err := openPast(ctx, s)
	if err != nil {
		return err
	}
	if s.past = p; p == nil {
		return s.open(s.deps.Log)
	}
	s.extent.Store(&extent{p.pos, len(p.files)})
	return nil
}

// extent is how much a snapshot holds.
type extent struct {
	pos   event.Position
	files int
}

// Left implements plugin.Backlog. Files whose points are sent as rows, joined, count until
// the end.
func (s *logSource) Left(pos event.Position, text string) uint64 {
	x := s.extent.Load()
	if x == nil || pos >= x.pos {
		return 0
	}
	m, err := parseMark(text)
	left := 0
	for i := range x.files {
		if err != nil || m.phase == inChanges || !m.whole.has(i) || m.phase == inFiles && i >= m.file {
			left++
		}
	}
	return uint64(left)
}

// nextOfPast returns the next item of the snapshot; the last one ends its position.
func (s *logSource) nextOfPast(ctx context.Context) (plugin.Item, error) {
	it, ok, err := s.past.Next(ctx)
	if ok || err != nil {
		return it, err
	}
	s.seen = s.past.pos
	err = s.past.close()
	s.past = nil
	if err == nil {
		err = s.open(s.deps.Log)
	}
	return s.progress(), err
}

// progress is the item that only moves the cursor.
func (s *logSource) progress() plugin.Item {
	s.reported = s.seen
	return plugin.Item{Pos: s.seen}
}

// atEnd reports the progress, then finishes or waits for ctx.
func (s *logSource) atEnd(ctx context.Context) (plugin.Item, error) {
	if s.seen > s.reported {
		return s.progress(), nil
	}
	if !s.endless {
		return plugin.Item{}, io.EOF
	}
	<-ctx.Done()
	return plugin.Item{}, ctx.Err()
}

// damaged decides on an error of the reader: nil to go on.
func (s *logSource) damaged(err error) error {
	var bad *commitlog.CorruptError
	if !errors.As(err, &bad) || !s.skipBad {
		return err
	}
	s.c.Logger.Error("a damaged place of the log is skipped", "error", err, "from", bad.From, "to", bad.To)
	return s.reader.Skip()
}

// take decides on one entry: the event to send, or nil to skip it. A skipped entry
// that ought to have been sent is a dead letter already.
func (s *logSource) take(ctx context.Context, e *commitlog.Entry) (*event.Event, error) {
	f := &s.live
	if event.Position(e.Pos) <= s.c.Created {
		f = &s.history
	}
	if !s.wanted(e, f) {
		return nil, nil
	}
	ev, err := event.Decode(e.Payload)
	if err != nil {
		raw := &event.Event{Kind: event.Kept, Request: event.Request{Body: append([]byte(nil), e.Payload...)}}
		return nil, s.bury(ctx, event.Position(e.Pos), raw, "the record cannot be read: "+err.Error())
	}
	class := classOf(ev)
	if ev.ViaPipe && !s.forward || !s.carries.has(class) {
		return nil, nil
	}
	if mustUnpack(s, ev, f, event.Position(e.Pos)) {
		whole, err := s.unpack(ctx, ev, f, event.Position(e.Pos))
		if !whole || err != nil {
			return nil, err
		}
		return withoutMods(ev, s.mods), nil
	}
	out, reason := f.narrow(ev, class, s.mods)
	if reason != "" {
		return nil, s.bury(ctx, event.Position(e.Pos), ev, reason)
	}
	return s.undeleted(out, event.Position(e.Pos))
}

// undeleted takes from an event of the history what was deleted later in it.
func (s *logSource) undeleted(ev *event.Event, at event.Position) (*event.Event, error) {
	if ev == nil || ev.Tablet == nil || len(s.deleted) == 0 || at > s.c.Created {
		return ev, nil
	}
	left, err := s.deleted.apply(ev.Tablet, at)
	if err != nil || left == nil {
		return nil, err
	}
	out := *ev
	out.Tablet = left
	return &out, nil
}

// wanted looks at the label only: false if no event with it can be sent.
func (s *logSource) wanted(e *commitlog.Entry, f *filter) bool {
	if event.Kind(e.Kind) != event.Tablet {
		return true
	}
	return s.carries["data.insert"] && e.Hi >= f.lo && e.Lo <= f.hi
}

// bury makes a dead letter; only then may the entry be skipped.
func (s *logSource) bury(ctx context.Context, pos event.Position, ev *event.Event, reason string) error {
	now := time.Now()
	err := s.c.DeadLetters.Put(ctx, plugin.DeadLetter{Pipe: s.c.Pipe, Pos: pos, Event: ev, Reason: reason, First: now, Last: now})
	if err != nil {
		return fmt.Errorf("dead letter for position %d: %w", pos, err)
	}
	s.c.Logger.Warn("dead letter", "position", pos, "kind", ev.Kind, "reason", reason)
	return nil
}

// Close implements plugin.Source.
func (s *logSource) Close() error {
	var err error
	if s.reader != nil {
		err = s.reader.Close()
	}
	if s.past != nil {
		err = errors.Join(err, s.past.close())
	}
	if s.file != nil {
		err = errors.Join(err, s.file.r.Close())
	}
	return err
}
