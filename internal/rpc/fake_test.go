package rpc

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
	"go.uber.org/goleak"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a backend in memory: it keeps what it is given and answers with what a
// test put into it.
type fake struct {
	mu         sync.Mutex
	tablets    []*tablet.Tablet
	statements []sql.Statement
	sessions   []Session
	results    map[string]func() *result.Result // by statement text
	refuse     func(t *tablet.Tablet) error
	execute    func(ctx context.Context, st sql.Statement) error
}

func (f *fake) Login(_ context.Context, c Credentials) (User, error) {
	if c.User != "root" {
		return User{}, status.Errorf(status.UserNotExist, "User %s does not exist.", c.User)
	}
	if c.Password != "root" {
		return User{}, status.Errorf(status.WrongPassword, "Authentication failed.")
	}
	return User{Name: c.User}, nil
}

func (f *fake) Execute(ctx context.Context, s *Session, st sql.Statement, text string) (*result.Result, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.statements = append(f.statements, st)
	f.sessions = append(f.sessions, *s)
	if f.execute != nil {
		if err := f.execute(ctx, st); err != nil {
			return nil, err
		}
	}
	if r := f.results[text]; r != nil {
		return r(), nil
	}
	if _, ok := st.(*sql.Unsupported); ok {
		return nil, status.Errorf(status.Unsupported, "That is not supported.")
	}
	return nil, nil
}

func (f *fake) Insert(_ context.Context, _ *Session, tablets []*tablet.Tablet) []error {
	f.mu.Lock()
	defer f.mu.Unlock()
	errs := make([]error, len(tablets))
	for i, t := range tablets {
		if err := t.Validate(); err != nil {
			errs[i] = err
		} else if f.refuse != nil {
			errs[i] = f.refuse(t)
		}
		if errs[i] == nil {
			f.tablets = append(f.tablets, t)
		}
	}
	return errs
}

// last returns the last statement executed.
func (f *fake) last() sql.Statement {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.statements) == 0 {
		return nil
	}
	return f.statements[len(f.statements)-1]
}

func (f *fake) taken() []*tablet.Tablet {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.tablets
	f.tablets = nil
	return t
}

// table is a result held in memory, handed out in blocks of any size up to step.
type table struct {
	block  *result.Block
	step   int
	at     int
	closed int
	fail   error // instead of io.EOF
}

func (t *table) Next(_ context.Context, max int) (*result.Block, error) {
	if t.closed > 0 {
		return nil, errors.New("read after close")
	}
	n := min(max, t.step, len(t.block.Times)-t.at)
	if n == 0 {
		if t.fail != nil {
			return nil, t.fail
		}
		return nil, io.EOF
	}
	part := &tablet.Tablet{Times: t.block.Times, Columns: t.block.Columns}
	part = part.Slice(t.at, t.at+n)
	t.at += n
	return &result.Block{Times: part.Times, Columns: part.Columns}, nil
}

func (t *table) Close() error { t.closed++; return nil }

// resultOf makes a result of a block whose columns carry their names.
func resultOf(b *result.Block, step int) *result.Result {
	r := &result.Result{HasTime: true, Rows: &table{block: b, step: step}}
	for _, c := range b.Columns {
		r.Columns = append(r.Columns, result.Column{Name: c.Name, Type: c.Type})
	}
	return r
}

func parseSQL(text string, s *Session) (sql.Statement, error) {
	return sql.Parse(text, sql.Options{Zone: s.Zone, Now: time.Unix(1700000000, 0)})
}

// door is a running server.
type door struct {
	*Server
	addr string
	back *fake
	stop func()
}

// open starts a server on a port of the kernel; it ends with the test.
func open(t testing.TB, cfg Config, change ...func(*Deps)) *door {
	t.Helper()
	back := &fake{results: map[string]func() *result.Result{}}
	deps := Deps{Backend: back, Parse: parseSQL}
	for _, f := range change {
		f(&deps)
	}
	s, err := New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(stop)
	return &door{Server: s, addr: l.Addr().String(), back: back, stop: stop}
}

// caller is our own generated client.
type caller struct {
	*gen.IClientRPCServiceClient
	trans thrift.TTransport
}

func (d *door) dial(t testing.TB, compact bool) *caller {
	t.Helper()
	conf := &thrift.TConfiguration{MaxFrameSize: 64 << 20, MaxMessageSize: 64 << 20}
	trans := thrift.NewTFramedTransportConf(thrift.NewTSocketConf(d.addr, conf), conf)
	if err := trans.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = trans.Close() })
	var p thrift.TProtocolFactory = thrift.NewTBinaryProtocolFactoryConf(conf)
	if compact {
		p = thrift.NewTCompactProtocolFactoryConf(conf)
	}
	return &caller{gen.NewIClientRPCServiceClientFactory(trans, p), trans}
}

// login opens a session and returns the client.
func (d *door) login(t testing.TB, compact bool) *caller {
	t.Helper()
	c := d.dial(t, compact)
	resp, err := c.OpenSession(t.Context(), loginReq("root", "root"))
	if err != nil || resp.Status.Code != 200 {
		t.Fatalf("login: %v %v", resp, err)
	}
	return c
}

func loginReq(user, password string) *gen.TSOpenSessionReq {
	return &gen.TSOpenSessionReq{ClientProtocol: gen.TSProtocolVersion_V3, ZoneId: "Asia/Shanghai", Username: user, Password: &password}
}

// want fails unless a status has the code and a message.
func want(t testing.TB, st *gen.TSStatus, err error, code status.Code) {
	t.Helper()
	if err != nil {
		t.Fatalf("call: %v", err)
	}
	if st == nil || st.Code != int32(code) || st.Message == nil || strings.TrimSpace(*st.Message) == "" {
		t.Fatalf("status %v, want %d with a message", st, code)
	}
	for i, sub := range st.SubStatus {
		if sub.Message == nil || *sub.Message == "" {
			t.Fatalf("sub-status %d has no message", i)
		}
	}
}

func ptr[T any](v T) *T { return &v }
