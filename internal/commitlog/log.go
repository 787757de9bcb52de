package commitlog

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Config is how a log is kept. Zero means the default in brackets.
type Config struct {
	SegmentBytes int64 // a segment is closed at this size [64 MiB]
	Quota        int64 // most bytes of the whole log; appends beyond are ErrQuota [no limit]
	Reserve      int64 // bytes of the disk left free for cursors and metadata [64 MiB]; -1 = none
	Retain       int64 // whole segments beyond this size, or all while there is no room, are removed if every cursor is past them [keep all]
	MaxRecord    int   // most payload bytes of one record [64 MiB]
	MaxGroup     int   // most payload bytes of one Begin [128 MiB]
	Pending      int   // bytes that may wait for the disk before Begin blocks [16 MiB]

	Removed func(Removed) // told what retention has removed [nobody]
}

// Removed is what one pass of retention has removed.
type Removed struct {
	First, Last uint64 // positions
	Segments    int
	Bytes       int64 // of their files
}

const (
	defaultSegment = 64 << 20
	defaultReserve = 64 << 20
	defaultRecord  = 64 << 20
	defaultGroup   = 128 << 20
	defaultPending = 16 << 20
	flushEvery     = time.Second // of cursors
	lockName       = "LOCK"
)

// withDefaults fills zeros in and refuses what cannot work.
func (c Config) withDefaults() (Config, error) {
	set := func(v *int64, def int64) {
		if *v == 0 {
			*v = def
		}
	}
	setInt := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	set(&c.SegmentBytes, defaultSegment)
	set(&c.Reserve, defaultReserve)
	setInt(&c.MaxRecord, defaultRecord)
	setInt(&c.MaxGroup, max(defaultGroup, c.MaxRecord))
	setInt(&c.Pending, defaultPending)
	switch {
	case c.SegmentBytes < segmentHeader+1:
		return c, fmt.Errorf("commitlog: SegmentBytes %d is below %d", c.SegmentBytes, segmentHeader+1)
	case c.Quota < 0 || c.Retain < 0 || c.Reserve < -1:
		return c, fmt.Errorf("commitlog: negative Quota %d, Retain %d or Reserve %d", c.Quota, c.Retain, c.Reserve)
	case c.MaxRecord < 1 || c.MaxRecord > maxPayload:
		return c, fmt.Errorf("commitlog: MaxRecord %d is not in 1 to %d", c.MaxRecord, maxPayload)
	case c.MaxGroup < c.MaxRecord || c.Pending < 1:
		return c, fmt.Errorf("commitlog: MaxGroup %d is below MaxRecord %d, or Pending %d below 1", c.MaxGroup, c.MaxRecord, c.Pending)
	}
	return c, nil
}

// Log is an open log. All methods may be called from several goroutines.
type Log struct {
	place
	cfg      Config
	lock     io.Closer
	shelf    *shelf
	queue    *queue
	writer   *writer
	cursors  *cursors
	meter    *meter
	refusing *refusing
	rebuild  sync.Mutex // of index files
	removing sync.Mutex // of segments
	stop     chan struct{}
	running  sync.WaitGroup
	closing  sync.Once
	closed   error // result of Close
}

// Open opens or makes the log in a directory, which it locks: a second Open is
// vfs.ErrLocked. It removes what a crash left of an unfinished write and reads
// no more than the end of the newest segment. Damage elsewhere is logged,
// counted in Stats and met as a *CorruptError by who reads there.
func Open(fs vfs.FS, dir string, cfg Config, logger *slog.Logger) (*Log, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := fs.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("commitlog: open %s: %w", dir, err)
	}
	lock, err := fs.Lock(filepath.Join(dir, lockName))
	if err != nil {
		return nil, fmt.Errorf("commitlog: open %s: %w", dir, err)
	}
	l := &Log{
		place: place{fs: fs, dir: dir, logger: logger},
		cfg:   cfg,
		lock:  lock,
		shelf: newShelf(),
		meter: &meter{},
		stop:  make(chan struct{}),

		refusing: &refusing{log: logger},
	}
	if err := l.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("commitlog: open %s: %w", dir, err), lock.Close())
	}
	l.running.Add(2)
	go l.flush()
	go l.housekeep()
	return l, nil
}

// load brings the state of the directory into memory.
func (l *Log) load() error {
	ld := &loader{place: &l.place, shelf: l.shelf, meter: l.meter}
	w, err := ld.load()
	if err != nil {
		return err
	}
	w.place, w.cfg = l.place, l.cfg
	l.writer = w
	if l.cursors, err = loadCursors(l.fs, l.dir, l.shelf.durable); err == nil {
		l.passCursors()
		l.queue = newQueue(l.cfg, l.shelf.next, l.salt)
		return nil
	}
	if w.f != nil {
		w.ix.close()
		_ = w.f.Close() // nothing was written
	}
	return err
}

// passCursors makes sure that no position is given twice: a cursor after the end
// proves that durable records are gone, and new ones must not hide behind it.
func (l *Log) passCursors() {
	name, pos := l.cursors.furthest()
	if pos < l.shelf.next {
		return
	}
	l.meter.damage()
	l.logger.Error("a cursor is after the end of the log: durable records are lost", "cursor", name,
		"position", pos, "from", l.shelf.next)
	if l.writer.f != nil {
		if seg := l.writer.seg; seg.last < seg.first {
			l.writer.abandon()
		} else {
			l.writer.seal()
		}
	}
	l.shelf.next = pos + 1
}

// newID draws the identity of a new log.
func newID() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.BigEndian.Uint64(b[:])
}

// flush writes batch after batch until the queue is closed and empty.
func (l *Log) flush() {
	defer l.running.Done()
	for b := l.queue.take(); b != nil; b = l.queue.take() {
		before := l.writer.num
		err := l.writer.write(b)
		if err != nil {
			l.meter.refused()
			l.refusing.refused(err)
		} else {
			l.refusing.taken()
		}
		l.queue.finish(b, err)
		if l.writer.num != before {
			l.retain()
		}
		used, _ := l.shelf.bytes()
		l.meter.watch(used, l.cfg.Quota, l.logger)
	}
}

// housekeep saves the cursors every second.
func (l *Log) housekeep() {
	defer l.running.Done()
	t := time.NewTicker(flushEvery)
	defer t.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-t.C:
		}
		saved, err := l.cursors.save()
		if err != nil {
			l.meter.cursorError()
			l.logger.Warn("cursors could not be saved; tried again in a second", "err", err)
		}
		if saved || IsTemporary(l.Refusing()) {
			l.retain()
		}
	}
}

// Begin orders and enqueues records as one atomic group without waiting for the
// disk; only while more than Config.Pending bytes wait does it block. Errors:
// ErrQuota, ErrTooLarge, ErrClosed.
func (l *Log) Begin(recs ...Record) (Pending, error) {
	size, err := l.queue.check(recs)
	if err != nil {
		return Pending{}, err
	}
	if l.cfg.Quota > 0 {
		if used, _ := l.shelf.bytes(); used+int64(l.queue.waiting()+size) > l.cfg.Quota {
			err := fmt.Errorf("%w: %d bytes used of %d", ErrQuota, used, l.cfg.Quota)
			l.meter.refused()
			l.refusing.refused(err)
			return Pending{}, err
		}
	}
	return l.queue.begin(recs, size)
}

// Append is Begin and Wait.
func (l *Log) Append(ctx context.Context, recs ...Record) (last uint64, err error) {
	p, err := l.Begin(recs...)
	if err != nil {
		return 0, err
	}
	return p.Wait(ctx)
}

// Durable returns the last durable position, 0 = none.
func (l *Log) Durable() uint64 { return l.shelf.durable() }

// First returns the oldest position kept; Durable()+1 if there is none.
func (l *Log) First() uint64 { return l.shelf.firstKept() }

// Close makes durable what was begun, saves the cursors and unlocks. Readers get
// ErrClosed. Only the first call does something; all return its result.
func (l *Log) Close() error {
	l.closing.Do(func() {
		close(l.stop)
		l.queue.close()
		l.running.Wait()
		_, saveErr := l.cursors.save()
		l.cursors.close()
		l.shelf.close()
		l.closed = errors.Join(l.writer.close(), saveErr, l.lock.Close())
	})
	return l.closed
}
