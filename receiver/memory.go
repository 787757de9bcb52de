package receiver

import (
	"context"
	"math/bits"
	"sync"

	"golang.org/x/sync/semaphore"
)

// memory lends buffers for payloads and bounds what is lent: who comes when all is
// lent waits in line. Buffers have sizes of powers of two and are used again.
type memory struct {
	frames   *semaphore.Weighted
	inflated *semaphore.Weighted // never waited for by a holder of nothing, so the two cannot deadlock
	total    int64
	pools    [bits.UintSize]sync.Pool // by log2 of the size
}

// block is a lent buffer.
type block struct {
	buf   []byte
	class int
}

// minClass is log2 of the smallest buffer, 4 KiB.
const minClass = 12

func newMemory(total int64) *memory {
	return &memory{frames: semaphore.NewWeighted(total), inflated: semaphore.NewWeighted(total), total: total}
}

// weight is what a block of a class counts; a single one never exceeds the total.
func (m *memory) weight(class int) int64 { return min(int64(1)<<class, m.total) }

// try lends a buffer with a capacity of at least n bytes, or returns nil if there is
// no room or others wait already.
func (m *memory) try(n int) *block {
	class := classOf(n)
	if !m.frames.TryAcquire(m.weight(class)) {
		return nil
	}
	return m.block(class)
}

// take is try that waits in line until there is room or ctx ends.
func (m *memory) take(ctx context.Context, n int) (*block, error) {
	class := classOf(n)
	if err := m.frames.Acquire(ctx, m.weight(class)); err != nil {
		return nil, err
	}
	return m.block(class), nil
}

func classOf(n int) int { return max(minClass, bits.Len(uint(max(n, 1)-1))) }

func (m *memory) block(class int) *block {
	if b, ok := m.pools[class].Get().(*block); ok {
		return b
	}
	return &block{buf: make([]byte, 0, 1<<class), class: class}
}

// give takes a buffer back.
func (m *memory) give(b *block) {
	m.frames.Release(m.weight(b.class))
	m.pools[b.class].Put(b)
}

// takeInflated counts n bytes that decompression allocates, and returns what
// giveInflated must be told, also after an error.
func (m *memory) takeInflated(ctx context.Context, n int64) (int64, error) {
	n = min(n, m.total)
	if err := m.inflated.Acquire(ctx, n); err != nil {
		return 0, err
	}
	return n, nil
}

func (m *memory) giveInflated(n int64) { m.inflated.Release(n) }
