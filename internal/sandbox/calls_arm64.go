//go:build linux

package sandbox

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

// archForbidden are calls that only this architecture has.
func archForbidden() []uint32 { return nil }

// archNeeded are calls that the Go runtime uses on this architecture only.
func archNeeded() []uint32 { return nil }
