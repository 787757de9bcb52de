// Package logsum thins out repeated log lines: of lines with the same key the
// first is written at once, and then at most one per period, with the number of
// lines that were held back. What a peer can provoke as often as it likes is
// logged through it, so that nobody can fill a disk with log.
//
// It counts nothing else and never holds back a line whose key is new.
package logsum

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// DefaultPeriod is the shortest time between two lines of one key.
const DefaultPeriod = time.Minute

// maxKeys bounds the memory; when it is reached all keys start over.
const maxKeys = 1024

// Logger writes lines to a slog.Logger, summarised by key. Its methods may be
// called from several goroutines.
type Logger struct {
	log    *slog.Logger
	period time.Duration

	mu   sync.Mutex
	keys map[string]*entry
}

type entry struct {
	next time.Time // no line before
	held int
}

// New returns a Logger; a period of 0 means DefaultPeriod.
func New(log *slog.Logger, period time.Duration) *Logger {
	if period <= 0 {
		period = DefaultPeriod
	}
	return &Logger{log: log, period: period, keys: map[string]*entry{}}
}

// Log writes one line unless a line with the same key was written less than a
// period ago. A line that follows others held back has the attribute repeated.
func (l *Logger) Log(ctx context.Context, level slog.Level, key, msg string, attrs ...slog.Attr) {
	if !l.log.Enabled(ctx, level) {
		return
	}
	held, ok := l.allow(key, time.Now())
	if !ok {
		return
	}
	if held > 0 {
		attrs = append(attrs, slog.Int("repeated", held))
	}
	l.log.LogAttrs(ctx, level, msg, attrs...)
}

func (l *Logger) allow(key string, now time.Time) (held int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.keys[key]
	if e == nil {
		if len(l.keys) >= maxKeys {
			clear(l.keys)
		}
		l.keys[key] = &entry{next: now.Add(l.period)}
		return 0, true
	}
	if now.Before(e.next) {
		e.held++
		return 0, false
	}
	held, e.held, e.next = e.held, 0, now.Add(l.period)
	return held, true
}
