package outer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/handshake"
	"github.com/sluice-gateway/sluice/internal/arrival"
	"github.com/sluice-gateway/sluice/internal/deadletter"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
	"github.com/sluice-gateway/sluice/receiver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// log is a Writer that notes what became durable.
type log struct {
	mu   sync.Mutex
	done []string
	err  error
}

func (l *log) add(what string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.done = append(l.done, what)
	}
	return l.err
}

func (l *log) set(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

func (l *log) Insert(_ context.Context, _ arrival.Origin, t []*tablet.Tablet) error {
	return l.add("insert " + t[0].Device)
}

func (l *log) Plan(_ context.Context, _ arrival.Origin, r event.Request) error {
	return l.add(fmt.Sprint("plan ", r.Type))
}

func (l *log) File(_ context.Context, _ arrival.Origin, f *event.Sealed) error {
	return l.add("file " + f.Parts[len(f.Parts)-1].Name)
}

func (l *log) Keep(_ context.Context, _ arrival.Origin, r event.Request, _ string) error {
	return l.add(fmt.Sprint("keep ", r.Type))
}

// side is the whole outer side up to the writer, in memory.
type side struct {
	t    *testing.T
	log  *log
	dead *deadletter.Store
	r    *receiver.Receiver
}

func newSide(t *testing.T) *side {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	fs := vfs.NewMem(1)
	dead, err := deadletter.Open(fs, "d/dead", deadletter.Config{}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	l := &log{}
	a, err := arrival.New(fs, l, dead, arrival.Config{Dir: "d"}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	r, err := receiver.New(receiver.Config{}, receiver.Deps{Committer: New(a), Logger: quiet,
		Handshake: handshake.ReceiverConfig{ClusterID: "near", Precision: "ms"}})
	if err != nil {
		t.Fatal(err)
	}
	return &side{t: t, log: l, dead: dead, r: r}
}

// client shakes hands as the sending machine does and returns its connection.
func (s *side) client() net.Conn {
	s.t.Helper()
	near, far := net.Pipe()
	s.r.Serve(far)
	s.t.Cleanup(func() { _ = near.Close() })
	cfg := handshake.DefaultSender()
	cfg.ClusterID = "far"
	m, err := handshake.NewSender(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	act := m.Step(handshake.Connected, time.Now())
	for act.Result.Outcome == handshake.Pending {
		ev := handshake.AnswerFail
		if s.ask(near, act.Payload) == framing.OK {
			ev = handshake.AnswerOK
		}
		act = m.Step(ev, time.Now())
	}
	if act.Result.Outcome != handshake.Ready {
		s.t.Fatalf("%+v", act.Result)
	}
	return near
}

func (s *side) ask(c net.Conn, payload []byte) framing.Reply {
	s.t.Helper()
	r, err := ask(c, payload, time.Minute)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func ask(c net.Conn, payload []byte, patience time.Duration) (framing.Reply, error) {
	if _, err := c.Write(framing.AppendFrame(nil, payload, framing.Plain)); err != nil {
		return framing.Fail, err
	}
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return framing.Fail, err
	}
	var b [1]byte
	if _, err := io.ReadFull(c, b[:]); err != nil {
		return framing.Fail, err
	}
	return framing.IoTDB.Reply(b[0])
}

func vector(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "internal", "request", "testdata", "vectors", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s *side) stop() {
	if err := s.r.Stop(context.Background()); err != nil {
		s.t.Error(err)
	}
}

// TestJourney: from the sender's handshake to the writer, through every class of
// outcome.
func TestJourney(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSide(t)
		c := s.client()
		for _, name := range []string{"1.2.2/tablet-rows-no-nulls.bin", "1.3.7/insert-row-all-types.bin", "2.0.1-beta/binary-tablet-utf8.bin",
			"1.3.7/compressed-zstd-lz4-lzma2.bin", "1.3.7/plan-delete-data-partial-paths.bin"} {
			if s.ask(c, vector(t, name)) != framing.OK {
				t.Errorf("%s: not OK", name)
			}
		}
		n := len(s.log.done)
		if n != 5 || !strings.HasPrefix(s.log.done[0], "insert root.") || s.log.done[4] != "plan 100" {
			t.Errorf("%q", s.log.done)
		}
		// what can never be applied, and what is no request at all, is kept and OK
		for _, payload := range []string{"\x01\x03\xe7what", "\x02\x00\x03", "", "\x01\x00\x03\x00"} {
			if s.ask(c, []byte(payload)) != framing.OK {
				t.Errorf("%q: not OK", payload)
			}
		}
		if list, err := s.dead.List(); err != nil || len(list) != 4 {
			t.Errorf("%+v, %v", list, err)
		}
		// a full disk holds the answer until there is room
		s.log.set(status.Errorf(status.DiskSpace, "full"))
		go func() {
			time.Sleep(40 * time.Second)
			s.log.set(nil)
		}()
		start := time.Now()
		if s.ask(c, vector(t, "1.2.2/tablet-utf8.bin")) != framing.OK || time.Since(start) < 40*time.Second {
			t.Errorf("answered after %v", time.Since(start))
		}
		// or until the sender must try again: no byte
		s.log.set(status.Errorf(status.DiskSpace, "full"))
		start = time.Now()
		if _, err := ask(c, vector(t, "1.2.2/tablet-utf8.bin"), time.Hour); !errors.Is(err, io.EOF) || time.Since(start) < 45*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		s.stop()
	})
}

// TestFile: a TsFile in pieces, then a short one: reset without a byte.
func TestFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSide(t)
		c := s.client()
		const name, content = "1-1-0-0.tsfile", "TsFile\x03 ... TsFile"
		payload := func(r request.Request) []byte {
			b, err := r.AppendBody(request.AppendEnvelope(nil, r.Type()), request.Layout13)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		piece := func(off int) []byte {
			return payload(&request.FilePiece{Kind: request.TypeFilePiece, Name: name, Offset: int64(off), Data: []byte(content[off:])})
		}
		for _, p := range [][]byte{piece(0), piece(5), payload(&request.SealV1{Name: name, Length: int64(len(content))})} {
			if s.ask(c, p) != framing.OK {
				t.Fatal("not OK")
			}
		}
		if len(s.log.done) != 1 || s.log.done[0] != "file "+name {
			t.Errorf("%q", s.log.done)
		}
		for _, bad := range [][]byte{piece(7), payload(&request.SealV1{Name: name, Length: 3})} {
			c := s.client()
			if _, err := ask(c, bad, time.Minute); !errors.Is(err, io.EOF) {
				t.Errorf("%v, want the end", err)
			}
		}
		s.stop()
	})
}
