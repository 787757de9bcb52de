package sender

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
)

// batchRest is how long a lane sends single nodes after a target refused a batch
// whose parts it then took one by one (IoTDB refuses a batch that holds one row
// older than the TTL, and takes the same row alone).
const batchRest = 5 * time.Minute

// fileTries is how often a TsFile is refused before its points are sent instead. It is even:
// through a gate the two types of seal take turns.
const fileTries = 4

// encodeError says that an event cannot be put into a request at all.
type encodeError struct{ err error }

func (e *encodeError) Error() string { return "cannot be encoded: " + e.err.Error() }
func (e *encodeError) Unwrap() error { return e.err }

// deliver sends the entries as one request until they are acknowledged, as one or
// in parts, or given up as dead letters. It returns an error only when ctx ends.
func (l *lane) deliver(ctx context.Context, es []entry, t Trial) error {
	for {
		a, err := l.attempt(ctx, es, &t)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var bad *encodeError
		var out *leftOut
		switch {
		case errors.As(err, &out):
			leave(l, es[0], out)
			return nil
		case errors.Is(err, errAsRows):
			return asRows(ctx, l, es[0], t)
		case errors.As(err, &bad):
			if len(es) > 1 {
				return l.halves(ctx, es, t)
			}
			if first, rest, ok := divide(es[0]); ok {
				return parts(ctx, l, first, rest, t)
			}
			t.Refuse(time.Now(), true, bad.Error())
			t.never = true
			if l.bury(ctx, es[0], &t) {
				return nil
			}
			l.wait(ctx, "encode", bad.Error())
		case err != nil:
			if ReasonOf(err) == ReasonTimeout {
				t.silent++
			}
			l.lost(err)
			l.trouble.set(err.Error(), time.Now(), l.pause.until)
		case a.Verdict == OK:
			l.done(es)
			return nil
		case a.Verdict == Refused:
			t.Refuse(time.Now(), l.conn.events == 1, a.Detail)
			l.drop(ReasonRefused) // the next try shakes hands again: only then a refusal says something about the request
			if t.Split(len(es)) {
				return l.halves(ctx, es, t)
			}
			given := int(l.s.given.Load())
			if t.Divide(l.s.cfg.Refusal, given) {
				if first, rest, ok := divide(es[0]); ok {
					return parts(ctx, l, first, rest, t)
				}
			}
			if ev := es[0].ev; t.Attempts >= fileTries && ev.Kind == event.File && rowsOnly(l, ev.File) {
				return asRows(ctx, l, es[0], t) // the target may take what is in it
			}
			why := refusal(es, a.Detail)
			if t.GiveUp(l.s.cfg.Refusal) {
				if most := l.s.cfg.Refusal.InARow; most > 0 && given >= most {
					why += fmt.Sprintf("; %d were given up in a row and nothing was accepted between: nothing more is given up until something is", given)
				} else if readable(l, es[0].ev) {
					return asRows(ctx, l, es[0], t) // the target may take what is in it
				} else if l.bury(ctx, es[0], &t) {
					return nil
				}
			}
			l.wait(ctx, "refused", why)
		default: // Busy, or a local cause that may pass
			l.wait(ctx, "busy", "busy: "+a.Detail)
		}
	}
}

// wait lets the lane pause before it repeats the request. Log lines of one kind are
// summarised, whatever request they are about.
func (l *lane) wait(ctx context.Context, kind, what string) {
	d := l.pause.loss.Next(l.rnd)
	now := time.Now()
	l.trouble.set(what, now, now.Add(d))
	l.s.warn(fmt.Sprintf("wait %d %s", l.id, kind), "request not accepted, will be repeated", "lane", l.id, "cause", what, "next_try", d.Round(time.Millisecond))
	_ = sleep(ctx, d) // its end is noticed by the next attempt
}

func refusal(es []entry, detail string) string {
	if detail == "" {
		detail = "no reason given"
	}
	return fmt.Sprintf("refused (%s): %d events from position %d, %s", detail, len(es), es[0].pos, subject(es[0].ev))
}

// subject names what an event is about, for logs.
func subject(ev *event.Event) string {
	switch ev.Kind {
	case event.Tablet:
		return "rows of " + ev.Tablet.Device
	case event.File:
		if n := len(ev.File.Parts); n > 0 {
			return "file " + ev.File.Parts[n-1].Name
		}
	case event.Plan, event.Kept:
		return "request type " + request.Type(ev.Request.Type).String()
	}
	return ev.Kind.String()
}

// halves sends a refused request in two parts, in order, each on its own.
func (l *lane) halves(ctx context.Context, es []entry, t Trial) error {
	l.s.count.splits.Add(1)
	dead := l.s.count.dead.Load()
	mid := len(es) / 2
	if err := l.deliver(ctx, es[:mid], t.Half()); err != nil {
		return err
	}
	if err := l.deliver(ctx, es[mid:], t.Half()); err != nil {
		return err
	}
	if !t.part && l.s.count.dead.Load() == dead {
		l.batchOff = time.Now().Add(batchRest)
	}
	return nil
}

// attempt sends the entries once.
func (l *lane) attempt(ctx context.Context, es []entry, t *Trial) (Answer, error) {
	if err := l.ensure(ctx); err != nil {
		return Answer{}, err
	}
	l.conn.events++
	ev := es[0].ev
	switch ev.Kind {
	case event.Tablet:
		dst, err := l.comp.append(l.begin(), es)
		if err != nil {
			return Answer{}, &encodeError{err}
		}
		return l.send(ctx, dst, l.s.cfg.AnswerTimeout)
	case event.File:
		if a, err := l.prepareFile(ev.File); err != nil || a.Verdict != OK {
			return a, err
		}
		return l.sendFile(ctx, &l.prep.file.Sealed, t)
	}
	r, err := translated(ev, l.conn.peer)
	if err != nil {
		return Answer{}, err
	}
	return l.send(ctx, request.Append(l.begin(), request.Type(r.Type), r.Body), t.Patience(l.s.cfg.AnswerTimeout, l.s.cfg.PlanTimeout, 0))
}

// begin returns the buffer a payload is appended to.
func (l *lane) begin() []byte {
	if l.buf.deflate != nil {
		return l.buf.plain[:0]
	}
	return l.s.deps.Transport.Begin(l.buf.frame[:0])
}

// send transmits the payload that was built on begin's buffer.
func (l *lane) send(ctx context.Context, built []byte, patience time.Duration) (Answer, error) {
	if l.buf.deflate != nil {
		l.buf.plain = built
		dst := request.AppendEnvelope(l.s.deps.Transport.Begin(l.buf.frame[:0]), request.TypeCompressed)
		frame, err := l.buf.deflate.Append(dst, built)
		if err != nil {
			return Answer{}, &encodeError{err}
		}
		built = frame
	}
	l.buf.frame = built
	start := time.Now()
	if d := l.s.limit.Reserve(len(built), start); d > 0 {
		if err := sleep(ctx, d); err != nil {
			return Answer{}, err
		}
		start = time.Now()
	}
	c := &l.s.count
	c.requests.Add(1)
	c.bytes.Add(uint64(len(built)))
	l.trouble.ask(l.s.ends[l.class].address(l.conn.at), start, patience)
	a, err := l.conn.link.Send(ctx, built, patience)
	l.trouble.answered()
	l.conn.used = time.Now()
	if err != nil {
		return a, err
	}
	l.conn.served++
	l.pause.losses = 0
	c.answers[a.Verdict].Add(1)
	c.trip(l.conn.used.Sub(start))
	return a, nil
}

// done acknowledges what was delivered.
func (l *lane) done(es []entry) {
	l.pause.loss.Reset()
	l.trouble.clear()
	points := 0
	for i := range es {
		if es[i].rows != nil {
			points += es[i].rows.Points()
		}
		if es[i].ev.Kind == event.File {
			l.s.count.files.Add(1)
		}
	}
	l.s.count.points.Add(uint64(points))
	l.s.given.Store(0)
	l.acknowledge(es)
}

func (l *lane) acknowledge(es []entry) {
	var bytes int64
	counted := 0
	for i := range es {
		bytes += es[i].held
		if !es[i].cut {
			counted++
		}
		if !es[i].part {
			l.s.count.events.Add(1)
			l.s.deps.Acker.Ack(es[i].pos, es[i].nth)
		}
	}
	l.s.budget.give(l.id, bytes, counted)
}

// bury turns an event into a dead letter; false if that is not possible (yet).
func (l *lane) bury(ctx context.Context, e entry, t *Trial) bool {
	if l.s.deps.Dead == nil {
		return false
	}
	ev := e.ev
	if e.rows != nil && e.rows != ev.Tablet {
		ev = &event.Event{Kind: event.Tablet, ViaPipe: ev.ViaPipe, Tablet: e.rows}
	}
	endpoint := l.s.ends[l.class].address(l.conn.at)
	reason := fmt.Sprintf("%s refused it %d times", endpoint, t.Attempts)
	if t.never {
		reason = t.Detail
	} else if t.Detail != "" {
		reason += ": " + t.Detail
	}
	err := l.s.deps.Dead.Put(ctx, plugin.DeadLetter{
		Pipe: l.s.cfg.Name, Pos: e.pos, Event: ev, Reason: reason, Attempts: t.Attempts, First: t.First, Last: t.Last,
	})
	if err != nil {
		l.s.warn("dead letter", "dead letter could not be kept, the event is repeated", "position", uint64(e.pos), "error", err)
		return false
	}
	l.s.count.dead.Add(1)
	l.s.given.Add(1)
	l.s.log.Error("event given up, kept as a dead letter", "position", uint64(e.pos), "what", subject(ev), "attempts", t.Attempts, "endpoint", endpoint, "detail", t.Detail)
	l.pause.loss.Reset()
	l.trouble.clear()
	l.acknowledge([]entry{e})
	return true
}
