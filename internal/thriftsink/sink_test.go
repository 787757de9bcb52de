package thriftsink

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
	"go.uber.org/goleak"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/sender"
	"github.com/sluice-gateway/sluice/internal/spec"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a fake IoTDB: the generated processor over net.Pipe, with one method.
type server struct {
	gen.IClientRPCService        // nil: any other method panics
	version               string // of getProperties
	react                 func(n int, t request.Type, body []byte) *gen.TPipeTransferResp
	shake                 func(t request.Type) status.Code

	mu    sync.Mutex
	types []request.Type
	dials int
	n     int
	wg    sync.WaitGroup
}

func resp(code status.Code, message string, body []byte) *gen.TPipeTransferResp {
	return &gen.TPipeTransferResp{Status: &gen.TSStatus{Code: int32(code), Message: &message}, Body: body}
}

func (s *server) PipeTransfer(_ context.Context, req *gen.TPipeTransferReq) (*gen.TPipeTransferResp, error) {
	s.mu.Lock()
	t := request.Type(req.Type)
	s.types = append(s.types, t)
	if !t.IsHandshake() {
		s.n++
	}
	n := s.n
	s.mu.Unlock()
	if t.IsHandshake() {
		if s.shake != nil {
			return resp(s.shake(t), "handshake", nil), nil
		}
		return resp(status.Success, "", nil), nil
	}
	if s.react == nil {
		return resp(status.Success, "", nil), nil
	}
	return s.react(n, t, req.Body), nil
}

// GetProperties tells a version.
func (s *server) GetProperties(context.Context) (*gen.ServerProperties, error) {
	return &gen.ServerProperties{Version: s.version}, nil
}

func (s *server) dial(context.Context, string) (net.Conn, error) {
	s.mu.Lock()
	s.dials++
	s.mu.Unlock()
	ours, theirs := net.Pipe()
	s.wg.Go(func() {
		defer ours.Close()
		framed := thrift.NewTFramedTransportConf(thrift.NewStreamTransport(ours, ours), &thrift.TConfiguration{})
		p := thrift.NewTBinaryProtocolConf(framed, &thrift.TConfiguration{})
		processor := gen.NewIClientRPCServiceProcessor(s)
		for {
			if ok, err := processor.Process(context.Background(), p, p); !ok || err != nil {
				return
			}
		}
	})
	return theirs, nil
}

type acks struct {
	mu   sync.Mutex
	list []event.Position
}

func (a *acks) Ack(p event.Position, _ uint64) {
	a.mu.Lock()
	a.list = append(a.list, p)
	a.mu.Unlock()
}

type graves struct{ letters []plugin.DeadLetter }

func (g *graves) Put(_ context.Context, l plugin.DeadLetter) error {
	g.letters = append(g.letters, l)
	return nil
}

type files map[string][]byte
type file struct{ *bytes.Reader }

func (file) Close() error { return nil }
func (f files) Open(name string) (plugin.File, error) {
	return file{bytes.NewReader(f[name])}, nil
}

func open(t *testing.T, s *server, c plugin.SinkContext, attributes ...string) *sender.Sender {
	t.Helper()
	return opened(t, Declaration(s.dial), c, attributes...)
}

func opened(t *testing.T, d plugin.Declaration, c plugin.SinkContext, attributes ...string) *sender.Sender {
	t.Helper()
	in := []spec.Input{{Key: "sink.node-urls", Value: "db:6667"}}
	for i := 0; i < len(attributes); i += 2 {
		in = append(in, spec.Input{Key: attributes[i], Value: attributes[i+1]})
	}
	v, problems := spec.Parse(d.Fields, in, spec.Options{Prefixes: plugin.KindSink.Prefixes()})
	if problems = append(problems, d.Check(v)...); len(problems) > 0 {
		t.Fatal(problems)
	}
	c.Pipe, c.ClusterID, c.Precision = "p", "inner-1", "ms"
	out, err := d.NewSink(c, v)
	if err != nil {
		t.Fatal(err)
	}
	return out.(*sender.Sender)
}

func row(device string, at int64) *event.Event {
	return &event.Event{Kind: event.Tablet, Tablet: &tablet.Tablet{Device: device, Times: []int64{at}, Columns: []tablet.Column{{
		Schema: tablet.Schema{Name: "a", Type: tablet.Int64}, Category: tablet.Field, Int64s: []int64{at}}}}}
}

func write(t *testing.T, s *sender.Sender, evs ...*event.Event) {
	t.Helper()
	for i, ev := range evs {
		if err := s.Write(t.Context(), plugin.Item{Pos: event.Position(i + 1), Event: ev}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDeclarationIsSound(t *testing.T) {
	if _, err := plugin.NewRegistry(Declaration(nil)); err != nil {
		t.Fatal(err)
	}
}

// TestStatusCodes is the table of what the target can answer first; afterwards it
// answers 200. In the end the row is acknowledged, or a dead letter.
func TestStatusCodes(t *testing.T) {
	for _, c := range []struct {
		code     status.Code
		requests int // data requests in all
		shakes   int
	}{
		{status.Success, 1, 1}, {redirect, 1, 1}, {status.PipeIdempotent, 1, 1},
		{status.PipeTemporary, 2, 1}, {status.DiskSpace, 2, 1}, {status.WriteReject, 2, 1}, {status.ReadOnly, 2, 1},
		{status.PipeUserConflict, 2, 2}, {status.Pipe, 2, 2}, {status.Internal, 2, 2}, {status.TypeMismatch, 2, 2},
		{status.NotLogin, 2, 2}, {status.PipeConfigHandshake, 2, 2}, {status.PipeOffsetReset, 2, 2},
	} {
		t.Run(fmt.Sprint(c.code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{}
				s.react = func(n int, _ request.Type, _ []byte) *gen.TPipeTransferResp {
					if n == 1 {
						return resp(c.code, "first", nil)
					}
					return resp(status.Success, "", nil)
				}
				a := &acks{}
				sink := open(t, s, plugin.SinkContext{Acker: a})
				write(t, sink, row("root.d", 1))
				if err := sink.Drain(t.Context()); err != nil {
					t.Fatal(err)
				}
				_ = sink.Close()
				s.wg.Wait()
				shakes := 0
				for _, typ := range s.types {
					if typ.IsHandshake() {
						shakes++
					}
				}
				if s.n != c.requests || shakes != c.shakes || len(a.list) != 1 {
					t.Errorf("%d requests (want %d), %d handshakes (want %d), %d acks", s.n, c.requests, shakes, c.shakes, len(a.list))
				}
			})
		})
	}
}

// TestNeverGivenUpWhileBusy: 1808 for hours is no refusal.
func TestNeverGivenUpWhileBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{react: func(int, request.Type, []byte) *gen.TPipeTransferResp {
			return resp(status.PipeTemporary, "memory", nil)
		}}
		dead := &graves{}
		sink := open(t, s, plugin.SinkContext{Acker: &acks{}, DeadLetters: dead}, "refusal.max-attempts", "1", "refusal.max-seconds", "0")
		write(t, sink, row("root.d", 1))
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		st := sink.Status()
		_ = sink.Close()
		s.wg.Wait()
		if len(dead.letters) != 0 || s.n > 250 || !strings.Contains(st.Message, "1808 memory") {
			t.Errorf("%d dead letters, %d requests, status %+v", len(dead.letters), s.n, st)
		}
	})
}

// TestDeadLetterTellsTheStatus: over thrift the reason of a refusal is known.
func TestDeadLetterTellsTheStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{react: func(int, request.Type, []byte) *gen.TPipeTransferResp {
			r := resp(302, "several", nil)
			sub := "OutOfTTL"
			r.Status.SubStatus = []*gen.TSStatus{{Code: 607, Message: &sub}}
			return r
		}}
		dead, a := &graves{}, &acks{}
		sink := open(t, s, plugin.SinkContext{Acker: a, DeadLetters: dead},
			"sink.exception.conflict.retry-max-time-seconds", "10")
		write(t, sink, row("root.d", 1))
		if err := sink.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = sink.Close()
		s.wg.Wait()
		if len(dead.letters) != 1 || !strings.Contains(dead.letters[0].Reason, "302 several (first of 1 causes: 607 OutOfTTL)") || len(a.list) != 1 {
			t.Errorf("dead letters %+v, %d acks", dead.letters, len(a.list))
		}
	})
}

// TestFileOffsets: the target asks for another offset in the middle of a file.
func TestFileOffsets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		content := bytes.Repeat([]byte("0123456789"), 1000)
		var got []byte
		sealed := false
		s := &server{}
		s.react = func(n int, typ request.Type, body []byte) *gen.TPipeTransferResp {
			req, err := request.Decode(typ, body, request.Options{Strict: true})
			if err != nil {
				t.Error(err)
			}
			piece, ok := req.(*request.FilePiece)
			if !ok {
				sealed = true
				return resp(status.Success, "", nil)
			}
			if n == 5 {
				got = got[:512] // lost a part
			}
			if piece.Offset != int64(len(got)) {
				return resp(status.PipeOffsetReset, "offset", binary.BigEndian.AppendUint64(nil, uint64(len(got))))
			}
			got = append(got, piece.Data...)
			return resp(status.Success, "", binary.BigEndian.AppendUint64(nil, uint64(len(got))))
		}
		ev := &event.Event{Kind: event.File, File: &event.Sealed{Type: 5, Parts: []event.Part{{Name: "1.tsfile", Length: int64(len(content)), Stored: "x"}}}}
		sink := open(t, s, plugin.SinkContext{Acker: &acks{}, Files: files{"x": content}}, "frame.max-bytes", "1024")
		write(t, sink, ev)
		if err := sink.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		c := sink.Counters()
		_ = sink.Close()
		s.wg.Wait()
		if !bytes.Equal(got, content) || !sealed || c.Answers["offset"] != 1 || c.Answers["refused"] != 0 {
			t.Errorf("%d bytes arrived, sealed %v, answers %v", len(got), sealed, c.Answers)
		}
	})
}

// TestHandshake: config plans have their own, V1 comes only after an unknown type
// (1801), and a refusal tells its status.
func TestHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		a := &acks{}
		sink := open(t, s, plugin.SinkContext{Acker: a})
		plan := &event.Event{Kind: event.Plan, Request: event.Request{Type: 200, Body: []byte{0, 206, 0, 0, 0, 4, 'r', 'o', 'o', 't'}}}
		write(t, sink, row("root.d", 1), plan, row("root.d", 2))
		if err := sink.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = sink.Close()
		s.wg.Wait()
		if want := []request.Type{51, 2, 50, 200, 2}; !slices.Equal(s.types, want) {
			t.Errorf("requests %v, want %v", s.types, want)
		}

		s = &server{shake: func(request.Type) status.Code { return status.WrongPassword }}
		sink = open(t, s, plugin.SinkContext{Acker: a}, "sink.password", "hidden")
		time.Sleep(time.Hour)
		synctest.Wait()
		st := sink.Status()
		_ = sink.Close()
		s.wg.Wait()
		if !strings.Contains(st.Message, "refuses the handshake") || !strings.Contains(st.Message, "801 handshake") || strings.Contains(st.Message, "hidden") {
			t.Errorf("status %+v", st)
		}
		if s.dials > 16 || slices.Contains(s.types, request.TypeHandshakeV1) {
			t.Errorf("%d tries in an hour, types %v", s.dials, s.types)
		}

		s = &server{shake: func(typ request.Type) status.Code {
			if typ == request.TypeHandshakeV2 {
				return status.PipeType
			}
			return status.Success
		}}
		sink = open(t, s, plugin.SinkContext{Acker: a})
		write(t, sink, row("root.d", 3))
		if err := sink.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = sink.Close()
		s.wg.Wait()
		if want := []request.Type{51, 1, 2}; !slices.Equal(s.types, want) {
			t.Errorf("towards IoTDB 1.2 requests %v, want %v", s.types, want)
		}
	})
}

// TestBrokenConnections: a target that hangs or ends the connection; the row is sent again.
func TestBrokenConnections(t *testing.T) {
	for _, how := range []string{"hangs", "ends"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{}
				s.react = func(n int, _ request.Type, _ []byte) *gen.TPipeTransferResp {
					if n == 1 && how == "hangs" {
						time.Sleep(2 * time.Minute)
					}
					if n == 1 {
						return nil // the processor answers with an exception
					}
					return resp(status.Success, "", nil)
				}
				a := &acks{}
				sink := open(t, s, plugin.SinkContext{Acker: a})
				write(t, sink, row("root.d", 1))
				if err := sink.Drain(t.Context()); err != nil {
					t.Fatal(err)
				}
				c := sink.Counters()
				_ = sink.Close()
				s.wg.Wait()
				if s.n != 2 || len(a.list) != 1 || how == "hangs" && c.Reconnects["timeout"] != 1 {
					t.Errorf("%d requests, %d acks, reconnects %v", s.n, len(a.list), c.Reconnects)
				}
			})
		})
	}
}

func TestReasonOf(t *testing.T) {
	for want, err := range map[sender.Reason]error{
		sender.ReasonTimeout: thrift.NewTTransportException(thrift.TIMED_OUT, "x"),
		sender.ReasonEnd:     thrift.NewTTransportException(thrift.END_OF_FILE, "x"),
		sender.ReasonBroken:  errors.New("x"),
	} {
		if got := reasonOf(err); got != want {
			t.Errorf("%v is %v, want %v", err, got, want)
		}
	}
}

// TestReleaseIsAsked: what a server calls itself decides the form of what is sent.
func TestReleaseIsAsked(t *testing.T) {
	for _, c := range []struct {
		version, given string
		left           uint64
	}{{"1.2.2", "auto", 1}, {"1.3.7", "auto", 0}, {"2.0.1-beta", "auto", 0}, {"", "auto", 0}, {"2.0.1-beta", "1.2", 1}} {
		synctest.Test(t, func(t *testing.T) {
			s := &server{version: c.version}
			a := &acks{}
			sink := open(t, s, plugin.SinkContext{Acker: a}, "peer-version", c.given)
			r, err := request.CreateTimeseriesPlan("root.d.a", request.SeriesSpec{Schema: tablet.Schema{Name: "a", Type: tablet.Int64, Compressor: tablet.LZ4}})
			if err != nil {
				t.Fatal(err)
			}
			write(t, sink, &event.Event{Kind: event.Plan, Request: r}, row("root.d", 1))
			if err := sink.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			n := sink.Counters()
			_ = sink.Close()
			s.wg.Wait()
			if n.LeftOut != c.left || len(a.list) != 2 || s.n != 2-int(c.left) {
				t.Errorf("%+v: %d left out, %d acks, %d requests", c, n.LeftOut, len(a.list), s.n)
			}
		})
	}
	for _, c := range []struct {
		version, build string
		want           request.Layout
	}{{"1.3.3", "sluice 0.1.0", request.LayoutAsDecoded}, {"2.0.5", "x", request.Layout20}, {"3.1", "", request.LayoutAsDecoded}} {
		if got := release(c.version, c.build); got != c.want {
			t.Errorf("%+v is %v", c, got)
		}
	}
}
