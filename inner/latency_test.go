package inner

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/request"
)

// TestFarGate: at 100 ms one way a client that writes 1,000 single rows a second to
// ten devices is never more than two round trips behind, and a lone point through an
// idle gate costs one round trip.
func TestFarGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{}
		g.shake = func(c *peer, _ request.Type) { <-time.After(200 * time.Millisecond); c.ok() }
		g.react = func(c *peer, _ int, typ request.Type, body []byte) {
			<-time.After(200 * time.Millisecond)
			g.apply(typ, body)
			c.ok()
		}
		a := &acks{}
		s := open(t, g, a)
		behind := int64(0)
		for i := range 10_000 {
			put(t, s, i, row(fmt.Sprintf("root.d%d", i%10), int64(i), 1))
			time.Sleep(time.Millisecond)
			if i > 1000 { // the connections are open
				behind = max(behind, s.Counters().InFlight.Events)
			}
		}
		drain(t, s)
		if behind > 500 {
			t.Errorf("%d rows behind at 1000 rows a second", behind)
		}
		_, _, before := g.counts()
		began := time.Now()
		put(t, s, 0, row("root.d0", 1<<40, 1))
		drain(t, s)
		if took := time.Since(began); took != 200*time.Millisecond {
			t.Errorf("a lone point took %v", took)
		}
		end(t, s, g)
		if before > 250 || a.count() != 10_001 {
			t.Errorf("%d requests, %d acks", before, a.count())
		}
	})
}

func put(t *testing.T, s *Sink, i int, ev *event.Event) {
	t.Helper()
	if err := s.Write(t.Context(), plugin.Item{Pos: event.Position(i + 1), Event: ev}); err != nil {
		t.Fatal(err)
	}
}
