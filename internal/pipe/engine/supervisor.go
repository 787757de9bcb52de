package engine

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"time"
)

// supervisor is the goroutine of a pipe that is running or waits for a retry.
type supervisor struct {
	p          *pipe
	soft, hard context.CancelFunc
	done       chan struct{}
}

// supervise runs instances until it is told to stop or the source is at its end.
func (s *supervisor) supervise(soft, hard context.Context, inst *instance) {
	p := s.p
	defer close(s.done)
	defer s.hard()
	pause := p.e.cfg.RetryMin
	for {
		var err error
		if inst == nil {
			inst, err = p.buildStored()
		}
		if err == nil {
			var progress bool
			progress, err = s.run(soft, hard, inst)
			inst = nil
			if progress {
				pause = p.e.cfg.RetryMin
			}
		}
		switch {
		case soft.Err() != nil:
			return
		case errors.Is(err, io.EOF):
			s.settle(onFinish, "")
			p.log.Info("pipe finished: its source is at the end")
			return
		}
		wait := s.jitter(pause)
		pause = min(2*pause, p.e.cfg.RetryMax)
		s.failed(err, wait)
		select {
		case <-soft.Done():
			return
		case <-time.After(wait):
		}
		s.settle(onRetry, "")
	}
}

// jitter shortens a pause by up to half, so that pipes that failed together do not
// come back together. It depends on the pipe and its failures only: tests see the
// same every time.
func (s *supervisor) jitter(pause time.Duration) time.Duration {
	p := s.p
	p.mu.Lock()
	seed := [2]uint64{p.def.ID, p.counts.failures}
	p.mu.Unlock()
	rng := rand.New(rand.NewPCG(seed[0], seed[1]))
	return pause/2 + time.Duration(rng.Int64N(int64(pause/2)+1))
}

// run runs one instance to its end and reports whether it delivered something.
func (s *supervisor) run(soft, hard context.Context, inst *instance) (progress bool, err error) {
	p := s.p
	p.mu.Lock()
	p.inst = inst
	p.counts.launches++
	p.mu.Unlock()
	err = inst.run(soft, hard, p.e.cfg.Drain)
	_, _, acked := inst.tracker.progress()
	noteMark(p)
	p.mu.Lock()
	p.inst = nil
	p.counts.acked += acked
	p.mu.Unlock()
	return acked > 0, err
}

// failed notes an error and when the next try is.
func (s *supervisor) failed(err error, wait time.Duration) {
	p := s.p
	p.mu.Lock()
	p.counts.failures++
	p.retryAt = time.Now().Add(wait)
	p.mu.Unlock()
	p.log.Error("pipe stopped by an error", "error", err, "retry_in", wait)
	s.settle(onFail, err.Error())
}

// settle changes the state for an event that nobody can refuse. What is too late (the
// pipe was stopped or dropped meanwhile) changes nothing.
func (s *supervisor) settle(in input, message string) {
	if _, _, ok := s.p.status().next(in); !ok {
		return
	}
	if err := s.p.transition(in, message, false); err != nil {
		s.p.log.Error("the state of the pipe is not durable", "error", err)
	}
}
