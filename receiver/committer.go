package receiver

import (
	"context"
	"errors"

	"github.com/sluice-gateway/sluice/handshake"
)

// ErrTemporary is wrapped by the error of Commit when the same request may succeed
// later on this connection: disk full, log closed for a moment. The answer is held
// and Commit called again. An error that wraps nothing counts as temporary too.
var ErrTemporary = errors.New("receiver: temporarily not possible")

// ErrOutOfStep is wrapped by the error of Commit when repeating the request on this
// connection cannot help, but starting again on a new one can: a piece with a gap,
// a seal of a short file.
var ErrOutOfStep = errors.New("receiver: out of step with the sender")

// Committer makes requests durable.
type Committer interface {
	// NewSession is called once per connection; peer is its remote host:port.
	NewSession(peer string) Session
}

// Session is one connection's way to the disk. Its calls never overlap.
type Session interface {
	// Begin is called after every accepted handshake: unfinished files are dropped.
	Begin(p handshake.Peer)
	// Commit returns nil only when the request is durable, or, if it can never be
	// applied, when the dead letter that holds it whole is durable. payload has its
	// envelope, which may be invalid, and may be used until Commit returns.
	Commit(ctx context.Context, payload []byte) error
	// Close drops what is unfinished. It is called once.
	Close() error
}
