package receiver

import (
	"context"
	"net"
	"sync"
	"time"
)

// line is a connection as others may touch it: its deadlines, and whether it waits
// for a frame.
type line struct {
	nc net.Conn

	mu      sync.Mutex
	since   time.Time // waiting for a frame since then; zero while a frame is handled
	data    bool      // a request other than a handshake has come
	stop    bool      // no more waiting
	evicted bool
}

// past is a deadline that has passed for every clock.
func past() time.Time { return time.Unix(1, 0) }

// arm sets the read deadline, unless the session is to end: then reading fails at
// once.
func (l *line) arm(t time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stop {
		t = past()
	}
	_ = l.nc.SetReadDeadline(t) // fails only on a closed connection, which the next read reports
}

// interrupt ends waiting for bytes: now, or when the current request is done.
func (l *line) interrupt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stop = true
	_ = l.nc.SetReadDeadline(past())
}

// evict ends the session to make room.
func (l *line) evict() {
	l.mu.Lock()
	l.evicted = true
	l.mu.Unlock()
	l.interrupt()
}

func (l *line) stopping() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stop
}

// whyStopped tells an eviction from the receiver's stop.
func (l *line) whyStopped() happening {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.evicted {
		return evicted
	}
	return stopping
}

func (l *line) setIdle(t time.Time) {
	l.mu.Lock()
	l.since = t
	l.mu.Unlock()
}

// markData notes that this connection is used for more than handshakes.
func (l *line) markData() {
	l.mu.Lock()
	l.data = true
	l.mu.Unlock()
}

// idleSince returns since when the connection has waited for a frame; false if it
// is busy or has carried data.
func (l *line) idleSince() (time.Time, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.since, !l.data && !l.stop && !l.since.IsZero()
}

// end closes the connection: by RST, unless the sender has ended it already and
// nothing is owed. A reset right behind an answer could overtake it at the peer: it
// waits until the answer of that time is old enough, or hard ends.
func (l *line) end(hard context.Context, silent bool, answered time.Time) {
	if silent {
		if tcp, ok := l.nc.(interface{ SetLinger(int) error }); ok {
			_ = tcp.SetLinger(-1) // failing leaves the reset, which does no harm here
		}
	} else if wait := settle - time.Since(answered); wait > 0 && !answered.IsZero() {
		select {
		case <-hard.Done():
		case <-time.After(wait):
		}
	}
	_ = l.nc.Close()
}

// settle is how old an answer must be before its connection may be reset.
const settle = 200 * time.Millisecond
