//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Look returns what the system can do.
func Look() Kernel {
	k := Kernel{System: runtime.GOOS + "/" + runtime.GOARCH}
	action := uint32(unix.SECCOMP_RET_ERRNO)
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action)))
	k.Seccomp = e == 0 // as old as Linux 4.14; filters for all threads are older
	if v, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION); e == 0 {
		k.Landlock = int(v)
	}
	return k
}

// Daemon restricts a gateway whose doors are open. It does as much as the system
// can; the error says what is missing.
func (k Kernel) Daemon(p Paths) (s State, err error) {
	abi := k.Landlock
	if abi < LeastLandlock {
		abi = 0
	}
	s.Landlock, err = landlock(abi, p, unix.LANDLOCK_ACCESS_NET_BIND_TCP)
	return k.filter(s, err, assemble(auditArch, daemonRules(), allow))
}

// Door restricts the process that holds the sockets of the gate. Descriptors below
// limit stay what they are; every other one may only be read, closed, and written
// one byte at a time. Seal finds the limit.
func (k Kernel) Door(limit int) (s State, err error) {
	s.Landlock, err = landlock(k.Landlock, Paths{}, unix.LANDLOCK_ACCESS_NET_BIND_TCP|unix.LANDLOCK_ACCESS_NET_CONNECT_TCP)
	return k.filter(s, err, assemble(auditArch, doorRules(limit, unix.Getpid()), deny))
}

// filter installs a program where the system can, and adds what came of it to a
// state and an error.
func (k Kernel) filter(s State, before error, p []unix.SockFilter) (State, error) {
	if !k.Seccomp {
		return s, errors.Join(before, fmt.Errorf("%w: seccomp is not in this kernel", ErrUnsupported))
	}
	err := filter(p)
	s.Seccomp = err == nil
	return s, errors.Join(before, err)
}

// Seal occupies every free descriptor number up to the highest in use and returns
// the next one: what is opened from now on gets at least that number. Nothing else
// may open or close descriptors meanwhile.
func Seal() (limit int, err error) {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return 0, fmt.Errorf("sandbox: %w", err)
	}
	highest := 2
	for fd := range int(min(r.Cur, 1<<16)) {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			highest = max(highest, fd)
		}
	}
	for {
		fd, err := unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return 0, fmt.Errorf("sandbox: %w", err)
		}
		if fd > highest {
			return fd, unix.Close(fd)
		}
	}
}

// filter installs a seccomp program in all threads.
func filter(p []unix.SockFilter) error {
	prog := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	if err := noNewPrivileges(); err != nil {
		return err
	}
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(p)
	if e != 0 {
		return fmt.Errorf("%w: seccomp: %w", ErrUnsupported, e)
	}
	return nil
}

// noNewPrivileges is what both mechanisms ask for; in all threads.
func noNewPrivileges() error {
	if _, _, e := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); e == 0 {
		return nil
	}
	// A program with cgo cannot reach all threads; seccomp's own synchronisation
	// then sets it in the others.
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("%w: no_new_privs: %w", ErrUnsupported, err)
	}
	return nil
}

// Rights of Landlock.
const (
	fsFirst = 0x1fff // all of the first version
	fsRead  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	fsFiles = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV // what a single file can have
)

func fsRights(abi int) uint64 {
	rights := uint64(fsFirst)
	for _, later := range []struct {
		abi   int
		right uint64
	}{{2, unix.LANDLOCK_ACCESS_FS_REFER}, {3, unix.LANDLOCK_ACCESS_FS_TRUNCATE}, {5, unix.LANDLOCK_ACCESS_FS_IOCTL_DEV}} {
		if abi >= later.abi {
			rights |= later.right
		}
	}
	return rights
}

// landlock restricts all threads to paths and returns the version used, abi. Version
// 0 is none that can be used.
func landlock(abi int, p Paths, net uint64) (int, error) {
	if abi == 0 {
		return 0, fmt.Errorf("%w: Landlock is not in this kernel, too old, or switched off (boot option lsm=)", ErrUnsupported)
	}
	rights := fsRights(abi)
	attr, size := unix.LandlockRulesetAttr{Handled_access_fs: rights}, uintptr(8)
	if abi >= 4 {
		attr.Handled_access_net, size = net, 16
	}
	if abi >= 6 {
		attr.Scoped, size = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, 24
	}
	fd, _, e := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if e != 0 {
		return 0, fmt.Errorf("%w: Landlock: %w", ErrUnsupported, e)
	}
	defer unix.Close(int(fd))
	for _, list := range []struct {
		paths []string
		right uint64
	}{{p.Read, fsRead}, {p.Write, rights &^ unix.LANDLOCK_ACCESS_FS_EXECUTE}} {
		for _, path := range list.paths {
			if err := grant(int(fd), path, list.right&rights); err != nil {
				return 0, err
			}
		}
	}
	if err := noNewPrivileges(); err != nil {
		return 0, err
	}
	switch _, _, e := syscall.AllThreadsSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); e {
	case 0:
	case syscall.ENOTSUP:
		return 0, fmt.Errorf("%w: this binary was built with cgo, which keeps Landlock from all its threads: build it with CGO_ENABLED=0, as make build does", ErrUnsupported)
	default:
		return 0, fmt.Errorf("%w: Landlock for all threads: %w", ErrUnsupported, e)
	}
	return abi, nil
}

// grant adds a path that exists to a rule set.
func grant(ruleset int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sandbox: %s: %w", path, err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fmt.Errorf("sandbox: %s: %w", path, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= fsFiles
	}
	attr := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	if _, _, e := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&attr)), 0, 0, 0); e != 0 {
		return fmt.Errorf("sandbox: %s: Landlock: %w", path, e)
	}
	return nil
}
