package receiver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/request"
)

// conn is one connection and its session. All but what mu guards belongs to the
// goroutine of serve.
type conn struct {
	r        *Receiver
	nc       net.Conn
	peer     string
	frames   *framing.Reader
	hs       *handshake.Receiver
	session  Session // nil before the first accepted handshake
	opened   time.Time
	answered time.Time // when the last answer was written
	byteOut  [1]byte
	detail   error // what lay behind the last happening, for the log

	mu   sync.Mutex
	idle idleState
}

// idleState is what others may know and change of a connection.
type idleState struct {
	since   time.Time // waiting for a frame since then; zero while a frame is handled
	data    bool      // a request other than a handshake has come
	stop    bool      // no more waiting
	evicted bool
}

func newConn(r *Receiver, nc net.Conn, peer string) *conn {
	now := time.Now()
	c := &conn{r: r, nc: nc, peer: peer, hs: handshake.NewReceiver(r.deps.Handshake), opened: now,
		frames: framing.NewReader(nc, framing.Limits{MaxPayload: r.cfg.MaxPayload})}
	c.idle.since = now
	return c
}

// serve runs the session to its end.
func (c *conn) serve() {
	defer c.r.wg.Done()
	defer c.r.forget(c)
	silent := false
	for {
		v := c.turn()
		if v.action == answerOK || v.action == answerFail {
			continue
		}
		silent = v.action == endSilently
		break
	}
	if c.session != nil {
		if err := c.session.Close(); err != nil {
			c.logf(slog.LevelWarn, "session_close", "unfinished files of a connection not removed", err)
		}
	}
	c.close(silent)
}

// close ends the connection: by RST, unless the sender has ended it already and
// nothing is owed.
func (c *conn) close(silent bool) {
	if silent {
		if l, ok := c.nc.(interface{ SetLinger(int) error }); ok {
			_ = l.SetLinger(-1) // failing leaves the reset, which does no harm here
		}
	} else if wait := settle - time.Since(c.answered); wait > 0 && !c.answered.IsZero() {
		// A reset right behind an answer could overtake it at the peer.
		select {
		case <-c.r.hard.Done():
		case <-time.After(wait):
		}
	}
	_ = c.nc.Close()
}

// settle is how old an answer must be before its connection may be reset.
const settle = 200 * time.Millisecond

// turn receives and handles one request and does what was decided. The action it
// returns is never hold.
func (c *conn) turn() verdict {
	b, h := c.receive()
	if b == nil {
		return c.conclude(c.judge(h, c.r.cfg.Hold)) // memory was waited for as long as allowed
	}
	v := c.decide(b.buf)
	c.giveBack(b)
	return c.conclude(v)
}

// conclude carries a final verdict out as far as bytes and waiting are concerned.
func (c *conn) conclude(v verdict) verdict {
	switch v.action {
	case answerOK, answerFail:
		reply := framing.Fail
		if v.action == answerOK {
			reply = framing.OK
		}
		if err := c.answer(reply); err != nil {
			c.detail = err
			return c.conclude(c.judge(answerNotSent, 0))
		}
	case resetLater:
		c.pause(c.r.cfg.ResetDelay)
	}
	c.report(v)
	return v
}

// receive waits for one whole frame. Without a block the happening says what came
// instead.
func (c *conn) receive() (*block, happening) {
	if h, ok := c.await(); !ok {
		return nil, h
	}
	start := time.Now()
	from := c.frames.Taken()
	c.arm(start.Add(c.r.cfg.ReadTimeout))
	head, err := c.frames.Header()
	if err != nil {
		return nil, c.broken(err)
	}
	b, err := c.lend(head.Length)
	if err != nil {
		c.detail = err
		return nil, noMemory
	}
	c.arm(time.Now().Add(c.r.cfg.frameTime(head.Length)))
	payload, err := c.frames.Body(b.buf)
	if err != nil {
		c.giveBack(b)
		return nil, c.broken(err)
	}
	b.buf = payload
	since(c.r.met.frame, start)
	c.r.met.frames.WithLabelValues(head.Wrap.String()).Inc()
	c.r.met.bytesIn.Add(float64(c.frames.Taken() - from))
	return b, 0
}

// await waits for the first byte of a frame; false comes with the reason why there
// is none.
func (c *conn) await() (happening, bool) {
	start := time.Now()
	var deadline time.Time
	expired := idleTooLong
	if !c.hs.Open() {
		deadline, expired = c.opened.Add(c.r.cfg.HandshakeTimeout), noHandshake
		if !c.answered.IsZero() {
			deadline = c.answered.Add(c.r.cfg.HandshakeTimeout)
		}
	} else if c.r.cfg.IdleTimeout > 0 {
		deadline = start.Add(c.r.cfg.IdleTimeout)
	}
	c.setIdle(start)
	c.arm(deadline)
	err := c.frames.Wait()
	c.setIdle(time.Time{})
	if err == nil {
		if !c.answered.IsZero() {
			since(c.r.met.idle, c.answered)
		}
		return 0, true
	}
	c.detail = err
	switch {
	case c.stopping():
		return c.whyStopped(), false
	case errors.Is(err, io.EOF):
		return endBetween, false
	case errors.Is(err, os.ErrDeadlineExceeded):
		return expired, false
	}
	return lineBroken, false
}

// broken says what an error inside a frame means.
func (c *conn) broken(err error) happening {
	c.detail = err
	var corrupt *framing.CorruptError
	switch {
	case c.stopping():
		return c.whyStopped()
	case errors.As(err, &corrupt):
		return corruptFrame
	case errors.Is(err, io.ErrUnexpectedEOF):
		return endInside
	case errors.Is(err, os.ErrDeadlineExceeded):
		return slowFrame
	}
	return lineBroken
}

// lend waits for memory for a payload, as long as an answer may be held.
func (c *conn) lend(n int) (*block, error) {
	b := c.r.mem.try(n)
	if b == nil {
		ctx, cancel := context.WithTimeout(c.r.soft, c.r.cfg.Hold)
		defer cancel()
		var err error
		if b, err = c.r.mem.take(ctx, n); err != nil {
			return nil, err
		}
	}
	c.r.met.lent.Add(float64(c.r.mem.weight(b.class)))
	return b, nil
}

func (c *conn) giveBack(b *block) {
	c.r.met.lent.Sub(float64(c.r.mem.weight(b.class)))
	c.r.mem.give(b)
}

// decide handles a request until there is a final verdict: a held one is tried
// again.
func (c *conn) decide(payload []byte) verdict {
	start := time.Now()
	u, err := c.unwrap(payload)
	defer func() { c.r.mem.giveInflated(u.lent) }()
	if err != nil {
		c.detail = err
		return c.judge(noMemory, c.r.cfg.Hold)
	}
	for try := 0; ; try++ {
		v := c.judge(c.attempt(&u), time.Since(start))
		if v.action != hold {
			if try > 0 {
				since(c.r.met.held, start)
			}
			return v
		}
		if try == 0 {
			c.report(v)
		}
		left := c.r.cfg.Hold - time.Since(start)
		if !c.pause(min(retryPause(try), max(time.Millisecond, left))) {
			since(c.r.met.held, start)
			return c.judge(stopping, 0)
		}
	}
}

// judge asks for a verdict; a receiver that stops gives every temporary cause up.
func (c *conn) judge(h happening, held time.Duration) verdict {
	if h == noMemory && c.r.soft.Err() != nil {
		h = stopping
	}
	return judge(h, held, c.r.cfg.Hold)
}

// retryPause grows from 20 ms to 1 s.
func retryPause(try int) time.Duration {
	return min(time.Second, 20*time.Millisecond<<min(try, 10))
}

// attempt handles a request once.
func (c *conn) attempt(u *unwrapped) happening {
	switch {
	case u.known && u.typ.IsHandshake():
		return c.shake(u.typ, u.body)
	case u.known && u.typ == request.TypeProbe:
		return probed
	}
	c.markData()
	if !c.hs.Open() {
		c.r.met.early.Inc()
		return beforeHandshake
	}
	return c.commit(u.payload)
}

func (c *conn) shake(t request.Type, body []byte) happening {
	d := c.hs.Step(t, body)
	if !d.OK() {
		c.detail = errors.New(d.Reason)
		return handshakeRefused
	}
	if c.session == nil {
		since(c.r.met.handshake, c.opened)
		c.session = c.r.deps.Committer.NewSession(c.peer)
	}
	c.session.Begin(d.Peer)
	return handshakeAccepted
}

func (c *conn) commit(payload []byte) happening {
	start := time.Now()
	err := c.session.Commit(c.r.hard, payload)
	since(c.r.met.commit, start)
	c.detail = err
	switch {
	case err == nil:
		return committed
	case errors.Is(err, ErrOutOfStep):
		return outOfStep
	}
	return notNow
}

// pause waits, and reports false if the receiver stops meanwhile.
func (c *conn) pause(d time.Duration) bool {
	select {
	case <-c.r.soft.Done():
		return false
	case <-time.After(d):
		return true
	}
}
