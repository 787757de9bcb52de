package door

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/framing"
)

// joined returns the two ends of n channels.
func joined(t testing.TB, n int) (gateway, door Channels) {
	t.Helper()
	pipe := func() (r, w Stream) {
		a, b, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { a.Close(); b.Close() })
		return a, b
	}
	door.Orders, gateway.Orders = pipe()
	for range n {
		r, w := pipe()
		gateway.Messages, door.Messages = append(gateway.Messages, r), append(door.Messages, w)
	}
	return gateway, door
}

// stage is a door in this process with n channels.
func stage(t *testing.T, n int) (*Listener, string) {
	t.Helper()
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			syscall.SetsockoptLinger(int(fd), syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
		})
	}}
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	ours, theirs := joined(t, n)
	go Serve(ln, theirs, slog.New(slog.DiscardHandler))
	l := NewListener(ln.Addr(), ours, func(error) {})
	t.Cleanup(func() { l.Close() })
	return l, ln.Addr().String()
}

func connect(t *testing.T, l *Listener, addr string) (client, gateway net.Conn) {
	t.Helper()
	client, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	client.SetDeadline(time.Now().Add(10 * time.Second))
	gateway, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return client, gateway
}

// TestAnswers: a request comes through whole, its answer goes back, and the peer's
// address is the client's.
func TestAnswers(t *testing.T) {
	l, addr := stage(t, 2)
	for _, wrap := range []framing.Wrap{framing.Plain, framing.ELanguage} {
		for _, size := range []int{0, 1, 500, 300_000} {
			client, gw := connect(t, l, addr)
			if gw.RemoteAddr().String() != client.LocalAddr().String() {
				t.Errorf("peer %s, want %s", gw.RemoteAddr(), client.LocalAddr())
			}
			frame := framing.AppendFrame(nil, bytes.Repeat([]byte{7}, size), wrap)
			for _, reply := range []byte{0x00, 0xff} {
				go client.Write(frame)
				got := make([]byte, len(frame))
				if _, err := io.ReadFull(gw, got); err != nil || !bytes.Equal(got, frame) {
					t.Fatalf("%v, %d bytes: error %v", wrap, size, err)
				}
				if _, err := gw.Write([]byte{reply}); err != nil {
					t.Fatal(err)
				}
				var b [1]byte
				if _, err := io.ReadFull(client, b[:]); err != nil || b[0] != reply {
					t.Fatalf("%v, %d bytes: answer %x, error %v", wrap, size, b, err)
				}
			}
			gw.Close()
			if _, err := client.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("after a hard close the client reads %v", err)
			}
		}
	}
}

// TestGatewayCannotCheat: whatever the gateway orders, no byte leaves that has no
// complete request behind it or is neither 00 nor ff; the connection is reset.
func TestGatewayCannotCheat(t *testing.T) {
	frame := framing.AppendFrame(nil, []byte("payload"), framing.Plain)
	broken := append([]byte(nil), frame...)
	broken[3]++
	for _, c := range []struct {
		name    string
		sent    []byte
		answers []byte
		lawful  int
	}{
		{"a byte nobody asked for", nil, []byte{0}, 0},
		{"a byte for half a request", frame[:len(frame)-1], []byte{0}, 0},
		{"a second byte", frame, []byte{0, 0}, 1},
		{"a third byte for two requests", append(append([]byte(nil), frame...), frame...), []byte{0, 0xff, 0}, 2},
		{"a byte with one bit", frame, []byte{1}, 0},
		{"a byte for what cannot be delimited", broken, []byte{0}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, addr := stage(t, 1)
			client, gw := connect(t, l, addr)
			if _, err := client.Write(c.sent); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(gw, make([]byte, len(c.sent))); err != nil {
				t.Fatal(err)
			}
			for _, b := range c.answers {
				if _, err := gw.Write([]byte{b}); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := gw.Read(make([]byte, 1)); !errors.Is(err, errBroken) {
				t.Errorf("the gateway reads %v, want the end of the connection", err)
			}
			got, err := io.ReadAll(client)
			if len(got) > c.lawful || !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the client got %x (%v); %d bytes are lawful", got, err, c.lawful)
			}
		})
	}
}

// TestSeveralBytesAtOnce: the gateway's own side refuses them before the door does.
func TestSeveralBytesAtOnce(t *testing.T) {
	l, addr := stage(t, 1)
	_, gw := connect(t, l, addr)
	if _, err := gw.Write([]byte{0, 0}); err == nil {
		t.Error("two bytes were taken")
	}
}

// TestEnds: FIN and RST of the sender arrive as such; a soft close is a FIN.
func TestEnds(t *testing.T) {
	l, addr := stage(t, 1)
	client, gw := connect(t, l, addr)
	client.(*net.TCPConn).CloseWrite()
	if _, err := gw.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after FIN: %v", err)
	}
	gw.(interface{ SetLinger(int) error }).SetLinger(-1)
	gw.Close()
	if n, err := client.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after a soft close the client reads %d, %v", n, err)
	}
	client, gw = connect(t, l, addr)
	client.(*net.TCPConn).SetLinger(0)
	client.Close()
	if _, err := gw.Read(make([]byte, 1)); !errors.Is(err, errBroken) {
		t.Errorf("after RST: %v", err)
	}
	gw.Close()
}

// TestReuse: one channel serves many connections; what a connection left unread does
// not reach the next one, nor does a debt of answers.
func TestReuse(t *testing.T) {
	l, addr := stage(t, 1)
	frame := framing.AppendFrame(nil, make([]byte, 200_000), framing.Plain)
	for i := range 50 {
		client, gw := connect(t, l, addr)
		gw.SetReadDeadline(time.Unix(1, 0))
		if _, err := gw.Read(make([]byte, 10)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("past deadline: %v", err)
		}
		gw.SetReadDeadline(time.Time{})
		sent := make(chan bool)
		go func() { client.Write(frame); close(sent) }()
		var first [20]byte
		if _, err := io.ReadFull(gw, first[:]); err != nil || binary.BigEndian.Uint32(first[:]) != uint32(len(frame)-8) {
			t.Fatalf("round %d: begins with %x, error %v", i, first, err)
		}
		gw.Close()
		client.Close()
		<-sent
	}
}

// TestUnreadAnswers: the door does not wait for a sender that reads none of its
// answers; others would wait with it.
func TestUnreadAnswers(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	deaf, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	fill, s := make([]byte, 1<<20), slot{}
	for err = nil; err == nil; { // what the other side still takes makes room: not for ever
		raw.Write(func(fd uintptr) bool {
			for e := syscall.Errno(0); e == 0; {
				_, e = transfer(syscall.SYS_WRITE, fd, fill)
			}
			return true
		})
		s.owed = 1
		err = s.answer(conn.(*net.TCPConn), 0)
	}
	if !errors.Is(err, errUnread) {
		t.Errorf("the answer: %v", err)
	}
}

// TestMoved: what the kernel moves arrives as what is copied does, with pauses and
// cuts at every place where the door changes between the two.
func TestMoved(t *testing.T) {
	l, addr := stage(t, 1)
	client, gw := connect(t, l, addr)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		payload := make([]byte, rnd.IntN(3*wide>>rnd.IntN(12)))
		for j := range payload {
			payload[j] = byte(rnd.Uint32())
		}
		frame := framing.AppendFrame(nil, payload, framing.Wrap(i%2))
		got := make([]byte, len(frame))
		read := make(chan error)
		go func() {
			_, err := io.ReadFull(gw, got)
			read <- err
		}()
		for p := frame; len(p) > 0; {
			n := min(len(p), 1+rnd.IntN(2*readSize<<rnd.IntN(8)))
			if _, err := client.Write(p[:n]); err != nil {
				t.Fatal(err)
			}
			p = p[n:]
		}
		if err := <-read; err != nil || !bytes.Equal(got, frame) {
			t.Fatalf("round %d, %d bytes: error %v", i, len(frame), err)
		}
		var b [1]byte
		if _, err := gw.Write([]byte{0xff}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(client, b[:]); err != nil {
			t.Fatalf("round %d: the answer: %v", i, err)
		}
	}
}

// TestClosedMidway: the gateway gives a connection up in the middle of a long request;
// the next one on the same channel begins clean.
func TestClosedMidway(t *testing.T) {
	l, addr := stage(t, 1)
	frame := framing.AppendFrame(nil, make([]byte, 4<<20), framing.Plain)
	for range 20 {
		client, gw := connect(t, l, addr)
		sent := make(chan bool)
		go func() { client.Write(frame); close(sent) }() // ends by the reset
		if _, err := io.ReadFull(gw, make([]byte, 100_000)); err != nil {
			t.Fatal(err)
		}
		gw.Close()
		<-sent
	}
}

// TestForeignOrder: an order that no channel has ends the door.
func TestForeignOrder(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, order := range [][]byte{{0, 1, answer, 0}, {0xff, 0xff, closeHard, 0}, {0, 0}} {
		ours, theirs := joined(t, 1)
		ended := make(chan error)
		go func() { ended <- Serve(ln, theirs, slog.New(slog.DiscardHandler)) }()
		if _, err := ours.Orders.Write(order); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err == nil || !strings.Contains(err.Error(), "order") {
			t.Errorf("%x: %v", order, err)
		}
	}
}

// TestDoorGone: the gateway is told.
func TestDoorGone(t *testing.T) {
	a, b := joined(t, 1)
	failed := make(chan error, 1)
	l := NewListener(&net.TCPAddr{}, a, func(err error) { failed <- err })
	defer l.Close()
	b.Messages[0].Close()
	if err := <-failed; err == nil {
		t.Error("no error")
	}
}

// TestCounterInPieces: requests are counted alike however they are cut.
func TestCounterInPieces(t *testing.T) {
	var stream []byte
	for i := range 40 {
		wrap := framing.Plain
		if i%3 == 0 {
			wrap = framing.ELanguage
		}
		stream = framing.AppendFrame(stream, make([]byte, i*37%300), wrap)
	}
	for step := 1; step < 200; step++ {
		var c counter
		n := 0
		for p := stream; len(p) > 0; p = p[min(step, len(p)):] {
			n += c.feed(p[:min(step, len(p))])
		}
		if n != 40 || c.lost {
			t.Fatalf("pieces of %d: %d requests, lost %v", step, n, c.lost)
		}
	}
}
