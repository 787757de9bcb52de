package tsfile

import (
	"errors"
	"fmt"
)

// CorruptError is damage with a place.
type CorruptError struct {
	Offset    int64  // bytes from the start of the file, at or before the damage
	Structure string // what was being read, for instance "page header"
	Reason    string
	Err       error // cause, may be nil
}

// Error returns structure, offset and reason.
func (e *CorruptError) Error() string {
	reason := e.Reason
	if e.Err != nil {
		reason = e.Err.Error()
	}
	return fmt.Sprintf("tsfile: %s at offset %d: %s", e.Structure, e.Offset, reason)
}

// Unwrap returns the cause.
func (e *CorruptError) Unwrap() error { return e.Err }

// Errors of Open beside *CorruptError.
var (
	ErrNotTsFile  = errors.New("tsfile: the file does not begin with TsFile")
	ErrIncomplete = errors.New("tsfile: the file has no tail: it was never closed; repair can save its whole chunk groups")
	ErrVersion    = errors.New("tsfile: unknown format version, want 3 or 4")
	ErrEncrypted  = errors.New("tsfile: the file is encrypted")
)

func corrupt(off int64, structure, format string, args ...any) error {
	return &CorruptError{Offset: off, Structure: structure, Reason: fmt.Sprintf(format, args...)}
}
