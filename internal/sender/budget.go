package sender

import (
	"context"
	"sync"
)

// budget bounds the bytes of events in memory, per lane and in all, and knows when
// everything has been acknowledged.
//
// Invariants: total is the sum of lanes; taken counts events between take and
// give; an event is let in when its lane and the total stay in bounds, or when its
// lane is empty (otherwise one event larger than the bound would wait for ever).
type budget struct {
	perLane, inAll int64
	stop           <-chan struct{} // ends every wait with ErrClosed

	mu      sync.Mutex
	total   int64
	taken   int64
	lanes   []int64
	waiters int
	changed chan struct{} // closed and replaced by give while somebody waits
}

func newBudget(lanes int, perLane, inAll int64, stop <-chan struct{}) *budget {
	return &budget{perLane: perLane, inAll: inAll, stop: stop, lanes: make([]int64, lanes), changed: make(chan struct{})}
}

// take lets n bytes into a lane, waiting for room until ctx ends.
func (b *budget) take(ctx context.Context, lane int, n int64) error {
	return b.wait(ctx, func() bool {
		have := b.lanes[lane]
		if have > 0 && (have+n > b.perLane || b.total+n > b.inAll) {
			return false
		}
		b.lanes[lane] += n
		b.total += n
		b.taken++
		return true
	})
}

// give returns the bytes of events that are done.
func (b *budget) give(lane int, n int64, events int) {
	b.mu.Lock()
	b.lanes[lane] -= n
	b.total -= n
	b.taken -= int64(events)
	if b.waiters > 0 {
		close(b.changed)
		b.changed = make(chan struct{})
	}
	b.mu.Unlock()
}

// empty waits until every event that was taken has been given back.
func (b *budget) empty(ctx context.Context) error {
	return b.wait(ctx, func() bool { return b.taken == 0 })
}

// wait blocks until try, called with the lock held, succeeds.
func (b *budget) wait(ctx context.Context, try func() bool) error {
	b.mu.Lock()
	for !try() {
		b.waiters++
		changed := b.changed
		b.mu.Unlock()
		var err error
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-b.stop:
			err = ErrClosed
		case <-changed:
		}
		b.mu.Lock()
		b.waiters--
		if err != nil {
			b.mu.Unlock()
			return err
		}
	}
	b.mu.Unlock()
	return nil
}

func (b *budget) inFlight() InFlight {
	b.mu.Lock()
	defer b.mu.Unlock()
	return InFlight{Events: b.taken, Bytes: b.total, Lanes: append([]int64(nil), b.lanes...)}
}
