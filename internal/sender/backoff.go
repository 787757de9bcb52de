package sender

import (
	"math/rand/v2"
	"time"
)

// Backoff is an exponential schedule: the k-th delay is Min·2^k, at most Max,
// spread by jitter over ±25 % so that lanes and gateways do not move in step. The
// zero value has no delay; use the constructors' values.
type Backoff struct {
	Min, Max time.Duration
	step     int
}

// The schedules in use.
const (
	lossMin      = 100 * time.Millisecond // no valid answer, connection broken, refused data, busy target
	lossMax      = time.Minute
	loginMin     = 5 * time.Second // refused handshake: a real server locks users after bad logins
	loginMax     = 10 * time.Minute
	steadyPeriod = time.Minute // a link that lived this long without work was not a failed try
)

// Next returns the delay before the coming try and advances the schedule.
func (b *Backoff) Next(rnd *rand.Rand) time.Duration {
	d := b.Max
	if b.step < 30 && b.Min<<b.step < b.Max {
		d = b.Min << b.step
		b.step++
	}
	if d <= 0 {
		return 0
	}
	return d - d/4 + time.Duration(rnd.Int64N(int64(d/2)+1))
}

// Reset starts the schedule over after a success.
func (b *Backoff) Reset() { b.step = 0 }
