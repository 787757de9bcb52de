package request

import (
	"fmt"

	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// EnvelopeVersion is the first byte of every payload.
const EnvelopeVersion = 1

// EnvelopeSize is the length of the envelope in front of a body, in bytes.
const EnvelopeSize = 3

// Split takes a payload apart. body aliases payload. It fails with *EnvelopeError on
// fewer than three bytes or a version other than 1; the type may be unknown.
func Split(payload []byte) (t Type, body []byte, err error) {
	if len(payload) < EnvelopeSize {
		return 0, nil, &EnvelopeError{Length: len(payload)}
	}
	if payload[0] != EnvelopeVersion {
		return 0, nil, &EnvelopeError{Length: len(payload), Version: payload[0]}
	}
	r := wirebuf.NewReader(payload[1:])
	return Type(r.I16()), payload[EnvelopeSize:], nil
}

// Append appends the envelope of a body of type t and then the body.
func Append(dst []byte, t Type, body []byte) []byte {
	return append(AppendEnvelope(dst, t), body...)
}

// AppendEnvelope appends the three bytes in front of a body of type t.
func AppendEnvelope(dst []byte, t Type) []byte {
	return wirebuf.AppendI16(append(dst, EnvelopeVersion), int16(t))
}

// EnvelopeError says that a payload has no valid envelope.
type EnvelopeError struct {
	Length  int  // of the payload, bytes
	Version byte // as read, if Length >= 3
}

// Error describes the fault.
func (e *EnvelopeError) Error() string {
	if e.Length < EnvelopeSize {
		return fmt.Sprintf("request: payload of %d bytes has no envelope", e.Length)
	}
	return fmt.Sprintf("request: envelope version %d, expected %d", e.Version, EnvelopeVersion)
}
