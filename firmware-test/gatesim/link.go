package gatesim

import (
	"sync"
	"time"
)

// link paces one direction of the whole gate: bytes leave one after the other at
// the rate of the cable, whatever connection they belong to.
type link struct {
	mu   sync.Mutex
	free time.Time // when the cable has sent all it was given
}

// reserve books n bytes that arrive now and returns when the last of them has left.
func (l *link) reserve(now time.Time, n int, rate int64) time.Time {
	if rate <= 0 {
		return now
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(time.Duration(float64(n) / float64(rate) * float64(time.Second)))
	return l.free
}
