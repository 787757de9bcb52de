package gatesim

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Limits on how long ends may take.
const (
	// lingerTime is how long a side that was told FIN may go on sending into the void.
	lingerTime = 30 * time.Second
	// minSlice is the smallest read when a rate limits the direction.
	minSlice = 512
)

// Purposes of a connection's random draws, each with its own source.
const (
	drawJitterOut uint64 = iota
	drawJitterBack
	drawAnswers
	drawBudget
)

// conn carries one connection. Two goroutines per direction: one reads, judges
// and gives each item its due time, one delivers.
//
//	inner ─ pull(out) ─► queue ─ push(out) ─► outer
//	inner ◄─ push(back) ─ queue ◄─ pull(back) ─ outer
type conn struct {
	g            *Gate
	id           int64
	inner, outer net.Conn
	out, back    *queue

	mu     sync.Mutex
	law    law
	idle   *time.Timer
	budget int64 // bytes outwards until a cut, valid once drawn
	drawn  bool

	touched atomic.Int64 // time of the last byte, in ns
	drop    atomic.Bool  // a cut with FIN happened: everything else is thrown away
	done    chan struct{}
	ended   sync.Once
}

func newConn(g *Gate, id int64, inner, outer net.Conn) *conn {
	c := &conn{g: g, id: id, inner: inner, outer: outer, out: newQueue(g.cfg.Window), back: newQueue(g.cfg.Window), done: make(chan struct{})}
	c.law.meter.maxFrame = g.cfg.MaxFrame
	c.touch()
	return c
}

// run returns when both directions have ended.
func (c *conn) run() {
	var all sync.WaitGroup
	all.Go(func() { c.pull(true) })
	all.Go(func() { c.pull(false) })
	var pushers sync.WaitGroup
	pushers.Go(func() { c.push(true) })
	pushers.Go(func() { c.push(false) })
	pushers.Wait()
	c.finish()
	all.Wait()
}

// finish closes both sides after both directions have ended in order.
func (c *conn) finish() {
	c.ended.Do(func() { close(c.done) })
	c.mu.Lock()
	if c.idle != nil {
		c.idle.Stop()
	}
	c.mu.Unlock()
	c.inner.Close()
	c.outer.Close()
}

// abort ends both sides with RST.
func (c *conn) abort() {
	c.ended.Do(func() { close(c.done) })
	reset(c.inner)
	reset(c.outer)
}

// cut ends the connection as a gate does that has had enough.
func (c *conn) cut(how End) {
	if how != FIN {
		c.abort()
		return
	}
	if !c.drop.Swap(true) {
		limit := time.Now().Add(lingerTime)
		c.inner.SetDeadline(limit)
		c.outer.SetDeadline(limit)
		closeWrite(c.inner)
		closeWrite(c.outer)
	}
}

// inject puts a byte nobody asked for on the way to the inner side.
func (c *conn) inject(b byte) {
	c.back.put(item{data: []byte{b}, due: time.Now()}, true, c.done)
}

func (c *conn) touch() { c.touched.Store(time.Now().UnixNano()) }

// watchIdle arms the idle cut, or disarms it with 0.
func (c *conn) watchIdle(limit time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle != nil {
		c.idle.Stop()
		c.idle = nil
	}
	if limit > 0 {
		c.idle = time.AfterFunc(limit, func() { c.checkIdle(limit) })
	}
}

func (c *conn) checkIdle(limit time.Duration) {
	select {
	case <-c.done:
		return
	default:
	}
	rest := limit - time.Since(time.Unix(0, c.touched.Load()))
	if rest > 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.idle != nil {
			c.idle.Reset(rest)
		}
		return
	}
	s, _ := c.g.current()
	c.g.ledger.fault("idle-cut")
	c.cut(s.Cuts.How)
}

// pull reads one side and queues what may pass.
func (c *conn) pull(outwards bool) {
	src, q, cable := c.inner, c.out, &c.g.cables.out
	if !outwards {
		src, q, cable = c.outer, c.back, &c.g.cables.back
	}
	jitter := c.g.random(c.id, drawJitterOut)
	if !outwards {
		jitter = c.g.random(c.id, drawJitterBack)
	}
	judge := answers{c: c, random: c.g.random(c.id, drawAnswers)}
	large := false
	for {
		buf := c.g.buffers.get(large && outwards)
		limit := len(buf)
		if rate := c.g.Settings().path(outwards).Rate; rate > 0 {
			limit = min(limit, max(minSlice, int(rate/50)))
		}
		n, err := src.Read(buf[:limit])
		s := c.g.Settings() // the read may have waited for long
		lane := s.path(outwards)
		large = n >= smallBuffer/2
		if n > 0 && !c.drop.Load() {
			c.touch()
			now := time.Now()
			due := cable.reserve(now, n, lane.Rate).Add(lane.Delay + spread(jitter, lane.Jitter))
			switch {
			case outwards:
				q.put(item{data: buf[:n], due: due}, false, c.done)
			default:
				judge.take(s, buf[:n], due)
				c.g.buffers.put(buf)
			}
		} else {
			c.g.buffers.put(buf)
		}
		if err != nil {
			c.sourceEnded(outwards, err)
			return
		}
	}
}

// sourceEnded passes the end of one side on to the other, behind what it sent.
func (c *conn) sourceEnded(outwards bool, err error) {
	q, s := c.out, c.g.Settings()
	if !outwards {
		q = c.back
	}
	end := RST
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrClosedPipe), c.drop.Load():
		end = FIN
	case s.Cuts.RSTAsFIN && errors.Is(err, syscall.ECONNRESET):
		end = FIN
		c.g.ledger.fault("rst-as-fin")
		limit := time.Now().Add(lingerTime)
		c.inner.SetDeadline(limit) // the living side learns of the death by FIN only; do not wait for it for ever
		c.outer.SetDeadline(limit)
	}
	q.put(item{end: end, due: time.Now().Add(s.path(outwards).Delay)}, true, c.done)
}

// push delivers one direction in order, each item when it is due.
func (c *conn) push(outwards bool) {
	dst, q := c.outer, c.out
	if !outwards {
		dst, q = c.inner, c.back
	}
	broken := false
	for {
		it, ok := q.take(c.done)
		if !ok || !c.wait(it.due, outwards) {
			return
		}
		switch {
		case it.end == FIN:
			closeWrite(dst)
			return
		case it.end == RST:
			c.abort()
			return
		case broken || c.drop.Load():
			c.g.buffers.put(it.data)
			continue
		}
		if !c.deliver(dst, it.data, outwards) {
			if !c.g.Settings().Cuts.RSTAsFIN {
				c.abort()
				return
			}
			broken = true // the dead side is already known as FIN; what still comes is lost
		}
		c.g.buffers.put(it.data)
	}
}

// deliver writes the bytes of one item and counts them; false if the side is dead.
func (c *conn) deliver(dst net.Conn, p []byte, outwards bool) bool {
	cut := false
	if outwards {
		p, cut = c.spend(p)
		c.mu.Lock()
		completed, overtook := c.law.out(p)
		c.mu.Unlock()
		c.g.ledger.count(func(v *Verdict) {
			v.Requests += int64(completed)
			if overtook {
				v.Overtaking++
			}
		})
	}
	n, err := dst.Write(p)
	c.touch()
	c.g.ledger.count(func(v *Verdict) {
		if outwards {
			v.BytesOut += int64(n)
		} else {
			v.BytesBack += int64(n)
		}
	})
	if cut {
		c.g.ledger.fault("cut-after")
		c.cut(c.g.Settings().Cuts.How)
		return true
	}
	return err == nil || c.drop.Load()
}

// spend takes bytes from the connection's budget. It returns what may still go
// and whether the connection is to be cut behind it.
func (c *conn) spend(p []byte) ([]byte, bool) {
	s := c.g.Settings().Cuts
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.After == 0 {
		c.drawn = false
		return p, false
	}
	if !c.drawn {
		c.drawn = true
		c.budget = s.After
		if s.Spread > 0 {
			c.budget += c.g.random(c.id, drawBudget).Int64N(s.Spread + 1)
		}
	}
	if c.budget > int64(len(p)) {
		c.budget -= int64(len(p))
		return p, false
	}
	p = p[:c.budget]
	c.budget = 0
	return p, true
}

// wait returns true when the time has come and no partition holds the direction.
func (c *conn) wait(due time.Time, outwards bool) bool {
	if d := time.Until(due); d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
		case <-c.done:
			return false
		}
	}
	for {
		s, changed := c.g.current()
		if !s.Partition.stops(outwards) {
			return true
		}
		select {
		case <-changed:
		case <-c.done:
			return false
		}
	}
}

func spread(r *rand.Rand, most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return time.Duration(r.Int64N(int64(most) + 1))
}

// closeWrite sends FIN; a connection that cannot be half closed is closed.
func closeWrite(c net.Conn) {
	if h, ok := c.(interface{ CloseWrite() error }); ok {
		h.CloseWrite()
		return
	}
	c.Close()
}
