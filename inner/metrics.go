package inner

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/sender"
)

// register shows the sender's counters and the bytes that came back.
func register(c plugin.SinkContext, s *Sink) error {
	back := &bytesBack{o: s.observer, desc: prometheus.NewDesc("sluice_gate_bytes_back_total",
		"Bytes that came back through the gate, handshakes included.", []string{"value"}, nil)}
	for _, one := range []prometheus.Collector{sender.NewCollector(s.Sender), back} {
		if err := c.Metrics.Register(one); err != nil {
			return fmt.Errorf("iotdb-air-gap-sink: metrics: %w", err)
		}
	}
	return nil
}

// bytesBack is the collector over an observer.
type bytesBack struct {
	o    *observer
	desc *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (b *bytesBack) Describe(out chan<- *prometheus.Desc) { out <- b.desc }

// Collect implements prometheus.Collector.
func (b *bytesBack) Collect(out chan<- prometheus.Metric) {
	n := b.o.snapshot()
	for _, one := range []struct {
		value string
		count uint64
	}{{"ok", n.OK}, {"fail", n.Fail}, {"other", n.Other}, {"unasked", n.Unasked}} {
		out <- prometheus.MustNewConstMetric(b.desc, prometheus.CounterValue, float64(one.count), one.value)
	}
}
