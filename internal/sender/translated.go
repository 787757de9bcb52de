package sender

import (
	"context"
	"errors"
	"io"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/translate"
	"github.com/sluice-gateway/sluice/internal/pipe/unpack"
	"github.com/sluice-gateway/sluice/internal/request"
)

// prepared is the file that a lane sends, as the target reads it. It is kept between
// the tries, because its length may cost a reading of the whole.
type prepared struct {
	of   *event.Sealed
	peer request.Layout
	file *translate.File
}

// leftOut says that the target has no equivalent of something that only adds to a schema.
type leftOut struct{ why string }

func (e *leftOut) Error() string { return e.why }

// errAsRows says that the points of a file are to be sent instead of the file.
var errAsRows = errors.New("sender: the target does not read this file")

// verdictOf turns a verdict of the translation into an error.
func verdictOf(v translate.Verdict, why string) error {
	switch v {
	case translate.LeaveOut:
		return &leftOut{why}
	case translate.Bury:
		return &encodeError{errors.New(why)}
	}
	return nil
}

// translated returns the request of a plan or a kept request for the target.
func translated(ev *event.Event, peer request.Layout) (event.Request, error) {
	r, v, why := translate.Request(ev.Request, peer)
	return r, verdictOf(v, why)
}

// prepareFile makes l.prep the file to send. A disk that fails now is a Busy answer.
func (l *lane) prepareFile(f *event.Sealed) (Answer, error) {
	if l.prep.of != f || l.prep.peer != l.conn.peer {
		file, v, why, err := translate.Prepare(l.s.deps.Files, f, l.conn.peer)
		if err != nil {
			return Answer{Verdict: Busy, Detail: err.Error()}, nil
		}
		if err := verdictOf(v, why); err != nil {
			return Answer{}, err
		}
		l.prep = prepared{of: f, peer: l.conn.peer, file: file}
	}
	if l.prep.file.AsRows || l.s.cfg.Rows && rowsOnly(l, f) {
		return Answer{}, errAsRows
	}
	return Answer{}, nil
}

// rowsOnly reports whether a file holds points that can be sent instead of it.
func rowsOnly(l *lane, f *event.Sealed) bool {
	if !unpack.IsTsFile(f) {
		return false
	}
	r, err := unpack.Open(l.s.deps.Files, f, unpack.Everything())
	if err != nil {
		return false // whoever sends the file says why
	}
	return r.Close() == nil
}

// leave acknowledges what the target cannot have and says so.
func leave(l *lane, e entry, why *leftOut) {
	l.s.count.left.Add(1)
	l.s.warn("left out "+why.why, "not sent: the target has no equivalent", "position", uint64(e.pos), "what", subject(e.ev), "reason", why.why)
	l.acknowledge([]entry{e})
}

// readable reports whether an event is a TsFile that may be sent as rows when the file
// itself is refused.
func readable(l *lane, ev *event.Event) bool {
	return ev.Kind == event.File && unpack.IsTsFile(ev.File) && l.s.deps.Files != nil
}

// asRows sends the points of a file one request after the other and acknowledges the
// file behind the last. It returns an error only when ctx ends.
func asRows(ctx context.Context, l *lane, e entry, t Trial) error {
	var bad *unpack.Bad
	for {
		err := rowsOf(ctx, l, e)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			l.s.count.unpacked.Add(1)
			l.acknowledge([]entry{e})
			return nil
		case errors.As(err, &bad):
			if t.Attempts == 0 {
				t.Detail, t.never = "neither the file nor its points can be sent: "+bad.Error(), true
			}
			if l.bury(ctx, e, &t) {
				return nil
			}
		}
		l.wait(ctx, "file", err.Error())
	}
}

// rowsOf sends the points of a file.
func rowsOf(ctx context.Context, l *lane, e entry) error {
	r, err := unpack.Open(l.s.deps.Files, e.ev.File, unpack.Everything())
	if err != nil {
		return err
	}
	defer r.Close()
	var batch []entry
	size := 0
	for {
		t, err := r.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if t != nil {
			ev := &event.Event{Kind: event.Tablet, ViaPipe: e.ev.ViaPipe, Tablet: t}
			for _, rows := range rowSlices(t, l.s.room()) {
				n := nodeSize(rows)
				batch = append(batch, entry{pos: e.pos, ev: ev, rows: rows, size: int64(n), part: true, cut: true})
				size += n
			}
		}
		if size >= l.s.room() || errors.Is(err, io.EOF) {
			if err := deliverAll(ctx, l, batch); err != nil {
				return err
			}
			batch, size = batch[:0], 0
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
}

// deliverAll sends entries of rows in as few requests as they fit.
func deliverAll(ctx context.Context, l *lane, es []entry) error {
	for len(es) > 0 {
		l.comp.mode = l.mode()
		n := l.comp.take(es)
		if err := l.deliver(ctx, es[:n], Trial{}); err != nil {
			return err
		}
		es = es[n:]
	}
	return nil
}
