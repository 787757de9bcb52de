package engine

import (
	"context"
	"sync"

	"github.com/sluice-gateway/sluice/internal/event"
)

// tracker knows which positions were handed to the sink and not yet acknowledged,
// and moves the cursor over the gapless prefix of the acknowledged ones.
//
//	entries  [ 101 done ] [ 104 waits ] [ 105 done, up to 109 ]
//	prefix    103: 102 and 103 held nothing for this pipe
//
// Invariants: positions in the ring grow; the first entry is never done; only the last
// one may be open; the prefix is below the first entry and never falls.
type tracker struct {
	mu     sync.Mutex
	ring   []entry
	head   int // index of the first entry
	n      int
	prefix event.Position
	acked  uint64 // positions acknowledged, for rates
	closed bool
	move   func(event.Position) // told under mu when the prefix has grown
	room   chan struct{}        // has a token when space was made or the ring became empty
}

// entry is one position on its way.
type entry struct {
	pos   event.Position
	upTo  event.Position // the positions pos+1..upTo hold nothing for the pipe
	waits int            // acknowledgements that are missing
	open  bool           // more items of this position will come
}

func newTracker(from event.Position, size int, move func(event.Position)) *tracker {
	return &tracker{ring: make([]entry, size), prefix: from, move: move, room: make(chan struct{}, 1)}
}

func (t *tracker) at(i int) *entry { return &t.ring[(t.head+i)%len(t.ring)] }

// add notes that count items of a position go to the sink, and whether the position has
// more. It waits for room.
func (t *tracker) add(ctx context.Context, pos event.Position, count int, more bool) error {
	for {
		t.mu.Lock()
		if e := t.last(); e != nil && e.open && e.pos == pos {
			e.waits += count
			e.open = more
			t.mu.Unlock()
			return nil
		}
		if t.n < len(t.ring) {
			*t.at(t.n) = entry{pos: pos, upTo: pos, waits: count, open: more}
			t.n++
			t.mu.Unlock()
			return nil
		}
		t.mu.Unlock()
		select {
		case <-t.room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pass notes that everything up to pos that was not added holds nothing to deliver.
func (t *tracker) pass(pos event.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.last()
	if e == nil {
		t.advance(pos)
		return
	}
	e.upTo = max(e.upTo, pos)
	if e.open {
		e.open = false
		t.settle()
	}
}

// last returns the newest entry, nil if there is none.
func (t *tracker) last() *entry {
	if t.n == 0 {
		return nil
	}
	return t.at(t.n - 1)
}

// Ack implements plugin.Acker. What is not waiting (unknown, or acknowledged too
// often) is ignored: it cannot move the prefix.
func (t *tracker) Ack(pos event.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lo, hi := 0, t.n
	for lo < hi {
		if mid := int(uint(lo+hi) / 2); t.at(mid).pos < pos {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if t.closed || lo == t.n || t.at(lo).pos != pos || t.at(lo).waits == 0 {
		return
	}
	t.at(lo).waits--
	if lo == 0 {
		t.settle()
	}
}

// settle takes what is done from the front of the ring and moves the prefix.
func (t *tracker) settle() {
	var end event.Position
	for t.n > 0 && t.at(0).waits == 0 && !t.at(0).open {
		end = t.at(0).upTo
		t.head = (t.head + 1) % len(t.ring)
		t.n--
		t.acked++
	}
	t.advance(end)
	select {
	case t.room <- struct{}{}:
	default:
	}
}

func (t *tracker) advance(pos event.Position) {
	if pos > t.prefix && !t.closed {
		t.prefix = pos
		t.move(pos)
	}
}

// close makes every later acknowledgement void: the positions will be read again.
func (t *tracker) close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
}

// progress returns the end of the acknowledged prefix and how many positions wait.
func (t *tracker) progress() (prefix event.Position, waiting int, acked uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.prefix, t.n, t.acked
}
