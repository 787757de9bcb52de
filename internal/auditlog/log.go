package auditlog

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sluice-gateway/sluice/internal/audit"
)

// Log is an open audit log. It implements audit.Recorder. All methods may be called
// from several goroutines.
type Log struct {
	cfg   Config
	id    ID
	began time.Time // monotonic base of the clock watch
	w     *writer
	found Found
	lock  interface{ Close() error }

	mu    sync.Mutex
	room  sync.Cond // pending became less, or the log failed or closed
	tail  state     // after the last record taken
	batch batch     // being filled
	thin  thinner
	clock clockWatch
	fate  fate
}

// batch is bytes of one segment with the state behind them.
type batch struct {
	buf []byte
	end state // after the last record; only set once the batch is closed
}

// fate is how the log is, guarded by the log's mutex.
type fate struct {
	failure error     // the log cannot be written; nil while it can
	since   time.Time // of failure
	lost    uint64    // records that had no room meanwhile
	records uint64    // since Open
	pending int       // bytes that are not on stable storage
	closed  bool
}

// Found says what Open found.
type Found struct {
	New     bool      // there was no log
	Clean   bool      // the last record is a stop
	Last    time.Time // of the last record; zero if there is none
	Records int64     // in the tree
	Dropped int64     // bytes at the end that a crash left unfinished
	Damage  error     // the tree before could not be continued; a new one was begun
	Before  string    // origin and last head of the damaged tree, for the first record of the new one
	Size    int64     // bytes on disk
}

// Found returns what Open found.
func (l *Log) Found() Found { return l.found }

// Origin names the tree in signed heads.
func (l *Log) Origin() string { return originOf(l.cfg.Signer.Name(), l.id) }

// Head returns the last signed head that is durable, in one line; empty if there is
// none since Open. It is worth keeping elsewhere.
func (l *Log) Head() string {
	if line := l.w.known.Load(); line != nil {
		return *line
	}
	return ""
}

// Record implements audit.Recorder. It waits only while 8 MiB wait to be written.
func (l *Log) Record(e audit.Entry) error {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fate.closed {
		return ErrClosed
	}
	if l.thin.take(&e, now) {
		if e.Time.IsZero() {
			e.Time = now
		}
		l.waitLocked()
		l.appendLocked(&e)
	}
	return l.refusingLocked()
}

// waitLocked waits for room unless the log cannot be written.
func (l *Log) waitLocked() {
	for l.fate.pending >= maxPending && l.fate.failure == nil && !l.fate.closed {
		l.room.Wait()
	}
}

// appendLocked adds a record to the batch. Without room it is counted as lost; the
// entry that ends the failure says how many.
func (l *Log) appendLocked(e *audit.Entry) {
	if l.fate.pending >= maxPending {
		l.fate.lost++
		return
	}
	if len(l.batch.buf) == 0 {
		l.w.poke()
	}
	start := len(l.batch.buf)
	b := beginFrame(l.batch.buf, kindRecord, l.tail.n, l.tail.prev)
	b = AppendEntry(b, e)
	h := endFrame(b, start)
	l.batch.buf = b
	l.tail.add(h, nil)
	l.tail.prev = checkOf(h)
	l.fate.records++
	l.fate.pending += len(b) - start
}

// Refusing returns why nothing new may be accepted: an error that wraps
// ErrUnavailable, nil if all is well or the setting says to go on without.
func (l *Log) Refusing() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refusingLocked()
}

func (l *Log) refusingLocked() error {
	if l.fate.failure == nil || l.cfg.Continue {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, l.fate.failure)
}

// Flush returns when all that was recorded before is on stable storage under a
// signed head, or with the reason why not.
func (l *Log) Flush(ctx context.Context) error { return l.order(ctx, everything) }

// order has the writer do something and waits for it.
func (l *Log) order(ctx context.Context, do func(*writer) error) error {
	done := make(chan error, 1)
	select {
	case l.w.orders <- order{do, done}:
	case <-l.w.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close writes what was counted and then the entries given, signs a last head, and
// closes the log. A second call does nothing.
func (l *Log) Close(last ...audit.Entry) error {
	l.mu.Lock()
	if l.fate.closed {
		l.mu.Unlock()
		return nil
	}
	l.thin.due(time.Time{}, l.appendLocked)
	for _, e := range last {
		if e.Time.IsZero() {
			e.Time = time.Now()
		}
		l.appendLocked(&e)
	}
	l.fate.closed = true
	l.room.Broadcast()
	l.mu.Unlock()
	return l.w.close(l.lock)
}

// observe does what is due at a moment and takes the batch: what was counted, jumps
// of the clock. The second result is what is being counted, when that is due.
func (l *Log) observe(now time.Time) (batch, *counts) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.fate.closed {
		l.thin.due(now, l.appendLocked)
		if jump := l.clock.step(now.UnixNano(), now.Sub(l.began)); jump != 0 {
			l.appendLocked(&audit.Entry{Time: now, Category: audit.Clock, Action: "jump",
				Detail: fmt.Sprintf("the wall clock moved by %v against the monotonic clock", jump.Round(time.Millisecond))})
		}
	}
	b := l.batch
	b.end = l.tail.clone()
	l.batch = batch{}
	return b, l.countsDue(now)
}

// settle notes that n bytes are on stable storage, and the end of a failure.
func (l *Log) settle(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fate.pending -= n
	l.room.Broadcast()
	if l.fate.failure == nil {
		return
	}
	e := audit.Entry{Time: time.Now(), Category: audit.Log, Action: "resumed", Detail: fmt.Sprintf("the log could not be written: %v", l.fate.failure),
		From: l.fate.since, To: time.Now()}
	if l.fate.lost > 0 {
		e.Result, e.Count = audit.Failed, l.fate.lost
		e.Detail += fmt.Sprintf("; %d records of that time are lost", l.fate.lost)
	}
	l.fate.failure, l.fate.lost = nil, 0
	l.appendLocked(&e)
}

// failed notes that the log cannot be written.
func (l *Log) failed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fate.failure == nil {
		l.fate.since = time.Now()
		l.cfg.Logger.Error("the audit log cannot be written", "error", err, "accepting", l.cfg.Continue)
	}
	l.fate.failure = err
	l.room.Broadcast()
}
