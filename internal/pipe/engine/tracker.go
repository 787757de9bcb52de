package engine

import (
	"context"
	"sync"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
)

// tracker knows which positions were handed to the sink and not yet acknowledged,
// and moves the cursor over the gapless prefix of the acknowledged ones.
//
//	entries  [ 101 done ] [ 104 waits ] [ 105 done, up to 109 ]
//	prefix    103: 102 and 103 held nothing for this pipe
//
// An item with a mark has an entry of its own. It does not move the prefix, which a later
// item of its position does; the mark of the last one taken from the front is remembered.
//
// Invariants: positions in the ring grow, and the numbers within one; the first entry is
// never done; only the last one may be open; the prefix is below the first entry and never
// falls.
type tracker struct {
	mu     sync.Mutex
	ring   []entry
	head   int // index of the first entry
	n      int
	prefix event.Position
	nth    uint64 // of the last item with a mark
	mark   string // of the last such item of which everything before is acknowledged
	acked  uint64 // positions acknowledged, for rates
	closed bool
	move   func(event.Position) // told under mu when the prefix has grown
	room   chan struct{}        // has a token when space was made or the ring became empty
}

// entry is one position on its way.
type entry struct {
	pos   event.Position
	nth   uint64
	mark  string
	upTo  event.Position // the positions pos+1..upTo hold nothing for the pipe
	waits int            // acknowledgements that are missing
	open  bool           // more items of this position will come
}

func newTracker(from event.Position, size int, move func(event.Position)) *tracker {
	return &tracker{ring: make([]entry, size), prefix: from, move: move, room: make(chan struct{}, 1)}
}

func (t *tracker) at(i int) *entry { return &t.ring[(t.head+i)%len(t.ring)] }

// add notes that an item goes to the sink as count items, and returns the number that
// their acknowledgements carry. It waits for room.
func (t *tracker) add(ctx context.Context, it plugin.Item, count int) (nth uint64, err error) {
	for {
		if nth, ok := t.tryAdd(it, count); ok {
			return nth, nil
		}
		select {
		case <-t.room:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// tryAdd is add without waiting.
func (t *tracker) tryAdd(it plugin.Item, count int) (nth uint64, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e := t.last(); it.Mark == "" && e != nil && e.open && e.pos == it.Pos {
		e.waits += count
		e.open = it.More
		return 0, true
	}
	if t.n == len(t.ring) {
		return 0, false
	}
	e := entry{pos: it.Pos, upTo: it.Pos, waits: count, open: it.More}
	if it.Mark != "" {
		t.nth++
		e.nth, e.mark, e.upTo, e.open = t.nth, it.Mark, 0, false
	}
	*t.at(t.n) = e
	t.n++
	return e.nth, true
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
func (t *tracker) Ack(pos event.Position, nth uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lo, hi := 0, t.n
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if e := t.at(mid); e.pos < pos || e.pos == pos && e.nth < nth {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if t.closed || lo == t.n {
		return
	}
	e := t.at(lo)
	if e.pos != pos || e.nth != nth || e.waits == 0 {
		return
	}
	e.waits--
	if lo == 0 {
		t.settle()
	}
}

// settle takes what is done from the front of the ring and moves the prefix.
func (t *tracker) settle() {
	var end event.Position
	for t.n > 0 && t.at(0).waits == 0 && !t.at(0).open {
		end = max(end, t.at(0).upTo)
		if m := t.at(0).mark; m != "" {
			t.mark = m
		}
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

// marked returns the mark of the last item up to which everything is acknowledged; empty
// if there is none yet.
func (t *tracker) marked() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.mark
}
