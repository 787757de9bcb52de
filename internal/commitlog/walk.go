package commitlog

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

const (
	walkChunk = 256 << 10 // bytes of one read
	unknown   = 1<<63 - 1 // last position of a segment when nothing tells it
	walkKeep  = 1 << 20   // a larger buffer is given back when there is nothing to read
)

// walk goes through the records of one segment file, through a buffer.
//
// Invariants: off is where a record is expected to start, want is its position,
// and nothing at or after limit is looked at. buf[:n] holds the file from start.
type walk struct {
	f     vfs.File
	num   uint64
	salt  salt
	off   int64
	limit int64
	want  uint64

	buf   []byte
	start int64
	n     int
}

// corrupt builds the error for the record expected here.
func (w *walk) corrupt(reason string) *CorruptError {
	return &CorruptError{Segment: w.num, Offset: w.off, Reason: reason, From: w.want, To: w.want}
}

// window returns n bytes of the file at off, valid until the next call. The
// caller has checked that they are within limit.
func (w *walk) window(off int64, n int) ([]byte, error) {
	if rel := off - w.start; rel >= 0 && rel+int64(n) <= int64(w.n) {
		return w.buf[rel : rel+int64(n)], nil
	}
	if err := w.fill(off, n); err != nil {
		return nil, err
	}
	return w.buf[:n], nil
}

// fill reads at least n bytes at off to the front of the buffer.
func (w *walk) fill(off int64, n int) error {
	size := int(min(int64(max(n, walkChunk)), w.limit-off))
	keep := 0
	var from []byte
	if rel := off - w.start; rel >= 0 && rel < int64(w.n) {
		from = w.buf[rel:w.n]
		keep = min(len(from), size)
	}
	if cap(w.buf) < size {
		w.buf = append(make([]byte, 0, max(min(1<<bits.Len(uint(size)), walkChunk), size)), from[:keep]...)
	} else {
		copy(w.buf[:cap(w.buf)], from[:keep])
	}
	w.buf = w.buf[:size]
	w.start, w.n = off, keep
	got, err := w.f.ReadAt(w.buf[keep:], off+int64(keep))
	w.n += got
	if w.n >= n {
		return nil
	}
	if err == io.EOF {
		e := w.corrupt(fmt.Sprintf("the file ends at %d, durable were %d bytes", off+int64(w.n), w.limit))
		return e
	}
	return fmt.Errorf("commitlog: read segment %d offset %d: %w", w.num, off, err)
}

// forget gives back a buffer that one large record made large.
func (w *walk) forget() {
	if cap(w.buf) > walkKeep {
		w.buf, w.start, w.n = nil, 0, 0
	}
}

// header returns the header of the record at off. It returns io.EOF at limit and
// a *CorruptError if there is no record with the wanted position.
func (w *walk) header() (header, error) {
	if w.off >= w.limit {
		return header{}, io.EOF
	}
	if w.off+recordHeader > w.limit {
		return header{}, w.corrupt("the segment ends inside a record header")
	}
	b, err := w.window(w.off, recordHeader)
	if err != nil {
		return header{}, err
	}
	h, reason := decodeHeader(b, w.salt)
	switch {
	case reason != "":
		return header{}, w.corrupt(reason)
	case h.pos != w.want:
		return header{}, w.corrupt(fmt.Sprintf("record has position %d, want %d", h.pos, w.want))
	case w.off+h.size() > w.limit:
		return header{}, w.corrupt(fmt.Sprintf("record of %d bytes passes the end at %d", h.size(), w.limit))
	}
	return h, nil
}

// payload returns the checked payload of the record at off, valid until the next
// call.
func (w *walk) payload(h *header) ([]byte, error) {
	b, err := w.window(w.off, int(h.size()))
	if err != nil {
		return nil, err
	}
	b = b[recordHeader:len(b):len(b)]
	if crc32.Checksum(b, castagnoli) != h.payloadCRC {
		return nil, w.corrupt("payload does not match its checksum")
	}
	return b, nil
}

// advance goes to the next record.
func (w *walk) advance(h *header) {
	w.off += h.size()
	w.want++
}

// resync looks for the next whole record after a damaged place and goes there.
// It returns false, with off at limit, if there is none. Only a record whose
// position can be right counts: above want, and at most last.
func (w *walk) resync(last uint64) (bool, error) {
	if h, ok, err := w.tryAt(w.off, w.want, w.want); err != nil {
		return false, err
	} else if ok { // only the payload is damaged: its length can be trusted
		if _, ok, err := w.whole(w.off+h.size(), w.want+1, last); ok || err != nil {
			if ok {
				w.off, w.want = w.off+h.size(), w.want+1
			}
			return ok, err
		}
	}
	for off := w.off; off+recordHeader <= w.limit; off++ {
		if h, ok, err := w.whole(off, w.want+1, last); err != nil {
			return false, err
		} else if ok {
			w.off, w.want = off, h.pos
			return true, nil
		}
	}
	w.off = w.limit
	return false, nil
}

// tryAt decodes a header at off if its position is in lo to hi.
func (w *walk) tryAt(off int64, lo, hi uint64) (h header, ok bool, err error) {
	if off+recordHeader > w.limit {
		return h, false, nil
	}
	b, err := w.window(off, recordHeader)
	var ce *CorruptError
	if errors.As(err, &ce) {
		return h, false, nil // the file is shorter than it should be
	}
	if err != nil {
		return h, false, err
	}
	if b[57]|b[58]|b[59] != 0 || b[56] > maxKind { // nearly every offset ends here
		return h, false, nil
	}
	h, reason := decodeHeader(b, w.salt)
	return h, reason == "" && h.pos >= lo && h.pos <= hi && off+h.size() <= w.limit, nil
}

// whole is tryAt with the payload checked too.
func (w *walk) whole(off int64, lo, hi uint64) (h header, ok bool, err error) {
	h, ok, err = w.tryAt(off, lo, hi)
	if !ok {
		return h, false, err
	}
	b, err := w.window(off, int(h.size()))
	var ce *CorruptError
	if errors.As(err, &ce) {
		return h, false, nil
	}
	if err != nil {
		return h, false, err
	}
	return h, crc32.Checksum(b[recordHeader:], castagnoli) == h.payloadCRC, nil
}

// pass goes behind a damaged place, or reports false and stays if it is the
// unfinished last write.
func (w *walk) pass(ce *CorruptError, last uint64) (bool, error) {
	there := *w
	there.buf, there.n = nil, 0
	ok, err := there.resync(last)
	if !ok || err != nil {
		return false, err
	}
	proof := there
	proof.buf, proof.n = nil, 0
	later, err := proof.laterThan(w.want)
	if !later || err != nil {
		return false, err
	}
	ce.To = there.want - 1
	*w = there
	return true, nil
}

// laterThan reports whether a valid record from here on belongs to a write that
// began after position pos.
func (w *walk) laterThan(pos uint64) (bool, error) {
	for {
		h, err := w.header()
		if err == nil {
			_, err = w.payload(&h)
		}
		if err == nil {
			if h.writeStart() > pos {
				return true, nil
			}
			w.advance(&h)
			continue
		}
		var ce *CorruptError
		if err == io.EOF {
			return false, nil
		}
		if !errors.As(err, &ce) {
			return false, err
		}
		if ok, err := w.resync(unknown); !ok || err != nil {
			return false, err
		}
	}
}
