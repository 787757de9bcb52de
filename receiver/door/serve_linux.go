package door

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// Serve accepts connections and carries them over the channels until the listener
// fails or a channel ends, which both mean that the gateway is gone. At most as many
// connections as there are channels are open; others wait in the kernel.
func Serve(ln net.Listener, ch Channels, log *slog.Logger) error {
	slots := make([]*slot, len(ch.Messages))
	free := make(chan *slot, len(slots))
	failed := make(chan error, len(slots)+2)
	for i, m := range ch.Messages {
		slots[i] = &slot{messages: m, log: log}
		slots[i].cond = sync.NewCond(&slots[i].mu)
		free <- slots[i]
	}
	go func() { failed <- obey(ch.Orders, slots) }()
	go func() {
		for s := range free {
			conn, err := accept(ln, log)
			if err != nil {
				failed <- err
				return
			}
			go func() {
				if err := s.carry(conn); err != nil {
					failed <- err
					return
				}
				free <- s
			}()
		}
	}()
	return <-failed
}

// accept goes on after trouble that passes, such as too many open files.
func accept(ln net.Listener, log *slog.Logger) (*net.TCPConn, error) {
	const most = time.Second
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, most) {
		conn, err := ln.Accept()
		if err == nil {
			return conn.(*net.TCPConn), nil
		}
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		log.Error("the door cannot accept", "error", err)
		time.Sleep(pause)
	}
}

// slot is a channel and the connection it carries.
type slot struct {
	messages Stream
	log      *slog.Logger

	mu     sync.Mutex
	cond   *sync.Cond   // signals the end of conn
	conn   *net.TCPConn // nil: none, or closed
	owed   int          // complete requests without an answer
	byteIn [1]byte
}

// carry passes the bytes of a connection on until it is closed by order.
func (s *slot) carry(conn *net.TCPConn) error {
	s.mu.Lock()
	s.conn, s.owed = conn, 0
	s.mu.Unlock()
	m, err := newMover(conn, s.messages)
	if err != nil {
		return err
	}
	if err := tell(m, opened, conn.RemoteAddr().String()); err != nil {
		return err
	}
	if err := s.forward(m); err != nil {
		return err
	}
	s.mu.Lock()
	for s.conn != nil {
		s.cond.Wait()
	}
	s.mu.Unlock()
	return tell(m, released, "")
}

// forward passes on what comes until the connection ends; an error is one of the
// pipe. The beginning of what came goes through the door's memory, so that it can
// count requests; the rest of a long request the kernel moves.
func (s *slot) forward(m mover) error {
	var count counter
	buf := make([]byte, headSize+readSize)
	for {
		n, end := m.read(buf[headSize:])
		if errors.Is(end, io.EOF) {
			return tell(m, ended, "")
		}
		if end != nil {
			return tell(m, broken, "")
		}
		complete := count.feed(buf[headSize : headSize+n])
		more := m.worth(min(count.inside(), moveMost))
		s.owe(complete + count.skip(more))
		putHead(buf, data, n+more)
		if err := m.write(buf[:headSize+n]); err != nil {
			return err
		}
		if err := rest(m, more, buf); err != nil {
			return err
		}
	}
}

// rest passes on n bytes of a message: moved, or, where the kernel cannot move,
// copied. What is not there any more, because the connection was closed meanwhile, is
// made up by zeros: the end of the connection follows.
func rest(m mover, n int, buf []byte) error {
	moved, err := m.move(n)
	for n -= moved; err == nil && n > 0; {
		k, end := m.read(buf[:min(n, len(buf))])
		if end != nil {
			clear(buf)
			k = min(n, len(buf))
		}
		err = m.write(buf[:k])
		n -= k
	}
	return err
}

// owe notes requests that are complete.
func (s *slot) owe(complete int) {
	if complete > 0 {
		s.mu.Lock()
		s.owed += complete
		s.mu.Unlock()
	}
}

// tell sends a message.
func tell(m mover, kind byte, text string) error {
	return m.write(append(binary.BigEndian.AppendUint32(nil, uint32(kind)<<24|uint32(len(text))), text...))
}

// obey carries orders out until there are no more.
func obey(orders Stream, slots []*slot) error {
	raw, err := orders.SyscallConn()
	if err != nil {
		return err
	}
	m := mover{from: raw}
	var o [orderSize]byte
	for {
		k, err := m.read(o[:])
		if err != nil {
			return err
		}
		if k != orderSize { // a pipe takes and gives them whole
			return fmt.Errorf("%d bytes of an order", k)
		}
		n := int(binary.BigEndian.Uint16(o[:]))
		if n >= len(slots) {
			return fmt.Errorf("an order for channel %d of %d", n, len(slots))
		}
		slots[n].obey(o[2], o[3])
	}
}

func (s *slot) obey(order, b byte) {
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	switch {
	case conn == nil: // it ended while the order was on its way
	case order == answer:
		if err := s.answer(conn, b); err != nil {
			s.log.Error("the door closes a connection", "peer", conn.RemoteAddr().String(), "error", err)
			_ = conn.Close() // by RST: the listener gave it SO_LINGER 0
		}
	case order == closeSoft:
		_ = conn.SetLinger(-1) // failing leaves the reset, which does no harm here
		s.close(conn)
	default:
		s.close(conn)
	}
}

func (s *slot) close(conn *net.TCPConn) {
	_ = conn.Close() // nothing more is wanted from it
	s.mu.Lock()
	s.conn = nil
	s.cond.Signal()
	s.mu.Unlock()
}
