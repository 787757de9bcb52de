package encoding

import (
	"fmt"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Error says what is wrong with the bytes of a page's values.
type Error struct {
	Encoding tablet.Encoding
	Offset   int    // bytes from the start of the values, near the damage
	Reason   string // in words
}

// Error returns encoding, reason and offset.
func (e *Error) Error() string {
	return fmt.Sprintf("%s values: %s at offset %d", e.Encoding, e.Reason, e.Offset)
}

func bad(e tablet.Encoding, off int, format string, args ...any) error {
	return &Error{Encoding: e, Offset: off, Reason: fmt.Sprintf(format, args...)}
}

// UnsupportedError names a combination that does not exist.
type UnsupportedError struct {
	Type     tablet.DataType
	Encoding tablet.Encoding
}

// Error names type and encoding.
func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("encoding %s does not exist for %s", e.Encoding, e.Type)
}

// Allowed reports whether values of type t may be encoded with e. GORILLA_V1 is only
// allowed for reading old files.
func Allowed(t tablet.DataType, e tablet.Encoding) bool {
	switch t.Physical() {
	case tablet.PhysicalBool:
		return e == tablet.Plain || e == tablet.RLE
	case tablet.PhysicalInt32, tablet.PhysicalInt64:
		switch e {
		case tablet.Plain, tablet.RLE, tablet.TS2Diff, tablet.Gorilla, tablet.ZigZag, tablet.Chimp, tablet.Sprintz, tablet.RLBE:
			return true
		}
	case tablet.PhysicalFloat, tablet.PhysicalDouble:
		switch e {
		case tablet.Plain, tablet.RLE, tablet.TS2Diff, tablet.GorillaV1, tablet.Gorilla, tablet.Chimp, tablet.Sprintz, tablet.RLBE:
			return true
		}
	case tablet.PhysicalBytes:
		return e == tablet.Plain || e == tablet.Dictionary && t != tablet.Blob
	}
	return false
}

// Lossless reports whether every value of type t survives encoding with e and reading
// by IoTDB: FLOAT and DOUBLE do not under RLE and TS_2DIFF (two decimals).
func Lossless(t tablet.DataType, e tablet.Encoding) bool {
	p := t.Physical()
	float := p == tablet.PhysicalFloat || p == tablet.PhysicalDouble
	return Allowed(t, e) && !(float && (e == tablet.RLE || e == tablet.TS2Diff))
}
