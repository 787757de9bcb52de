package rpc

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/apache/thrift/lib/go/thrift"

	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/status"
)

// conn is one connection. Everything but mu, stopped, session and results belongs
// to the goroutine that runs serve.
type conn struct {
	srv     *Server
	nc      net.Conn
	br      *bufio.Reader
	wire    *wire
	in      *reader
	out     thrift.TProtocol
	compact bool
	fr      frame       // of the call that runs
	pipe    PipeSession // after the first pipeTransfer
	results *results

	mu      sync.Mutex
	stopped bool     // no further call is read
	session *Session // nil: not logged in
}

func newConn(s *Server, nc net.Conn) *conn {
	return &conn{srv: s, nc: nc, br: bufio.NewReaderSize(nc, 16<<10), wire: &wire{}, results: newResults(s.cfg.MaxResults)}
}

func (c *conn) peer() string { return c.nc.RemoteAddr().String() }

// stop lets the call that runs finish and reads no further one.
func (c *conn) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	_ = c.nc.SetReadDeadline(time.Unix(1, 0))
}

// deadline bounds the next reads; a zero time means none. After stop it changes nothing.
func (c *conn) deadline(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stopped {
		_ = c.nc.SetReadDeadline(t)
	}
}

// isStopped reports whether stop was called.
func (c *conn) isStopped() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopped
}

// serve runs the connection to its end. ctx is the context of its calls.
func (c *conn) serve(ctx context.Context) {
	defer c.end()
	err := c.loop(ctx)
	var stranger refusal
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), c.isStopped():
		return
	case errors.As(err, &stranger):
		c.srv.metrics.refused.WithLabelValues("protocol").Inc()
		c.srv.warn("refused "+host(c.peer()), "rpc: connection refused: "+stranger.Error(), slog.String("peer", host(c.peer())))
	default:
		c.srv.warn("ended "+host(c.peer()), "rpc: connection ended", slog.String("peer", host(c.peer())), slog.String("error", err.Error()))
	}
}

// end releases all the connection holds.
func (c *conn) end() {
	_ = c.nc.Close()
	c.setSession(nil)
	c.results.closeAll()
	if c.pipe != nil {
		c.pipe.Close()
	}
}

func (c *conn) loop(ctx context.Context) error {
	var err error
	if c.compact, err = detect(c.br); err != nil {
		return err
	}
	c.in, c.out = newProtocols(c.wire, c.compact, c.srv.cfg.MaxFrame)
	for {
		if _, err := c.br.Peek(1); err != nil {
			return err
		}
		err := c.exchange(ctx)
		c.wire.in, c.wire.out = nil, nil
		c.srv.frames.release(&c.fr)
		if err != nil || c.isStopped() {
			return err
		}
	}
}

// exchange reads one request, runs it and writes its answer.
func (c *conn) exchange(ctx context.Context) error {
	if err := c.readFrame(ctx); err != nil {
		return err
	}
	if err := c.call(ctx); err != nil {
		return err
	}
	return c.send()
}

func (c *conn) readFrame(ctx context.Context) error {
	c.deadline(time.Now().Add(c.srv.cfg.FrameTimeout))
	limit := c.srv.cfg.MaxFrame
	if c.session == nil && c.pipe == nil {
		limit = min(limit, strangerFrame)
	}
	n, err := length(c.br, limit)
	if err != nil {
		return err
	}
	if c.fr, err = c.srv.frames.admit(ctx, n); err != nil {
		return err
	}
	c.deadline(time.Now().Add(c.srv.cfg.FrameTimeout)) // waiting for room is not the client's fault
	if err := c.fr.body(c.br, n); err != nil {
		return fmt.Errorf("reading a frame of %d bytes: %w", n, err)
	}
	c.deadline(time.Time{})
	c.wire.in, c.wire.pos = *c.fr.buf, 0
	c.wire.out = append((*c.fr.out)[:0], 0, 0, 0, 0)
	return nil
}

// send writes the answer in one piece, if there is one.
func (c *conn) send() error {
	out := c.wire.out
	*c.fr.out = out
	if len(out) == 4 {
		return nil
	}
	binary.BigEndian.PutUint32(out, uint32(len(out)-4))
	_ = c.nc.SetWriteDeadline(time.Now().Add(c.srv.cfg.FrameTimeout))
	if _, err := c.nc.Write(out); err != nil {
		return fmt.Errorf("writing an answer of %d bytes: %w", len(out), err)
	}
	return nil
}

// header is the start of a thrift message.
type header struct {
	name   string
	seq    int32
	oneway bool
}

// call runs one request and leaves the answer on the wire. An error means that the
// stream cannot be trusted any more.
func (c *conn) call(ctx context.Context) error {
	c.in.start()
	name, typ, seq, err := c.in.ReadMessageBegin(ctx)
	if err != nil {
		return fmt.Errorf("reading the start of a message: %w", err)
	}
	if typ != thrift.CALL && typ != thrift.ONEWAY {
		return fmt.Errorf("a message of type %d where a call belongs", typ)
	}
	h := header{name: name, seq: seq, oneway: typ == thrift.ONEWAY}
	m, known := c.srv.methods[name]
	began := time.Now()
	var r reply
	if known {
		r, err = c.run(ctx, m, h)
	} else {
		name = "unknown"
		err = exception(thrift.UNKNOWN_METHOD, "unknown method "+clip(h.name))
	}
	if err == nil {
		err = c.reply(ctx, h, m, r)
	}
	c.srv.metrics.call(name, codeOf(r, err), time.Since(began))
	if err != nil {
		// A half-read message leaves the protocol in the middle of a struct.
		c.in, c.out = newProtocols(c.wire, c.compact, c.srv.cfg.MaxFrame)
		c.srv.warn("call "+name, "rpc: call failed", slog.String("method", name), slog.String("peer", host(c.peer())), slog.String("error", err.Error()))
		c.fail(ctx, h, err)
	}
	if h.oneway {
		c.wire.out = c.wire.out[:4]
	}
	return nil
}

// run reads the arguments and executes the method. A panic ends the call, not the
// connection.
func (c *conn) run(ctx context.Context, m method, h header) (r reply, err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		c.srv.metrics.panics.Inc()
		c.srv.log.Log(context.Background(), slog.LevelError, "panic "+h.name, "rpc: panic in a call",
			slog.String("method", h.name), slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
		r, err = c.refuse(m, status.Errorf(status.Internal, "The gateway failed on this call (%s); its log has the cause.", h.name))
	}()
	var a args
	if m.args == nil {
		err = c.in.Skip(ctx, thrift.STRUCT)
	} else {
		a = m.args()
		err = a.Read(ctx, c.in)
	}
	if q, ok := a.(interface{ IsSetReq() bool }); err == nil && ok && !q.IsSetReq() {
		err = errors.New("the request is missing")
	}
	if err != nil {
		return nil, exception(thrift.PROTOCOL_ERROR, "arguments of "+h.name+": "+err.Error())
	}
	if !m.open && c.session == nil {
		return c.refuse(m, notLoggedIn())
	}
	return m.run(ctx, c, a), nil
}

// refuse answers a method with a status; a method without one in its response gets
// an application exception, which is how a failed login becomes visible to Go
// clients (they only look at requestStatementId).
func (c *conn) refuse(m method, cause error) (reply, error) {
	if m.fail == nil {
		return nil, exception(thrift.INTERNAL_ERROR, status.Message(cause))
	}
	return m.fail(toStatus(cause)), nil
}

// reply writes a result. An answer that no client would take becomes a status.
func (c *conn) reply(ctx context.Context, h header, m method, r reply) error {
	err := c.write(ctx, h, r)
	if err != nil || len(c.wire.out) <= maxReply || m.fail == nil {
		return err
	}
	tooBig := status.Errorf(status.QueryProcess, "The answer has %d bytes; clients take %d. Ask for fewer columns or rows.", len(c.wire.out), maxReply)
	c.wire.out = c.wire.out[:4]
	return c.write(ctx, h, m.fail(toStatus(tooBig)))
}

// write encodes a reply message: a result struct with the response in field 0.
func (c *conn) write(ctx context.Context, h header, r reply) error {
	id, isID := r.(statementID)
	typ := thrift.TType(thrift.STRUCT)
	if isID {
		typ = thrift.I64
	}
	p := c.out
	for _, step := range []func() error{
		func() error { return p.WriteMessageBegin(ctx, h.name, thrift.REPLY, h.seq) },
		func() error { return p.WriteStructBegin(ctx, "result") },
		func() error { return p.WriteFieldBegin(ctx, "success", typ, 0) },
		func() error {
			if isID {
				return p.WriteI64(ctx, int64(id))
			}
			return r.Write(ctx, p)
		},
		func() error { return p.WriteFieldEnd(ctx) },
		func() error { return p.WriteFieldStop(ctx) },
		func() error { return p.WriteStructEnd(ctx) },
		func() error { return p.WriteMessageEnd(ctx) },
	} {
		if err := step(); err != nil {
			return exception(thrift.INTERNAL_ERROR, "writing the result: "+err.Error())
		}
	}
	return nil
}

// fail replaces the answer by an application exception.
func (c *conn) fail(ctx context.Context, h header, cause error) {
	var ex thrift.TApplicationException
	if !errors.As(cause, &ex) {
		ex = exception(thrift.INTERNAL_ERROR, cause.Error())
	}
	c.wire.out = c.wire.out[:4]
	_ = c.out.WriteMessageBegin(ctx, h.name, thrift.EXCEPTION, h.seq)
	_ = ex.Write(ctx, c.out)
	_ = c.out.WriteMessageEnd(ctx)
}

func exception(typ int32, text string) thrift.TApplicationException {
	return thrift.NewTApplicationException(typ, text)
}

// codeOf names the outcome of a call for the metrics.
func codeOf(r reply, err error) int32 {
	if err != nil {
		return 0
	}
	switch v := r.(type) {
	case *gen.TSStatus:
		return v.Code
	case interface{ GetStatus() *gen.TSStatus }:
		return v.GetStatus().GetCode()
	}
	return int32(status.Success)
}

// host cuts the port off an address, so that log lines of one peer can be counted.
func host(addr string) string {
	h, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	return h
}

// clip bounds a name that comes from outside.
func clip(name string) string {
	if len(name) > 64 {
		name = name[:64] + "…"
	}
	return fmt.Sprintf("%q", name)
}
