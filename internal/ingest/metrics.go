package ingest

import "github.com/prometheus/client_golang/prometheus"

// metric is one figure of Stats or of the catalog.
type metric struct {
	name, help string
	counter    bool
	value      func(s *Stats) int64
}

func metrics() []metric {
	return []metric{
		{"points_total", "Values made durable.", true, func(s *Stats) int64 { return s.Points }},
		{"tablets_total", "Records they came in.", true, func(s *Stats) int64 { return s.Tablets }},
		{"bytes_total", "Bytes of those records.", true, func(s *Stats) int64 { return s.Bytes }},
		{"refused_total", "Writes and plans refused.", true, func(s *Stats) int64 { return s.Refused }},
		{"plans_total", "Schema changes and deletions.", true, func(s *Stats) int64 { return s.Plans }},
		{"files_total", "Sealed files taken over.", true, func(s *Stats) int64 { return s.Files }},
		{"files_repeated_total", "Sealed files that came again and were not recorded again.", true, func(s *Stats) int64 { return s.Repeated }},
		{"kept_total", "Requests kept, not applied.", true, func(s *Stats) int64 { return s.Kept }},
		{"catalog_snapshots_total", "Snapshots of the schema written.", true, func(s *Stats) int64 { return s.Snapshots }},
		{"catalog_reloads_total", "Times the schema was read again after a failed write.", true, func(s *Stats) int64 { return s.Reloads }},
		{"catalog_unsaved_bytes", "Log bytes that the next start would replay for the schema.", false, func(s *Stats) int64 { return s.Unsaved }},
	}
}

func describe(m *metric) *prometheus.Desc {
	return prometheus.NewDesc("sluice_ingest_"+m.name, m.help, nil, nil)
}

// Describe implements prometheus.Collector.
func (g *Ingest) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range metrics() {
		ch <- describe(&m)
	}
}

// Collect implements prometheus.Collector.
func (g *Ingest) Collect(ch chan<- prometheus.Metric) {
	s := g.Stats()
	for _, m := range metrics() {
		kind := prometheus.GaugeValue
		if m.counter {
			kind = prometheus.CounterValue
		}
		ch <- prometheus.MustNewConstMetric(describe(&m), kind, float64(m.value(&s)))
	}
}
