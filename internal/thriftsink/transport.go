package thriftsink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/apache/thrift/lib/go/thrift"

	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/sender"
	"github.com/sluice-gateway/sluice/internal/status"
)

// Dialer opens a connection to host:port; net.Dialer.DialContext for TCP.
type Dialer func(ctx context.Context, address string) (net.Conn, error)

// maxAnswer is the longest answer taken from a target, in bytes.
const maxAnswer = 4 << 20

// transport implements sender.Transport over pipeTransfer.
type transport struct {
	dial      Dialer
	connect   time.Duration
	handshake handshake.SenderConfig
	ask       bool           // for the release of the target
	audit     audit.Recorder // nil: nothing is recorded
}

// thriftDoor is what the audit log calls this way out.
const thriftDoor = "thrift"

// Begin implements sender.Transport: thrift adds its own frame.
func (t *transport) Begin(dst []byte) []byte { return dst }

// Open implements sender.Transport.
func (t *transport) Open(ctx context.Context, endpoint string, class sender.Class) (sender.Link, error) {
	dialing, cancel := context.WithTimeout(ctx, t.connect)
	conn, err := t.dial(dialing, endpoint)
	cancel()
	record := sender.Record{To: t.audit, Door: thriftDoor, Target: endpoint}
	if err != nil {
		record.Opened(err)
		return nil, fmt.Errorf("connect: %w", err)
	}
	record.Target, record.Local = conn.RemoteAddr().String(), conn.LocalAddr().String()
	record.Opened(nil)
	k := newLink(ctx, conn, record)
	err = t.shake(ctx, k, class)
	k.audit.Shaken(class, err)
	if err == nil && t.ask {
		err = k.ask(ctx, t.connect)
	}
	if err != nil {
		_ = k.Close() // the first error is the one to tell
		return nil, err
	}
	return k, nil
}

// ask finds out the release of the target. A target that does not tell is not known.
func (k *link) ask(ctx context.Context, patience time.Duration) error {
	if err := k.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return k.fail(sender.ReasonBroken, err)
	}
	p, err := k.client.GetProperties(ctx)
	var unknown thrift.TApplicationException
	switch {
	case errors.As(err, &unknown):
		return nil
	case err != nil:
		return k.fail(reasonOf(err), err)
	}
	k.peer = release(p.GetVersion(), p.GetBuildInfo())
	return nil
}

// release reads the version that a server tells. A gateway of ours reads the forms of all
// releases, so what it calls itself does not matter.
func release(version, build string) request.Layout {
	switch {
	case strings.HasPrefix(build, "sluice "):
		return request.LayoutAsDecoded
	case strings.HasPrefix(version, "1.2."):
		return request.Layout12
	case strings.HasPrefix(version, "1.3."):
		return request.Layout13
	case strings.HasPrefix(version, "2."):
		return request.Layout20
	}
	return request.LayoutAsDecoded
}

// Peer implements sender.Versioned.
func (k *link) Peer() request.Layout { return k.peer }

// shake runs the handshake machine over the link; the status of the last refusal
// is told, because over thrift it says why.
func (t *transport) shake(ctx context.Context, k *link, class sender.Class) error {
	cfg := t.handshake
	cfg.Config = class == sender.ConfigClass
	m, err := handshake.NewSender(cfg)
	if err != nil {
		return err
	}
	said := ""
	a := m.Step(handshake.Connected, time.Now())
	for a.Result.Outcome == handshake.Pending {
		ev := handshake.AnswerOK
		resp, err := k.call(ctx, a.Payload, time.Until(a.Deadline))
		switch {
		case err != nil && sender.ReasonOf(err) == sender.ReasonTimeout:
			ev = handshake.TimedOut
		case err != nil:
			ev, said = handshake.Closed, ": "+err.Error()
		case status.Code(resp.GetStatus().GetCode()) != status.Success:
			ev, said = handshake.AnswerFail, ": "+describe(resp.GetStatus())
			if status.Code(resp.GetStatus().GetCode()) != status.PipeType { // only an unknown type means that V1 may do better
				return fmt.Errorf("%w%s", sender.ErrHandshake, said)
			}
		}
		a = m.Step(ev, time.Now())
	}
	switch a.Result.Outcome {
	case handshake.Ready:
		return nil
	case handshake.Refused:
		return fmt.Errorf("%w%s", sender.ErrHandshake, said)
	}
	return fmt.Errorf("handshake: %s%s", a.Result.Reason, said)
}

// link is one thrift connection. A break is noticed at the next call: nothing
// reads while nothing is in flight.
type link struct {
	conn   net.Conn
	client *gen.IClientRPCServiceClient
	peer   request.Layout
	detach func() bool
	audit  sender.Record
	ended  sync.Once // its end is recorded

	mu   sync.Mutex
	err  error
	dead chan struct{}
}

// newLink takes over conn; when ctx ends the connection is closed.
func newLink(ctx context.Context, conn net.Conn, record sender.Record) *link {
	cfg := &thrift.TConfiguration{MaxMessageSize: maxAnswer, MaxFrameSize: maxAnswer}
	framed := thrift.NewTFramedTransportConf(thrift.NewStreamTransport(conn, conn), cfg)
	protocol := thrift.NewTBinaryProtocolConf(framed, cfg)
	k := &link{conn: conn, audit: record, dead: make(chan struct{}),
		client: gen.NewIClientRPCServiceClient(thrift.NewTStandardClient(protocol, protocol))}
	k.detach = context.AfterFunc(ctx, func() { k.fail(sender.ReasonCancelled, ctx.Err()) })
	return k
}

// call sends one payload (envelope and body) and returns the answer.
func (k *link) call(ctx context.Context, payload []byte, patience time.Duration) (*gen.TPipeTransferResp, error) {
	t, body, err := request.Split(payload)
	if err != nil {
		return nil, err
	}
	if err := k.Err(); err != nil {
		return nil, err
	}
	if err := k.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, k.fail(sender.ReasonBroken, err)
	}
	resp, err := k.client.PipeTransfer(ctx, &gen.TPipeTransferReq{Version: request.EnvelopeVersion, Type: int16(t), Body: body})
	if err != nil {
		return nil, k.fail(reasonOf(err), err)
	}
	return resp, nil
}

// Send implements sender.Link.
func (k *link) Send(ctx context.Context, frame []byte, patience time.Duration) (sender.Answer, error) {
	resp, err := k.call(ctx, frame, patience)
	if err != nil {
		return sender.Answer{}, err
	}
	a, stale := verdict(resp)
	if _, body, err := request.Split(frame); err == nil { // what the receiver hashes, too
		k.audit.Answered(a, len(body), k.audit.Sum(body))
	}
	if stale {
		return a, k.fail(sender.ReasonRefused, errors.New(a.Detail))
	}
	return a, nil
}

// fail makes the link dead, the first cause wins; it returns that cause.
func (k *link) fail(r sender.Reason, err error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err == nil {
		k.err = &sender.LinkError{Reason: r, Err: err}
		close(k.dead)
		_ = k.conn.Close() // nothing more is wanted from it
	}
	return k.err
}

// Dead implements sender.Link.
func (k *link) Dead() <-chan struct{} { return k.dead }

// Err implements sender.Link.
func (k *link) Err() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

// Close implements sender.Link.
func (k *link) Close() error {
	k.detach()
	why := k.fail(sender.ReasonNone, net.ErrClosed)
	k.ended.Do(func() { k.audit.Closed(why) })
	return nil
}

// reasonOf sorts the errors of a call.
func reasonOf(err error) sender.Reason {
	var timeout net.Error
	var te thrift.TTransportException
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return sender.ReasonTimeout
	case errors.Is(err, io.EOF):
		return sender.ReasonEnd
	case errors.As(err, &te) && te.TypeId() == thrift.END_OF_FILE:
		return sender.ReasonEnd
	case errors.As(err, &te) && te.TypeId() == thrift.TIMED_OUT:
		return sender.ReasonTimeout
	}
	return sender.ReasonBroken
}
