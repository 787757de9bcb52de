//go:build amd64 || arm64

package sandbox

import (
	"encoding/binary"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// call is a system call as a filter sees it.
type call struct {
	number uint32
	args   [6]uint64
}

// decide runs a program as the kernel does.
func decide(t *testing.T, p []unix.SockFilter, arch uint32, c call) uint32 {
	t.Helper()
	var d [64]byte
	binary.LittleEndian.PutUint32(d[offNumber:], c.number)
	binary.LittleEndian.PutUint32(d[offArch:], arch)
	for i, a := range c.args {
		binary.LittleEndian.PutUint64(d[offArgs+8*i:], a)
	}
	acc := uint32(0)
	for pc := 0; pc < len(p); pc++ {
		in, hit := p[pc], false
		switch in.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			acc = binary.LittleEndian.Uint32(d[in.K:])
			continue
		case unix.BPF_RET | unix.BPF_K:
			return in.K
		case unix.BPF_JMP | unix.BPF_K | unix.BPF_JEQ:
			hit = acc == in.K
		case unix.BPF_JMP | unix.BPF_K | unix.BPF_JGE:
			hit = acc >= in.K
		case unix.BPF_JMP | unix.BPF_K | unix.BPF_JSET:
			hit = acc&in.K != 0
		default:
			t.Fatalf("instruction %d: code %#x", pc, in.Code)
		}
		if hit {
			pc += int(in.Jt)
		} else {
			pc += int(in.Jf)
		}
	}
	t.Fatal("the program runs over its end")
	return 0
}

// TestFilters: what the filters answer, call by call; the kernel need not have any.
func TestFilters(t *testing.T) {
	const limit, pid = 100, 4711
	door := assemble(auditArch, doorRules(limit, pid), deny)
	daemon := assemble(auditArch, daemonRules(), allow)
	args := func(a ...uint64) (out [6]uint64) { copy(out[:], a); return out }
	for _, c := range []struct {
		name    string
		program []unix.SockFilter
		call    call
		want    uint32
	}{
		{"door: one byte to a connection", door, call{unix.SYS_WRITE, args(limit, 0, 1)}, allow},
		{"door: two bytes", door, call{unix.SYS_WRITE, args(limit, 0, 2)}, deny},
		{"door: no byte", door, call{unix.SYS_WRITE, args(limit, 0, 0)}, deny},
		{"door: length 1 with a high half", door, call{unix.SYS_WRITE, args(limit, 0, 1<<32|1)}, deny},
		{"door: many bytes to the gateway", door, call{unix.SYS_WRITE, args(limit-1, 0, 4096)}, allow},
		{"door: a descriptor that only looks low", door, call{unix.SYS_WRITE, args(1<<32|limit, 0, 4096)}, deny},
		{"door: the largest descriptor", door, call{unix.SYS_WRITE, args(0xffff_ffff, 0, 4096)}, deny},
		{"door: from a connection to the gateway", door, call{unix.SYS_SPLICE, args(limit, 0, limit-1, 0, 4096)}, allow},
		{"door: to a connection", door, call{unix.SYS_SPLICE, args(limit-1, 0, limit, 0, 1)}, deny},
		{"door: between connections", door, call{unix.SYS_SPLICE, args(limit, 0, limit+1, 0, 1)}, deny},
		{"door: from the gateway", door, call{unix.SYS_SPLICE, args(3, 0, 4, 0, 1)}, deny},
		{"door: close a connection", door, call{unix.SYS_CLOSE, args(limit)}, allow},
		{"door: close what it was started with", door, call{unix.SYS_CLOSE, args(limit - 1)}, deny},
		{"door: how much has come", door, call{unix.SYS_IOCTL, args(limit, unix.TIOCINQ)}, allow},
		{"door: another ioctl", door, call{unix.SYS_IOCTL, args(limit, unix.TIOCSTI)}, deny},
		{"door: memory", door, call{unix.SYS_MMAP, args(0, 4096, unix.PROT_READ|unix.PROT_WRITE)}, allow},
		{"door: memory that can be executed", door, call{unix.SYS_MMAP, args(0, 4096, unix.PROT_READ|unix.PROT_EXEC)}, deny},
		{"door: a thread", door, call{unix.SYS_CLONE, args(unix.CLONE_THREAD | unix.CLONE_VM)}, allow},
		{"door: a process", door, call{unix.SYS_CLONE, args(unix.CLONE_VM)}, deny},
		{"door: a thread of a C library", door, call{unix.SYS_CLONE3, args()}, hide},
		{"door: interrupt itself", door, call{unix.SYS_TGKILL, args(pid)}, allow},
		{"door: signal another", door, call{unix.SYS_TGKILL, args(pid + 1)}, deny},
		{"door: SO_LINGER", door, call{unix.SYS_SETSOCKOPT, args(limit, unix.SOL_SOCKET, unix.SO_LINGER)}, allow},
		{"door: an option of the same number elsewhere", door, call{unix.SYS_SETSOCKOPT, args(limit, unix.IPPROTO_IP, unix.SO_LINGER)}, deny},
		{"door: a number nobody knows", door, call{9999, args()}, deny},
		{"daemon: a stream", daemon, call{unix.SYS_SOCKET, args(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC)}, allow},
		{"daemon: datagrams", daemon, call{unix.SYS_SOCKET, args(unix.AF_INET6, unix.SOCK_DGRAM)}, allow},
		{"daemon: netlink, as Go asks for interfaces", daemon, call{unix.SYS_SOCKET, args(unix.AF_NETLINK, unix.SOCK_RAW)}, allow},
		{"daemon: raw", daemon, call{unix.SYS_SOCKET, args(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_NONBLOCK)}, deny},
		{"daemon: packets", daemon, call{unix.SYS_SOCKET, args(unix.AF_PACKET, unix.SOCK_DGRAM)}, deny},
		{"daemon: listen", daemon, call{unix.SYS_LISTEN, args(5)}, deny},
		{"daemon: bind", daemon, call{unix.SYS_BIND, args(5)}, deny},
		{"daemon: accept", daemon, call{unix.SYS_ACCEPT4, args(5)}, allow},
		{"daemon: execve", daemon, call{unix.SYS_EXECVE, args()}, deny},
		{"daemon: a process", daemon, call{unix.SYS_CLONE, args(uint64(unix.SIGCHLD))}, deny},
		{"daemon: a thread", daemon, call{unix.SYS_CLONE, args(unix.CLONE_THREAD)}, allow},
		{"daemon: a thread of a C library", daemon, call{unix.SYS_CLONE3, args()}, hide},
		{"daemon: another ABI", daemon, call{0x4000_0000 | unix.SYS_WRITE, args()}, deny},
	} {
		if got := decide(t, c.program, auditArch, c.call); got != c.want {
			t.Errorf("%s: %#x, want %#x", c.name, got, c.want)
		}
	}
	for _, p := range [][]unix.SockFilter{door, daemon} {
		if got := decide(t, p, auditArch^1, call{number: unix.SYS_READ}); got != kill {
			t.Errorf("a call of another architecture: %#x", got)
		}
		if len(p) > unix.BPF_MAXINSNS {
			t.Errorf("%d instructions", len(p))
		}
	}
}

// TestDoorIsAnAllowList: of all numbers, whatever the arguments, only those of the
// rules can be allowed. What a new kernel brings is not.
func TestDoorIsAnAllowList(t *testing.T) {
	rules := doorRules(100, 1)
	named := map[uint32]bool{}
	for _, r := range rules {
		named[r.number] = true
	}
	p := assemble(auditArch, rules, deny)
	for n := range uint32(2000) {
		for _, a := range []uint64{0, 1, 99, 100, 1 << 16, 1<<32 | 1, 1<<64 - 1} {
			if got := decide(t, p, auditArch, call{n, [6]uint64{a, a, a, a, a, a}}); got == allow && !named[n] {
				t.Errorf("call %d is allowed", n)
			}
		}
	}
	for _, n := range []uint32{unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_SENDMMSG, unix.SYS_WRITEV, unix.SYS_PWRITE64, unix.SYS_PWRITEV, unix.SYS_PWRITEV2, unix.SYS_SENDFILE, unix.SYS_VMSPLICE, unix.SYS_TEE,
		unix.SYS_COPY_FILE_RANGE, unix.SYS_IO_SUBMIT, unix.SYS_IO_URING_ENTER, unix.SYS_RECVMSG, unix.SYS_DUP, unix.SYS_DUP3, unix.SYS_SHUTDOWN, unix.SYS_SOCKET, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN,
		unix.SYS_OPENAT, unix.SYS_OPENAT2, unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_PTRACE} {
		if named[n] {
			t.Errorf("call %d is named in the rules of the door", n)
		}
	}
}

// TestOtherArchitecture: the package compiles for arm64, where calls_arm64_test.go
// holds the numbers against the kernel's table.
func TestOtherArchitecture(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles")
	}
	cmd := exec.Command("go", "vet", ".")
	cmd.Env = append(cmd.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
