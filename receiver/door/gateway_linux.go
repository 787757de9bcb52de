package door

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Listener is the gateway's side of a door: connections come from it as from a
// listening socket.
type Listener struct {
	addr  net.Addr
	conns chan *Conn
	done  chan struct{}
	once  sync.Once
}

// NewListener returns the gateway's side. addr is where the door listens; failed is
// called once when a channel breaks, which means that the door is gone.
func NewListener(addr net.Addr, ch Channels, failed func(error)) *Listener {
	l := &Listener{addr: addr, conns: make(chan *Conn), done: make(chan struct{})}
	var once sync.Once
	for i, messages := range ch.Messages {
		go func() {
			err := l.run(messages, orders{ch.Orders, uint16(i)})
			select {
			case <-l.done:
			default:
				once.Do(func() { failed(fmt.Errorf("the door of the gate is gone: %w", err)) })
			}
		}()
	}
	return l
}

// Accept returns the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept. Connections that are open stay so.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr returns the address on which the door listens.
func (l *Listener) Addr() net.Addr { return l.addr }

// run takes one connection after the other from a channel until it breaks.
func (l *Listener) run(messages Stream, to orders) error {
	r := bufio.NewReaderSize(messages, readSize) // what is longer goes past it
	for {
		kind, n, err := head(r)
		if err != nil {
			return err
		}
		text := make([]byte, min(n, 256))
		if _, err := io.ReadFull(r, text); err != nil {
			return err
		}
		peer, err := netip.ParseAddrPort(string(text))
		if kind != opened || err != nil {
			return fmt.Errorf("message %d %q instead of a new connection", kind, text)
		}
		c := &Conn{messages: messages, to: to, r: r, local: l.addr, peer: net.TCPAddrFromAddrPort(peer), closed: make(chan struct{}), order: closeHard}
		select {
		case l.conns <- c:
			<-c.closed
		case <-l.done: // nobody takes it
			c.order = closeHard
		}
		if err := c.drain(); err != nil {
			return err
		}
	}
}

// orders is the way to the door for one channel.
type orders struct {
	stream Stream
	number uint16
}

func (o orders) give(order, b byte) error {
	m := [orderSize]byte{2: order, 3: b}
	binary.BigEndian.PutUint16(m[:], o.number)
	_, err := o.stream.Write(m[:])
	return err
}

// head reads the head of a message. After a deadline it can be called again.
func head(r *bufio.Reader) (kind byte, n int, err error) {
	b, err := r.Peek(headSize)
	if err != nil {
		return 0, 0, err
	}
	w := binary.BigEndian.Uint32(b)
	_, err = r.Discard(headSize)
	return byte(w >> 24), int(w & 0xff_ffff), err
}

// Conn is a connection of the gate as the gateway sees it. Read and Close are called
// by one goroutine, deadlines may be set by any.
type Conn struct {
	messages    Stream
	to          orders
	r           *bufio.Reader
	local, peer net.Addr
	left        int   // bytes of the present message
	wide        bool  // the channel was widened
	end         error // after "ended"
	order       byte

	mu     sync.Mutex // held while the deadline is set: drain sets the last one
	over   bool
	closed chan struct{}
}

// Read returns bytes as they come; io.EOF when the sender has ended the connection,
// an error of kind os.ErrDeadlineExceeded when the deadline has passed.
func (c *Conn) Read(p []byte) (int, error) {
	for c.left == 0 {
		if c.end != nil {
			return 0, c.end
		}
		if err := c.message(); err != nil {
			return 0, err
		}
	}
	n, err := c.r.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// message begins the next message.
func (c *Conn) message() error {
	kind, n, err := head(c.r)
	if err != nil {
		return err
	}
	switch kind {
	case data:
		c.left = n
		if n > longMessage && !c.wide {
			c.wide = true
			widen(c.messages)
		}
		return nil
	case ended:
		c.end = io.EOF
		return nil
	case broken:
		c.end = errBroken
		return nil
	}
	return fmt.Errorf("message %d of the door inside a connection", kind)
}

var errBroken = errors.New("connection reset or broken")

// Write sends a single byte as an answer; anything else is refused here already.
func (c *Conn) Write(p []byte) (int, error) {
	if len(p) != 1 {
		return 0, fmt.Errorf("an answer has one byte, not %d", len(p))
	}
	if err := c.to.give(answer, p[0]); err != nil {
		return 0, err
	}
	return 1, nil
}

// SetLinger chooses how Close ends the connection: 0 by RST, negative by FIN.
func (c *Conn) SetLinger(seconds int) error {
	c.order = closeHard
	if seconds < 0 {
		c.order = closeSoft
	}
	return nil
}

// Close ends the connection.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.over = true
		close(c.closed)
	}
	return nil
}

// drain has the connection closed and skips what was on its way.
func (c *Conn) drain() error {
	if err := c.messages.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	if err := c.to.give(c.order, 0); err != nil {
		return err
	}
	for {
		if _, err := c.r.Discard(c.left); err != nil {
			return err
		}
		kind, n, err := head(c.r)
		if err != nil {
			return err
		}
		if kind == released {
			return nil
		}
		c.left = n
	}
}

// LocalAddr returns the address on which the door listens.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the address of the sender.
func (c *Conn) RemoteAddr() net.Addr { return c.peer }

// SetDeadline sets the read deadline.
func (c *Conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetReadDeadline bounds the waiting for bytes.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return net.ErrClosed
	}
	return c.messages.SetReadDeadline(t)
}

// SetWriteDeadline has no effect: an order is never in the way of another for long.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }
