//go:build !unix

package receiver

import "syscall"

// lingerZero does nothing here: SO_LINGER is set after accept.
func lingerZero(_, _ string, _ syscall.RawConn) error { return nil }
