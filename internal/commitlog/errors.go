package commitlog

import (
	"errors"
	"fmt"
)

// The errors of the log. ErrNoSpace and ErrQuota are temporary: nothing was
// written, and the same append succeeds when there is room again.
var (
	ErrNoSpace  = errors.New("commitlog: no space left on the disk")
	ErrQuota    = errors.New("commitlog: quota reached")
	ErrClosed   = errors.New("commitlog: closed")
	ErrTooLarge = errors.New("commitlog: record or group is larger than allowed")
	// ErrVersion is for files of a release that is too new.
	ErrVersion = errors.New("commitlog: unknown format version")
	// ErrGone is for positions that retention has removed.
	ErrGone = errors.New("commitlog: position is no longer kept")
	// ErrAhead is for positions after the end of the log.
	ErrAhead = errors.New("commitlog: position is after the end of the log")
)

// IsTemporary reports whether an append that failed with err may succeed later
// without a change by the caller.
func IsTemporary(err error) bool {
	return errors.Is(err, ErrNoSpace) || errors.Is(err, ErrQuota)
}

// CorruptError says that bytes which were durable are no longer what was written.
type CorruptError struct {
	Segment uint64 // number of the segment; 0 = not in a segment, see Reason
	Offset  int64  // byte offset in the segment's file
	Reason  string
	// From and To are the positions that cannot be read, inclusive; From > To = none.
	From, To uint64
}

// Error names the place, the reason and what cannot be read.
func (e *CorruptError) Error() string {
	s := fmt.Sprintf("commitlog: segment %d offset %d is corrupt: %s", e.Segment, e.Offset, e.Reason)
	if e.Segment == 0 {
		s = "commitlog: corrupt: " + e.Reason
	}
	if e.To >= e.From && e.To != 0 {
		s += fmt.Sprintf(" (positions %d to %d cannot be read)", e.From, e.To)
	}
	return s
}
