package commitlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// checkpointBytes is how much may lie after what the index file covers: recovery
// reads no more than this and one write.
const checkpointBytes = 4 << 20

// place is what files of the log are made from.
type place struct {
	fs     vfs.FS
	dir    string
	id     uint64
	salt   salt
	logger *slog.Logger
}

func (p *place) logName(num uint64) string {
	return filepath.Join(p.dir, fmt.Sprintf("%010d.log", num))
}

func (p *place) idxName(num uint64) string {
	return filepath.Join(p.dir, fmt.Sprintf("%010d.idx", num))
}

// writer owns the segment that is written to. Only the flush goroutine calls it
// (Open before that goroutine starts, Close after it ended).
//
// Invariants: seg and f are both nil or both set; nothing after seg.end in f is
// visible to anybody.
type writer struct {
	place
	cfg   Config
	shelf *shelf
	meter *meter
	num   uint64 // of the newest segment that was ever tried
	seg   *segment
	f     vfs.File
	ix    indexWriter
}

// errWrite marks the failure of a write, as against a sync.
type errWrite struct{ error }

func (e errWrite) Unwrap() error { return e.error }

// write makes a batch durable and visible.
func (w *writer) write(b *batch) error {
	if err := w.room(int64(b.bytes)); err != nil {
		return err
	}
	err := w.attempt(b)
	var ew errWrite
	switch {
	case err == nil:
		return nil
	case w.f == nil: // no segment could be made: nothing is in doubt
		return w.classify(err)
	case errors.As(err, &ew) && vfs.IsNoSpace(err) && w.takeBack():
		return w.classify(err)
	}
	w.meter.failedSync()
	w.logger.Error("write to the log failed: the segment is given up", "segment", w.seg.num,
		"offset", w.seg.end, "err", err)
	w.abandon()
	if err = w.attempt(b); err != nil && w.f != nil {
		w.abandon()
	}
	return w.classify(err)
}

func (w *writer) classify(err error) error {
	if vfs.IsNoSpace(err) {
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	}
	if err != nil {
		return fmt.Errorf("commitlog: append: %w", err)
	}
	return nil
}

// room refuses a batch that would eat into the reserve.
func (w *writer) room(n int64) error {
	if w.cfg.Reserve < 0 {
		return nil
	}
	free, err := w.fs.Free(w.dir)
	if err != nil {
		return fmt.Errorf("commitlog: free space: %w", err)
	}
	if free-n < w.cfg.Reserve {
		return fmt.Errorf("%w: %d bytes are free, the reserve is %d", ErrNoSpace, free, w.cfg.Reserve)
	}
	return nil
}

// attempt writes a batch to the current segment or, if there is none or it is
// full, to a new one.
func (w *writer) attempt(b *batch) error {
	if w.f != nil && w.seg.end >= w.cfg.SegmentBytes {
		w.seal()
	}
	if w.f == nil {
		if err := w.roll(b.first); err != nil {
			return err
		}
	}
	off := w.seg.end
	for _, c := range b.chunks {
		if _, err := w.f.WriteAt(c, off); err != nil {
			return errWrite{err}
		}
		off += int64(len(c))
	}
	start := time.Now()
	if err := w.f.Sync(); err != nil {
		return err
	}
	w.meter.synced(time.Since(start), b)
	w.publish(b, off)
	if w.ix.due(off) {
		w.ix.checkpoint(w.seg.index, covered{end: off, last: b.last})
	}
	return nil
}

// publish makes a durable batch visible.
func (w *writer) publish(b *batch, end int64) {
	w.shelf.update(func() {
		off := w.seg.end
		for _, c := range b.chunks {
			for len(c) > 0 {
				h := labelOf(c)
				w.seg.index.add(off, &h)
				w.seg.sum.add(&h.Label)
				off += h.size()
				c = c[h.size():]
			}
		}
		w.seg.disk += end - w.seg.end
		w.seg.end, w.seg.last = end, b.last
		w.shelf.next = b.last + 1
	})
}

// labelOf decodes what the index needs from a header that was just encoded.
func labelOf(b []byte) header {
	return header{
		Label: Label{
			Kind: b[56],
			Key:  binary.BigEndian.Uint64(b[32:]),
			Lo:   int64(binary.BigEndian.Uint64(b[40:])),
			Hi:   int64(binary.BigEndian.Uint64(b[48:])),
		},
		length: binary.BigEndian.Uint32(b[8:]),
		pos:    binary.BigEndian.Uint64(b[16:]),
	}
}

// roll makes the next segment. Its header and its name are durable before a
// record is written, so a segment that has records has a header.
func (w *writer) roll(first uint64) error {
	w.num++
	head := segmentHead{num: w.num, first: first, id: w.id, created: time.Now().UnixNano()}
	name := w.logName(w.num)
	f, err := w.fs.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(head.encode())
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = w.fs.SyncDir(w.dir)
	}
	if err != nil {
		_ = f.Close()
		if rerr := w.fs.Remove(name); rerr != nil {
			w.logger.Warn("a segment that was not used could not be removed", "segment", w.num, "err", rerr)
		}
		return err
	}
	w.f = f
	w.seg = &segment{num: w.num, first: first, last: first - 1, end: segmentHeader,
		sum: emptyExtent(), index: &index{}, disk: segmentHeader}
	w.ix = indexWriter{place: &w.place, num: w.num}
	w.ix.create()
	w.shelf.add(w.seg)
	return nil
}

// takeBack removes a write for which there was no space. The truncation is
// synced, so that what is written there later cannot mix with it.
func (w *writer) takeBack() bool {
	if err := w.f.Truncate(w.seg.end); err != nil {
		return false
	}
	return w.f.Sync() == nil
}

// seal closes the current segment at its durable end and writes the rest of its
// index. A failure of the index is no failure of the log: Open rebuilds it.
func (w *writer) seal() {
	seg := w.seg
	if err := w.f.Close(); err != nil {
		w.logger.Warn("closing a segment", "segment", seg.num, "err", err)
	}
	w.f, w.seg = nil, nil
	w.ix.seal(seg)
	w.shelf.update(func() {
		seg.sealed, seg.disk = true, seg.end+w.ix.size
		seg.sum = seg.index.total()
		if w.ix.saved { // from now on it is read from its file
			seg.index = nil
		}
	})
}

// abandon gives up the current segment after a failed write or sync: nothing is
// written to it any more. What was durable is read back, then it is sealed
// there; what comes after that in the file is never looked at, because the next
// segment says where it begins.
func (w *writer) abandon() {
	seg := w.seg
	if seg.last < seg.first { // it has nothing durable
		_ = w.f.Close()
		w.f, w.seg = nil, nil
		w.ix.discard()
		w.shelf.drop(seg)
		if err := w.fs.Remove(w.logName(seg.num)); err != nil {
			w.logger.Warn("a segment that was not used could not be removed", "segment", seg.num, "err", err)
		}
		return
	}
	w.seal()
	if err := w.verify(seg); err != nil {
		w.logger.Error("a segment was damaged by a failed write", "segment", seg.num, "err", err)
		w.meter.damage()
	}
}

// verify reads a segment from the disk up to its durable end.
func (w *writer) verify(seg *segment) error {
	f, err := w.fs.Open(w.logName(seg.num))
	if err != nil {
		return err
	}
	defer f.Close()
	wk := walk{f: f, num: seg.num, salt: w.salt, off: segmentHeader, limit: seg.end, want: seg.first}
	for {
		h, err := wk.header()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			_, err = wk.payload(&h)
		}
		if err != nil {
			return err
		}
		wk.advance(&h)
	}
}

// close ends writing: the index file covers everything, so the next Open reads
// no records.
func (w *writer) close() error {
	if w.f == nil {
		return nil
	}
	w.shelf.update(func() { w.seg.index.cut() })
	w.ix.checkpoint(w.seg.index, covered{end: w.seg.end, last: w.seg.last})
	w.ix.close()
	err := w.f.Close()
	w.f, w.seg = nil, nil
	return err
}
