package engine

import (
	"math"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-gateway/sluice/internal/event"
)

// descriptions of what Engine exports. Labels: pipe.
func describe(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("sluice_pipe_"+name, help, []string{"pipe"}, nil)
}

// The metrics of a pipe.
const (
	helpRunning   = "1 while the pipe is running, 0 while it is stopped."
	helpRemaining = "Positions of the log, and files of a history, that are not acknowledged yet."
	helpWaiting   = "Positions handed to the sink and not acknowledged yet."
	helpAcked     = "Positions acknowledged since the start of the process."
	helpPosition  = "Position of the log up to which everything is acknowledged."
	helpFailures  = "Errors that stopped the pipe since the start of the process."
	helpHistory   = "1 while a snapshot is sent or needed because the log was let go of."
	helpHeld      = "Bytes of the log that the pipe keeps from being removed."
	helpQuota     = "Most bytes of the log that the pipe may keep; 0 is no limit."
	helpHealthy   = "1 if the sink says that it delivers, or does not tell."
)

// Describe implements prometheus.Collector.
func (e *Engine) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range [...][2]string{{"running", helpRunning}, {"remaining_events", helpRemaining}, {"in_flight_events", helpWaiting},
		{"acked_events_total", helpAcked}, {"acked_position", helpPosition}, {"failures_total", helpFailures}, {"sink_healthy", helpHealthy},
		{"needs_history", helpHistory}, {"log_held_bytes", helpHeld}, {"log_quota_bytes", helpQuota}} {
		ch <- describe(d[0], d[1])
	}
}

// Collect implements prometheus.Collector.
func (e *Engine) Collect(ch chan<- prometheus.Metric) {
	for _, i := range e.Pipes() {
		gauge := func(name, help string, v float64) {
			ch <- prometheus.MustNewConstMetric(describe(name, help), prometheus.GaugeValue, v, i.Name)
		}
		counter := func(name, help string, v uint64) {
			ch <- prometheus.MustNewConstMetric(describe(name, help), prometheus.CounterValue, float64(v), i.Name)
		}
		gauge("running", helpRunning, oneIf(i.State == Running))
		gauge("remaining_events", helpRemaining, float64(i.Remaining))
		gauge("in_flight_events", helpWaiting, float64(i.InFlight))
		gauge("acked_position", helpPosition, float64(i.Position))
		gauge("sink_healthy", helpHealthy, oneIf(i.Healthy))
		gauge("needs_history", helpHistory, oneIf(i.History != ""))
		gauge("log_held_bytes", helpHeld, float64(i.Held))
		gauge("log_quota_bytes", helpQuota, float64(i.Quota))
		counter("acked_events_total", helpAcked, i.Acked)
		counter("failures_total", helpFailures, i.Failures)
	}
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// rate estimates how many positions a pipe moves per second: an average in which a
// second counts half after about twenty.
type rate struct {
	at      time.Time
	pos     event.Position
	perSec  float64
	started bool
}

// observe takes a new position into account and returns the rate.
func (r *rate) observe(now time.Time, pos event.Position) float64 {
	if !r.started {
		*r = rate{at: now, pos: pos, started: true}
		return 0
	}
	dt := now.Sub(r.at).Seconds()
	if dt < 0.1 {
		return r.perSec
	}
	weight := 1 - math.Exp(-dt/30)
	moved := 0.0
	if pos > r.pos {
		moved = float64(pos - r.pos)
	}
	if r.perSec == 0 {
		weight = 1
	}
	r.perSec += weight * (moved/dt - r.perSec)
	r.at, r.pos = now, pos
	return r.perSec
}

// scope registers the metrics of one instance with the label pipe and takes them all
// back when the instance is closed.
type scope struct {
	inner prometheus.Registerer
	mu    sync.Mutex
	mine  []prometheus.Collector
}

func newScope(r prometheus.Registerer, pipe string) *scope {
	if r == nil {
		return &scope{inner: prometheus.NewRegistry()}
	}
	return &scope{inner: prometheus.WrapRegistererWith(prometheus.Labels{"pipe": pipe}, r)}
}

// Register implements prometheus.Registerer.
func (s *scope) Register(c prometheus.Collector) error {
	if err := s.inner.Register(c); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mine = append(s.mine, c)
	return nil
}

// MustRegister implements prometheus.Registerer.
func (s *scope) MustRegister(cs ...prometheus.Collector) {
	for _, c := range cs {
		if err := s.Register(c); err != nil {
			panic(err)
		}
	}
}

// Unregister implements prometheus.Registerer.
func (s *scope) Unregister(c prometheus.Collector) bool { return s.inner.Unregister(c) }

func (s *scope) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.mine {
		s.inner.Unregister(c)
	}
	s.mine = nil
}
