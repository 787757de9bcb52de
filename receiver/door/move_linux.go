package door

import (
	"errors"
	"io"
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mover passes bytes of a connection on to a stream: through the door's memory, or
// inside the kernel.
//
// Its system calls do not block: that is left to the runtime's poller. They are made
// as such (raw), because a door that sleeps most of the time would otherwise wake the
// runtime's monitor up with each.
type mover struct {
	from, to syscall.RawConn
}

func newMover(conn *net.TCPConn, to Stream) (m mover, err error) {
	if m.from, err = conn.SyscallConn(); err == nil {
		m.to, err = to.SyscallConn()
	}
	return m, err
}

// read waits for bytes of the connection; io.EOF when the sender has ended it.
func (m mover) read(p []byte) (n int, err error) {
	var e syscall.Errno
	err = m.from.Read(func(fd uintptr) bool {
		n, e = transfer(unix.SYS_READ, fd, p)
		return e != unix.EAGAIN
	})
	switch {
	case err != nil:
		return 0, err
	case e != 0:
		return 0, e
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// write writes all of p to the stream.
func (m mover) write(p []byte) error {
	for len(p) > 0 {
		var n int
		var e syscall.Errno
		err := m.to.Write(func(fd uintptr) bool {
			n, e = transfer(unix.SYS_WRITE, fd, p)
			return e != unix.EAGAIN
		})
		if err != nil {
			return err
		}
		if e != 0 {
			return e
		}
		p = p[n:]
	}
	return nil
}

// transfer reads or writes once.
func transfer(call, fd uintptr, p []byte) (int, syscall.Errno) {
	for {
		n, _, e := unix.RawSyscall(call, fd, uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		if e == 0 {
			return int(n), 0
		}
		if e != unix.EINTR {
			return 0, e
		}
	}
}

// worth returns how many bytes, at most n, have come and are worth a move.
func (m mover) worth(n int64) int {
	if n < moveLeast {
		return 0
	}
	came := int32(0)
	_ = m.from.Control(func(fd uintptr) { // unknown: the next read brings them
		_, _, _ = unix.RawSyscall(unix.SYS_IOCTL, fd, unix.TIOCINQ, uintptr(unsafe.Pointer(&came)))
	})
	if came < moveLeast {
		return 0
	}
	return int(min(n, int64(came)))
}

// move moves n bytes that have come, and returns how many it moved; fewer if the
// kernel cannot, or the connection was closed meanwhile. The error is one of the stream.
func (m mover) move(n int) (moved int, err error) {
	for moved < n {
		var k uintptr
		var e syscall.Errno
		var closed error
		err := m.to.Write(func(to uintptr) bool {
			closed = m.from.Control(func(from uintptr) {
				k, _, e = unix.RawSyscall6(unix.SYS_SPLICE, from, 0, to, 0, uintptr(n-moved), unix.SPLICE_F_NONBLOCK)
			})
			return closed != nil || e != unix.EAGAIN // the bytes are there, so it is the stream that has no room
		})
		if err != nil || e == unix.EPIPE {
			return moved, errors.Join(err, e)
		}
		if closed != nil || e != 0 || k == 0 {
			return moved, nil
		}
		moved += int(k)
	}
	return moved, nil
}

// widen makes room in a pipe, where the system allows it and there is less.
func widen(s Stream) {
	raw, err := s.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		if n, err := unix.FcntlInt(fd, unix.F_GETPIPE_SZ, 0); err == nil && n < wide {
			_, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, wide) // a full share of the user (fs.pipe-user-pages-soft) only costs speed
		}
	})
}
