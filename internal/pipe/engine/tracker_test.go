package engine

import (
	"context"
	"fmt"
	"math/rand"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
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
				if _, err := tr.add(context.Background(), plugin.Item{Pos: seen}, n); err != nil {
					t.Fatal(err)
				}
				waiting = append(waiting, open{seen, n})
			case len(waiting) > 0:
				i := rng.Intn(len(waiting))
				if waiting[i].waits > 0 {
					tr.Ack(waiting[i].pos, 0)
					waiting[i].waits--
				}
				tr.Ack(seen+100, 0) // nonsense is ignored
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
		_, _ = tr.add(ctx, plugin.Item{Pos: 1}, 1)
		_, _ = tr.add(ctx, plugin.Item{Pos: 2}, 1)
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if _, err := tr.add(short, plugin.Item{Pos: 3}, 1); err == nil {
			t.Error("a third position found room")
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := tr.add(ctx, plugin.Item{Pos: 3}, 1); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		tr.Ack(2, 0) // not the first: no room
		synctest.Wait()
		if _, n, _ := tr.progress(); n != 2 {
			t.Errorf("%d positions wait", n)
		}
		tr.Ack(1, 0)
		wg.Wait()
		if prefix, n, _ := tr.progress(); prefix != 2 || n != 1 {
			t.Errorf("prefix %d, %d wait", prefix, n)
		}
	})
}

func TestTrackerClosed(t *testing.T) {
	tr := newTracker(0, 4, func(event.Position) { t.Error("moved after close") })
	_, _ = tr.add(context.Background(), plugin.Item{Pos: 1}, 1)
	tr.close()
	tr.Ack(1, 0)
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
		if _, err := tr.add(ctx, plugin.Item{Pos: pos, More: more}, 1); err != nil {
			t.Fatal(err)
		}
	}
	add(5, true)
	tr.Ack(5, 0)
	add(5, true)
	add(5, true)
	tr.Ack(5, 0)
	tr.Ack(5, 0)
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
	tr.Ack(7, 0)
	tr.Ack(6, 0)
	if at != 5 {
		t.Fatalf("the cursor is at %d before the second item of 6", at)
	}
	tr.Ack(6, 0)
	if at != 7 {
		t.Fatalf("the cursor is at %d, want 7", at)
	}
}

// TestTrackerMarks: of items with marks the last one is remembered behind which nothing
// waits; the prefix moves with their position only.
func TestTrackerMarks(t *testing.T) {
	for seed := int64(1); seed <= 200; seed++ {
		rng := rand.New(rand.NewSource(seed))
		var at event.Position
		tr := newTracker(4, 64, func(p event.Position) { at = p })
		const items = 40
		var waiting []uint64
		done := map[uint64]bool{}
		for i := range items {
			nth, err := tr.add(t.Context(), plugin.Item{Pos: 9, More: true, Mark: fmt.Sprint("m", i+1)}, 1)
			if err != nil || nth != uint64(i+1) {
				t.Fatalf("seed %d: item %d has number %d, %v", seed, i, nth, err)
			}
			waiting = append(waiting, nth)
			for len(waiting) > 0 && rng.Intn(3) > 0 {
				k := rng.Intn(len(waiting))
				tr.Ack(9, waiting[k])
				tr.Ack(9, waiting[k]) // too often is ignored
				done[waiting[k]] = true
				waiting = append(waiting[:k], waiting[k+1:]...)
			}
			want := ""
			for n := uint64(1); done[n]; n++ {
				want = fmt.Sprint("m", n)
			}
			if got := tr.marked(); got != want || at != 0 {
				t.Fatalf("seed %d: mark %q, want %q; cursor %d", seed, got, want, at)
			}
		}
		tr.pass(9)
		if _, err := tr.add(t.Context(), plugin.Item{Pos: 12}, 1); err != nil {
			t.Fatal(err)
		}
		if len(waiting) > 0 && at != 0 {
			t.Fatalf("seed %d: the cursor is at %d before everything is acknowledged", seed, at)
		}
		for _, n := range waiting {
			tr.Ack(9, n)
		}
		if at != 9 || tr.marked() != fmt.Sprint("m", items) {
			t.Fatalf("seed %d: cursor %d, mark %q", seed, at, tr.marked())
		}
		tr.Ack(12, 0)
		if at != 12 {
			t.Fatalf("seed %d: cursor %d behind the marks", seed, at)
		}
	}
}
