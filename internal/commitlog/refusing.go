package commitlog

import (
	"log/slog"
	"sync"
	"time"
)

// refusalLasts is for how long a refusal says something about the present, and how
// often a log line repeats it.
const refusalLasts = time.Minute

// refusing remembers that writes are refused, for operators: each writer gets its
// own error anyway.
type refusing struct {
	log *slog.Logger

	mu     sync.Mutex
	err    error // of the last write; nil: it was taken
	at     time.Time
	told   time.Time // last log line about a refusal
	untold int       // refusals since then
	open   bool      // no line has followed it yet
}

// refused notes a write that was not taken.
func (r *refusing) refused(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	r.err, r.at = err, now
	r.untold++
	if now.Sub(r.told) >= refusalLasts {
		r.log.Warn("new data is refused until there is room", "err", err, "refused", r.untold)
		r.told, r.untold, r.open = now, 0, true
	}
}

// taken notes a write that is durable.
func (r *refusing) taken() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		return
	}
	r.err = nil
	if r.open {
		r.log.Info("new data is taken again", "refused", r.untold)
		r.untold, r.open = 0, false
	}
}

// now returns why the last write was refused, nil if that was long ago.
func (r *refusing) now() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.at) >= refusalLasts {
		return nil
	}
	return r.err
}

// Refusing returns why the last write was not taken (quota, no space, a failing
// disk); nil if it was taken, or if none was tried in the last minute.
func (l *Log) Refusing() error { return l.refusing.now() }
