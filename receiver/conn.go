package receiver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/request"
)

// conn is one connection and its session. All but the line belongs to the goroutine
// of serve.
type conn struct {
	r        *Receiver
	line     line
	peer     string
	frames   *framing.Reader
	hs       *handshake.Receiver
	session  Session // nil before the first accepted handshake
	opened   time.Time
	answered time.Time // when the last answer was written
	audit    record
	byteOut  [1]byte
	detail   error // what lay behind the last happening, for the log
}

func newConn(r *Receiver, nc net.Conn, peer string) *conn {
	now := time.Now()
	hs := r.deps.Handshake
	hs.From = peer
	return &conn{r: r, line: line{nc: nc, since: now}, peer: peer, audit: record{to: r.deps.Audit, peer: peer}, hs: handshake.NewReceiver(hs), opened: now,
		frames: framing.NewReader(nc, framing.Limits{MaxPayload: r.cfg.MaxPayload})}
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
		c.audit.closed(v)
		break
	}
	if c.session != nil {
		if err := c.session.Close(); err != nil {
			c.r.log.Log(c.r.hard, slog.LevelWarn, "session_close", "unfinished files of a connection not removed",
				slog.String("peer", c.peer), slog.Any("error", err))
		}
	}
	c.line.end(c.r.hard, silent, c.answered)
}

// turn receives and handles one request and does what was decided. The action it
// returns is never hold.
func (c *conn) turn() verdict {
	b, h := c.receive()
	if b == nil {
		return c.conclude(c.judge(h, c.r.cfg.Hold)) // memory was waited for as long as allowed
	}
	v := c.decide(b.buf)
	seen := look(v, b.buf)
	c.giveBack(b)
	v = c.conclude(v)
	c.audit.answered(v, seen)
	return v
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
	c.line.arm(start.Add(c.r.cfg.ReadTimeout))
	head, err := c.frames.Header()
	if err != nil {
		return nil, c.broken(err)
	}
	b, err := c.lend(head.Length)
	if err != nil {
		c.detail = err
		return nil, noMemory
	}
	c.line.arm(time.Now().Add(c.r.cfg.frameTime(head.Length)))
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
	c.line.setIdle(start)
	c.line.arm(deadline)
	if c.line.stopping() {
		return c.line.whyStopped(), false
	}
	err := c.frames.Wait()
	c.line.setIdle(time.Time{})
	if err == nil {
		if !c.answered.IsZero() {
			since(c.r.met.idle, c.answered)
		}
		return 0, true
	}
	c.detail = err
	switch {
	case c.line.stopping():
		return c.line.whyStopped(), false
	case errors.Is(err, io.EOF):
		return endBetween, false
	case timedOut(err):
		return expired, false
	}
	return lineBroken, false
}

// broken says what an error inside a frame means.
func (c *conn) broken(err error) happening {
	c.detail = err
	var corrupt *framing.CorruptError
	switch {
	case c.line.stopping():
		return c.line.whyStopped()
	case errors.As(err, &corrupt):
		return corruptFrame
	case errors.Is(err, io.ErrUnexpectedEOF):
		return endInside
	case timedOut(err):
		return slowFrame
	}
	return lineBroken
}

func timedOut(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
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
	c.line.markData()
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
	c.audit.user = d.Peer.User
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

// report counts a verdict and logs what is worth a line: refusals, holds and
// resets, summarised by peer and reason. Ordinary answers and ends are only counted.
func (c *conn) report(v verdict) {
	c.r.met.verdicts.WithLabelValues(v.action.String(), v.reason).Inc()
	level := slog.LevelWarn
	switch v.reason {
	case "handshake_accepted", "durable", "probe", "end_between_frames", "idle_timeout", "stopping", "evicted", "line_broken":
		level = slog.LevelDebug
	}
	attrs := []slog.Attr{slog.String("peer", c.peer), slog.String("reason", v.reason)}
	if c.detail != nil {
		attrs = append(attrs, slog.Any("cause", c.detail))
	}
	c.r.log.Log(context.Background(), level, v.reason+" "+host(c.peer), "gate: "+v.action.String(), attrs...)
	c.audit.note(v, c.detail)
	c.detail = nil
}
