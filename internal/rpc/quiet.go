package rpc

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// quiet writes a line when something happens for the first time and then counts:
// at most one line a minute per message and first attribute value. A client that
// fails a thousand times a second must not fill the disk with log.
type quiet struct {
	out *slog.Logger

	mu   sync.Mutex
	seen map[string]*repeat
}

type repeat struct {
	last  time.Time
	count int // since last
	level slog.Level
	msg   string
	attrs []any
}

const (
	quietEvery = time.Minute
	quietKeys  = 256
)

func newQuiet(out *slog.Logger) *quiet { return &quiet{out: out, seen: map[string]*repeat{}} }

func (q *quiet) warn(msg string, attrs ...any)  { q.add(time.Now(), slog.LevelWarn, msg, attrs) }
func (q *quiet) error(msg string, attrs ...any) { q.add(time.Now(), slog.LevelError, msg, attrs) }

func (q *quiet) add(now time.Time, level slog.Level, msg string, attrs []any) {
	key := msg
	if len(attrs) > 1 {
		key += fmt.Sprint("\x00", attrs[1])
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	r := q.seen[key]
	if r == nil {
		if len(q.seen) >= quietKeys {
			q.summarise(now, true)
			clear(q.seen)
		}
		q.seen[key] = &repeat{last: now, level: level, msg: msg, attrs: attrs}
		q.write(level, msg, attrs)
		return
	}
	r.count, r.attrs = r.count+1, attrs
	if now.Sub(r.last) >= quietEvery {
		q.line(now, r)
	}
}

// flush writes the counts that are a minute old, or all that were held back.
func (q *quiet) flush(all bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.summarise(time.Now(), all)
}

func (q *quiet) summarise(now time.Time, all bool) {
	for key, r := range q.seen {
		old := now.Sub(r.last) >= quietEvery
		switch {
		case r.count > 0 && (old || all):
			q.line(now, r)
		case r.count == 0 && old:
			delete(q.seen, key)
		}
	}
}

func (q *quiet) line(now time.Time, r *repeat) {
	q.write(r.level, r.msg, append(r.attrs[:len(r.attrs):len(r.attrs)], "times", r.count, "since", r.last.UTC().Format(time.RFC3339)))
	r.last, r.count = now, 0
}

func (q *quiet) write(level slog.Level, msg string, attrs []any) {
	switch level {
	case slog.LevelError:
		q.out.Error(msg, attrs...)
	default:
		q.out.Warn(msg, attrs...)
	}
}
