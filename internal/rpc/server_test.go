package rpc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/status"
)

func TestConnectionCap(t *testing.T) {
	l := &lines{}
	d := open(t, Config{MaxConnections: 2}, withLog(l))
	a := d.login(t, false)
	d.login(t, false)
	nc := dialRaw(t, d)
	if b, err := io.ReadAll(nc); err != nil || len(b) != 0 {
		t.Fatalf("%x %v", b, err)
	}
	st, err := a.TestConnectionEmptyRPC(t.Context())
	want(t, st, err, status.Success)
	_ = a.trans.Close()
	for { // its place is free as soon as the server has seen the end
		c := d.dial(t, false)
		if _, err := c.OpenSession(t.Context(), loginReq("root", "root")); err == nil {
			break
		}
	}
	d.stop()
	if !strings.Contains(l.String(), "too many are open") {
		t.Fatal(l)
	}
}

// TestStopLetsCallsFinish: a call that runs is answered, idle connections are closed.
func TestStopLetsCallsFinish(t *testing.T) {
	d := open(t, Config{StopTimeout: time.Minute})
	entered, leave := make(chan struct{}), make(chan struct{})
	d.back.execute = func(context.Context, sql.Statement) error {
		close(entered)
		<-leave
		return nil
	}
	c, idle := d.login(t, false), dialRaw(t, d)
	answer := make(chan error, 1)
	go func() {
		st, err := c.SetStorageGroup(t.Context(), 1, "root.a")
		if err == nil && st.Code != 200 {
			err = errors.New(st.GetMessage())
		}
		answer <- err
	}()
	<-entered
	stopped := make(chan struct{})
	go func() { d.stop(); close(stopped) }()
	if b, _ := io.ReadAll(idle); len(b) != 0 {
		t.Fatalf("%x", b)
	}
	close(leave)
	if err := <-answer; err != nil {
		t.Fatal(err)
	}
	<-stopped
}

// TestStopCancelsLateCalls: what does not finish in time is cancelled.
func TestStopCancelsLateCalls(t *testing.T) {
	d := open(t, Config{StopTimeout: time.Millisecond})
	entered := make(chan struct{})
	d.back.execute = func(ctx context.Context, _ sql.Statement) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	}
	c := d.login(t, false)
	gone := make(chan struct{})
	go func() { _, _ = c.SetStorageGroup(context.Background(), 1, "root.a"); close(gone) }()
	<-entered
	d.stop()
	<-gone
}

// TestSlowFrame: half a frame and then silence ends the connection, and nobody else.
func TestSlowFrame(t *testing.T) {
	d := open(t, Config{FrameTimeout: 50 * time.Millisecond})
	c := d.login(t, false)
	nc := dialRaw(t, d)
	_, _ = nc.Write(unhex(t, sealFrame)[:20])
	if b, _ := io.ReadAll(nc); len(b) != 0 {
		t.Fatalf("%x", b)
	}
	st, err := c.TestConnectionEmptyRPC(t.Context())
	want(t, st, err, status.Success)
}

// TestLargeFrames: frames over the free size share a budget and all get through.
func TestLargeFrames(t *testing.T) {
	p := &pipes{answer: Answer{Code: status.Success}}
	d := open(t, Config{MaxFrame: 4 << 20, MaxInFlight: 4 << 20}, withPipes(p))
	done := make(chan error, 6)
	for range cap(done) {
		c := d.dial(t, false)
		r, err := c.PipeTransfer(t.Context(), &gen.TPipeTransferReq{Version: 1, Type: 51, Body: []byte{}})
		want(t, r.GetStatus(), err, status.Success)
		go func() {
			r, err := c.PipeTransfer(t.Context(), &gen.TPipeTransferReq{Version: 1, Type: 4, Body: bytes.Repeat([]byte{7}, 3<<20)})
			if err == nil && r.Status.Code != 200 {
				err = errors.New(r.Status.GetMessage())
			}
			done <- err
		}()
	}
	for range cap(done) {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if len(p.got) != 2*cap(done) {
		t.Fatalf("%d requests", len(p.got))
	}
	for _, g := range p.got {
		if g.typ == 4 && (len(g.body) != 3<<20 || g.body[0] != 7 || g.body[len(g.body)-1] != 7) {
			t.Fatal("a body was overwritten")
		}
	}
}

// counted reads a counter or gauge; labels are values in any order.
func counted(t *testing.T, reg prometheus.Gatherer, name string, labels ...string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
	next:
		for _, m := range f.GetMetric() {
			for i, l := range m.GetLabel() {
				if l.GetValue() != labels[i] {
					continue next
				}
			}
			return m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s %v", name, labels)
	return 0
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	d := open(t, Config{}, func(deps *Deps) { deps.Registerer = reg })
	c := d.login(t, false)
	st, err := c.InsertRecord(t.Context(), &gen.TSInsertRecordReq{PrefixPath: "root.a", Measurements: []string{"s", "u"}, Values: unhex(t, "01 00000001 fe"), Timestamp: 1})
	want(t, st, err, status.Success)
	for _, w := range [][]string{{"sluice_rpc_points_total"}, {"sluice_rpc_sessions"}, {"sluice_rpc_connections"}, {"sluice_rpc_calls_total", "insertRecord", "200"}} {
		if n := counted(t, reg, w[0], w[1:]...); n != 1 {
			t.Errorf("%v is %v", w, n)
		}
	}
	if _, err := New(Config{}, Deps{Backend: d.back, Parse: parseSQL, Registerer: reg}); err == nil {
		t.Fatal("metrics registered twice")
	}
	d.stop()
	if n := counted(t, reg, "sluice_rpc_sessions") + counted(t, reg, "sluice_rpc_connections"); n != 0 {
		t.Fatal(n)
	}
}

func TestConfigValidate(t *testing.T) {
	if err := (Config{}).Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []Config{{Precision: "s"}, {MaxFrame: 1}, {MaxFrame: 1 << 30}, {MaxInFlight: 1 << 20}, {PageBytes: 1}, {PageBytes: 9 << 20},
		{MaxConnections: -1}, {MaxResults: -1}, {FetchSize: -1}, {FrameTimeout: -1}, {ResultTimeout: -1}, {StopTimeout: -1}} {
		if err := c.Validate(); err == nil {
			t.Errorf("%+v is fine", c)
		}
	}
	if _, err := New(Config{}, Deps{}); err == nil {
		t.Error("a server without a backend")
	}
	if _, err := New(Config{Precision: "s"}, Deps{Backend: &fake{}, Parse: parseSQL}); err == nil {
		t.Error("a server with a wrong configuration")
	}
}

// badListener fails until its context ends.
type badListener struct {
	net.Listener
	n int
}

func (l *badListener) Accept() (net.Conn, error) {
	l.n++
	return nil, errors.New("too many open files")
}
func (l *badListener) Close() error { return nil }

// TestAcceptErrors: they pause the loop instead of spinning, and are summarised.
func TestAcceptErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &lines{}
		s, err := New(Config{}, Deps{Backend: &fake{}, Parse: parseSQL, Logger: slog.New(slog.NewTextHandler(log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		bad := &badListener{}
		if err := s.Serve(ctx, bad); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(log.String(), "\n"); bad.n > 700 || n > 12 || n < 9 {
			t.Fatalf("%d attempts, %d log lines", bad.n, n)
		}
		if !strings.Contains(log.String(), "repeated=") {
			t.Fatal(log)
		}
	})
}
