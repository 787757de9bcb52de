package sender

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// Strategy is the load-balance-strategy among several endpoints.
type Strategy uint8

// RoundRobin gives lane i endpoint i mod n, Random a random one, Priority always
// the first that works. A lane stays where it is until its connection fails.
const (
	RoundRobin Strategy = iota
	Random
	Priority
)

// ParseStrategy reads the parameter's value.
func ParseStrategy(s string) (Strategy, error) {
	switch strings.ToLower(s) {
	case "", "round-robin":
		return RoundRobin, nil
	case "random":
		return Random, nil
	case "priority":
		return Priority, nil
	}
	return 0, fmt.Errorf("load-balance-strategy: %q is none of round-robin, random, priority", s)
}

// endpoints is what all lanes of a sink know together of the targets: a target
// that does not answer is tried by one lane at a time and on one schedule, however
// many lanes wait for it.
type endpoints struct {
	strategy Strategy

	mu      sync.Mutex
	all     []endpoint
	rnd     *rand.Rand
	changed chan struct{} // closed and replaced when an endpoint changes
}

type endpoint struct {
	address string
	failing bool
	trying  bool // a lane is at it (only while failing)
	refused bool // the last failure was a refused handshake
	since   time.Time
	next    time.Time // no try before this
	loss    Backoff
	login   Backoff
	err     error
}

func newEndpoints(addresses []string, s Strategy, rnd *rand.Rand) *endpoints {
	e := &endpoints{strategy: s, rnd: rnd, changed: make(chan struct{})}
	for _, a := range addresses {
		e.all = append(e.all, endpoint{address: a, loss: Backoff{Min: lossMin, Max: lossMax}, login: Backoff{Min: loginMin, Max: loginMax}})
	}
	return e
}

// pick returns the endpoint lane should try now, or -1 and how long to wait (a
// change may come earlier). shift moves the lane's preference after failures.
func (e *endpoints) pick(lane, shift int, now time.Time) (int, time.Duration, <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := len(e.all)
	first := shift
	switch e.strategy {
	case RoundRobin:
		first += lane
	case Random:
		first += e.rnd.IntN(n)
	}
	wait := lossMax
	for k := range n {
		i := (first + k) % n
		ep := &e.all[i]
		if !ep.failing {
			return i, 0, nil
		}
		if ep.trying {
			continue
		}
		if d := ep.next.Sub(now); d > 0 {
			wait = min(wait, d)
			continue
		}
		ep.trying = true
		return i, 0, nil
	}
	return -1, wait, e.changed
}

// acquire blocks until there is an endpoint to try.
func (e *endpoints) acquire(ctx context.Context, lane, shift int) (int, error) {
	for {
		i, wait, changed := e.pick(lane, shift, time.Now())
		if i >= 0 {
			return i, nil
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return -1, ctx.Err()
		case <-changed:
			t.Stop()
		case <-t.C:
		}
	}
}

// up records an accepted handshake.
func (e *endpoints) up(i int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	ep := &e.all[i]
	if ep.failing {
		ep.failing, ep.trying, ep.refused, ep.err = false, false, false, nil
		e.broadcast()
	}
	ep.loss.Reset()
	ep.login.Reset()
}

// down records a failed try and returns the delay until the next one.
func (e *endpoints) down(i int, refused bool, err error, now time.Time) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	ep := &e.all[i]
	wasTrying := ep.trying
	ep.trying = false
	if !ep.failing {
		ep.failing, ep.since = true, now
	} else if !wasTrying && ep.next.After(now) {
		return ep.next.Sub(now) // several lanes failed at once: one step of the schedule
	}
	ep.refused, ep.err = refused, err
	schedule := &ep.loss
	if refused {
		schedule = &ep.login
	}
	d := schedule.Next(e.rnd)
	ep.next = now.Add(d)
	e.broadcast()
	return d
}

// abandon gives a try back without a result (the sink is closing).
func (e *endpoints) abandon(i int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all[i].trying = false
	e.broadcast()
}

func (e *endpoints) broadcast() {
	close(e.changed)
	e.changed = make(chan struct{})
}

func (e *endpoints) address(i int) string { return e.all[i].address }

// trouble describes the endpoints that fail; empty when none does.
func (e *endpoints) trouble(now time.Time) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []string
	for i := range e.all {
		ep := &e.all[i]
		if !ep.failing {
			continue
		}
		what := "unreachable"
		if ep.refused {
			what = "refuses the handshake"
		}
		next := "trying now"
		if d := ep.next.Sub(now); d > 0 && !ep.trying {
			next = "next try in " + d.Round(100*time.Millisecond).String()
		}
		out = append(out, fmt.Sprintf("%s %s since %s (%v), %s", ep.address, what, ep.since.UTC().Format(time.RFC3339), ep.err, next))
	}
	return out
}
