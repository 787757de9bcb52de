package inner

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/internal/request"
)

// TestAnswers is the table of what can come back for the first request, in both
// polarities. Afterwards the receiver behaves: the event must arrive in the end,
// be acknowledged once, and the connection must have ended for the named reason.
func TestAnswers(t *testing.T) {
	cases := []struct {
		name   string
		react  func(c *peer)
		reason string        // reconnect that must have been counted, "" for none
		within time.Duration // until it is acknowledged
	}{
		{"ok", func(c *peer) { c.ok() }, "", 0},
		{"ok late but in time", func(c *peer) { c.later(59*time.Second, c.g.polarity.Byte(framing.OK)) }, "", time.Minute},
		{"fail", func(c *peer) { c.fail() }, "refused", time.Second},
		{"0x01", func(c *peer) { c.bytes(0x01) }, "bad_answer", time.Second},
		{"0x7f", func(c *peer) { c.bytes(0x7f) }, "bad_answer", time.Second},
		{"two at once", func(c *peer) { c.bytes(0, 0) }, "stray_byte", time.Second},
		{"ok and fail at once", func(c *peer) { c.bytes(0, 0xff) }, "stray_byte", time.Second},
		{"second byte later", func(c *peer) { c.ok(); c.later(time.Second, 0x00) }, "stray_byte", 0},
		{"none", func(c *peer) {}, "timeout", 62 * time.Second},
		{"too late", func(c *peer) { c.later(61*time.Second, 0x00) }, "timeout", 62 * time.Second},
		{"end of stream", func(c *peer) { c.close() }, "end_of_stream", time.Second},
		{"answer, then end", func(c *peer) { c.ok(); c.close() }, "end_of_stream", 0},
	}
	for _, p := range []framing.Polarity{framing.IoTDB, framing.Inverted} {
		for _, c := range cases {
			t.Run(p.String()+"/"+c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					g := &gate{polarity: p}
					g.react = func(k *peer, n int, typ request.Type, body []byte) {
						if n == 1 {
							g.apply(typ, body)
							c.react(k)
							return
						}
						g.apply(typ, body)
						k.ok()
					}
					a := &acks{}
					s := open(t, g, a, "sink.polarity", p.String(), "lanes", "1")
					began := time.Now()
					write(t, s, row("root.d", 1, 7))
					drain(t, s)
					took := time.Since(began)
					time.Sleep(5 * time.Second) // what comes after the answer
					n := s.Counters().Reconnects
					end(t, s, g)
					if took > c.within || a.count() != 1 || g.values["root.d@1"] != 7 {
						t.Errorf("took %v (at most %v), %d acks, values %v", took, c.within, a.count(), g.values)
					}
					if c.reason != "" && n[c.reason] != 1 {
						t.Errorf("reconnects %v, want one %s", n, c.reason)
					}
					for r, count := range n {
						if count > 0 && r != c.reason {
							t.Errorf("%d reconnects because of %s", count, r)
						}
					}
				})
			})
		}
	}
}

// TestStrayBytes: a byte while nothing is in flight never counts as an answer.
func TestStrayBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{}
		g.shake = func(c *peer, _ request.Type) {
			c.ok()
			if _, n, _ := g.counts(); n == 1 {
				c.later(16*time.Minute, 0x00, 0x00) // of an old receiver: it should never get that far
				c.later(5*time.Second, 0x00)
			}
		}
		a := &acks{}
		s := open(t, g, a, "lanes", "1")
		time.Sleep(10 * time.Second)
		if st := s.Counters().Reconnects["stray_byte"]; st != 1 {
			t.Errorf("%d stray bytes noticed", st)
		}
		if b := s.BytesBack(); b.Unasked != 1 || b.OK != 2 {
			t.Errorf("bytes back %+v", b)
		}
		if a.count() != 0 {
			t.Error("a stray byte acknowledged something")
		}
		write(t, s, row("root.d", 1, 7))
		drain(t, s)
		end(t, s, g)
		if g.values["root.d@1"] != 7 {
			t.Errorf("values %v", g.values)
		}
	})
}

// TestAnswerBeforeTheFrameIsThere: a FAIL that comes in the middle of the frame (a
// real 1.3.7 does that with a payload over its limit) must not confuse what follows.
func TestAnswerBeforeTheFrameIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{}
		first := true
		g.shake = func(c *peer, _ request.Type) {
			c.ok()
			if !first {
				return
			}
			first = false
			var some [20]byte
			_, _ = c.conn.Read(some[:])
			c.fail()
			c.later(time.Second, 0xff) // the rest, taken for a frame of its own
			_, _ = c.conn.Read(some[:])
		}
		a := &acks{}
		s := open(t, g, a, "lanes", "1")
		write(t, s, row("root.d", 1, 7))
		drain(t, s)
		end(t, s, g)
		if g.values["root.d@1"] != 7 || a.count() != 1 {
			t.Errorf("values %v, %d acks", g.values, a.count())
		}
	})
}
