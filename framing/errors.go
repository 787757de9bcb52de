package framing

import "errors"

// What can be wrong with a frame or an answer. All but ErrReply reach the caller
// inside a *CorruptError.
var (
	ErrLengthMismatch = errors.New("framing: the two length words differ")
	ErrLength         = errors.New("framing: length word below 8")
	ErrTooLarge       = errors.New("framing: frame larger than the limit")
	ErrChecksum       = errors.New("framing: wrong checksum")
	ErrNestedPrefix   = errors.New("framing: E-language prefix inside an E-language frame")
	ErrReply          = errors.New("framing: answer byte is neither 0x00 nor 0xff")
)

// CorruptError says that the stream can no longer be divided into frames: nothing
// after this point can be trusted and the connection is of no further use. Err is
// one of the errors above.
type CorruptError struct {
	Err    error
	Detail string // the values found, for a log
}

// Error returns the cause and the values found.
func (e *CorruptError) Error() string { return e.Err.Error() + ": " + e.Detail }

// Unwrap returns the cause.
func (e *CorruptError) Unwrap() error { return e.Err }
