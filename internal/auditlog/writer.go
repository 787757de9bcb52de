package auditlog

import (
	"cmp"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/sluice-gateway/sluice/internal/auditlog/heads"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// writer brings batches to the disk. All but the channels and number belongs to its
// goroutine.
//
// Invariant: base is the state behind the last synced byte, unsynced what came
// after it, in order. After a failure the segment is given up where it was synced
// last, and a new segment begins at base: nothing is ever synced twice on a file
// whose sync failed.
type writer struct {
	l      *Log
	dir    string
	number atomic.Uint64 // of the open segment, or of the one opened last
	wake   chan struct{}
	orders chan order
	ending chan struct{}
	done   chan struct{}
	keeper *keeper

	seg      *segment // nil: none is open
	loose    bool     // the segment before was given up
	base     state    // behind what is synced
	unsynced []batch
	times    struct{ sync, sign, retry time.Time }
	beside
}

// beside is what lies beside the segments and is written behind them.
type beside struct {
	signer note.Signer
	signed int64   // records under the last head that is durable
	head   []byte  // signed, not yet in the head file
	counts *counts // not yet written down; nil: nothing new

	known atomic.Pointer[string] // the last head that is in the head file
	told  time.Time              // when it was last told to the gateway's own log
}

// tellEvery is how often a signed head goes to the gateway's own log, which may be
// kept on another machine.
const tellEvery = time.Hour

// saved notes that a head is in the head file.
func (w *writer) saved(now time.Time) {
	line := heads.Line(w.head)
	w.head = nil
	w.known.Store(&line)
	if now.Sub(w.told) >= tellEvery {
		w.told = now
		w.tell()
	}
}

func (w *writer) tell() {
	if line := w.known.Load(); line != nil {
		w.l.cfg.Logger.Info("signed head of the audit log", "head", *line)
	}
}

func newWriter(l *Log, dir string, base state, number uint64) *writer {
	w := &writer{l: l, dir: dir, base: base, beside: beside{signed: -1, signer: l.cfg.Signer}, wake: make(chan struct{}, 1), orders: make(chan order),
		ending: make(chan struct{}), done: make(chan struct{})}
	w.number.Store(number)
	return w
}

// order is something for the writer's goroutine to do between two turns.
type order struct {
	do   func(*writer) error
	done chan error // capacity 1
}

// everything is the order to write, sign and sync all that has come.
func everything(w *writer) error { return w.turn(time.Now(), true) }

// poke wakes the writer; it never blocks.
func (w *writer) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *writer) run() {
	defer close(w.done)
	tick := time.NewTicker(tickInterval)
	defer tick.Stop()
	rest := time.NewTimer(0)
	defer rest.Stop()
	<-rest.C
	for {
		select {
		case <-w.wake:
			w.turn(time.Now(), false)
			rest.Reset(pauseBetweenWrites)
			select {
			case <-rest.C:
			case o := <-w.orders:
				o.done <- o.do(w)
			case <-w.ending:
				return
			}
		case <-tick.C:
			w.turn(time.Now(), false)
		case o := <-w.orders:
			o.done <- o.do(w)
		case <-w.ending:
			return
		}
	}
}

// close ends the goroutines and does the last turn.
func (w *writer) close(lock io.Closer) error {
	close(w.ending)
	<-w.done
	err := w.turn(time.Now(), true)
	if err != nil {
		err = w.turn(time.Now(), true) // once more, on a new segment
	}
	w.tell()
	if err == nil {
		err = w.endCounts()
	}
	if w.seg != nil {
		err = errors.Join(err, w.seg.file.Close())
		w.seg = nil
	}
	return errors.Join(err, w.keeper.close(), lock.Close())
}

// turn writes what has come, signs and syncs what is due, or everything.
func (w *writer) turn(now time.Time, all bool) error {
	b, counts := w.l.observe(now)
	w.counts = cmp.Or(counts, w.counts)
	if len(b.buf) > 0 {
		w.unsynced = append(w.unsynced, b)
		if w.seg != nil {
			if err := w.seg.write(b.buf); err != nil {
				return w.fail(err)
			}
		}
	}
	if len(w.unsynced) == 0 && w.signed == w.base.n && w.head == nil || !all && now.Before(w.times.retry) {
		w.saveCounts()
		return nil
	}
	if w.seg == nil {
		if err := w.open(now); err != nil {
			return w.fail(err)
		}
	}
	full := w.seg.size >= w.l.cfg.SegmentBytes
	if all || full || now.Sub(w.times.sign) >= w.l.cfg.SignInterval {
		if err := w.sign(now); err != nil {
			return w.fail(err)
		}
	}
	if w.head != nil || now.Sub(w.times.sync) >= w.l.cfg.SyncInterval || w.size() >= maxUnsynced {
		if err := w.sync(now); err != nil {
			return w.fail(err)
		}
	}
	w.saveCounts()
	if full {
		return w.rotate()
	}
	return nil
}

func (w *writer) size() int {
	n := 0
	for _, b := range w.unsynced {
		n += len(b.buf)
	}
	return n
}

// open begins a segment behind what is synced and writes all the rest to it.
func (w *writer) open(now time.Time) error {
	h := header{id: w.l.id, number: w.number.Load() + 1, made: now, loose: w.loose, state: w.base.clone()}
	seg, err := createSegment(w.l.cfg.FS, w.dir, &h)
	w.number.Store(h.number) // whatever happened to it, the name is used
	if err != nil {
		return err
	}
	w.seg, w.loose = seg, false
	for _, b := range w.unsynced {
		if err := seg.write(b.buf); err != nil {
			return err
		}
	}
	return nil
}

// last is the state behind everything that is written.
func (w *writer) last() *state {
	if n := len(w.unsynced); n > 0 {
		return &w.unsynced[n-1].end
	}
	return &w.base
}

// sign writes a signed head behind the last record, unless there is one.
func (w *writer) sign(now time.Time) error {
	at := w.last()
	if w.signed == at.n && w.head == nil {
		return nil
	}
	h, err := heads.Sign(w.signer, w.l.Origin(), at.n, at.root(), now)
	if err != nil {
		return err
	}
	b := beginFrame(nil, kindHead, at.n, at.prev)
	b = append(b, h.Note...)
	endFrame(b, 0)
	w.unsynced = append(w.unsynced, batch{buf: b, end: *at})
	w.head = h.Note
	w.signed = at.n
	w.times.sign = now
	return w.seg.write(b)
}

// sync makes what is written durable, then the head file.
func (w *writer) sync(now time.Time) error {
	if err := w.seg.file.Sync(); err != nil {
		return err
	}
	records := 0
	for _, b := range w.unsynced {
		if b.buf[frameHead] == kindRecord {
			records += len(b.buf)
		}
	}
	w.base = *w.last()
	w.unsynced = nil
	w.times.sync = now
	w.l.settle(records)
	if w.head == nil {
		return nil
	}
	if err := vfs.WriteFile(w.l.cfg.FS, headPath(w.dir), w.head); err != nil {
		return err
	}
	w.saved(now)
	return nil
}

// rotate closes a full segment, which is synced and signed.
func (w *writer) rotate() error {
	err := w.seg.file.Close()
	w.seg = nil
	w.keeper.look()
	if err != nil {
		return w.fail(err)
	}
	return nil
}

// fail gives the segment up; the next turn after a pause begins a new one.
func (w *writer) fail(err error) error {
	if w.seg != nil {
		_ = w.seg.file.Close() // its error would say nothing new
		w.seg = nil
	}
	w.loose = true
	w.signed, w.head = -1, nil // the head may not have got there
	w.times.retry = time.Now().Add(retryInterval)
	w.l.failed(err)
	return err
}
