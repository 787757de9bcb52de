package sender

import (
	"sync/atomic"
	"time"
)

// roundTripBounds are the upper ends of the histogram's buckets.
var roundTripBounds = [...]time.Duration{
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond,
	50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute,
}

// counters count what a sender does; all are safe for concurrent use.
type counters struct {
	requests    atomic.Uint64
	bytes       atomic.Uint64
	events      atomic.Uint64
	points      atomic.Uint64
	files       atomic.Uint64
	answers     [4]atomic.Uint64 // by Verdict
	reconnects  [reasons]atomic.Uint64
	handshakes  atomic.Uint64
	unreachable atomic.Uint64
	rejected    atomic.Uint64 // handshakes refused
	fates
	trips       [len(roundTripBounds) + 1]atomic.Uint64
	tripNanos   atomic.Uint64
	slowest     atomic.Int64 // longest round trip that ended well, ns
	slowestOpen atomic.Int64 // longest connect and handshake that ended well, ns
}

// fates count what became of what could not be delivered as it was.
type fates struct {
	dead     atomic.Uint64
	splits   atomic.Uint64
	left     atomic.Uint64 // left out: no equivalent at the target
	unpacked atomic.Uint64 // files sent as rows
}

func (c *counters) trip(d time.Duration) {
	i := 0
	for i < len(roundTripBounds) && d > roundTripBounds[i] {
		i++
	}
	c.trips[i].Add(1)
	c.tripNanos.Add(uint64(d))
	raise(&c.slowest, int64(d))
}

func raise(v *atomic.Int64, to int64) {
	for {
		old := v.Load()
		if to <= old || v.CompareAndSwap(old, to) {
			return
		}
	}
}

// Counters is a snapshot of what a sender has done since it started.
type Counters struct {
	Requests    uint64 // sent, repeats included
	Bytes       uint64 // of frames on the wire, handshakes not included
	Events      uint64 // acknowledged
	Points      uint64 // values in acknowledged rows
	Files       uint64 // delivered as files
	Answers     map[string]uint64
	Reconnects  map[string]uint64 // connections that ended, by reason
	Handshakes  uint64            // accepted
	Unreachable uint64            // tries to connect that failed
	Rejected    uint64            // handshakes refused
	Fates
	InFlight   InFlight
	RoundTrips Histogram
	Slowest    Needed
}

// Fates count what became of what could not be delivered as it was.
type Fates struct {
	DeadLetters uint64
	Splits      uint64
	LeftOut     uint64 // changes of schema that the target's release has no equivalent for
	Unpacked    uint64 // files whose points were sent as rows
}

// InFlight is what waits for its acknowledgement now.
type InFlight struct {
	Events int64
	Bytes  int64   // estimated memory
	Lanes  []int64 // bytes by lane, the config lane last
}

// Histogram counts durations: Counts[i] of them were at most Bounds[i], the last
// count is of those beyond.
type Histogram struct {
	Bounds []time.Duration
	Counts []uint64
	Sum    time.Duration
}

// Needed is what was really needed at most, to set time-outs by.
type Needed struct {
	Answer time.Duration // longest wait for an answer that came
	Open   time.Duration // longest connect and handshake that succeeded
}

func (c *counters) snapshot() Counters {
	s := Counters{
		Requests: c.requests.Load(), Bytes: c.bytes.Load(), Events: c.events.Load(), Points: c.points.Load(), Files: c.files.Load(),
		Answers: map[string]uint64{}, Reconnects: map[string]uint64{},
		Handshakes: c.handshakes.Load(), Unreachable: c.unreachable.Load(), Rejected: c.rejected.Load(),
		Fates:      Fates{DeadLetters: c.dead.Load(), Splits: c.splits.Load(), LeftOut: c.left.Load(), Unpacked: c.unpacked.Load()},
		RoundTrips: Histogram{Bounds: roundTripBounds[:], Sum: time.Duration(c.tripNanos.Load())},
		Slowest:    Needed{Answer: time.Duration(c.slowest.Load()), Open: time.Duration(c.slowestOpen.Load())},
	}
	for i, name := range [...]string{"ok", "refused", "busy", "offset"} {
		s.Answers[name] = c.answers[i].Load()
	}
	for r := ReasonTimeout; r < reasons; r++ {
		s.Reconnects[r.String()] = c.reconnects[r].Load()
	}
	for i := range c.trips {
		s.RoundTrips.Counts = append(s.RoundTrips.Counts, c.trips[i].Load())
	}
	return s
}
