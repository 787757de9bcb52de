package door

import (
	"context"
	"io"
	"log/slog"
	"net"
	"syscall"
	"testing"
	"time"

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
		ours, theirs := joined(b, 1)
		go Serve(ln, theirs, slog.New(slog.DiscardHandler))
		l := NewListener(ln.Addr(), ours, func(error) {})
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
	before := processorTime(b)
	var answer [1]byte
	for b.Loop() {
		if _, err := client.Write(frame); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(client, answer[:]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
}

// processorTime is what this process, so sender, door and gateway, has used so far.
func processorTime(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
