package sender

import (
	"sync"
	"time"
)

// Limiter is a token bucket over bytes: on average Rate bytes per second, at most
// one second's worth at once. A rate of zero or less does not limit.
type Limiter struct {
	Rate float64 // bytes per second

	mu   sync.Mutex
	debt float64 // bytes granted ahead of time
	last time.Time
}

// Reserve grants n bytes and returns how long the caller must wait before it
// sends them. A request larger than one second's worth is granted whole and paid
// for by the wait.
func (l *Limiter) Reserve(n int, now time.Time) time.Duration {
	if l == nil || l.Rate <= 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.last.IsZero() {
		l.debt -= now.Sub(l.last).Seconds() * l.Rate
	}
	l.last = now
	l.debt = max(l.debt, -l.Rate)
	l.debt += float64(n)
	if l.debt <= 0 {
		return 0
	}
	return time.Duration(l.debt / l.Rate * float64(time.Second))
}
