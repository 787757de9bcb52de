package receiver

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/multierr"
)

// metrics is what the receiver counts. The histograms show which time-outs were
// really needed, so that the settings can be made to fit the gate.
type metrics struct {
	open     prometheus.Gauge
	accepted *prometheus.CounterVec // by result
	frames   *prometheus.CounterVec // by wrap
	bytesIn  prometheus.Counter
	answers  *prometheus.CounterVec // by reply
	verdicts *prometheus.CounterVec // by action and reason
	early    prometheus.Counter
	lent     prometheus.Gauge

	handshake prometheus.Histogram // from accept to the first accepted handshake
	idle      prometheus.Histogram // from an answer to the next frame's first byte
	frame     prometheus.Histogram // from a frame's first byte to its last
	commit    prometheus.Histogram // one call of Commit
	held      prometheus.Histogram // from a whole request to its answer, if it was held
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	const ns, sub = "sluice", "receiver"
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: ns, Subsystem: sub, Name: name, Help: help}
	}
	seconds := func(name, help string, from float64, n int) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: ns, Subsystem: sub, Name: name, Help: help,
			Buckets: prometheus.ExponentialBuckets(from, 4, n)})
	}
	m := &metrics{
		open:      prometheus.NewGauge(prometheus.GaugeOpts{Namespace: ns, Subsystem: sub, Name: "connections", Help: "Open connections."}),
		accepted:  prometheus.NewCounterVec(counter("connections_total", "Connections by what became of them: accepted, refused_network, refused_full, evicted."), []string{"result"}),
		frames:    prometheus.NewCounterVec(counter("frames_total", "Complete frames received."), []string{"wrap"}),
		bytesIn:   prometheus.NewCounter(counter("bytes_total", "Bytes of complete frames received.")),
		answers:   prometheus.NewCounterVec(counter("answers_total", "Answer bytes sent, by meaning."), []string{"reply"}),
		verdicts:  prometheus.NewCounterVec(counter("verdicts_total", "Decisions, by action and reason. A held answer counts once as hold and once as what it became."), []string{"action", "reason"}),
		early:     prometheus.NewCounter(counter("data_before_handshake_total", "Requests that came before any accepted handshake.")),
		lent:      prometheus.NewGauge(prometheus.GaugeOpts{Namespace: ns, Subsystem: sub, Name: "payload_bytes", Help: "Memory lent to payloads at this moment."}),
		handshake: seconds("handshake_seconds", "From accepting a connection to its first accepted handshake.", 0.001, 9),
		idle:      seconds("idle_seconds", "From an answer to the first byte of the next frame.", 0.001, 13),
		frame:     seconds("frame_seconds", "From the first byte of a frame to its last.", 0.0001, 11),
		commit:    seconds("commit_seconds", "One attempt to make a request durable.", 0.0001, 11),
		held:      seconds("held_seconds", "How long answers were held for a temporary cause.", 0.05, 7),
	}
	if reg == nil {
		return m, nil
	}
	var err error
	for _, c := range []prometheus.Collector{m.open, m.accepted, m.frames, m.bytesIn, m.answers, m.verdicts, m.early, m.lent,
		m.handshake, m.idle, m.frame, m.commit, m.held} {
		err = multierr.Append(err, reg.Register(c))
	}
	return m, err
}

func since(h prometheus.Histogram, from time.Time) { h.Observe(time.Since(from).Seconds()) }
