package core

import (
	"cmp"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-gateway/sluice/appliance"
)

// collector shows the figures that are kept elsewhere: log, catalogue, letters.
type collector struct {
	c     *Core
	descs map[string]*prometheus.Desc
}

func newCollector(c *Core) *collector {
	d := func(name, help string) *prometheus.Desc { return prometheus.NewDesc("sluice_"+name, help, nil, nil) }
	return &collector{c: c, descs: map[string]*prometheus.Desc{
		"durable":   d("commitlog_durable_position", "Position of the last durable record."),
		"devices":   d("catalog_devices", "Devices in the catalogue."),
		"series":    d("catalog_series", "Series in the catalogue."),
		"kept":      d("kept_requests", "Requests that are kept, not applied."),
		"letters":   d("dead_letters", "Dead letters that wait for an operator."),
		"log_bytes": d("commitlog_bytes", "Bytes of the commit log on disk."),

		"log_segments":     d("commitlog_segments", "Segments of the commit log."),
		"log_refused":      d("commitlog_refused", "Writes refused since the start: quota, no space, failing disk."),
		"log_failed_syncs": d("commitlog_failed_syncs", "Failed writes and fsyncs since the start that made a segment be given up."),
		"log_damaged":      d("commitlog_damaged", "Damaged places found since the start."),
		"log_cursor_fails": d("commitlog_cursor_failures", "Saves of cursors that failed since the start."),
		"log_alarm":        d("commitlog_quota_alarm", "1 when 80 % of the quota are used."),

		"sandbox_whole": d("sandbox_whole", "1 when all rights are given up that a gateway can; 0 when the system lacks something, or sandbox is off."),
	}}
}

// Describe implements prometheus.Collector.
func (m *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range m.descs {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *collector) Collect(ch chan<- prometheus.Metric) {
	for name, v := range m.c.figures() {
		if d := m.descs[name]; d != nil {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
		}
	}
}

// health is the answer of /healthz.
func (c *Core) health() appliance.Health {
	detail := map[string]any{"product": c.opt.Side.String(), "cluster_id": c.id.ClusterID, "default_password": c.users.DefaultPassword()}
	for k, v := range c.figures() {
		detail[k] = v
	}
	if r := c.confined.Load(); r != nil {
		detail["sandbox"] = r
	}
	detail["audit_head"] = c.audit.Head()
	refusing := cmp.Or(c.clog.Refusing(), c.audit.Refusing())
	if refusing != nil {
		detail["refusing"] = refusing.Error()
	}
	flush := c.store.Stats().Failing
	if flush != nil {
		detail["flush_failing"] = flush.Error()
	}
	return appliance.Health{OK: refusing == nil && flush == nil, Detail: detail}
}
