//go:build linux && (amd64 || arm64)

package sandbox

import "golang.org/x/sys/unix"

// daemonRules is what a gateway may no longer do once its doors are open; all else
// stays allowed.
func daemonRules() []rule {
	var rules []rule
	for _, n := range append([]uint32{
		unix.SYS_EXECVE, unix.SYS_EXECVEAT, // programs
		unix.SYS_BIND, unix.SYS_LISTEN, // doors
		unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_OPEN, unix.SYS_KCMP, unix.SYS_PROCESS_MADVISE, // other processes
		unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER, // a way around filters
		unix.SYS_BPF, unix.SYS_USERFAULTFD, unix.SYS_PERF_EVENT_OPEN, unix.SYS_SECCOMP,
		unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE, unix.SYS_FSOPEN, unix.SYS_FSMOUNT, unix.SYS_FSCONFIG, unix.SYS_MOUNT_SETATTR,
		unix.SYS_SETNS, unix.SYS_UNSHARE, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_NAME_TO_HANDLE_AT,
		unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_REBOOT,
		unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_QUOTACTL, unix.SYS_SYSLOG, unix.SYS_PERSONALITY,
		unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL, unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_CLOCK_ADJTIME, unix.SYS_ADJTIMEX,
		unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME,
	}, archForbidden()...) {
		rules = append(rules, forbid(n))
	}
	const kindMask = 0xf // of the second argument of socket; the rest are flags
	return append(rules,
		noClone3(),
		forbid(unix.SYS_CLONE, lacks(0, unix.CLONE_THREAD)), // a thread is no process
		forbid(unix.SYS_SOCKET, atLeast(0, unix.AF_NETLINK+1)),
		// SOCK_RAW is 3: both low bits. SOCK_STREAM (1) and SOCK_DGRAM (2) have one.
		forbid(unix.SYS_SOCKET, has(1, unix.SOCK_STREAM), has(1, unix.SOCK_DGRAM), below(0, unix.AF_NETLINK)),
		forbid(unix.SYS_SOCKET, has(1, kindMask&^3), below(0, unix.AF_NETLINK)),
	)
}

// doorRules is all that the door of the gate may still do.
func doorRules(limit, pid int) []rule {
	at := uint32(limit)
	rules := []rule{
		noClone3(),
		permit(unix.SYS_READ),
		permit(unix.SYS_WRITE, below(0, at)), // to the gateway, and for messages
		permit(unix.SYS_WRITE, atLeast(0, at), exactly(2, 1)),                              // the answer
		permit(unix.SYS_SPLICE, atLeast(0, at), below(2, at)),                              // from a connection to the gateway
		permit(unix.SYS_IOCTL, equals(1, unix.TIOCINQ)),                                    // how much has come
		permit(unix.SYS_SETSOCKOPT, equals(1, unix.SOL_SOCKET), equals(2, unix.SO_LINGER)), // to end by FIN
		permit(unix.SYS_SETSOCKOPT, equals(1, unix.IPPROTO_TCP), equals(2, unix.TCP_NODELAY)),
		permit(unix.SYS_CLOSE, atLeast(0, at)),
		permit(unix.SYS_CLONE, has(0, unix.CLONE_THREAD)),
		permit(unix.SYS_MMAP, lacks(2, unix.PROT_EXEC)),
		permit(unix.SYS_MPROTECT, lacks(2, unix.PROT_EXEC)),
		permit(unix.SYS_TGKILL, equals(0, uint32(pid))), // how the Go runtime interrupts its threads
		permit(unix.SYS_PRCTL, equals(0, unix.PR_SET_VMA)),
	}
	for _, command := range []uint32{unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_SETFL} {
		rules = append(rules, permit(unix.SYS_FCNTL, equals(1, command)))
	}
	for _, n := range append([]uint32{
		unix.SYS_ACCEPT4, unix.SYS_GETSOCKOPT, unix.SYS_GETSOCKNAME, unix.SYS_GETPEERNAME,
		unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EPOLL_PWAIT2, unix.SYS_FUTEX, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_CLOCK_GETTIME,
		unix.SYS_MUNMAP, unix.SYS_MADVISE, unix.SYS_MINCORE, unix.SYS_GETRANDOM, unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY,
		unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
		unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_PREAD64, unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ,
	}, archNeeded()...) {
		rules = append(rules, permit(n))
	}
	return rules
}
