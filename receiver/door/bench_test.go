package door

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/sluice-gateway/sluice/framing"
)

// BenchmarkFrame sends frames of 256 KiB and waits for each answer: through the door,
// and to a listener without one.
func BenchmarkFrame(b *testing.B) {
	b.Run("door", func(b *testing.B) {
		ln, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		defer ln.Close()
		fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK, 0)
		if err != nil {
			b.Fatal(err)
		}
		ours, theirs := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
		defer ours.Close()
		go Serve(ln, []Channel{theirs}, slog.New(slog.DiscardHandler))
		l := NewListener(ln.Addr(), []Channel{ours}, func(error) {})
		defer l.Close()
		exchange(b, l)
	})
	b.Run("direct", func(b *testing.B) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		defer ln.Close()
		exchange(b, ln)
	})
}

func exchange(b *testing.B, ln net.Listener) {
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	gw, err := ln.Accept()
	if err != nil {
		b.Fatal(err)
	}
	defer gw.Close()
	frame := framing.AppendFrame(nil, make([]byte, 256<<10), framing.Plain)
	go func() {
		buf := make([]byte, len(frame))
		for {
			if _, err := io.ReadFull(gw, buf); err != nil {
				return
			}
			if _, err := gw.Write([]byte{0}); err != nil {
				return
			}
		}
	}()
	b.SetBytes(int64(len(frame)))
	var answer [1]byte
	for b.Loop() {
		if _, err := client.Write(frame); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(client, answer[:]); err != nil {
			b.Fatal(err)
		}
	}
}
