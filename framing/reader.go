package framing

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// DefaultMaxPayload is the cap a Reader uses when Limits names none: 64 MiB, the
// largest default of IoTDB's own receiver.
const DefaultMaxPayload = 64 << 20

// bufferSize is what a Reader reads ahead. A frame smaller than this costs one
// read; larger payloads are read straight into the caller's buffer.
const bufferSize = 4 << 10

// Limits are the caps of a Reader.
type Limits struct {
	MaxPayload int // bytes of one payload; 0 means DefaultMaxPayload
}

// Header is what is known of a frame before its payload is read.
type Header struct {
	Wrap   Wrap
	Length int // bytes of the payload, within the limit
	sum    uint64
}

// Reader divides a stream into frames. It reads ahead, so frames may share a
// segment or arrive one byte at a time, and nothing of a second frame is lost.
//
// A frame is read in three steps, because each has its own deadline and the
// second tells how much memory the third needs:
//
//	Wait    blocks until a byte of the next frame is there (the connection was idle)
//	Header  reads up to the checksum and checks the lengths
//	Body    reads the payload and the suffix and checks the sum
//
// Next does all three. Errors are the source's own, io.EOF when the stream ends
// between frames, io.ErrUnexpectedEOF when it ends inside one, or *CorruptError;
// after any error the Reader is of no further use. A Reader belongs to one
// goroutine.
type Reader struct {
	src   io.Reader
	max   int
	buf   []byte // buf[at:end] is read and not yet used
	at    int
	end   int
	taken int64 // bytes used since NewReader
	head  Header
	store [HeaderSize]byte
}

// NewReader returns a Reader on src.
func NewReader(src io.Reader, l Limits) *Reader {
	if l.MaxPayload <= 0 {
		l.MaxPayload = DefaultMaxPayload
	}
	l.MaxPayload = min(l.MaxPayload, MaxPayload)
	return &Reader{src: src, max: l.MaxPayload, buf: make([]byte, bufferSize)}
}

// Taken returns how many bytes of the stream have been used so far.
func (r *Reader) Taken() int64 { return r.taken }

// Buffered returns how many bytes are read and not yet used. It is not zero after
// a frame if the peer did not wait for its answer.
func (r *Reader) Buffered() int { return r.end - r.at }

// Wait blocks until at least one byte of the next frame is there.
func (r *Reader) Wait() error {
	if r.at < r.end {
		return nil
	}
	return r.fill()
}

// Next reads one frame into buf, which is grown if it is too small, and returns
// its payload. The payload lies in buf.
func (r *Reader) Next(buf []byte) (payload []byte, wrap Wrap, err error) {
	h, err := r.Header()
	if err != nil {
		return nil, 0, err
	}
	payload, err = r.Body(buf)
	if err != nil {
		return nil, 0, err
	}
	return payload, h.Wrap, nil
}

// Header reads the start of a frame: the prefix if there is one, both lengths and
// the checksum. Nothing is allocated.
func (r *Reader) Header() (Header, error) {
	if err := r.Wait(); err != nil {
		return Header{}, err
	}
	words := r.store[:8]
	if err := r.full(words); err != nil {
		return Header{}, err
	}
	h := Header{Wrap: Plain}
	if isPrefix(words) {
		h.Wrap = ELanguage
		if err := r.skip(PrefixSize - 8); err != nil {
			return Header{}, err
		}
		if err := r.full(words); err != nil {
			return Header{}, err
		}
		if isPrefix(words) {
			return Header{}, &CorruptError{Err: ErrNestedPrefix, Detail: "at the place of the length words"}
		}
	}
	n, err := payloadLength(words, r.max)
	if err != nil {
		return Header{}, err
	}
	if err := r.full(r.store[8:]); err != nil {
		return Header{}, err
	}
	h.Length = n
	h.sum = binary.BigEndian.Uint64(r.store[8:])
	r.head = h
	return h, nil
}

// Body reads the payload of the frame whose Header was just read, and the suffix.
// It uses buf if its capacity suffices, otherwise a new slice of the exact length.
func (r *Reader) Body(buf []byte) ([]byte, error) {
	h := r.head
	r.head = Header{}
	if cap(buf) < h.Length {
		buf = make([]byte, h.Length)
	}
	buf = buf[:h.Length]
	if err := r.full(buf); err != nil {
		return nil, err
	}
	if h.Wrap == ELanguage {
		if err := r.skip(SuffixSize); err != nil {
			return nil, err
		}
	}
	if sum := uint64(crc32.ChecksumIEEE(buf)); sum != h.sum {
		return nil, &CorruptError{Err: ErrChecksum, Detail: fmt.Sprintf("%016x stated, %016x computed over %d bytes", h.sum, sum, len(buf))}
	}
	return buf, nil
}

// payloadLength checks both length words and returns the length of the payload.
func payloadLength(words []byte, limit int) (int, error) {
	first, second := int32(binary.BigEndian.Uint32(words)), int32(binary.BigEndian.Uint32(words[4:]))
	switch {
	case first != second:
		return 0, &CorruptError{Err: ErrLengthMismatch, Detail: fmt.Sprintf("%d and %d", first, second)}
	case first < ChecksumSize:
		return 0, &CorruptError{Err: ErrLength, Detail: fmt.Sprintf("%d", first)}
	case int(first)-ChecksumSize > limit:
		return 0, &CorruptError{Err: ErrTooLarge, Detail: fmt.Sprintf("payload of %d bytes, the limit is %d", int(first)-ChecksumSize, limit)}
	}
	return int(first) - ChecksumSize, nil
}

func isPrefix(words []byte) bool { return string(words) == Prefix[:8] }

// full fills dst: first from the buffer, then, for what is larger than the
// buffer, straight from the source.
func (r *Reader) full(dst []byte) error {
	for len(dst) > 0 {
		if r.at < r.end {
			n := copy(dst, r.buf[r.at:r.end])
			r.use(n)
			dst = dst[n:]
			continue
		}
		if len(dst) < len(r.buf) {
			if err := r.fill(); err != nil {
				return inside(err)
			}
			continue
		}
		n, err := io.ReadFull(r.src, dst)
		r.taken += int64(n)
		return inside(err)
	}
	return nil
}

// skip uses n bytes without looking at them; n is at most the buffer's size.
func (r *Reader) skip(n int) error {
	for n > 0 {
		if r.at == r.end {
			if err := r.fill(); err != nil {
				return inside(err)
			}
		}
		m := min(n, r.end-r.at)
		r.use(m)
		n -= m
	}
	return nil
}

func (r *Reader) use(n int) {
	r.at += n
	r.taken += int64(n)
}

// fill reads once into the empty buffer; it returns nil only with at least one byte.
func (r *Reader) fill() error {
	r.at, r.end = 0, 0
	for range maxEmptyReads {
		n, err := r.src.Read(r.buf)
		r.end = n
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// maxEmptyReads bounds how often a source may return neither bytes nor an error.
const maxEmptyReads = 100

// inside turns the end of the stream inside a frame into io.ErrUnexpectedEOF.
func inside(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
