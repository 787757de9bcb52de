package sender

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
)

// lane is one queue with one connection and one request in flight. Everything in
// it belongs to its goroutine, except q and trouble, which lock themselves.
type lane struct {
	s     *Sender
	id    int
	class Class
	q     *queue
	warm  bool // keeps a connection while idle: the first lane, and any that had work

	conn  conn
	pause pause
	comp  composer
	buf   buffers
	rnd   *rand.Rand

	prep     prepared
	trouble  trouble
	batchOff time.Time // until then one node per request: this target refused batches
}

// conn is the lane's connection; link is nil while there is none.
type conn struct {
	link   Link
	at     int            // endpoint
	served int            // requests answered since the handshake
	events int            // attempts to deliver an event since the handshake; a file is many requests
	peer   request.Layout // release of the target, as far as it is known
	opened time.Time      // end of the handshake
	used   time.Time      // last request
}

// pause is when the lane may try again after a failure.
type pause struct {
	until  time.Time
	loss   Backoff
	losses int // in a row, without an answer in between
	shift  int // moves the preference among endpoints
}

// buffers are reused from request to request.
type buffers struct {
	frame []byte // what the transport sends
	plain []byte // payload before compression

	deflate *request.Deflater // nil: not compressed
}

// rowLayout returns the layout of rows for a release: where it is not known, that which
// 1.3 and 2.0 share.
func rowLayout(peer request.Layout) request.Layout {
	if peer == request.LayoutAsDecoded {
		return request.Layout13
	}
	return peer
}

// moveAfter is how many losses in a row, each after a good handshake, move a lane
// to the next endpoint.
const moveAfter = 3

func newLane(s *Sender, id int, class Class) (*lane, error) {
	l := &lane{
		s: s, id: id, class: class, q: newQueue(),
		pause: pause{loss: Backoff{Min: lossMin, Max: lossMax}},
		comp:  composer{max: s.cfg.MaxRequest, layout: rowLayout(s.cfg.Peer)},
		rnd:   rand.New(rand.NewPCG(s.cfg.Seed, uint64(1000+id))),
	}
	if len(s.cfg.Compress) == 0 {
		return l, nil
	}
	var err error
	l.buf.deflate, err = request.NewDeflater(s.cfg.Compress...)
	return l, err
}

// run serves the queue until ctx ends.
func (l *lane) run(ctx context.Context) {
	defer func() { l.drop(ReasonCancelled) }()
	for ctx.Err() == nil {
		es := l.q.peek()
		if len(es) == 0 {
			l.idle(ctx)
			continue
		}
		l.warm = l.warm || l.class == DataClass
		n := 1
		if es[0].ev.Kind == event.Tablet {
			l.comp.mode = l.mode()
			n = l.comp.take(es)
		}
		if l.deliver(ctx, es[:n], Trial{}) != nil {
			return // only because ctx ended
		}
		l.q.pop(n)
	}
}

// mode returns how much may go into one request now.
func (l *lane) mode() mode {
	switch {
	case l.s.cfg.SingleEvents:
		return singleEvent
	case !l.batchOff.IsZero() && time.Now().Before(l.batchOff):
		return singleNode
	}
	return batches
}

// idle waits for work. Meanwhile it notices a broken connection, keeps a warm lane
// connected and renews a connection before the long silence after which old
// receivers send a byte nobody asked for.
func (l *lane) idle(ctx context.Context) {
	var dead <-chan struct{}
	var alarm <-chan time.Time
	now := time.Now()
	switch {
	case l.conn.link != nil:
		dead = l.conn.link.Dead()
		t := time.NewTimer(l.conn.used.Add(l.s.cfg.IdleReconnect).Sub(now))
		defer t.Stop()
		alarm = t.C
	case l.warm:
		t := time.NewTimer(l.pause.until.Sub(now))
		defer t.Stop()
		alarm = t.C
	}
	select {
	case <-ctx.Done():
	case <-l.q.wake:
	case <-dead:
		l.lost(l.conn.link.Err())
	case <-alarm:
		if l.conn.link != nil {
			l.drop(ReasonIdle)
		}
		if l.warm {
			_ = l.open(ctx) // a failure is recorded; the next round waits
		}
	}
}

var errNotOpen = errors.New("sender: not connected")

// ensure returns with an open connection, or with ctx.Err().
func (l *lane) ensure(ctx context.Context) error {
	if l.conn.link != nil {
		select {
		case <-l.conn.link.Dead(): // broke since the last request, perhaps by a byte nobody asked for
			l.lost(l.conn.link.Err())
		default:
		}
	}
	for l.conn.link == nil {
		if err := l.open(ctx); err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// open tries one endpoint once, after the pause. A failure is recorded with the
// endpoint, whose schedule all lanes share.
func (l *lane) open(ctx context.Context) error {
	if err := sleep(ctx, time.Until(l.pause.until)); err != nil {
		return err
	}
	ends := l.s.ends[l.class]
	i, err := ends.acquire(ctx, l.id, l.pause.shift)
	if err != nil {
		return err
	}
	address := ends.address(i)
	start := time.Now()
	link, err := l.s.deps.Transport.Open(ctx, address, l.class)
	now := time.Now()
	if err == nil {
		ends.up(i)
		l.s.count.handshakes.Add(1)
		raise(&l.s.count.slowestOpen, int64(now.Sub(start)))
		l.conn = conn{link: link, at: i, opened: now, used: now, peer: l.s.cfg.Peer}
		if v, ok := link.(Versioned); ok && l.conn.peer == request.LayoutAsDecoded {
			l.conn.peer = v.Peer()
		}
		l.comp.layout = rowLayout(l.conn.peer)
		l.s.log.Debug("connected", "endpoint", address, "lane", l.id, "class", l.class.String())
		return nil
	}
	if ctx.Err() != nil {
		ends.abandon(i)
		return ctx.Err()
	}
	refused := errors.Is(err, ErrHandshake)
	if refused {
		l.s.count.rejected.Add(1)
	} else {
		l.s.count.unreachable.Add(1)
	}
	d := ends.down(i, refused, err, now)
	l.s.warn("open "+address+err.Error(), "cannot connect", "endpoint", address, "class", l.class.String(), "error", err, "next_try", d.Round(time.Millisecond))
	return errNotOpen
}

// drop closes the connection, if there is one, and counts why.
func (l *lane) drop(r Reason) {
	if l.conn.link == nil {
		return
	}
	_ = l.conn.link.Close() // its answer no longer matters
	l.conn.link = nil
	l.s.count.reconnects[r].Add(1)
}

// lost closes a connection that gave no valid answer and sets the pause.
func (l *lane) lost(err error) {
	now := time.Now()
	if l.conn.served > 0 && l.pause.losses == 0 && now.Sub(l.conn.opened) >= steadyPeriod {
		l.pause.loss.Reset()
	}
	address := l.s.ends[l.class].address(l.conn.at)
	r := ReasonOf(err)
	l.drop(r)
	d := l.pause.loss.Next(l.rnd)
	l.pause.until = now.Add(d)
	if l.pause.losses++; l.pause.losses%moveAfter == 0 {
		l.pause.shift++
	}
	l.s.warn("lost "+address+r.String(), "connection lost", "endpoint", address, "lane", l.id, "reason", r.String(), "error", err, "next_try", d.Round(time.Millisecond))
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
