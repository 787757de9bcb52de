package rpc

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/apache/thrift/lib/go/thrift"
)

// wire is the thrift transport of one call: in is the payload of the request's
// frame, out the frame of the answer being built, its length word included.
type wire struct {
	in  []byte
	pos int
	out []byte
}

var _ thrift.TRichTransport = (*wire)(nil)

func (w *wire) Read(b []byte) (int, error) {
	if w.pos >= len(w.in) {
		return 0, io.EOF
	}
	n := copy(b, w.in[w.pos:])
	w.pos += n
	return n, nil
}

func (w *wire) ReadByte() (byte, error) {
	if w.pos >= len(w.in) {
		return 0, io.EOF
	}
	b := w.in[w.pos]
	w.pos++
	return b, nil
}

func (w *wire) Write(b []byte) (int, error) {
	w.out = append(w.out, b...)
	return len(b), nil
}

func (w *wire) WriteByte(b byte) error {
	w.out = append(w.out, b)
	return nil
}

func (w *wire) WriteString(s string) (int, error) {
	w.out = append(w.out, s...)
	return len(s), nil
}

func (w *wire) RemainingBytes() uint64      { return uint64(w.left()) }
func (w *wire) Flush(context.Context) error { return nil }
func (w *wire) Open() error                 { return nil }
func (w *wire) Close() error                { return nil }
func (w *wire) IsOpen() bool                { return true }

// left returns the bytes of the request not read yet.
func (w *wire) left() int { return len(w.in) - w.pos }

// take returns the next n bytes of the request without a copy.
func (w *wire) take(n int) ([]byte, error) {
	if n < 0 || n > w.left() {
		return nil, tooLong(n, w.left())
	}
	b := w.in[w.pos : w.pos+n : w.pos+n]
	w.pos += n
	return b, nil
}

// reader is a thrift protocol on a wire that believes no length: the generated
// code allocates a list by the size that is announced, so an announced size must
// fit into the bytes that are there. Binary fields are slices of the frame, not
// copies: they are valid until the call is answered.
type reader struct {
	thrift.TProtocol
	w        *wire
	compact  bool
	elements int // list elements and map entries of this message so far
}

// newProtocols returns the reading and the writing half of a connection's protocol.
func newProtocols(w *wire, compact bool, maxFrame int) (*reader, thrift.TProtocol) {
	strict := true // messages begin with a version; the library would also take the form without
	conf := &thrift.TConfiguration{MaxMessageSize: int32(maxFrame), MaxFrameSize: int32(maxFrame), TBinaryStrictRead: &strict, TBinaryStrictWrite: &strict}
	if compact {
		return &reader{TProtocol: thrift.NewTCompactProtocolConf(w, conf), w: w, compact: true}, thrift.NewTCompactProtocolConf(w, conf)
	}
	return &reader{TProtocol: thrift.NewTBinaryProtocolConf(w, conf), w: w}, thrift.NewTBinaryProtocolConf(w, conf)
}

// start forgets the message before.
func (r *reader) start() { r.elements = 0 }

func (r *reader) ReadListBegin(ctx context.Context) (thrift.TType, int, error) {
	t, n, err := r.TProtocol.ReadListBegin(ctx)
	if err == nil {
		err = r.claim(n)
	}
	return t, n, err
}

func (r *reader) ReadSetBegin(ctx context.Context) (thrift.TType, int, error) {
	t, n, err := r.TProtocol.ReadSetBegin(ctx)
	if err == nil {
		err = r.claim(n)
	}
	return t, n, err
}

func (r *reader) ReadMapBegin(ctx context.Context) (k, v thrift.TType, n int, err error) {
	k, v, n, err = r.TProtocol.ReadMapBegin(ctx)
	if err == nil && n > maxMapEntries {
		err = sizeLimit("a map of %d entries, at most %d are taken", n, maxMapEntries)
	}
	if err == nil {
		err = r.claim(2 * n)
	}
	return k, v, n, err
}

func (r *reader) ReadString(ctx context.Context) (string, error) {
	b, err := r.ReadBinary(ctx)
	return string(b), err
}

func (r *reader) ReadBinary(context.Context) ([]byte, error) {
	if !r.compact {
		b, err := r.w.take(4)
		if err != nil {
			return nil, err
		}
		return r.w.take(int(int32(binary.BigEndian.Uint32(b))))
	}
	n, used := binary.Uvarint(r.w.in[r.w.pos:])
	if used <= 0 || n > uint64(r.w.left()) {
		return nil, sizeLimit("a length that the frame does not hold")
	}
	r.w.pos += used
	return r.w.take(int(n))
}

func (r *reader) Skip(ctx context.Context, t thrift.TType) error {
	return thrift.SkipDefaultDepth(ctx, r, t)
}

// claim accepts an announced number of elements, each of which takes at least one
// byte of what is left.
func (r *reader) claim(n int) error {
	if n > r.w.left() {
		return tooLong(n, r.w.left())
	}
	if r.elements += n; r.elements > maxElements {
		return sizeLimit("more than %d list elements in one request", maxElements)
	}
	return nil
}

func tooLong(n, left int) error {
	return sizeLimit("a length of %d where %d bytes are left", n, left)
}

func sizeLimit(format string, args ...any) error {
	return thrift.NewTProtocolExceptionWithType(thrift.SIZE_LIMIT, fmt.Errorf(format, args...))
}
