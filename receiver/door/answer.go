package door

import (
	"errors"
	"fmt"
	"net"
	"time"
)

var errUnasked = errors.New("the gateway wants to answer, but no request is complete without an answer")

// answer sends one byte. It is the only place of the door that writes to a
// connection. The law is checked here once more, whatever the gateway believes.
func (s *slot) answer(conn *net.TCPConn, b byte) error {
	if b != 0x00 && b != 0xff {
		return fmt.Errorf("the gateway wants to answer %02x", b)
	}
	s.mu.Lock()
	if s.owed == 0 {
		s.mu.Unlock()
		return errUnasked
	}
	s.owed--
	s.mu.Unlock()
	if err := conn.SetWriteDeadline(time.Now().Add(answerTime)); err != nil {
		return err
	}
	s.byteIn[0] = b
	_, err := conn.Write(s.byteIn[:])
	return err
}
