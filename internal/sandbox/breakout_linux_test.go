//go:build amd64 || arm64

package sandbox

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// roleVariable makes the test binary play a confined process.
const roleVariable = "SANDBOX_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "daemon":
		playDaemon()
	case "door":
		playDoor()
	default:
		os.Exit(m.Run())
	}
}

// try is one attempt to break out.
type try struct {
	name string
	do   func() error
}

// report prints the outcome of every try, made on a thread that existed before the
// sandbox: restricting only the calling thread would show.
func report(early func(func()), tries []try) {
	early(func() {
		for _, t := range tries {
			fmt.Printf("%s: %s\n", t.name, word(t.do()))
		}
	})
}

func word(err error) string {
	switch {
	case err == nil:
		return "DONE"
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return "refused"
	}
	return "other: " + err.Error()
}

// earlyThread returns a way to run something on a thread that exists already.
func earlyThread() func(func()) {
	work, done, ready := make(chan func()), make(chan bool), make(chan bool)
	go func() {
		runtime.LockOSThread()
		ready <- true
		for f := range work {
			f()
			done <- true
		}
	}()
	<-ready
	return func(f func()) { work <- f; <-done }
}

func raw(number uintptr, args ...uintptr) error {
	var a [6]uintptr
	copy(a[:], args)
	if _, _, e := unix.Syscall6(number, a[0], a[1], a[2], a[3], a[4], a[5]); e != 0 {
		return e
	}
	return nil
}

func socket(family, kind int) error {
	fd, err := unix.Socket(family, kind, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func open(path string, flags int) error {
	f, err := os.OpenFile(path, flags, 0o600)
	if err == nil {
		f.Close()
	}
	return err
}

func program() error { return exec.Command("/bin/true").Run() }

func execve() error {
	path, err := unix.BytePtrFromString("/bin/true")
	if err != nil {
		return err
	}
	return raw(unix.SYS_EXECVE, uintptr(unsafe.Pointer(path)), 0, 0)
}

func executable() error {
	b, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err == nil {
		unix.Munmap(b)
	}
	return err
}

func playDaemon() {
	own, outside := os.Args[1], os.Args[2]
	early := earlyThread()
	door, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		panic(err)
	}
	s, err := Look().Daemon(Paths{Read: []string{"/proc/self"}, Write: []string{own, "/dev/null"}})
	fmt.Printf("state: %s %v\n", s, err)
	report(early, []try{
		{"ok own file", func() error { return open(filepath.Join(own, "new"), os.O_CREATE|os.O_RDWR) }},
		{"ok rename between own directories", func() error {
			return errors.Join(os.Mkdir(filepath.Join(own, "d"), 0o700), os.Rename(filepath.Join(own, "new"), filepath.Join(own, "d", "moved")),
				os.Link(filepath.Join(own, "d", "moved"), filepath.Join(own, "linked")))
		}},
		{"ok client of an open door", func() error {
			c, err := net.Dial("tcp", door.Addr().String())
			if err != nil {
				return err
			}
			in, err := door.Accept()
			if err != nil {
				return err
			}
			_, err = in.Write([]byte("many bytes to a client"))
			return errors.Join(err, in.Close(), c.Close())
		}},
		{"run a program", program},
		{"execve", execve},
		{"execveat", func() error { return raw(unix.SYS_EXECVEAT, uintptr(fd)) }},
		{"fork", func() error { return raw(unix.SYS_CLONE, uintptr(unix.SIGCHLD)) }},
		{"listen", func() error { return unix.Listen(fd, 1) }},
		{"listen through net", func() error { _, err := net.Listen("tcp", "127.0.0.1:0"); return err }},
		{"bind", func() error { return unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}) }},
		{"raw socket", func() error { return socket(unix.AF_INET, unix.SOCK_RAW) }},
		{"raw socket, flags set", func() error { return socket(unix.AF_INET6, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK) }},
		{"other kinds of sockets", func() error { return socket(unix.AF_INET, unix.SOCK_SEQPACKET) }},
		{"sockets to the hypervisor", func() error { return socket(unix.AF_VSOCK, unix.SOCK_STREAM) }},
		{"packet socket", func() error { return socket(unix.AF_PACKET, unix.SOCK_RAW) }},
		{"read outside", func() error { return open(outside, os.O_RDONLY) }},
		{"write outside", func() error { return open(outside, os.O_WRONLY) }},
		{"list outside", func() error { _, err := os.ReadDir(filepath.Dir(outside)); return err }},
		{"ptrace", func() error { return raw(unix.SYS_PTRACE, unix.PTRACE_ATTACH, uintptr(os.Getppid())) }},
		{"memory of another process", func() error { return raw(unix.SYS_PROCESS_VM_READV, uintptr(os.Getppid())) }},
		{"descriptor of another process", func() error { return raw(unix.SYS_PIDFD_GETFD, 0, 0) }},
		{"pidfd", func() error { return raw(unix.SYS_PIDFD_OPEN, uintptr(os.Getppid())) }},
		{"io_uring", func() error { return raw(unix.SYS_IO_URING_SETUP, 1) }},
		{"namespace", func() error { return unix.Unshare(unix.CLONE_NEWUSER) }},
		{"mount", func() error { return unix.Mount("none", own, "tmpfs", 0, "") }},
		{"clock", func() error { return unix.ClockSettime(unix.CLOCK_REALTIME, &unix.Timespec{Sec: 1}) }},
	})
}

func playDoor() {
	early := earlyThread()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(ln.Addr())
	var pipeOf [2]int // like the pipes to the gateway
	if err := unix.Pipe2(pipeOf[:], unix.O_NONBLOCK); err != nil {
		panic(err)
	}
	limit, err := Seal()
	if err != nil {
		panic(err)
	}
	s, err := Look().Door(limit)
	fmt.Printf("state: %s %v\n", s, err)
	conn, err := ln.Accept()
	if err != nil {
		panic(err)
	}
	sc, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		panic(err)
	}
	fd := 0
	sc.Control(func(n uintptr) { fd = int(n) })
	if fd < limit {
		panic("an accepted connection got a number below the limit")
	}
	two := []byte("AB")
	ownRead, ownWrite := pipeOf[0], pipeOf[1]
	p, iov := uintptr(unsafe.Pointer(&two[0])), unix.Iovec{Base: &two[0], Len: 2}
	report(early, []try{
		{"ok one byte", func() error { _, err := conn.Write([]byte{0xff}); return err }},
		{"two bytes", func() error { return raw(unix.SYS_WRITE, uintptr(fd), p, 2) }},
		{"no byte", func() error { return raw(unix.SYS_WRITE, uintptr(fd), p, 0) }},
		{"2^32+1 bytes", func() error { return raw(unix.SYS_WRITE, uintptr(fd), p, 1<<32+1) }},
		{"two bytes, high half of the descriptor set", func() error { return raw(unix.SYS_WRITE, 1<<32|uintptr(fd), p, 2) }},
		{"sendto", func() error { return raw(unix.SYS_SENDTO, uintptr(fd), p, 2) }},
		{"send one byte, urgent", func() error { return raw(unix.SYS_SENDTO, uintptr(fd), p, 1, unix.MSG_OOB) }},
		{"sendmsg", func() error { return raw(unix.SYS_SENDMSG, uintptr(fd), 0, 0) }},
		{"sendmmsg", func() error { return raw(unix.SYS_SENDMMSG, uintptr(fd), 0, 0) }},
		{"writev", func() error { return raw(unix.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&iov)), 1) }},
		{"pwritev", func() error { return raw(unix.SYS_PWRITEV, uintptr(fd), uintptr(unsafe.Pointer(&iov)), 1) }},
		{"send one byte through sendto", func() error { return raw(unix.SYS_SENDTO, uintptr(fd), p, 1) }},
		{"send to somebody else", func() error {
			return unix.Sendto(fd, two[:1], 0, &unix.SockaddrInet4{Port: 9, Addr: [4]byte{127, 0, 0, 1}})
		}},
		{"send a descriptor", func() error { return unix.Sendmsg(fd, two[:1], unix.UnixRights(2), nil, 0) }},
		{"pwrite", func() error { return raw(unix.SYS_PWRITE64, uintptr(fd), p, 2) }},
		{"vmsplice", func() error { return raw(unix.SYS_VMSPLICE, uintptr(fd), uintptr(unsafe.Pointer(&iov)), 1) }},
		{"tee", func() error { return raw(unix.SYS_TEE, uintptr(fd), uintptr(fd), 2) }},
		{"copy_file_range", func() error { return raw(unix.SYS_COPY_FILE_RANGE, 0, 0, uintptr(fd), 0, 2) }},
		{"splice from the gateway", func() error { return raw(unix.SYS_SPLICE, uintptr(ownRead), 0, uintptr(fd), 0, 2) }},
		{"splice between low descriptors", func() error { return raw(unix.SYS_SPLICE, uintptr(ownRead), 0, uintptr(ownWrite), 0, 2) }},
		{"splice, high half of the descriptor set", func() error { return raw(unix.SYS_SPLICE, uintptr(fd), 0, 1<<32|uintptr(fd), 0, 2) }},
		{"asynchronous I/O", func() error { return raw(unix.SYS_IO_SUBMIT, 0, 1, p) }},
		{"any other ioctl", func() error { return raw(unix.SYS_IOCTL, uintptr(fd), unix.TIOCOUTQ, p) }},
		{"sendfile", func() error { return raw(unix.SYS_SENDFILE, uintptr(fd), 0, 0, 2) }},
		{"io_uring", func() error { return raw(unix.SYS_IO_URING_SETUP, 1) }},
		{"close a low descriptor", func() error { return raw(unix.SYS_CLOSE, 2) }},
		{"close_range", func() error { return raw(unix.SYS_CLOSE_RANGE, 0, 2) }},
		{"dup", func() error { return raw(unix.SYS_DUP, uintptr(fd)) }},
		{"dup3 over a low descriptor", func() error { return raw(unix.SYS_DUP3, uintptr(fd), 2, 0) }},
		{"fcntl dup", func() error { return raw(unix.SYS_FCNTL, uintptr(fd), unix.F_DUPFD, 0) }},
		{"receive descriptors", func() error { return raw(unix.SYS_RECVMSG, uintptr(fd), 0, 0) }},
		{"TTL as a channel", func() error { return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TTL, 33) }},
		{"window as a channel", func() error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_WINDOW_CLAMP, 3300) }},
		{"type of service as a channel", func() error { return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, 8) }},
		{"IP options as a channel", func() error { return unix.SetsockoptString(fd, unix.IPPROTO_IP, unix.IP_OPTIONS, "\x01\x01\x01\x01") }},
		{"time of keep-alive as a channel", func() error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 7) }},
		{"largest segment as a channel", func() error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_MAXSEG, 700) }},
		{"receive buffer as a channel", func() error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 7000) }},
		{"timestamps of sending", func() error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPING, 1) }},
		{"repair mode", func() error { return unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_REPAIR, 1) }},
		{"another protocol above TCP", func() error { return unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_ULP, "tls") }},
		{"a filter on the socket", func() error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ATTACH_BPF, 0) }},
		{"shutdown", func() error { return unix.Shutdown(fd, unix.SHUT_WR) }},
		{"new socket", func() error { return socket(unix.AF_INET, unix.SOCK_STREAM) }},
		{"new pipe", func() error { var f [2]int; return unix.Pipe2(f[:], 0) }},
		{"connect", func() error { return unix.Connect(fd, &unix.SockaddrInet4{Port: 1, Addr: [4]byte{127, 0, 0, 1}}) }},
		{"bind", func() error { return raw(unix.SYS_BIND, uintptr(fd), 0, 0) }},
		{"listen", func() error { return unix.Listen(fd, 1) }},
		{"open a file", func() error { return open("/etc/passwd", os.O_RDONLY) }},
		{"see whether a file exists", func() error { _, err := os.Stat("/etc/passwd"); return err }},
		{"remove a file", func() error { return os.Remove("/nowhere") }},
		{"change directory", func() error { return os.Chdir("/") }},
		{"memory as a file", func() error { _, err := unix.MemfdCreate("x", 0); return err }},
		{"socket pair", func() error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err }},
		{"run a program", execve},
		{"fork", func() error { return raw(unix.SYS_CLONE, uintptr(unix.SIGCHLD)) }},
		{"executable memory", executable},
		{"ptrace", func() error { return raw(unix.SYS_PTRACE, unix.PTRACE_ATTACH, uintptr(os.Getppid())) }},
		{"memory of another process", func() error { return raw(unix.SYS_PROCESS_VM_WRITEV, uintptr(os.Getppid())) }},
		{"descriptor of another process", func() error { return raw(unix.SYS_PIDFD_GETFD, 0, 0) }},
		{"bpf", func() error { return raw(unix.SYS_BPF) }},
		{"another filter", func() error { return raw(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER) }},
		{"namespace", func() error { return unix.Unshare(unix.CLONE_NEWUSER) }},
		{"limits", func() error { return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{}) }},
		{"another user", func() error { return raw(unix.SYS_SETUID, 0) }},
		{"signal another process", func() error { return unix.Kill(os.Getppid(), 0) }},
		{"ok nothing moves to the gateway when nothing has come", func() error {
			if err := raw(unix.SYS_SPLICE, uintptr(fd), 0, uintptr(ownWrite), 0, 2, unix.SPLICE_F_NONBLOCK); err != unix.EAGAIN {
				return fmt.Errorf("splice: %v", err)
			}
			return nil
		}},
		{"ok another byte", func() error { _, err := conn.Write([]byte{0}); return err }},
	})
	conn.Close()
}

// confined starts the test binary in a role.
func confined(t *testing.T, role string, args ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	if k := Look(); !k.Seccomp || k.Landlock == 0 {
		t.Skipf("NOT TESTED: this kernel lacks a part of the sandbox: %s", k)
	}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd, bufio.NewScanner(out)
}

// expect reads the report: what begins with ok must be done, all else refused.
func expect(t *testing.T, in *bufio.Scanner, least int) {
	t.Helper()
	tries, withCgo := 0, false
	for in.Scan() {
		name, result, _ := strings.Cut(in.Text(), ": ")
		if name == "state" {
			if withCgo = strings.Contains(result, "built with cgo"); !withCgo && !strings.HasPrefix(result, "on ") {
				t.Fatalf("state: %s", result)
			}
			continue
		}
		tries++
		if withCgo && strings.HasSuffix(name, " outside") { // of files; the products have no cgo
			t.Logf("%s: not looked at in a test with cgo", name)
			continue
		}
		want := "refused"
		if strings.HasPrefix(name, "ok ") {
			want = "DONE"
		}
		if result != want {
			t.Errorf("%s: %s, want %s", name, result, want)
		}
	}
	if tries < least {
		t.Errorf("%d tries were reported, want at least %d", tries, least)
	}
}

// TestDaemonCannotBreakOut: a gateway after its start cannot run programs, open
// doors, or see more than its directories.
func TestDaemonCannotBreakOut(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, in := confined(t, "daemon", t.TempDir(), outside)
	expect(t, in, 20)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestDoorCannotBreakOut: the process that holds the gate's sockets can send single
// bytes on them and nothing else; all other ways out are closed.
func TestDoorCannotBreakOut(t *testing.T) {
	cmd, in := confined(t, "door")
	if !in.Scan() {
		t.Fatal("no address")
	}
	conn, err := net.Dial("tcp", in.Text())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	expect(t, in, 65)
	got, err := io.ReadAll(conn)
	if err != nil || string(got) != "\xff\x00" {
		t.Errorf("received %x (%v), want the two single bytes ff00", got, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}
