package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// window shows the bytes of a file without copying them out of its one buffer.
type window struct {
	src     io.Reader
	buf     []byte
	at, end int
	err     error // what src ended with
}

func newWindow(src io.Reader) *window { return &window{src: src, buf: make([]byte, ReadBuffer)} }

// view returns the next n bytes; they are valid until the next call. At the end of
// the file it returns io.EOF, io.ErrUnexpectedEOF where only a part is left.
func (w *window) view(n int) ([]byte, error) {
	if w.end-w.at < n {
		if err := w.fill(n); err != nil {
			return w.buf[w.at:w.end], err
		}
	}
	return w.buf[w.at : w.at+n], nil
}

// skip passes over bytes that were viewed.
func (w *window) skip(n int) { w.at += n }

func (w *window) fill(n int) error {
	if n > len(w.buf) {
		w.buf = append(make([]byte, 0, n), w.buf[w.at:w.end]...)[:n]
	} else {
		copy(w.buf, w.buf[w.at:w.end])
	}
	w.at, w.end = 0, w.end-w.at
	for w.end < n && w.err == nil {
		var k int
		k, w.err = w.src.Read(w.buf[w.end:])
		w.end += k
	}
	switch {
	case w.end >= n:
		return nil
	case w.err != io.EOF:
		return w.err
	case w.end == 0:
		return io.EOF
	}
	return io.ErrUnexpectedEOF
}

// remains reads what a window has not shown yet.
type remains struct{ w *window }

func (r remains) Read(p []byte) (int, error) {
	if _, err := r.w.view(1); err != nil {
		return 0, err
	}
	n := copy(p, r.w.buf[r.w.at:r.w.end])
	r.w.skip(n)
	return n, nil
}

// order is the byte order of a file; true = big endian.
type order bool

func (o order) u16(b []byte) uint16 {
	if o {
		return binary.BigEndian.Uint16(b)
	}
	return binary.LittleEndian.Uint16(b)
}

func (o order) u32(b []byte) uint32 {
	if o {
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

func (o order) u64(b []byte) uint64 {
	if o {
		return binary.BigEndian.Uint64(b)
	}
	return binary.LittleEndian.Uint64(b)
}

// inside turns the end of a file inside a record into damage.
func inside(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func tooLong(n uint32) error {
	return fmt.Errorf("a packet of %d bytes, at most %d are accepted", n, MaxPacket)
}
