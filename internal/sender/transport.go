package sender

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sluice-gateway/sluice/internal/request"
)

// Class says which handshake a connection needs.
type Class uint8

// DataClass connections carry tablets, data and schema plans, TsFiles and schema
// snapshots; ConfigClass connections carry config plans and config snapshots.
const (
	DataClass Class = iota
	ConfigClass
)

// String returns the class in lower case.
func (c Class) String() string {
	if c == ConfigClass {
		return "config"
	}
	return "data"
}

// Transport makes connections to the target.
type Transport interface {
	// Begin appends the room the transport needs before a payload (frame header) and
	// returns the extended slice. The payload is appended behind it.
	Begin(dst []byte) []byte
	// Open connects to the endpoint and shakes hands. An error that wraps
	// ErrHandshake means that the target answered and refused; any other error means
	// that it could not be reached.
	Open(ctx context.Context, endpoint string, class Class) (Link, error)
}

// Link is one open connection after its handshake. One lane uses it; only Dead
// and Err may be called at the same time from elsewhere.
type Link interface {
	// Send transmits the request in frame (what Begin made, then the payload) and
	// waits for its answer at most patience. An error is a *LinkError: no valid
	// answer came and the link must be closed. Send keeps no reference to frame.
	Send(ctx context.Context, frame []byte, patience time.Duration) (Answer, error)
	// Dead is closed when the link has broken, also while nothing was in flight.
	Dead() <-chan struct{}
	// Err returns why the link is dead, nil while it is not.
	Err() error
	// Close ends the connection and waits for its goroutine.
	Close() error
}

// Versioned is implemented by links that know the release of the target.
type Versioned interface {
	// Peer returns the release, LayoutAsDecoded if the target did not tell.
	Peer() request.Layout
}

// ErrHandshake is wrapped by the error of Transport.Open when the target refused
// the handshake.
var ErrHandshake = errors.New("handshake refused")

// ErrClosed is returned by Write after Close.
var ErrClosed = errors.New("sender: closed")

// Verdict is what the target said of one request.
type Verdict uint8

// The verdicts. The air gap knows only the first two.
const (
	OK      Verdict = iota // durable or applied at the target
	Refused                // a clear no
	Busy                   // not now: repeat later, for ever
	Offset                 // a file piece: go on at Answer.Offset
)

// String returns the verdict in one word.
func (v Verdict) String() string { return [...]string{"ok", "refused", "busy", "offset"}[v] }

// Answer is a verdict with what a transport of more than one bit can add.
type Answer struct {
	Verdict Verdict
	Offset  int64  // of Offset: where the target wants the file to go on
	Detail  string // status and message of the target, may be empty
}

// Reason is why a connection ended; it labels the reconnect counter.
type Reason uint8

// The reasons, in the order of Counters.Reconnects.
const (
	ReasonNone      Reason = iota
	ReasonTimeout          // no answer in time
	ReasonStray            // a byte that answers nothing, or a second byte
	ReasonBadAnswer        // one byte, but neither of the two
	ReasonEnd              // the other side ended the connection
	ReasonBroken           // reset or another network error
	ReasonRefused          // renewed by us after a refusal
	ReasonIdle             // renewed by us before a long silence
	ReasonCancelled        // the sink is closing
	reasons
)

var reasonNames = [reasons]string{"none", "timeout", "stray_byte", "bad_answer", "end_of_stream", "broken", "refused", "idle", "cancelled"}

// String returns the label of the reason.
func (r Reason) String() string {
	if int(r) >= len(reasonNames) {
		return fmt.Sprintf("reason(%d)", uint8(r))
	}
	return reasonNames[r]
}

// LinkError says why a link gave no valid answer.
type LinkError struct {
	Reason Reason
	Err    error
}

// Error describes the break.
func (e *LinkError) Error() string {
	if e.Err == nil {
		return e.Reason.String()
	}
	return e.Reason.String() + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *LinkError) Unwrap() error { return e.Err }

// ReasonOf returns the reason in err, ReasonBroken if it names none.
func ReasonOf(err error) Reason {
	var le *LinkError
	if errors.As(err, &le) {
		return le.Reason
	}
	return ReasonBroken
}
