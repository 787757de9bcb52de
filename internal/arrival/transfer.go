package arrival

import (
	"context"

	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
)

// Transfers is the receiving end of one pipeTransfer connection: a Session with the
// handshakes in front. Its calls must not overlap.
type Transfers struct {
	session *Session
	hs      *handshake.Receiver
}

// NewTransfers returns the receiving end of one pipeTransfer connection.
func (a *Arrivals) NewTransfers(peer string, hs handshake.ReceiverConfig) *Transfers {
	return &Transfers{session: a.NewSession(Thrift, peer), hs: handshake.NewReceiver(hs)}
}

// Transfer answers one request. Outcome.Code is Success only for what is durable
// (pieces and slices: taken). body is not kept.
func (t *Transfers) Transfer(ctx context.Context, version int8, typ int16, body []byte) Outcome {
	if version != request.EnvelopeVersion {
		return Outcome{Class: OutOfStep, Code: status.PipeVersion, Message: "unknown pipe request version"}
	}
	return t.session.Handle(ctx, request.Type(typ), body)
}

// Close drops what is unfinished.
func (t *Transfers) Close() error { return t.session.Close() }
