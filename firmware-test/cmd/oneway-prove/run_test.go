package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/framing"
)

// command runs the tool and returns its exit code and output.
func command(args ...string) (code int, out string) {
	var b bytes.Buffer
	code = run(args, &b, &b)
	return code, b.String()
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"judge --inner 10.1.0.0/16 testdata/honest.pcap", 0, "PASSED"},
		{"judge --inner 10.1.0.0/16 testdata/cheat.pcap", 1, "second-byte"},
		{"judge --inner 10.1.0.0/16 testdata/hole.pcap", 3, "hole-outwards"},
		{"judge testdata/honest.pcap", 3, "sides-guessed"},
		{"judge --inner 10.1.0.0/16 testdata/honest.pcap testdata/cheat.pcap", 1, "FAILED"},
		{"judge --inner 10.1.0.0/16 --max-covert 1 testdata/honest.pcap", 3, "covert-limit"},
		{"judge --inner 10.1.0.0/16 --format json testdata/honest.pcap", 0, `"verdict": "passed"`},
		{"judge --inner 10.1.0.0/16 --outer-cable x testdata/honest.pcap", 2, "no cable of this name"},
		{"judge --inner nonsense testdata/honest.pcap", 2, "neither an address nor a network"},
		{"judge --inner 10.1.0.0/16 --report r.json testdata/honest.pcap", 2, "keygen"},
		{"judge testdata/none.pcap", 2, "no such file"},
		{"judge --inner 1 --outer 2 --gate x:y --format z --key none.key --html none/x.html testdata/none.pcap run.go", 2, "9 problems:"},
		{"judge --iner 10.1.0.0/16 testdata/honest.pcap", 2, "unknown flag: --iner; see oneway-prove judge --help"},
		{"watch --inner 10.1.0.0/16", 2, `"interface" not set`},
		{"watch -i no-such-interface --inner x", 2, "neither an address nor a network"},
		{"judge run.go", 2, "neither pcap nor pcapng"},
		{"judge", 2, "at least 1 arg"},
		{"nonsense", 2, "unknown command"},
	} {
		if code, out := command(strings.Fields(c.args)...); code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit code %d, expected %d and %q:\n%s", c.args, code, c.code, c.want, out)
		}
	}
}

// TestReport follows a signed report: made, copied elsewhere, checked there.
func TestReport(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	honest, err := os.ReadFile("testdata/honest.pcap")
	if err != nil {
		t.Fatal(err)
	}
	copied, changed := at("copy.pcap"), at("changed.pcap")
	if err := os.WriteFile(copied, honest, 0o600); err != nil {
		t.Fatal(err)
	}
	honest[len(honest)-1] ^= 1
	if err := os.WriteFile(changed, honest, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(at("altered"), 0o700), os.WriteFile(at("altered/honest.pcap"), honest, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"key", "stranger"} {
		if code, out := command("keygen", "-o", at(name)); code != 0 {
			t.Fatal(out)
		}
	}
	if code, _ := command("keygen", "-o", at("key")); code != 2 {
		t.Error("a key was overwritten")
	}
	if info, err := os.Stat(at("key.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("private key: %v %v", info.Mode(), err)
	}
	code, out := command("judge", "--inner", "10.1.0.0/16", "--key", at("key.key"), "--report", at("r.json"), "--html", at("r.html"), "--json", at("plain.json"), "left=testdata/honest.pcap")
	if code != 0 {
		t.Fatal(out)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--key", at("key.pub"), at("r.json"), copied}, 0, "genuine"},
		{[]string{"--key", at("key.pub"), "--rejudge", at("r.json"), copied}, 0, "genuine"},
		{[]string{at("r.json"), copied}, 0, "the key was not compared"},
		{[]string{"--key", at("stranger.pub"), at("r.json"), copied}, 1, "another key"},
		{[]string{"--key", at("key.pub"), at("r.json"), changed}, 1, "no capture given is testdata/honest.pcap"},
		{[]string{"--key", at("key.pub"), at("r.json")}, 1, "no capture given"},
		{[]string{"--key", at("key.pub"), at("r.json"), copied, changed}, 1, "changed.pcap is not in the report"},
		{[]string{"--key", at("key.pub"), at("r.json"), copied, copied}, 0, "genuine"},
		{[]string{"--key", at("key.pub"), at("r.json"), at("altered/honest.pcap")}, 1, "is not the capture that was judged"},
		{[]string{"--key", at("key.pub"), at("r.json"), at("none.pcap")}, 2, "no such file"},
		{[]string{"--key", copied, at("r.json"), copied}, 2, "not a key file"},
		{[]string{"--key", at("key.pub"), at("none.json"), copied}, 2, "no such file"},
		{[]string{at("plain.json"), copied}, 1, "not a signed report"},
	} {
		if code, out := command(append([]string{"check"}, c.args...)...); code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("check %q: exit code %d, expected %d and %q:\n%s", c.args, code, c.code, c.want, out)
		}
	}
	text, err := os.ReadFile(at("r.json"))
	if err != nil {
		t.Fatal(err)
	}
	forged := bytes.Replace(text, []byte(`"findings": 0`), []byte(`"findings": 1`), 1)
	if err := os.WriteFile(at("forged.json"), forged, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out := command("check", at("forged.json"), copied); code != 1 || !strings.Contains(out, "signature") {
		t.Errorf("a forged report: %d %s", code, out)
	}
}

// TestRecord captures real traffic of the kernel's TCP on loopback and judges it.
func TestRecord(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lo.pcapng")
	gate := onLoopback(t, func(ctx context.Context, _ string, ready func()) error {
		l := live{interfaces: []string{"lo"}, output: file}
		_, err := l.record(ctx, io.Discard, ready)
		return err
	})
	code, out := command("judge", "--only-gate", "--gate", gate, file)
	if code != 0 || !strings.Contains(out, "50 requests, 50 answers") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

// TestWatch judges while it captures, and writes the file it judged.
func TestWatch(t *testing.T) {
	dir := t.TempDir()
	file, report, key := filepath.Join(dir, "lo.pcapng"), filepath.Join(dir, "r.json"), filepath.Join(dir, "key")
	if code, out := command("keygen", "-o", key); code != 0 {
		t.Fatal(out)
	}
	var stdout, stderr bytes.Buffer
	onLoopback(t, func(ctx context.Context, gate string, ready func()) error {
		o := judgeOptions{format: "text", endpoints: true, gate: []string{gate}, signed: report, key: key + ".key"}
		return o.watch(ctx, &live{interfaces: []string{"lo"}, output: file}, &stdout, writerFunc(func(p []byte) (int, error) {
			if strings.HasPrefix(string(p), "ready") {
				ready()
			}
			return stderr.Write(p)
		}))
	})
	if !strings.Contains(stdout.String(), "50 requests, 50 answers") || !strings.Contains(stderr.String(), ", 0 dropped") {
		t.Errorf("%s\n%s", &stdout, &stderr)
	}
	if code, out := command("check", "--rejudge", "--key", key+".pub", report, file); code != 0 {
		t.Errorf("the file is not what was judged: %s", out)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// onLoopback runs a capture of the loopback interface until 50 requests were answered,
// and returns where.
func onLoopback(t *testing.T, run func(ctx context.Context, gate string, ready func()) error) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	gate := listener.Addr().String()
	ctx, stop := context.WithTimeout(t.Context(), 60*time.Second)
	defer stop()
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- run(ctx, gate, func() { close(ready) }) }()
	select {
	case err := <-done:
		t.Skipf("NOT TESTED: capturing needs Linux and CAP_NET_RAW: %v", err)
	case <-ready:
	}
	served := make(chan error, 1)
	go func() { served <- serve(listener) }()
	if err := ask(gate); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return gate
}

// serve answers every frame of one connection with OK.
func serve(l net.Listener) error {
	c, err := l.Accept()
	if err != nil {
		return err
	}
	defer c.Close()
	r := framing.NewReader(c, framing.Limits{})
	for {
		if _, _, err := r.Next(nil); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if _, err := c.Write([]byte{framing.IoTDB.Byte(framing.OK)}); err != nil {
			return err
		}
	}
}

// ask sends 50 frames of up to 200 KB, one at a time.
func ask(addr string) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	payload := make([]byte, 200_000)
	_, _ = rand.Read(payload)
	for i := range 50 {
		if _, err := c.Write(framing.AppendFrame(nil, payload[:3+i*4000], framing.Plain)); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			return err
		}
	}
	return nil
}
