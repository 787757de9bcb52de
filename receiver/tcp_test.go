package receiver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/framing"
)

// tcpRig listens on loopback with short times.
func tcpRig(t *testing.T, cfg Config) (*rig, string) {
	t.Helper()
	cfg.ResetDelay = 10 * time.Millisecond
	g := newRig(t, cfg)
	addr, err := g.r.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.r.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return g, addr.String()
}

func dialTCP(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// exchange sends bytes and reads until the end of the connection or n bytes.
func exchange(t *testing.T, c net.Conn, out []byte, n int) ([]byte, error) {
	t.Helper()
	if _, err := c.Write(out); err != nil {
		return nil, err
	}
	b := make([]byte, n)
	m, err := io.ReadFull(c, b)
	return b[:m], err
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// TestResetOnTheWire: on a real socket a broken stream ends with RST, not FIN, and
// a connection in order answers.
func TestResetOnTheWire(t *testing.T) {
	_, addr := tcpRig(t, Config{})
	c := dialTCP(t, addr)
	got, err := exchange(t, c, append(frame(v2()), frame(data(1))...), 2)
	if err != nil || got[0] != 0 || got[1] != 0 {
		t.Fatalf("% x, %v", got, err)
	}
	got, err = exchange(t, c, raw(9, 10, 0, nil), 1)
	if len(got) != 0 || !isReset(err) {
		t.Errorf("% x, %v; want a reset", got, err)
	}
}

// TestEndOnTheWire: the sender's own FIN between frames is answered by FIN; inside a
// frame, or with the answer still owed, never.
func TestEndOnTheWire(t *testing.T) {
	g, addr := tcpRig(t, Config{})
	c := dialTCP(t, addr)
	if _, err := exchange(t, c, frame(v2()), 1); err != nil {
		t.Fatal(err)
	}
	_ = c.CloseWrite()
	if _, err := exchangeEnd(c); err != io.EOF {
		t.Errorf("FIN between frames: %v, want FIN", err)
	}
	c = dialTCP(t, addr)
	if _, err := exchange(t, c, append(frame(v2()), frame(data(1))[:9]...), 1); err != nil {
		t.Fatal(err)
	}
	_ = c.CloseWrite()
	if _, err := exchangeEnd(c); !isReset(err) {
		t.Errorf("FIN inside a frame: %v, want a reset", err)
	}
	// the answer to a whole frame still comes when the sender has ended its side
	c = dialTCP(t, addr)
	if _, err := c.Write(append(frame(v2()), frame(data(1))...)); err != nil {
		t.Fatal(err)
	}
	_ = c.CloseWrite()
	if b, err := io.ReadAll(c); len(b) != 2 || err != nil {
		t.Errorf("% x, %v", b, err)
	}
	if n := len(g.store.seen()); n != 1 {
		t.Errorf("%d committed", n)
	}
}

func exchangeEnd(c net.Conn) (int, error) {
	var b [1]byte
	return c.Read(b[:])
}

// TestStopOnTheWire: stopping resets idle connections.
func TestStopOnTheWire(t *testing.T) {
	g, addr := tcpRig(t, Config{})
	c := dialTCP(t, addr)
	if _, err := exchange(t, c, frame(v2()), 1); err != nil {
		t.Fatal(err)
	}
	if err := g.r.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := exchangeEnd(c); !isReset(err) {
		t.Errorf("%v, want a reset", err)
	}
	if _, err := g.r.Listen(t.Context(), "127.0.0.1:0"); err == nil {
		t.Error("listens after Stop")
	}
}

// TestAllowList: an address outside the networks is reset before a byte is read.
func TestAllowList(t *testing.T) {
	_, addr := tcpRig(t, Config{Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	c, err := net.Dial("tcp", addr) // the reset may come as early as this
	if err == nil {
		defer c.Close()
		var got []byte
		got, err = exchange(t, c, frame(v2()), 1)
		if len(got) != 0 {
			t.Errorf("answered % x", got)
		}
	}
	if !isReset(err) {
		t.Errorf("%v, want a reset", err)
	}
	_, addr = tcpRig(t, Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if _, err := exchange(t, dialTCP(t, addr), frame(v2()), 1); err != nil {
		t.Error(err)
	}
}

// TestListenerPassesLinger: a socket has SO_LINGER 0 before the receiver touches it.
func TestListenerPassesLinger(t *testing.T) {
	lc := net.ListenConfig{Control: lingerZero}
	ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c := dialTCP(t, ln.Addr().String())
	accepted, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = accepted.Close()
	if _, err := exchangeEnd(c); !isReset(err) {
		t.Skipf("this system does not hand SO_LINGER on: %v", err)
	}
}

// TestManyConnections: every connection gets its own answers, whatever the others do.
func TestManyConnections(t *testing.T) {
	g, addr := tcpRig(t, Config{})
	const conns, requests = 40, 20
	errs := make(chan error, conns)
	for i := range conns {
		c := dialTCP(t, addr)
		go func() {
			errs <- func() error {
				r := framing.Fail
				for j := range requests {
					out := frame(v2())
					if j > 0 {
						out = framing.AppendFrame(nil, data(i*requests+j), framing.Wrap(j%2))
					}
					if _, err := c.Write(out); err != nil {
						return err
					}
					var b [1]byte
					if _, err := io.ReadFull(c, b[:]); err != nil {
						return err
					}
					var err error
					if r, err = framing.IoTDB.Reply(b[0]); err != nil || r != framing.OK {
						return errors.New("not OK")
					}
				}
				return nil
			}()
		}()
	}
	for range conns {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := len(g.store.seen()); n != conns*(requests-1) {
		t.Errorf("%d committed", n)
	}
}

// BenchmarkRoundTrip is a request and its answer over loopback, without a disk.
func BenchmarkRoundTrip(b *testing.B) {
	for _, size := range []int{256, 1 << 20} {
		b.Run(map[int]string{256: "size=256", 1 << 20: "size=1MiB"}[size], func(b *testing.B) {
			r := benchReceiver(b)
			addr, err := r.Listen(b.Context(), "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			c, err := net.Dial("tcp", addr.String())
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			ask := func(f []byte) {
				var a [1]byte
				if _, err := c.Write(f); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(c, a[:]); err != nil || a[0] != 0 {
					b.Fatal(a, err)
				}
			}
			ask(frame(v2()))
			f := frame(append(data(1), make([]byte, size)...))
			b.SetBytes(int64(len(f)))
			b.ReportAllocs()
			for b.Loop() {
				ask(f)
			}
			if err := r.Stop(context.Background()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
