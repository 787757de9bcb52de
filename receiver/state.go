package receiver

import (
	"context"
	"log/slog"
	"time"
)

// past is a deadline that has passed for every clock.
func past() time.Time { return time.Unix(1, 0) }

// arm sets the read deadline, unless the session is to end: then reading fails at
// once.
func (c *conn) arm(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle.stop {
		t = past()
	}
	_ = c.nc.SetReadDeadline(t) // fails only on a closed connection, which the next read reports
}

// interrupt ends waiting for bytes: now, or when the current request is done.
func (c *conn) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle.stop = true
	_ = c.nc.SetReadDeadline(past())
}

// evict ends the session to make room.
func (c *conn) evict() {
	c.mu.Lock()
	c.idle.evicted = true
	c.mu.Unlock()
	c.interrupt()
}

func (c *conn) stopping() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.idle.stop
}

// whyStopped tells an eviction from the receiver's stop.
func (c *conn) whyStopped() happening {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle.evicted {
		return evicted
	}
	return stopping
}

func (c *conn) setIdle(t time.Time) {
	c.mu.Lock()
	c.idle.since = t
	c.mu.Unlock()
}

// markData notes that this connection is used for more than handshakes.
func (c *conn) markData() {
	c.mu.Lock()
	c.idle.data = true
	c.mu.Unlock()
}

// idleSince returns since when the connection has waited for a frame; false if it
// is busy or has carried data.
func (c *conn) idleSince() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.idle.since, !c.idle.data && !c.idle.stop && !c.idle.since.IsZero()
}

// report counts a verdict and logs what is worth a line: refusals, holds and
// resets, summarised by peer and reason. Ordinary answers and ends are only counted.
func (c *conn) report(v verdict) {
	c.r.met.verdicts.WithLabelValues(v.action.String(), v.reason).Inc()
	level := slog.LevelWarn
	switch v.reason {
	case "handshake_accepted", "durable", "probe", "end_between_frames", "idle_timeout", "stopping", "evicted", "line_broken":
		level = slog.LevelDebug
	}
	c.r.log.Log(context.Background(), level, v.reason+" "+host(c.peer), "gate: "+v.action.String(),
		slog.String("peer", c.peer), slog.String("reason", v.reason), slog.Any("cause", c.detail))
	c.detail = nil
}

func (c *conn) logf(level slog.Level, key, msg string, err error) {
	c.r.log.Log(context.Background(), level, key+" "+host(c.peer), msg, slog.String("peer", c.peer), slog.Any("error", err))
}
