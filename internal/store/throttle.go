package store

import (
	"context"
	"io"
	"time"
)

// slow is a writer that keeps to a number of bytes per second on average; 0 or less: no
// limit.
type slow struct {
	ctx   context.Context
	w     io.Writer
	speed int64
	began time.Time
	bytes int64
}

// Write implements io.Writer. It ends early when the context does.
func (s *slow) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	s.bytes += int64(n)
	if err != nil || s.speed <= 0 {
		return n, err
	}
	due := time.Duration(float64(s.bytes) / float64(s.speed) * float64(time.Second))
	if ahead := due - time.Since(s.began); ahead > time.Millisecond {
		select {
		case <-time.After(ahead):
		case <-s.ctx.Done():
			return n, s.ctx.Err()
		}
	}
	return n, nil
}
