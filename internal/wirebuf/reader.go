package wirebuf

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Error is what a Reader fails with.
type Error struct {
	Offset int    // bytes read before the failing field
	Reason string // what was wrong, in words
}

// Error returns the reason and the offset.
func (e *Error) Error() string { return fmt.Sprintf("%s at offset %d", e.Reason, e.Offset) }

// Reader is a bounds-checked cursor over a byte slice. The zero value reads nothing.
// Slices it returns alias the input.
type Reader struct {
	b   []byte
	off int
	err error
}

// NewReader returns a Reader at the start of b.
func NewReader(b []byte) Reader { return Reader{b: b} }

// Err returns the first failure, an *Error, or nil.
func (r *Reader) Err() error { return r.err }

// Failed reports whether a read has failed.
func (r *Reader) Failed() bool { return r.err != nil }

// Fail makes the reader fail here with a reason, unless it has failed already.
func (r *Reader) Fail(format string, args ...any) {
	if r.err == nil {
		r.err = &Error{Offset: r.off, Reason: fmt.Sprintf(format, args...)}
	}
}

// Remaining returns the bytes left, 0 after a failure.
func (r *Reader) Remaining() int {
	if r.err != nil {
		return 0
	}
	return len(r.b) - r.off
}

// Offset returns how many bytes have been read.
func (r *Reader) Offset() int { return r.off }

// Bytes returns the next n bytes.
func (r *Reader) Bytes(n int) []byte {
	if r.err != nil {
		return nil
	}
	if n < 0 || n > len(r.b)-r.off {
		r.Fail("need %d bytes, have %d", n, len(r.b)-r.off)
		return nil
	}
	s := r.b[r.off : r.off+n : r.off+n]
	r.off += n
	return s
}

// Rest returns all remaining bytes and moves to the end.
func (r *Reader) Rest() []byte { return r.Bytes(r.Remaining()) }

// Ahead returns all remaining bytes without moving.
func (r *Reader) Ahead() []byte {
	if r.err != nil {
		return nil
	}
	return r.b[r.off:]
}

// U8 reads one byte.
func (r *Reader) U8() byte {
	if s := r.Bytes(1); s != nil {
		return s[0]
	}
	return 0
}

// Bool reads one byte that must be 0 or 1.
func (r *Reader) Bool() bool {
	v := r.U8()
	if v > 1 {
		r.off--
		r.Fail("flag byte is 0x%02x, not 0 or 1", v)
	}
	return v == 1
}

// I16 reads an int16.
func (r *Reader) I16() int16 {
	if s := r.Bytes(2); s != nil {
		return int16(binary.BigEndian.Uint16(s))
	}
	return 0
}

// I32 reads an int32.
func (r *Reader) I32() int32 {
	if s := r.Bytes(4); s != nil {
		return int32(binary.BigEndian.Uint32(s))
	}
	return 0
}

// I64 reads an int64.
func (r *Reader) I64() int64 {
	if s := r.Bytes(8); s != nil {
		return int64(binary.BigEndian.Uint64(s))
	}
	return 0
}

// Count reads an int32 number of elements. It fails unless 0 <= n <= limit and n
// elements of at least minBytes each fit into what is left. A minBytes of 0 leaves
// only the limit. what names the elements in the error.
func (r *Reader) Count(limit, minBytes int, what string) int {
	n := int(r.I32())
	if r.err != nil {
		return 0
	}
	switch {
	case n < 0 || n > limit:
		r.off -= 4
		r.Fail("%d %s, allowed 0 to %d", n, what, limit)
	case n*minBytes > r.Remaining():
		r.off -= 4
		r.Fail("%d %s do not fit into the %d bytes left", n, what, len(r.b)-r.off-4)
	default:
		return n
	}
	return 0
}

// Blob reads an int32 length of at most limit and that many bytes.
func (r *Reader) Blob(limit int, what string) []byte {
	return r.Bytes(r.Count(limit, 1, what))
}

// String reads a string that must not be null and is at most limit bytes long.
func (r *Reader) String(limit int, what string) string {
	return string(r.Blob(limit, what))
}

// NullString reads a string of at most limit bytes; nil is null (length -1).
func (r *Reader) NullString(limit int, what string) *string {
	if r.Remaining() >= 4 && int32(binary.BigEndian.Uint32(r.b[r.off:])) == -1 {
		r.off += 4
		return nil
	}
	s := r.String(limit, what)
	if r.err != nil {
		return nil
	}
	return &s
}

// Uvarint reads an unsigned var-int of at most 32 bits. Longer encodings than
// needed are refused, so that a value has one form.
func (r *Reader) Uvarint() uint32 {
	var v uint64
	for shift := 0; shift < 35; shift += 7 {
		c := r.U8()
		v |= uint64(c&0x7f) << shift
		if c&0x80 == 0 {
			if v > math.MaxUint32 || (c == 0 && shift > 0) {
				break
			}
			return uint32(v)
		}
	}
	r.Fail("var-int is not the shortest form of a 32-bit number")
	return 0
}

// Varint reads a zig-zag var-int of at most 32 bits.
func (r *Reader) Varint() int32 {
	u := r.Uvarint()
	return int32(u>>1) ^ -int32(u&1)
}

// VarString reads a string with a zig-zag var-int length of at most limit bytes;
// nil is null (length -1).
func (r *Reader) VarString(limit int, what string) *string {
	n := int(r.Varint())
	if r.err != nil || n == -1 {
		return nil
	}
	if n < 0 || n > limit {
		r.Fail("%s of %d bytes, allowed 0 to %d", what, n, limit)
		return nil
	}
	b := r.Bytes(n)
	if r.err != nil {
		return nil
	}
	s := string(b)
	return &s
}
