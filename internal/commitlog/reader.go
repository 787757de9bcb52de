package commitlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// Reader reads durable entries in order. It is for one goroutine.
//
// Invariant: next is the position of the entry to return; the walk stands at or
// before it in the segment of v.
type Reader struct {
	log    *Log
	next   uint64
	v      view
	w      *walk         // nil = no segment is open
	bad    *CorruptError // reported, not skipped
	resume uint64        // where Skip goes on
	passed uint64        // number of the segment whose damaged header was skipped
	closed bool
}

// Reader returns a reader whose first entry is from (0 = the oldest kept). It is
// ErrGone if from was removed and ErrAhead if it is beyond Durable()+1.
func (l *Log) Reader(from uint64) (*Reader, error) {
	if from == 0 {
		from = l.First()
	}
	if next := l.Durable() + 1; from > next {
		return nil, fmt.Errorf("%w: %d, the next is %d", ErrAhead, from, next)
	}
	if _, _, err := l.shelf.find(from); err != nil {
		var ce *CorruptError
		if !errors.As(err, &ce) { // the first Next reports that
			return nil, err
		}
	}
	return &Reader{log: l, next: from}, nil
}

// Next returns the next entry, waiting for it. Errors: ctx's, ErrClosed, ErrGone
// if retention overtook the reader, and *CorruptError, which is returned again
// until Skip is called.
func (r *Reader) Next(ctx context.Context) (Entry, error) {
	for {
		e, ok, err := r.TryNext()
		if ok || err != nil {
			return e, err
		}
		wait := r.log.shelf.wait()
		if e, ok, err = r.TryNext(); ok || err != nil { // it may have come in between
			return e, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return Entry{}, ctx.Err()
		}
	}
}

// TryNext returns the next entry, or false if there is none yet. Errors are
// those of Next.
func (r *Reader) TryNext() (Entry, bool, error) {
	if r.closed {
		return Entry{}, false, ErrClosed
	}
	if r.bad != nil {
		return Entry{}, false, r.bad
	}
	for {
		if r.w == nil || r.next > r.v.last {
			ok, err := r.enter()
			if err != nil {
				err = r.damaged(err)
			}
			if !ok || err != nil {
				return Entry{}, false, err
			}
		}
		e, ok, err := r.read()
		if err != nil {
			err = r.damaged(err)
		}
		if ok || err != nil {
			return e, ok, err
		}
	}
}

// read returns the entry next, or false if the walk has to go on.
func (r *Reader) read() (Entry, bool, error) {
	h, err := r.w.header()
	if err == io.EOF {
		return Entry{}, false, r.w.corrupt("the segment ends before its last position")
	}
	if err != nil {
		return Entry{}, false, err
	}
	if h.pos < r.next {
		r.w.advance(&h)
		return Entry{}, false, nil
	}
	b, err := r.w.payload(&h)
	if err != nil {
		return Entry{}, false, err
	}
	r.w.advance(&h)
	r.next++
	return h.entry(b), true, nil
}

// enter goes to the segment that holds next, or learns how far it is durable.
func (r *Reader) enter() (bool, error) {
	v, ok, err := r.log.shelf.find(r.next)
	if !ok || err != nil {
		if r.w != nil {
			r.w.forget()
		}
		return false, err
	}
	if r.w != nil && v.seg == r.v.seg {
		r.v, r.w.limit = v, v.end
		return true, nil
	}
	r.leave()
	if v.head != "" && r.next == v.first && r.passed != v.num {
		return false, &CorruptError{Segment: v.num, Reason: v.head, From: r.next, To: r.next - 1}
	}
	w, err := r.log.walkAt(v, r.next)
	if err != nil {
		return false, err
	}
	r.v, r.w = v, w
	return true, nil
}

// leave closes the open segment.
func (r *Reader) leave() {
	if r.w != nil {
		_ = r.w.f.Close() // opened for reading
		r.w = nil
	}
}

// damaged prepares Skip: it finds out where the log goes on after a damaged
// place. Other errors pass; damage before the wanted position is no error.
func (r *Reader) damaged(err error) error {
	var ce *CorruptError
	if !errors.As(err, &ce) {
		return err
	}
	if r.w != nil && r.w.num == ce.Segment && ce.Offset >= segmentHeader && ce.From <= r.v.last {
		from := r.w.want
		ok, rerr := r.w.resync(r.v.last)
		if rerr != nil {
			return rerr
		}
		if !ok {
			r.w.want = r.v.last + 1
		}
		ce.From, ce.To = max(from, r.next), r.w.want-1
		if ce.To < r.next { // nothing that was asked for
			return nil
		}
	}
	if ce.To >= r.next {
		ce.From = max(ce.From, r.next)
	}
	r.resume = max(ce.To+1, r.next)
	if ce.To < ce.From { // a damaged header loses no position
		r.passed = ce.Segment
	}
	r.bad = ce
	r.log.meter.damage()
	return ce
}

// Skip moves past the damaged place that Next has just reported; what the error
// names as From to To is not returned. Without such an error it does nothing.
func (r *Reader) Skip() error {
	if r.closed {
		return ErrClosed
	}
	if r.bad == nil {
		return nil
	}
	r.log.logger.Error("a reader skips a damaged place", "segment", r.bad.Segment, "offset", r.bad.Offset,
		"from", r.bad.From, "to", r.bad.To, "reason", r.bad.Reason)
	r.next, r.bad = r.resume, nil
	return nil
}

// Close releases the reader's file and buffer.
func (r *Reader) Close() error {
	r.closed = true
	r.leave()
	return nil
}

// walkAt opens a segment with the walk standing at pos or somewhat before it.
func (l *Log) walkAt(v view, pos uint64) (*walk, error) {
	off, first := int64(segmentHeader), v.first
	if pos > v.first {
		blocks, err := l.blocks(v)
		if err != nil {
			return nil, err
		}
		if len(blocks) > 0 {
			off, first = seek(blocks, pos)
		}
	}
	w, err := l.openWalk(v)
	if err != nil {
		return nil, err
	}
	w.off, w.want = off, first
	return w, nil
}

// openWalk opens a segment for reading from its start.
func (l *Log) openWalk(v view) (*walk, error) {
	f, err := l.fs.Open(l.logName(v.num))
	if errors.Is(err, fs.ErrNotExist) {
		if l.First() > v.last {
			return nil, fmt.Errorf("%w: segment %d", ErrGone, v.num)
		}
		return nil, &CorruptError{Segment: v.num, Reason: "the file is missing", From: v.first, To: v.last}
	}
	if err != nil {
		return nil, fmt.Errorf("commitlog: open segment %d: %w", v.num, err)
	}
	return &walk{f: f, num: v.num, salt: l.salt, off: segmentHeader, limit: v.end, want: v.first}, nil
}

// blocks returns the index of a segment: from memory, from its file, or rebuilt
// from the segment if the file is damaged. It may speak of more records than the
// view, never of fewer.
func (l *Log) blocks(v view) ([]block, error) {
	if b := l.shelf.blocks(v.seg); b != nil {
		return b, nil
	}
	v = l.shelf.refresh(v.seg) // it may have been sealed after the caller's view
	c, err := readIndex(l.fs, l.idxName(v.num), v.num)
	if err == nil && c.end == v.end && c.last == v.last {
		return c.blocks, nil
	}
	if err == nil {
		err = fmt.Errorf("%w: it covers %d bytes to position %d, not %d to %d", errIndex, c.end, c.last, v.end, v.last)
	}
	l.rebuild.Lock()
	defer l.rebuild.Unlock()
	if c, err := readIndex(l.fs, l.idxName(v.num), v.num); err == nil && c.end == v.end && c.last == v.last {
		return c.blocks, nil // somebody else was quicker
	}
	l.logger.Warn("the index of a segment is rebuilt", "segment", v.num, "reason", err)
	w, err := l.openWalk(v)
	if err != nil {
		return nil, err
	}
	defer w.f.Close()
	ix, err := w.index(v.last)
	if err != nil {
		return nil, err
	}
	seg := &segment{num: v.num, first: v.first, last: v.last, end: v.end, index: ix}
	x := indexWriter{place: &l.place, num: v.num}
	x.seal(seg)
	return ix.snapshot(), nil
}
