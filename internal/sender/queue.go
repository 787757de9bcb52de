package sender

import (
	"sync"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// entry is one event, or a slice of rows of one, on its way through a lane.
type entry struct {
	pos  event.Position
	nth  uint64
	ev   *event.Event
	rows *tablet.Tablet // of a tablet event: the rows to send, perhaps a slice of ev.Tablet
	size int64          // upper bound of the bytes on the wire
	held int64          // estimate of the memory held until it is acknowledged
	part bool           // more slices of the same event follow: this one does not acknowledge it
	cut  bool           // cut off while it was sent: not counted in the budget
}

// queue is the waiting line of one lane. One goroutine pushes, the lane's
// goroutine peeks and pops; a slice from peek stays valid until pop.
type queue struct {
	mu    sync.Mutex
	items []entry
	head  int
	wake  chan struct{} // holds one token when something was pushed
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

func (q *queue) push(e entry) {
	q.mu.Lock()
	q.items = append(q.items, e)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// peek returns everything that waits.
func (q *queue) peek() []entry {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.items[q.head:len(q.items):len(q.items)]
}

// pop removes the first n.
func (q *queue) pop(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	clear(q.items[q.head : q.head+n])
	q.head += n
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	} else if q.head > 1024 && q.head > len(q.items)/2 {
		k := copy(q.items, q.items[q.head:])
		clear(q.items[k:])
		q.items, q.head = q.items[:k], 0
	}
}
