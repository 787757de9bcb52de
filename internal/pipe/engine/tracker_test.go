package engine

import (
	"context"
	"math/rand"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/event"
)

// TestTrackerAgainstModel compares the ring with the obvious rule: the prefix ends
// before the first position that is added and not acknowledged.
func TestTrackerAgainstModel(t *testing.T) {
	for seed := int64(1); seed <= 200; seed++ {
		rng := rand.New(rand.NewSource(seed))
		var moved event.Position
		tr := newTracker(0, 1+rng.Intn(20), func(p event.Position) {
			if p <= moved {
				t.Fatalf("seed %d: the cursor falls from %d to %d", seed, moved, p)
			}
			moved = p
		})
		type open struct {
			pos   event.Position
			waits int
		}
		var waiting []open
		seen := event.Position(0) // highest position added or passed
		for range 300 {
			switch {
			case rng.Intn(3) == 0:
				seen += event.Position(1 + rng.Intn(3))
				tr.pass(seen)
			case rng.Intn(2) == 0 && len(waiting) < len(tr.ring):
				seen += event.Position(1 + rng.Intn(3))
				n := 1 + rng.Intn(3)
				if err := tr.add(context.Background(), seen, n, false); err != nil {
					t.Fatal(err)
				}
				waiting = append(waiting, open{seen, n})
			case len(waiting) > 0:
				i := rng.Intn(len(waiting))
				if waiting[i].waits > 0 {
					tr.Ack(waiting[i].pos)
					waiting[i].waits--
				}
				tr.Ack(seen + 100) // nonsense is ignored
				for len(waiting) > 0 && waiting[0].waits == 0 {
					waiting = waiting[1:]
				}
			}
			want := seen
			if len(waiting) > 0 {
				want = waiting[0].pos - 1
			}
			got, n, _ := tr.progress()
			// positions below the first waiting one that were only passed over may not be
			// reported yet, because pass is called behind them
			if got > want || n != len(waiting) {
				t.Fatalf("seed %d: prefix %d with %d waiting, model %d with %d", seed, got, n, want, len(waiting))
			}
			if len(waiting) == 0 && got != want {
				t.Fatalf("seed %d: nothing waits and the prefix is %d of %d", seed, got, want)
			}
		}
	}
}

func TestTrackerWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := newTracker(0, 2, func(event.Position) {})
		ctx := t.Context()
		_ = tr.add(ctx, 1, 1, false)
		_ = tr.add(ctx, 2, 1, false)
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if err := tr.add(short, 3, 1, false); err == nil {
			t.Error("a third position found room")
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := tr.add(ctx, 3, 1, false); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		tr.Ack(2) // not the first: no room
		synctest.Wait()
		if _, n, _ := tr.progress(); n != 2 {
			t.Errorf("%d positions wait", n)
		}
		tr.Ack(1)
		wg.Wait()
		if prefix, n, _ := tr.progress(); prefix != 2 || n != 1 {
			t.Errorf("prefix %d, %d wait", prefix, n)
		}
	})
}

func TestTrackerClosed(t *testing.T) {
	tr := newTracker(0, 4, func(event.Position) { t.Error("moved after close") })
	_ = tr.add(context.Background(), 1, 1, false)
	tr.close()
	tr.Ack(1)
	tr.pass(9)
}

// TestTrackerSeveralItems: a position whose items come one by one is done when it is
// closed and all of them are acknowledged, in either order.
func TestTrackerSeveralItems(t *testing.T) {
	ctx := t.Context()
	var at event.Position
	tr := newTracker(4, 2, func(p event.Position) { at = p })
	add := func(pos event.Position, more bool) {
		t.Helper()
		if err := tr.add(ctx, pos, 1, more); err != nil {
			t.Fatal(err)
		}
	}
	add(5, true)
	tr.Ack(5)
	add(5, true)
	add(5, true)
	tr.Ack(5)
	tr.Ack(5)
	if at != 0 {
		t.Fatalf("an open position moved the cursor to %d", at)
	}
	tr.pass(5) // nothing more of it
	if at != 5 {
		t.Fatalf("the cursor is at %d, want 5", at)
	}
	add(6, true)
	add(6, false)
	add(7, false)
	tr.Ack(7)
	tr.Ack(6)
	if at != 5 {
		t.Fatalf("the cursor is at %d before the second item of 6", at)
	}
	tr.Ack(6)
	if at != 7 {
		t.Fatalf("the cursor is at %d, want 7", at)
	}
}
