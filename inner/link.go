package inner

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/sender"
)

// link is one connection to a receiver. exchange is called by one goroutine; the
// link's own goroutine does nothing but read.
//
// Invariants, under mu: expecting is true from just before a frame is written
// until its first byte comes back; err is set once, before dead is closed; at most
// one answer is in the channel.
type link struct {
	conn     net.Conn
	wrap     framing.Wrap
	polarity framing.Polarity
	observer *observer
	audit    sender.Record
	payload  []byte     // of the request in flight, nil in a handshake
	sum      audit.Hash // of payload

	mu        sync.Mutex
	expecting bool
	err       error

	answer chan framing.Reply // capacity 1
	dead   chan struct{}
	done   chan struct{} // the reader has ended
	timer  *time.Timer
	detach func() bool // ends the watch over the context given to newLink
}

// newLink takes over conn and starts its reader. When ctx ends the connection is
// closed, which also ends a write that blocks.
func newLink(ctx context.Context, conn net.Conn, t *transport) *link {
	k := &link{
		conn: conn, wrap: t.cfg.Wrap, polarity: t.cfg.Polarity, observer: t.observer, audit: t.record(conn),
		answer: make(chan framing.Reply, 1), dead: make(chan struct{}), done: make(chan struct{}),
		timer: time.NewTimer(time.Hour),
	}
	k.timer.Stop()
	k.detach = context.AfterFunc(ctx, func() { k.fail(sender.ReasonCancelled, ctx.Err()) })
	go k.read()
	return k
}

// read takes every byte that arrives, whether one is expected or not.
func (k *link) read() {
	defer close(k.done)
	defer func() { k.audit.Closed(k.Err()) }()
	var buf [16]byte
	for {
		n, err := k.conn.Read(buf[:])
		if n > 0 && !k.take(buf[:n]) {
			return
		}
		if err != nil {
			k.fail(reasonOf(err), err)
			return
		}
	}
}

// take judges bytes that arrived together; false means that the link is dead.
func (k *link) take(b []byte) bool {
	k.mu.Lock()
	asked := k.expecting
	k.expecting = false
	k.mu.Unlock()
	switch {
	case !asked:
		k.observer.stray(len(b))
		k.fail(sender.ReasonStray, fmt.Errorf("byte 0x%02x answers no request", b[0]))
		return false
	case len(b) > 1:
		k.observer.stray(len(b) - 1)
		k.fail(sender.ReasonStray, fmt.Errorf("%d bytes for one request, the first 0x%02x", len(b), b[0]))
		return false
	}
	reply, err := k.polarity.Reply(b[0])
	k.observer.answer(reply, err)
	if err != nil {
		k.fail(sender.ReasonBadAnswer, err)
		return false
	}
	k.answer <- reply
	return true
}

// fail makes the link dead, the first cause wins.
func (k *link) fail(r sender.Reason, err error) {
	k.mu.Lock()
	if k.err == nil {
		k.err = &sender.LinkError{Reason: r, Err: err}
		close(k.dead)
	}
	k.mu.Unlock()
	_ = k.conn.Close() // nothing more is wanted from it
}

// exchange writes one whole frame and waits for the one byte that answers it. The
// patience holds for the write and again for the answer.
func (k *link) exchange(ctx context.Context, frame []byte, patience time.Duration) (framing.Reply, error) {
	k.mu.Lock()
	if k.err != nil {
		defer k.mu.Unlock()
		return framing.Fail, k.err
	}
	k.expecting = true
	k.mu.Unlock()

	if err := k.conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return framing.Fail, k.broken(err)
	}
	if _, err := k.conn.Write(frame); err != nil {
		return framing.Fail, k.broken(err)
	}
	k.sum = sha256.Sum256(k.payload) // while the other side works
	k.timer.Reset(patience)
	defer k.timer.Stop()
	select {
	case reply := <-k.answer:
		return reply, nil
	case <-k.dead:
		select {
		case reply := <-k.answer: // it came before the end
			return reply, nil
		default:
			return framing.Fail, k.Err()
		}
	case <-k.timer.C:
		k.fail(sender.ReasonTimeout, fmt.Errorf("no answer within %v", patience))
	case <-ctx.Done():
		k.fail(sender.ReasonCancelled, ctx.Err())
	}
	return framing.Fail, k.Err()
}

// broken records a failed write. If the reader found a cause before, that one stays.
func (k *link) broken(err error) error {
	k.fail(reasonOf(err), err)
	return k.Err()
}

// Send implements sender.Link.
func (k *link) Send(ctx context.Context, frame []byte, patience time.Duration) (sender.Answer, error) {
	k.payload = frame[k.wrap.Offset():]
	reply, err := k.exchange(ctx, framing.Finish(frame, k.wrap), patience)
	if err != nil {
		return sender.Answer{}, err
	}
	a := sender.Answer{Verdict: sender.Refused}
	if reply == framing.OK {
		a.Verdict = sender.OK
	}
	k.audit.Answered(a, len(k.payload), k.sum)
	return a, nil
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
	k.fail(sender.ReasonNone, net.ErrClosed)
	<-k.done
	return nil
}

// reasonOf sorts network errors.
func reasonOf(err error) sender.Reason {
	var timeout net.Error
	switch {
	case errors.Is(err, io.EOF):
		return sender.ReasonEnd
	case errors.As(err, &timeout) && timeout.Timeout():
		return sender.ReasonTimeout
	}
	return sender.ReasonBroken
}
