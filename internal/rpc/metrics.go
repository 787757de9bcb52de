package rpc

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics is what a Server counts.
type metrics struct {
	connections prometheus.Gauge
	sessions    prometheus.Gauge
	refused     *prometheus.CounterVec   // connections, by reason
	calls       *prometheus.CounterVec   // by method and status
	seconds     *prometheus.HistogramVec // by method
	points      prometheus.Counter
	panics      prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		connections: prometheus.NewGauge(prometheus.GaugeOpts{Name: "sluice_rpc_connections", Help: "Open client connections."}),
		sessions:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "sluice_rpc_sessions", Help: "Logged-in sessions."}),
		refused:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sluice_rpc_refused_total", Help: "Connections closed before their first call."}, []string{"reason"}),
		calls:       prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sluice_rpc_calls_total", Help: "Calls answered, by method and status code; status 0 is an application exception."}, []string{"method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "sluice_rpc_call_seconds", Help: "Time from the last byte of a request to its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 10)}, []string{"method"}),
		points: prometheus.NewCounter(prometheus.CounterOpts{Name: "sluice_rpc_points_total", Help: "Points of clients made durable."}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{Name: "sluice_rpc_panics_total", Help: "Calls ended by a panic."}),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.connections, m.sessions, m.refused, m.calls, m.seconds, m.points, m.panics} {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// call counts one call. The method is a known name or "unknown", so that labels
// stay few.
func (m *metrics) call(method string, code int32, took time.Duration) {
	m.calls.WithLabelValues(method, strconv.Itoa(int(code))).Inc()
	m.seconds.WithLabelValues(method).Observe(took.Seconds())
}
