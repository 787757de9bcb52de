package arrival

import (
	"context"
	"fmt"

	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
)

// Transfers is the receiving end of one pipeTransfer connection: a Session with the
// handshakes in front. Its calls must not overlap.
//
// What thrift senders are told, and why:
//
//	1800  another protocol version
//	1801  unknown type (and kept as a dead letter): a sender falls back from V2 to V1
//	1802  handshake refused, 801 and the like: login failed
//	802   data before a handshake; 1811: config data before a handshake
//	1803  a piece at another offset than the file's length, which the body tells
//	1804  a seal of a file that is not there with that length; a name that is no file name
//	1107  undecodable (kept)
//	1808  temporary: the sender waits and repeats
//	1809  a column that does not fit its series (kept): the sender goes on, as with IoTDB
//	1810  anything else that can never be applied (kept): the sender goes on after a while
//	1812  slices out of order
type Transfers struct {
	session *Session
	hs      *handshake.Receiver
}

// NewTransfers returns the receiving end of one pipeTransfer connection.
func (a *Arrivals) NewTransfers(peer string, hs handshake.ReceiverConfig) *Transfers {
	hs.From = peer
	return &Transfers{session: a.NewSession(Thrift, peer), hs: handshake.NewReceiver(hs)}
}

// Transfer answers one request. Outcome.Code is Success only for what is durable
// (pieces and slices: taken). body is not kept.
func (t *Transfers) Transfer(ctx context.Context, version int8, typ int16, body []byte) Outcome {
	if version != request.EnvelopeVersion {
		return Outcome{Class: OutOfStep, Code: status.PipeVersion, Message: fmt.Sprintf("pipe request version %d is not supported", version)}
	}
	rt := request.Type(typ)
	if rt == request.TypeCompressed {
		// What cannot be unwrapped stays as it is and is kept by the session.
		if inner, rest, err := request.Unwrap(rt, body, t.session.a.options(Thrift)); err == nil {
			rt, body = inner, rest
		}
	}
	switch {
	case rt.IsHandshake():
		return t.shake(rt, body)
	case rt == request.TypeProbe:
		return Outcome{Class: OutOfStep, Code: status.PipeType, Message: "the extension is not spoken here"}
	case t.hs.Open():
		return t.session.Handle(ctx, rt, body)
	case rt >= request.TypeConfigPlan && rt <= request.TypeConfigSnapshotSeal:
		return Outcome{Class: OutOfStep, Code: status.PipeConfigHandshake, Message: "a handshake must come before config requests"}
	}
	return Outcome{Class: OutOfStep, Code: status.NotLogin, Message: "a handshake must come before other requests"}
}

func (t *Transfers) shake(rt request.Type, body []byte) Outcome {
	d := t.hs.Step(rt, body)
	if !d.OK() {
		return Outcome{Class: OutOfStep, Code: d.Code, Message: d.Reason}
	}
	t.session.Begin(Origin{Peer: t.session.origin.Peer, User: d.Peer.User, ViaPipe: d.Peer.MarkAsPipeRequest, ConvertTypes: d.Peer.ConvertTypes})
	return Outcome{Class: Done, Code: status.Success, Message: d.Reason}
}

// Close drops what is unfinished.
func (t *Transfers) Close() error { return t.session.Close() }
