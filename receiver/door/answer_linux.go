package door

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

var (
	errUnasked = errors.New("the gateway wants to answer, but no request is complete without an answer")
	errUnread  = errors.New("thousands of answers lie unread")
)

// answer sends one byte. It is the only place of the door that writes to a
// connection. The law is checked here once more, whatever the gateway believes. It
// does not wait: other connections wait for the door.
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
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var e syscall.Errno
	s.byteIn[0] = b
	if err := raw.Control(func(fd uintptr) { _, e = transfer(unix.SYS_WRITE, fd, s.byteIn[:]) }); err != nil {
		return err
	}
	switch e {
	case 0:
		return nil
	case unix.EAGAIN:
		return errUnread
	}
	return e
}
