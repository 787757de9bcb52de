package gatesim

import (
	"context"
	"net"
	"sync"
)

// PipeNet is a network of one address inside the process, made of net.Pipe: a
// gate or a receiver listens on it, a sender dials it. It works in fake time. Its
// connections hold no bytes of their own and cannot be half closed: FIN is Close.
type PipeNet struct {
	mu       sync.Mutex
	listener *pipeListener
}

// Listen opens the address; it fails while it is open already.
func (n *PipeNet) Listen() (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listener != nil {
		return nil, &net.OpError{Op: "listen", Net: "pipe", Addr: pipeAddr{}, Err: net.ErrClosed}
	}
	n.listener = &pipeListener{net: n, conns: make(chan net.Conn), done: make(chan struct{})}
	return n.listener, nil
}

// Dial opens a connection; it is refused while nobody listens.
func (n *PipeNet) Dial(ctx context.Context) (net.Conn, error) {
	n.mu.Lock()
	l := n.listener
	n.mu.Unlock()
	refused := &net.OpError{Op: "dial", Net: "pipe", Addr: pipeAddr{}, Err: net.ErrClosed}
	if l == nil {
		return nil, refused
	}
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.done:
		return nil, refused
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type pipeListener struct {
	net   *PipeNet
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() {
		close(l.done)
		l.net.mu.Lock()
		l.net.listener = nil
		l.net.mu.Unlock()
	})
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }
