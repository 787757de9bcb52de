package gatesim

import (
	"sync"
	"time"
)

// item is what travels through one direction of a connection: bytes or its end.
type item struct {
	data []byte // from a buffer of the pool, nil for an end
	due  time.Time
	end  End // "" for data
}

// queue holds the items of one direction in order. Bytes are bounded by the
// window; an end always fits.
type queue struct {
	window int

	mu    sync.Mutex
	items []item
	head  int
	bytes int // capacity of the buffers held
	last  time.Time

	room chan struct{} // one token when the window opened
	more chan struct{} // one token when an item came
}

func newQueue(window int) *queue {
	return &queue{window: window, room: make(chan struct{}, 1), more: make(chan struct{}, 1)}
}

// put adds an item behind all others; its due time is moved up to theirs. It
// waits for room unless force is set, and gives up when done is closed.
func (q *queue) put(it item, force bool, done <-chan struct{}) bool {
	for {
		q.mu.Lock()
		if force || it.end != "" || q.bytes == 0 || q.bytes+cap(it.data) <= q.window {
			if it.due.Before(q.last) {
				it.due = q.last
			}
			q.last = it.due
			q.items = append(q.items, it)
			q.bytes += cap(it.data)
			q.mu.Unlock()
			token(q.more)
			return true
		}
		q.mu.Unlock()
		select {
		case <-q.room:
		case <-done:
			return false
		}
	}
}

// take returns the oldest item, waiting for one; false when done is closed first.
func (q *queue) take(done <-chan struct{}) (item, bool) {
	for {
		select {
		case <-done:
			return item{}, false
		default:
		}
		q.mu.Lock()
		if q.head < len(q.items) {
			it := q.items[q.head]
			q.items[q.head] = item{}
			q.head++
			if q.head == len(q.items) {
				q.items, q.head = q.items[:0], 0
			}
			q.bytes -= cap(it.data)
			q.mu.Unlock()
			token(q.room)
			return it, true
		}
		q.mu.Unlock()
		select {
		case <-q.more:
		case <-done:
			return item{}, false
		}
	}
}

func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// buffers is a pool of two sizes: small for answers and handshakes, large for bulk.
type buffers struct{ small, large sync.Pool }

const (
	smallBuffer = 4 << 10
	largeBuffer = 64 << 10
)

func (b *buffers) get(large bool) []byte {
	if large {
		if p, ok := b.large.Get().(*[]byte); ok {
			return *p
		}
		return make([]byte, largeBuffer)
	}
	if p, ok := b.small.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, smallBuffer)
}

func (b *buffers) put(p []byte) {
	p = p[:cap(p)]
	switch cap(p) {
	case smallBuffer:
		b.small.Put(&p)
	case largeBuffer:
		b.large.Put(&p)
	}
}
