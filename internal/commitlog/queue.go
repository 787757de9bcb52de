package commitlog

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"sync"
	"time"
)

const chunkBytes = 256 << 10 // of the write buffer; a larger record has its own

// batch is what one write and one fsync make durable.
type batch struct {
	chunks [][]byte // records lie whole in one chunk
	bytes  int
	groups int
	first  uint64 // position of the first record
	last   uint64
	done   chan struct{} // closed when err is final
	err    error
}

// queue orders groups and collects them into the next batch.
//
// Positions are given at Begin. That is right because a batch that fails takes
// with it everything begun after it, and next goes back.
type queue struct {
	mu       sync.Mutex
	room     sync.Cond     // waits for queued to shrink
	cur      *batch        // being filled; nil = nothing waits
	next     uint64        // position of the next record
	queued   int           // bytes in cur and in the batch being written
	limit    int           // of queued
	closed   bool          // no more Begins
	wake     chan struct{} // capacity 1: cur is not nil, or closed
	chunks   sync.Pool     // *[]byte of chunkBytes
	salt     salt
	maxBytes int // of one record's payload
	maxGroup int // of one group's payloads
}

func newQueue(cfg Config, next uint64, s salt) *queue {
	q := &queue{
		next:     next,
		limit:    cfg.Pending,
		wake:     make(chan struct{}, 1),
		salt:     s,
		maxBytes: cfg.MaxRecord,
		maxGroup: cfg.MaxGroup,
	}
	q.room.L = &q.mu
	return q
}

// check refuses what is not a group and returns its size on disk.
func (q *queue) check(recs []Record) (size int, err error) {
	if len(recs) == 0 || len(recs) > maxRecords {
		return 0, fmt.Errorf("%w: a group of %d records, want 1 to %d", ErrTooLarge, len(recs), maxRecords)
	}
	total := 0
	for i := range recs {
		n := len(recs[i].Payload)
		if n > q.maxBytes {
			return 0, fmt.Errorf("%w: payload of %d bytes, cap %d", ErrTooLarge, n, q.maxBytes)
		}
		if recs[i].Kind > maxKind {
			return 0, fmt.Errorf("commitlog: kind %d is above %d", recs[i].Kind, maxKind)
		}
		total += n
	}
	if total > q.maxGroup {
		return 0, fmt.Errorf("%w: group of %d payload bytes, cap %d", ErrTooLarge, total, q.maxGroup)
	}
	return total + recordHeader*len(recs), nil
}

// begin appends a checked group of size bytes to the current batch.
func (q *queue) begin(recs []Record, size int) (Pending, error) {
	now := time.Now().UnixNano()
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.queued > 0 && q.queued+size > q.limit && !q.closed {
		q.room.Wait()
	}
	if q.closed {
		return Pending{}, ErrClosed
	}
	if q.cur == nil {
		q.cur = &batch{first: q.next, done: make(chan struct{})}
	}
	b := q.cur
	for i := range recs {
		r := &recs[i]
		h := header{
			Label:      r.Label,
			payloadCRC: crc32.Checksum(r.Payload, castagnoli),
			length:     uint32(len(r.Payload)),
			left:       uint32(len(recs) - 1 - i),
			pos:        q.next,
			time:       now,
			back:       uint32(q.next - b.first),
		}
		dst := q.grow(b, int(h.size()))
		h.put(dst, q.salt)
		copy(dst[recordHeader:], r.Payload)
		b.last = q.next
		q.next++
	}
	b.bytes += size
	b.groups++
	q.queued += size
	q.signal()
	return Pending{b: b, last: b.last}, nil
}

// grow returns n more bytes of a batch, all in one chunk.
func (q *queue) grow(b *batch, n int) []byte {
	if k := len(b.chunks); k > 0 {
		c := b.chunks[k-1]
		if have := len(c); cap(c)-have >= n {
			b.chunks[k-1] = c[:have+n]
			return c[have : have+n]
		}
	}
	var c []byte
	if n > chunkBytes {
		c = make([]byte, n)
	} else if p, ok := q.chunks.Get().(*[]byte); ok {
		c = (*p)[:n]
	} else {
		c = make([]byte, n, chunkBytes)
	}
	b.chunks = append(b.chunks, c)
	return c
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take waits for a batch and returns it; nil means closed and empty.
func (q *queue) take() *batch {
	for range q.wake {
		q.mu.Lock()
		b, closed := q.cur, q.closed
		q.cur = nil
		q.mu.Unlock()
		if b != nil {
			if closed {
				q.signal() // so that the next call finds it closed
			}
			return b
		}
		if closed {
			return nil
		}
	}
	return nil
}

// finish settles a batch. An error takes what was begun since with it.
func (q *queue) finish(b *batch, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle(b, err)
	if err != nil {
		if q.cur != nil {
			q.settle(q.cur, err)
			q.cur = nil
		}
		q.next = b.first
	}
	q.room.Broadcast()
}

// settle gives a batch its result and takes its chunks back. The lock is held.
func (q *queue) settle(b *batch, err error) {
	b.err = err
	close(b.done)
	q.queued -= b.bytes
	for _, c := range b.chunks {
		if cap(c) == chunkBytes {
			q.chunks.Put(&c)
		}
	}
	b.chunks = nil
}

// waiting returns the bytes that are not durable yet.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.queued
}

// close refuses further groups; what was begun is still taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.room.Broadcast()
	q.signal()
}

// Pending is a group that was begun.
type Pending struct {
	b    *batch
	last uint64
}

// Wait returns the position of the group's last record when the whole group is
// durable. A cancelled ctx ends the waiting, not the append. After an error of
// the log nothing of the group is visible; after a crash that follows an error
// it may be found all the same, whole.
func (p Pending) Wait(ctx context.Context) (last uint64, err error) {
	if p.b == nil {
		return 0, errors.New("commitlog: nothing was begun")
	}
	select {
	case <-p.b.done:
	default:
		select {
		case <-p.b.done:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	if p.b.err != nil {
		return 0, p.b.err
	}
	return p.last, nil
}
