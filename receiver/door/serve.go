package door

import (
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// answerTime bounds how long the sending of a byte may block; a line that takes no
// single byte for that long is dead.
const answerTime = time.Minute

// Serve accepts connections and carries them over the channels until the listener
// fails or a channel ends, which both mean that the gateway is gone. At most as many
// connections as channels are open; others wait in the kernel.
func Serve(ln net.Listener, channels []Channel, log *slog.Logger) error {
	free := make(chan *slot, len(channels))
	failed := make(chan error, len(channels)+1)
	for _, c := range channels {
		s := &slot{ch: c, log: log}
		s.cond = sync.NewCond(&s.mu)
		free <- s
		go func() { failed <- s.obey() }()
	}
	go func() {
		for {
			s := <-free
			conn, err := accept(ln, log)
			if err != nil {
				failed <- err
				return
			}
			go func() {
				if err := s.carry(conn); err != nil {
					failed <- err
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
	ch  Channel
	log *slog.Logger

	mu     sync.Mutex
	cond   *sync.Cond   // signals the end of conn
	conn   *net.TCPConn // nil: none, or closed
	owed   int          // complete requests without an answer
	byteIn [1]byte
}

// carry passes the bytes of a connection on until it is closed by command.
func (s *slot) carry(conn *net.TCPConn) error {
	s.mu.Lock()
	s.conn, s.owed = conn, 0
	s.mu.Unlock()
	if err := s.tell(opened, []byte(conn.RemoteAddr().String())); err != nil {
		return err
	}
	if err := s.forward(conn); err != nil {
		return err
	}
	s.mu.Lock()
	for s.conn != nil {
		s.cond.Wait()
	}
	s.mu.Unlock()
	return s.tell(released, nil)
}

// forward reads until the connection ends; an error is one of the channel.
func (s *slot) forward(conn *net.TCPConn) error {
	var count counter
	buf := make([]byte, headSize+chunkSize)
	for {
		n, err := conn.Read(buf[headSize:])
		if n > 0 {
			if k := count.feed(buf[headSize : headSize+n]); k > 0 {
				s.mu.Lock()
				s.owed += k
				s.mu.Unlock()
			}
			putHead(buf, data, n)
			if _, err := s.ch.Write(buf[:headSize+n]); err != nil {
				return err
			}
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				return s.tell(ended, nil)
			}
			return s.tell(broken, nil)
		}
	}
}

func (s *slot) tell(kind byte, b []byte) error {
	m := binary.BigEndian.AppendUint32(nil, uint32(kind)<<24|uint32(len(b)))
	_, err := s.ch.Write(append(m, b...))
	return err
}

// obey carries commands out until the channel ends.
func (s *slot) obey() error {
	var c [2]byte
	for {
		if _, err := io.ReadFull(s.ch, c[:]); err != nil {
			return err
		}
		s.mu.Lock()
		conn := s.conn
		s.mu.Unlock()
		switch {
		case conn == nil: // it ended while the command was on its way
		case c[0] == answer:
			if err := s.answer(conn, c[1]); err != nil {
				s.log.Error("the door closes a connection", "peer", conn.RemoteAddr().String(), "error", err)
				_ = conn.Close() // by RST: the listener gave it SO_LINGER 0
			}
		case c[0] == closeSoft:
			_ = conn.SetLinger(-1) // failing leaves the reset, which does no harm here
			s.close(conn)
		default:
			s.close(conn)
		}
	}
}

func (s *slot) close(conn *net.TCPConn) {
	_ = conn.Close() // nothing more is wanted from it
	s.mu.Lock()
	s.conn = nil
	s.cond.Signal()
	s.mu.Unlock()
}
