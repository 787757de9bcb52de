package commitlog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// newest loads the segment at the end of the log, which a crash may have left
// with an unfinished write, and makes the writer go on in it.
func (ld *loader) newest(seg *segment, f *segmentFile, w *writer) error {
	if ok, err := ld.fromTrailer(seg, f, 0); ok || err != nil {
		return err
	}
	c, err := ld.covered(seg, f)
	if err != nil {
		return err
	}
	file, err := ld.fs.OpenReadWrite(ld.logName(seg.num))
	if err != nil {
		return err
	}
	t := &tail{loader: ld, seg: seg, ix: &index{blocks: c.blocks}, safe: c.covered}
	t.w = walk{f: file, num: seg.num, salt: ld.salt, off: c.end, limit: f.size, want: c.last + 1}
	if err := t.read(); err != nil {
		_ = file.Close()
		return err
	}
	seg.index, seg.sum = t.ix, t.ix.total()
	seg.end, seg.last = t.end, t.last
	seg.disk = seg.end
	w.place, w.seg, w.f = *ld.place, seg, file
	w.ix = indexWriter{place: ld.place, num: seg.num}
	if t.hurt || f.reason != "" { // nothing more is written to it
		if seg.last < seg.first {
			w.f, w.seg, seg.sealed = nil, nil, true
			return file.Close()
		}
		w.seal()
		return nil
	}
	if err := t.settle(f.size); err != nil {
		w.f, w.seg = nil, nil
		return errors.Join(err, file.Close())
	}
	if c.valid == 0 {
		w.ix.create()
	} else {
		w.ix.resume(&c)
	}
	return nil
}

// covered reads what the index file says was durable. A file that is damaged or
// does not fit counts as empty, except for its good chunks.
func (ld *loader) covered(seg *segment, f *segmentFile) (indexContent, error) {
	c, err := readIndex(ld.fs, ld.idxName(seg.num), seg.num)
	if err != nil && !errors.Is(err, errIndex) && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, vfs.ErrTooLarge) {
		return c, err
	}
	if err != nil && f.size > segmentHeader {
		ld.logger.Warn("the index of the newest segment is missing or damaged; the segment is read again from there",
			"segment", seg.num, "from", c.end, "reason", err)
	}
	fits := c.id == ld.id && (len(c.blocks) == 0 || c.blocks[0].first == seg.first)
	if !fits && f.reason != "" && c.id == ld.id && len(c.blocks) > 0 {
		seg.first, fits = c.blocks[0].first, true // the segment's own header is damaged
	}
	if !fits || len(c.blocks) == 0 {
		valid := c.valid
		if !fits {
			valid = 0
		}
		return indexContent{covered: covered{end: segmentHeader, last: seg.first - 1}, valid: min(valid, indexHeader)}, nil
	}
	return c, nil
}

// tail reads the end of the newest segment.
type tail struct {
	*loader
	seg  *segment
	w    walk
	ix   *index
	safe covered // was durable, says the index file
	end  int64   // after the last whole group
	last uint64
	held []heldRecord // of a group that is not whole yet
	hurt bool         // something durable is damaged
}

type heldRecord struct {
	off int64
	h   header
}

// read goes through the records after what is safe. It stops at an unfinished
// write and goes on after a damaged place.
func (t *tail) read() error {
	t.end, t.last = t.safe.end, t.safe.last
	if t.safe.end > t.w.limit {
		t.hurt = true
		t.damaged(t.seg.num, t.w.limit, fmt.Sprintf("the file has %d bytes, %d were durable", t.w.limit, t.safe.end))
		return nil
	}
	for {
		h, err := t.w.header()
		if err == nil {
			_, err = t.w.payload(&h)
		}
		if err == nil {
			t.record(&h)
			continue
		}
		var ce *CorruptError
		if err != io.EOF && !errors.As(err, &ce) {
			return err
		}
		if err == io.EOF {
			return nil
		}
		goOn, err := t.decide(ce)
		if !goOn || err != nil {
			return err
		}
	}
}

// record takes a good record in, once its group is whole.
func (t *tail) record(h *header) {
	t.held = append(t.held, heldRecord{t.w.off, *h})
	t.w.advance(h)
	if h.left == 0 {
		t.take()
		t.end, t.last = t.w.off, h.pos
	}
}

func (t *tail) take() {
	for i := range t.held {
		t.ix.add(t.held[i].off, &t.held[i].h)
	}
	t.held = t.held[:0]
}

// decide says what a bad place is. If a later write left a valid record, the
// write that holds the bad place had been synced before: that is damage, and
// reading goes on behind it. Else it is the unfinished last write.
func (t *tail) decide(ce *CorruptError) (goOn bool, err error) {
	off, bad := t.w.off, t.w.want
	goOn, err = t.w.pass(ce, unknown)
	if !goOn || err != nil {
		return false, err
	}
	t.hurt = true
	t.damaged(t.seg.num, off, fmt.Sprintf("%s (positions %d to %d)", ce.Reason, bad, ce.To))
	t.take() // what is left of an interrupted group was durable
	t.ix.damage(off, bad)
	return true, nil
}

// settle removes the unfinished write and makes durable what was found after the
// safe part. It is written again first: an fsync that failed before the crash
// may have left pages that are readable, clean and not on the disk.
func (t *tail) settle(size int64) error {
	if size > t.end {
		t.logger.Warn("an unfinished write at the end of the log is removed", "segment", t.seg.num,
			"offset", t.end, "bytes", size-t.end)
		t.meter.torn(size - t.end)
		if err := t.w.f.Truncate(t.end); err != nil {
			return err
		}
	}
	from := t.safe.end
	if from == segmentHeader {
		from = 0
	} else if size == from {
		return nil // all was safe
	}
	buf := make([]byte, min(walkKeep, t.end-from))
	for off := from; off < t.end; {
		n := int(min(int64(len(buf)), t.end-off))
		if got, err := t.w.f.ReadAt(buf[:n], off); got < n {
			return fmt.Errorf("read segment %d offset %d: %w", t.seg.num, off, err)
		}
		if _, err := t.w.f.WriteAt(buf[:n], off); err != nil {
			return err
		}
		off += int64(n)
	}
	return t.w.f.Sync()
}
