//go:build unix

package receiver

import "syscall"

// lingerZero sets SO_LINGER 0 on the listening socket. Linux hands it on to the
// sockets it accepts, so that there is no moment in which a killed process would
// end a connection with FIN.
func lingerZero(_, _ string, raw syscall.RawConn) error {
	var err error
	if ctl := raw.Control(func(fd uintptr) {
		err = syscall.SetsockoptLinger(int(fd), syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	}); ctl != nil {
		return ctl
	}
	return err
}
