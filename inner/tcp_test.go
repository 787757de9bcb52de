package inner

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/spec"
)

// TestResetOverTCP: a receiver that resets the connection instead of answering, on
// real sockets, where a reset is another error than over a pipe.
func TestResetOverTCP(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan int, 1)
	go func() {
		n := 0
		defer func() { served <- n }()
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			n++
			_ = conn.(*net.TCPConn).SetLinger(0) // Close resets
			r := framing.NewReader(conn, framing.Limits{})
			for frames := 0; ; frames++ {
				if _, _, err := r.Next(nil); err != nil || n <= 2 && frames == n {
					break
				}
				_, _ = conn.Write([]byte{framing.IoTDB.Byte(framing.OK)})
			}
			_ = conn.Close()
		}
	}()
	d := Declaration(nil)
	v, problems := spec.Parse(d.Fields, []spec.Input{{Key: "node-urls", Value: ln.Addr().String()}, {Key: "lanes", Value: "1"}}, spec.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	a := &acks{}
	out, err := d.NewSink(plugin.SinkContext{Acker: a, ClusterID: "c", Precision: "ms"}, v)
	if err != nil {
		t.Fatal(err)
	}
	s := out.(*Sink)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for i := range 3 {
		write(t, s, row("root.d", int64(i), 1))
		if err := s.Drain(ctx); err != nil {
			t.Fatal(err)
		}
	}
	c := s.Counters()
	_ = s.Close()
	_ = ln.Close()
	if n := <-served; n != 3 || a.count() != 3 || c.Reconnects["broken"] != 2 {
		t.Errorf("%d connections, %d acks, reconnects %v", n, a.count(), c.Reconnects)
	}
}
