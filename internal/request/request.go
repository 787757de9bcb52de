package request

import (
	"errors"
	"fmt"
)

// Request is the decoded body of one pipe request.
type Request interface {
	// Type returns the request type under which the body travels.
	Type() Type
	// AppendBody appends the body in the given layout. It fails if the request holds
	// something the layout cannot express.
	AppendBody(dst []byte, l Layout) ([]byte, error)
}

// ErrUnknownType is wrapped by Decode for a type number that is not IoTDB's.
var ErrUnknownType = errors.New("unknown request type")

// DecodeError says that a body does not follow the layout of its type. It unwraps
// to a *wirebuf.Error with the offset.
type DecodeError struct {
	Type Type
	Err  error
}

// Error names the type and the cause.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("request: type %d (%s): %v", int16(e.Type), e.Type, e.Err)
}

// Unwrap returns the cause.
func (e *DecodeError) Unwrap() error { return e.Err }
