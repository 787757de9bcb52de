package sender

import (
	"sync"
	"time"
)

// Summary thins out repeated log lines: the first of a key is let through at
// once, further ones once a minute with the number held back in between.
type Summary struct {
	Period time.Duration // zero means one minute

	mu   sync.Mutex
	seen map[string]*repeated
}

type repeated struct {
	last time.Time
	held int
}

const maxSummaryKeys = 256

// Allow reports whether a line with this key may be written now, and how many
// like it were held back since the last.
func (s *Summary) Allow(key string, now time.Time) (held int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	period := s.Period
	if period == 0 {
		period = time.Minute
	}
	r := s.seen[key]
	if r == nil {
		if s.seen == nil || len(s.seen) >= maxSummaryKeys {
			s.seen = map[string]*repeated{} // too many different lines: start over
		}
		s.seen[key] = &repeated{last: now}
		return 0, true
	}
	if now.Sub(r.last) < period {
		r.held++
		return 0, false
	}
	held, r.held, r.last = r.held, 0, now
	return held, true
}
