package outer

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/handshake"
)

var rewrite = flag.Bool("rewrite", false, "rewrite testdata/replies.golden; commit only what you can explain")

// recorded is what a running IoTDB answered (testdata/iotdb-replies.json).
type recorded struct {
	Release, Case string
	Steps         []struct{ Send, Hex, Reply, Then string }
}

// TestAgainstIoTDB sends what was sent to running IoTDB servers and sets both
// reactions side by side. The golden file is the list of where this receiver agrees
// and where it does not; the reasons are in docs/operate/receiver.md.
func TestAgainstIoTDB(t *testing.T) {
	b, err := os.ReadFile("testdata/iotdb-replies.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []recorded
	if err := json.Unmarshal(b, &cases); err != nil || len(cases) < 70 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	var out strings.Builder
	for _, c := range cases {
		synctest.Test(t, func(t *testing.T) { c.play(t, &out) })
	}
	const golden = "testdata/replies.golden"
	if *rewrite {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || string(want) != out.String() {
		t.Errorf("%v: differs from %s; go test ./outer -rewrite shows how:\n%s", err, golden, out.String())
	}
}

func (c *recorded) play(t *testing.T, out *strings.Builder) {
	s := newSide(t)
	near, far := net.Pipe()
	w := &ending{Conn: far, linger: -1}
	s.r.Serve(w)
	fmt.Fprintf(out, "%s: %s\n", c.Release, c.Case)
	for _, st := range c.Steps {
		got := "ended"
		if w.end() == "" {
			_, _ = near.Write(c.bytes(t, st.Hex)) // fails when the receiver ends it: seen below
			got = answers(near, w)
		}
		theirs := st.Reply
		if len(theirs) > 8 && strings.Trim(theirs, "f") == "" {
			theirs = "ff without end"
		}
		if st.Then != "" {
			theirs += ", " + st.Then
		}
		fmt.Fprintf(out, "    %-45s IoTDB %-38s here %s\n", clip(st.Send), clip(theirs), got)
	}
	_ = near.Close()
	time.Sleep(2 * time.Minute)
	synctest.Wait()
	fmt.Fprintf(out, "    end: %s\n", w.end())
	s.stop()
}

// bytes returns what a step sends; V2 stands for a good handshake V2.
func (c *recorded) bytes(t *testing.T, text string) []byte {
	if text != "V2" {
		b, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	cfg := handshake.DefaultSender()
	cfg.ClusterID = "far"
	if strings.Contains(c.Case, "the cluster id of the receiver") {
		cfg.ClusterID = "near"
	}
	m, err := handshake.NewSender(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return framing.AppendFrame(nil, m.Step(handshake.Connected, time.Now()).Payload, framing.Plain)
}

// answers reads what comes within 15 seconds of silence.
func answers(c net.Conn, w *ending) string {
	var got []byte
	for {
		var b [1]byte
		err := c.SetReadDeadline(time.Now().Add(15 * time.Second))
		if err == nil {
			_, err = io.ReadFull(c, b[:])
		}
		switch {
		case err == nil:
			got = append(got, b[0])
			continue
		case !errors.Is(err, os.ErrDeadlineExceeded):
			synctest.Wait()
			return strings.TrimPrefix(fmt.Sprintf("%x, %s", got, w.end()), ", ")
		case len(got) == 0:
			return "silence"
		}
		return fmt.Sprintf("%x", got)
	}
}

func clip(s string) string { return s[:min(len(s), 38)] }

// ending notes how a connection would end on TCP.
type ending struct {
	net.Conn
	mu     sync.Mutex
	linger int
	how    string
}

func (e *ending) SetLinger(sec int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.linger = sec
	return nil
}

func (e *ending) Close() error {
	e.mu.Lock()
	if e.how == "" {
		e.how = map[bool]string{true: "RST", false: "FIN"}[e.linger == 0]
	}
	e.mu.Unlock()
	return e.Conn.Close()
}

func (e *ending) end() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.how
}
