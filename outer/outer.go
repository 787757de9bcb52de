package outer

import (
	"context"
	"fmt"

	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/receiver"
)

// Committer makes the requests of the gate durable.
type Committer struct {
	arrivals *arrival.Arrivals
}

// New returns a Committer that hands requests to a.
func New(a *arrival.Arrivals) *Committer { return &Committer{arrivals: a} }

// NewSession returns the disk side of one connection.
func (c *Committer) NewSession(peer string) receiver.Session {
	return &session{s: c.arrivals.NewSession(arrival.Gate, peer), peer: peer}
}

type session struct {
	s    *arrival.Session
	peer string
}

// Begin tells on whose behalf requests come from now on.
func (s *session) Begin(p handshake.Peer) {
	s.s.Begin(arrival.Origin{Peer: s.peer, User: p.User, ViaPipe: p.MarkAsPipeRequest, ConvertTypes: p.ConvertTypes})
}

// Commit makes one request durable.
func (s *session) Commit(ctx context.Context, payload []byte) error {
	var o arrival.Outcome
	if t, body, err := request.Split(payload); err != nil {
		o = s.s.Undecodable(ctx, payload, err)
	} else {
		o = s.s.Handle(ctx, t, body)
	}
	switch o.Class {
	case arrival.Done, arrival.Kept:
		return nil
	case arrival.OutOfStep:
		return fmt.Errorf("%w: %s", receiver.ErrOutOfStep, o.Message)
	}
	return fmt.Errorf("%w: %s", receiver.ErrTemporary, o.Message)
}

// Close drops what is unfinished.
func (s *session) Close() error { return s.s.Close() }
