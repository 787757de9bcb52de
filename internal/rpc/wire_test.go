package rpc

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/thrift/lib/go/thrift"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/rpc/gen"
	"github.com/sluice-gateway/sluice/internal/status"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// pipes records what pipeTransfer hands over.
type pipes struct {
	mu     sync.Mutex
	got    []transfer
	open   int
	closed int
	answer Answer
}

type transfer struct {
	version int8
	typ     int16
	body    []byte
}

func (p *pipes) NewSession(string) PipeSession { p.mu.Lock(); defer p.mu.Unlock(); p.open++; return p }
func (p *pipes) Close()                        { p.mu.Lock(); defer p.mu.Unlock(); p.closed++ }
func (p *pipes) Transfer(_ context.Context, version int8, typ int16, body []byte) Answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, transfer{version, typ, body})
	return p.answer
}

// handshakeFrame is what a pipe sink of a data node sends first; payload-formats.md
// and client-rpc.md have its fields.
const handshakeFrame = `00000060 80010001 0000000c 706970655472616e73666572 00000001
	0c ffff  03 0001 01  06 0002 0033  0b 0003 00000033
	00000002 00000012 74696d657374616d70507265636973696f6e 00000002 6d73
	00000009 636c75737465724944 00000002 6331
	00 00`

// sealFrame seals a.tsfile of 7 bytes.
const sealFrame = `00000041 800100010000000c706970655472616e73666572000000010cffff0300010106000200050b00030000001400000008612e747366696c6500000000000000070000`

func withPipes(p *pipes) func(*Deps) { return func(d *Deps) { d.Pipes = p } }

func dialRaw(t testing.TB, d *door) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", d.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(10 * time.Second))
	return nc
}

func readFrame(t testing.TB, nc net.Conn) []byte {
	t.Helper()
	var head [4]byte
	if _, err := io.ReadFull(nc, head[:]); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, binary.BigEndian.Uint32(head[:]))
	if _, err := io.ReadFull(nc, b); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPipeFrames(t *testing.T) {
	p := &pipes{answer: Answer{Code: status.PipeOffsetReset, Message: "seek", Body: []byte{0, 0, 0, 0, 0, 0, 0, 9}}}
	d := open(t, Config{}, withPipes(p))
	nc := dialRaw(t, d)
	both := append(unhex(t, handshakeFrame), unhex(t, sealFrame)...)
	for _, b := range both { // two frames, one byte at a time
		if _, err := nc.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	wantReply := unhex(t, `80010002 0000000c 706970655472616e73666572 00000001 0c 0000
		0c 0001 08 0001 0000070b 0b 0002 00000004 7365656b 00
		0b 0002 00000008 0000000000000009 00 00`)
	for range 2 {
		if got := readFrame(t, nc); !bytes.Equal(got, wantReply) {
			t.Fatalf("reply %x\nwant  %x", got, wantReply)
		}
	}
	if p.open != 1 || len(p.got) != 2 || p.got[0].typ != 51 || p.got[0].version != 1 || len(p.got[0].body) != 51 || p.got[1].typ != 5 || len(p.got[1].body) != 20 {
		t.Fatalf("%+v", p.got)
	}
	if !bytes.Equal(p.got[1].body, unhex(t, "00000008612e747366696c650000000000000007")) {
		t.Fatalf("%x", p.got[1].body)
	}
	d.stop()
	if p.closed != 1 {
		t.Fatalf("closed %d times", p.closed)
	}
}

func TestPipeRefusals(t *testing.T) {
	forBoth(t, func(t *testing.T, compact bool) {
		p := &pipes{answer: Answer{Code: status.Success}}
		d := open(t, Config{}, withPipes(p))
		c := d.dial(t, compact)
		r, err := c.PipeTransfer(t.Context(), &gen.TPipeTransferReq{Version: 2, Type: 1, Body: []byte{}})
		want(t, r.GetStatus(), err, status.PipeVersion)
		r, err = c.PipeTransfer(t.Context(), &gen.TPipeTransferReq{Version: 1, Type: 1, Body: []byte{1}})
		want(t, r.GetStatus(), err, status.Success)
		if r.Body != nil || p.got[0].body[0] != 1 {
			t.Fatal(r)
		}
		none := open(t, Config{}).dial(t, compact)
		r, err = none.PipeTransfer(t.Context(), &gen.TPipeTransferReq{Version: 1, Type: 1, Body: []byte{}})
		want(t, r.GetStatus(), err, status.Unsupported)
	})
}

// lines collects log lines.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }
func (l *lines) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func withLog(l *lines) func(*Deps) {
	return func(d *Deps) { d.Logger = slog.New(slog.NewTextHandler(l, nil)) }
}

// TestStrangers: each is closed without an answer and named in the log.
func TestStrangers(t *testing.T) {
	for _, c := range []struct{ name, bytes, says string }{
		{"tls", "1603010200", "TLS"},
		{"http", hex.EncodeToString([]byte("GET / HTTP/1.1\r\n")), "HTTP"},
		{"unframed binary", "80010001", "without frames"},
		{"unframed compact", "82210100", "without frames"},
		{"noise", "0000001055", "unknown protocol"},
		{"huge frame", "1fffffff80", "taken are 1 to"},
		{"large frame before a login", "0010000180010001", "taken are 1 to 1048576"},
		{"empty frame", "0000000080", "taken are 1 to"},
		{"reply instead of call", "0000001180010002 00000005 68656c6c6f 00000001", "type 2"},
		{"garbage in a frame", "0000000580ffffff00", "start of a message"},
		{"name longer than the frame", "0000000c80010001 7fffffff 00000001", "start of a message"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := &lines{}
			d := open(t, Config{}, withLog(l))
			nc := dialRaw(t, d)
			if _, err := nc.Write(unhex(t, c.bytes)); err != nil {
				t.Fatal(err)
			}
			if b, _ := io.ReadAll(nc); len(b) != 0 {
				t.Fatalf("an answer: %x", b)
			}
			d.stop()
			if !strings.Contains(l.String(), c.says) {
				t.Fatalf("log %q does not say %q", l, c.says)
			}
		})
	}
}

// TestEveryPrefix cuts a login and a pipe frame at every byte, with FIN.
func TestEveryPrefix(t *testing.T) {
	p := &pipes{answer: Answer{Code: status.Success}}
	d := open(t, Config{}, withPipes(p))
	for _, whole := range [][]byte{unhex(t, sealFrame), encodeCall(t, false, "openSession", &gen.IClientRPCServiceOpenSessionArgs{Req: loginReq("root", "root")}),
		encodeCall(t, true, "openSession", &gen.IClientRPCServiceOpenSessionArgs{Req: loginReq("root", "root")})} {
		for n := range len(whole) {
			nc := dialRaw(t, d)
			_, _ = nc.Write(whole[:n])
			_ = nc.(*net.TCPConn).CloseWrite()
			if b, _ := io.ReadAll(nc); len(b) != 0 {
				t.Fatalf("prefix of %d bytes was answered %x", n, b)
			}
		}
	}
	if len(p.got) != 0 {
		t.Fatalf("%d transfers", len(p.got))
	}
}

// encodeCall is a whole frame with a call.
func encodeCall(t testing.TB, compact bool, name string, a interface {
	Write(context.Context, thrift.TProtocol) error
}) []byte {
	t.Helper()
	w := &wire{out: make([]byte, 4)}
	_, p := newProtocols(w, compact, 1<<26)
	ctx := context.Background()
	_ = p.WriteMessageBegin(ctx, name, thrift.CALL, 7)
	if err := a.Write(ctx, p); err != nil {
		t.Fatal(err)
	}
	_ = p.WriteMessageEnd(ctx)
	binary.BigEndian.PutUint32(w.out, uint32(len(w.out)-4))
	return w.out
}

// TestBitFlips flips every bit of a login's payload: every one is answered or closed,
// nothing hangs, and the door stays open.
func TestBitFlips(t *testing.T) {
	d := open(t, Config{FrameTimeout: 200 * time.Millisecond})
	for _, compact := range []bool{false, true} {
		whole := encodeCall(t, compact, "openSession", &gen.IClientRPCServiceOpenSessionArgs{Req: loginReq("root", "root")})
		for i := 4 * 8; i < 8*len(whole); i++ {
			b := bytes.Clone(whole)
			b[i/8] ^= 1 << (i % 8)
			nc := dialRaw(t, d)
			_, _ = nc.Write(b)
			_ = nc.(*net.TCPConn).CloseWrite()
			if _, err := io.ReadAll(nc); err != nil {
				t.Fatalf("bit %d: %v", i, err)
			}
			_ = nc.Close()
		}
	}
	d.login(t, false)
}

// TestLies: sizes that the frame does not hold end the call, not the connection, and
// cost no memory.
func TestLies(t *testing.T) {
	d := open(t, Config{})
	c := d.login(t, false)
	nc := dialRaw(t, d)
	for _, args := range []string{
		"0c0001 0a0001 0000000000000001 0f0003 0b 7fffffff",                  // list of 2^31-1 strings
		"0c0001 0a0001 0000000000000001 0f0003 0b ffffffff",                  // negative
		"0c0001 0a0001 0000000000000001 0b0002 7fffffff",                     // string
		"0c0001 0d0005 0b0b 3fffffff",                                        // map
		"0c0001 0f0063 0f 7fffffff 0f 7fffffff",                              // unknown field: nested lists
		"0c0001" + strings.Repeat("0c0009", 1000),                            // nested structs
		"0c0001 0a0001 0000000000000001 0f0003 0b 00000002 00000001 61 0000", // cut inside
	} {
		name := "insertTablet"
		if strings.HasPrefix(args, "0c0001 0d") {
			name = "openSession"
		}
		head := append(unhex(t, "80010001"), binary.BigEndian.AppendUint32(nil, uint32(len(name)))...)
		body := append(append(head, name...), append([]byte{0, 0, 0, 9}, unhex(t, args)...)...)
		if _, err := nc.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)); err != nil {
			t.Fatal(err)
		}
		if got := readFrame(t, nc); got[3] != byte(thrift.EXCEPTION) {
			t.Fatalf("%s: answer %x", args, got)
		}
	}
	st, err := c.TestConnectionEmptyRPC(t.Context())
	want(t, st, err, status.Success)
}

func TestUnknownMethodGoesOn(t *testing.T) {
	forBoth(t, func(t *testing.T, compact bool) {
		d := open(t, Config{})
		c := d.login(t, compact)
		_, err := c.Client_().Call(t.Context(), "executeFutureThing", &gen.IClientRPCServiceGetTimeZoneArgs{SessionId: 1}, &gen.IClientRPCServiceGetTimeZoneResult{})
		ex, ok := err.(thrift.TApplicationException)
		if !ok || ex.TypeId() != thrift.UNKNOWN_METHOD {
			t.Fatalf("%T %v", err, err)
		}
		z, err := c.GetTimeZone(t.Context(), 1)
		want(t, z.GetStatus(), err, status.Success)
		// A request without its only argument.
		_, err = c.Client_().Call(t.Context(), "insertTablet", &gen.IClientRPCServiceGetPropertiesArgs{}, &gen.IClientRPCServiceInsertTabletResult{})
		if err == nil {
			t.Fatal("a call without its request was answered")
		}
		st, err := c.TestConnectionEmptyRPC(t.Context())
		want(t, st, err, status.Success)
	})
}

func TestPanicIs305(t *testing.T) {
	l := &lines{}
	d := open(t, Config{}, withLog(l))
	d.back.execute = func(context.Context, sql.Statement) error { panic("boom") }
	c := d.login(t, false)
	st, err := c.SetStorageGroup(t.Context(), 1, "root.a")
	want(t, st, err, status.Internal)
	d.back.mu.TryLock()
	d.back.mu.Unlock()
	d.back.execute = nil
	st, err = c.SetStorageGroup(t.Context(), 1, "root.a")
	want(t, st, err, status.Success)
	d.stop()
	if !strings.Contains(l.String(), "boom") {
		t.Fatalf("the log does not have the panic: %s", l)
	}
}
