package inner

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/sender"
)

// Dialer opens a connection to host:port; net.Dialer.DialContext for TCP.
type Dialer func(ctx context.Context, address string) (net.Conn, error)

// WireConfig is how the sink talks through the gate.
type WireConfig struct {
	Wrap      framing.Wrap
	Polarity  framing.Polarity
	Connect   time.Duration // for opening a connection
	Handshake handshake.SenderConfig
}

// gateDoor is what the audit log calls this way out.
const gateDoor = "gate"

// transport implements sender.Transport over frames and one-byte answers.
type transport struct {
	cfg      WireConfig
	dial     Dialer
	observer *observer
	audit    audit.Recorder // nil: nothing is recorded
}

// record returns what writes the audit entries of a connection.
func (t *transport) record(conn net.Conn) sender.Record {
	return sender.Record{To: t.audit, Door: gateDoor, Target: conn.RemoteAddr().String(), Local: conn.LocalAddr().String()}
}

// Begin implements sender.Transport.
func (t *transport) Begin(dst []byte) []byte { return framing.Begin(dst, t.cfg.Wrap) }

// Open implements sender.Transport: connect, then the handshake.
func (t *transport) Open(ctx context.Context, endpoint string, class sender.Class) (sender.Link, error) {
	dialing, cancel := context.WithTimeout(ctx, t.cfg.Connect)
	conn, err := t.dial(dialing, endpoint)
	cancel()
	if err != nil {
		(&sender.Record{To: t.audit, Door: gateDoor, Target: endpoint}).Opened(err)
		return nil, fmt.Errorf("connect: %w", err)
	}
	k := newLink(ctx, conn, t)
	k.audit.Opened(nil)
	err = t.shake(ctx, k, class)
	k.audit.Shaken(class, err)
	if err != nil {
		_ = k.Close() // the handshake's error is the one to tell
		return nil, err
	}
	return k, nil
}

// shake runs the handshake machine over the link.
func (t *transport) shake(ctx context.Context, k *link, class sender.Class) error {
	cfg := t.cfg.Handshake
	cfg.Config = class == sender.ConfigClass
	m, err := handshake.NewSender(cfg)
	if err != nil {
		return err
	}
	a := m.Step(handshake.Connected, time.Now())
	for a.Result.Outcome == handshake.Pending {
		frame := framing.AppendFrame(nil, a.Payload, t.cfg.Wrap)
		reply, err := k.exchange(ctx, frame, time.Until(a.Deadline))
		a = m.Step(eventOf(reply, err), time.Now())
	}
	switch a.Result.Outcome {
	case handshake.Ready:
		return nil
	case handshake.Refused:
		return fmt.Errorf("%w: %s", sender.ErrHandshake, a.Result.Reason)
	}
	return fmt.Errorf("handshake: %s", a.Result.Reason)
}

// eventOf turns the end of an exchange into what the handshake machine knows.
func eventOf(reply framing.Reply, err error) handshake.Event {
	switch {
	case err == nil && reply == framing.OK:
		return handshake.AnswerOK
	case err == nil:
		return handshake.AnswerFail
	}
	switch sender.ReasonOf(err) {
	case sender.ReasonTimeout:
		return handshake.TimedOut
	case sender.ReasonStray, sender.ReasonBadAnswer:
		return handshake.BadAnswer
	}
	return handshake.Closed
}
