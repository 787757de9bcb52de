package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/firmware-test/gatesim"
)

// TestMain lets the test binary be the command itself.
func TestMain(m *testing.M) {
	if os.Getenv("GATE_SIMULATOR_MAIN") == "1" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

type process struct {
	cmd    *exec.Cmd
	out    *bufio.Reader
	listen string
	http   string
}

func start(t *testing.T, args ...string) *process {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "GATE_SIMULATOR_MAIN=1")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	p := &process{cmd: cmd, out: bufio.NewReader(pipe)}
	line, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range strings.Fields(line) {
		if k, v, ok := strings.Cut(f, "="); ok && k == "listen" {
			p.listen = v
		} else if ok && k == "http" {
			p.http = v
		}
	}
	if !strings.HasPrefix(line, "ready ") || p.listen == "" || p.http == "" {
		t.Fatalf("first line %q", line)
	}
	return p
}

// stop asks the process to end and returns its last lines and exit code.
func (p *process) stop(t *testing.T) (string, int) {
	p.cmd.Process.Signal(syscall.SIGTERM)
	rest, err := io.ReadAll(p.out)
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Wait()
	return string(rest), p.cmd.ProcessState.ExitCode()
}

// echoSide answers the first bytes of each connection with the given ones.
func echoSide(t *testing.T, answer []byte) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				c.Read(make([]byte, 1024))
				c.Write(answer)
				io.Copy(io.Discard, c)
			}()
		}
	}()
	return l.Addr().String()
}

var request = []byte{0, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0}

func ask(t *testing.T, addr string) byte {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	c.Write(request)
	var b [1]byte
	if _, err := io.ReadFull(c, b[:]); err != nil {
		t.Fatal(err)
	}
	return b[0]
}

func TestVerdictOnSIGTERM(t *testing.T) {
	for _, c := range []struct {
		answer []byte
		broken bool
	}{{[]byte{0}, false}, {[]byte{0xff, 0x55}, true}} {
		p := start(t, "--listen", "127.0.0.1:0", "--target", echoSide(t, c.answer), "--http", "127.0.0.1:0", "--delay-out", "1ms")
		if b := ask(t, p.listen); b != c.answer[0] {
			t.Errorf("answer %x", b)
		}
		if c.broken {
			waitForViolation(t, p.http)
		}
		out, code := p.stop(t)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		var v gatesim.Verdict
		if len(lines) != 2 || !strings.HasPrefix(lines[0], "gate: ") || json.Unmarshal([]byte(lines[1]), &v) != nil {
			t.Fatalf("last lines %q", out)
		}
		if v.OneWay() == c.broken || (code == 1) != c.broken || v.Requests != 1 {
			t.Errorf("exit code %d after %s", code, lines[0])
		}
	}
}

func waitForViolation(t *testing.T, door string) {
	limit := time.Now().Add(10 * time.Second)
	for time.Now().Before(limit) {
		resp, err := http.Get("http://" + door + "/verdict")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if bytes.Contains(body, []byte(`"violations":1`)) {
			return
		}
	}
	t.Fatal("no violation within 10 s")
}

func TestControlDoorChangesTheGate(t *testing.T) {
	p := start(t, "--listen", "127.0.0.1:0", "--target", echoSide(t, []byte{0}), "--http", "127.0.0.1:0")
	resp, err := http.Post("http://"+p.http+"/set?invert=1", "", nil)
	if err != nil || resp.StatusCode != 200 {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	if b := ask(t, p.listen); b != 0xff {
		t.Errorf("inverted answer %x", b)
	}
	if out, code := p.stop(t); code != 0 || !strings.Contains(out, "invert 1") {
		t.Errorf("exit code %d, %s", code, out)
	}
}

func TestBadCommandLine(t *testing.T) {
	for _, args := range [][]string{{}, {"--listen", "127.0.0.1:0"}, {"--listen", "x", "--target", "y"},
		{"--listen", "127.0.0.1:0", "--target", "127.0.0.1:1", "--swallow", "2"}, {"--listen", "127.0.0.1:0", "--target", "127.0.0.1:1", "extra"}} {
		var out, errs bytes.Buffer
		if code := run(args, &out, &errs); code != 2 || !strings.HasPrefix(errs.String(), "gate-simulator: ") {
			t.Errorf("%q: exit code %d, %q", args, code, errs.String())
		}
	}
}
