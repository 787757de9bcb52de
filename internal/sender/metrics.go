package sender

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// Collector shows the counters of one sender as Prometheus metrics. The labels
// pipe and the like are added by the registerer it is registered with.
type Collector struct {
	s *Sender
	d descriptions
}

type descriptions struct {
	requests, bytes, events, points, files, answers, reconnects *prometheus.Desc
	handshakes, unreachable, rejected                           *prometheus.Desc
	fate                                                        fateDescriptions
	waiting, waitingBytes, trips, needed                        *prometheus.Desc
}

type fateDescriptions struct{ dead, splits, left, unpacked *prometheus.Desc }

// NewCollector returns a collector over s.
func NewCollector(s *Sender) *Collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("sluice_sink_"+name, help, labels, nil)
	}
	return &Collector{s: s, d: descriptions{
		requests:    desc("requests_total", "Requests sent, repeats included."),
		bytes:       desc("sent_bytes_total", "Bytes of requests on the wire, handshakes not included."),
		events:      desc("events_total", "Events acknowledged."),
		points:      desc("points_total", "Values in acknowledged rows."),
		files:       desc("files_total", "Sealed files that were delivered as files."),
		answers:     desc("answers_total", "Answers to requests.", "answer"),
		reconnects:  desc("connections_ended_total", "Connections that ended.", "reason"),
		handshakes:  desc("handshakes_total", "Handshakes accepted."),
		unreachable: desc("connect_failures_total", "Tries to connect that failed."),
		rejected:    desc("handshakes_refused_total", "Handshakes refused."),
		fate: fateDescriptions{
			dead:     desc("dead_letters_total", "Events given up and kept as dead letters."),
			splits:   desc("splits_total", "Refused requests that were sent again in halves."),
			left:     desc("left_out_total", "Changes of schema left out: the release of the target has no equivalent."),
			unpacked: desc("files_as_rows_total", "TsFiles whose points were sent as rows."),
		},
		waiting:      desc("waiting_events", "Events taken and not yet acknowledged."),
		waitingBytes: desc("waiting_bytes", "Bytes of events waiting, by lane.", "lane"),
		trips:        desc("round_trip_seconds", "From the first byte of a request to its answer."),
		needed:       desc("needed_seconds", "Longest time that was really needed, to set time-outs by.", "what"),
	}}
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, out) }

// Collect implements prometheus.Collector.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	n := c.s.Counters()
	counter := func(d *prometheus.Desc, v uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	counter(c.d.requests, n.Requests)
	counter(c.d.bytes, n.Bytes)
	counter(c.d.events, n.Events)
	counter(c.d.points, n.Points)
	counter(c.d.files, n.Files)
	for k, v := range n.Answers {
		counter(c.d.answers, v, k)
	}
	for k, v := range n.Reconnects {
		counter(c.d.reconnects, v, k)
	}
	counter(c.d.handshakes, n.Handshakes)
	counter(c.d.unreachable, n.Unreachable)
	counter(c.d.rejected, n.Rejected)
	counter(c.d.fate.dead, n.DeadLetters)
	counter(c.d.fate.splits, n.Splits)
	counter(c.d.fate.left, n.LeftOut)
	counter(c.d.fate.unpacked, n.Unpacked)
	gauge(c.d.waiting, float64(n.InFlight.Events))
	for i, b := range n.InFlight.Lanes {
		gauge(c.d.waitingBytes, float64(b), strconv.Itoa(i))
	}
	gauge(c.d.needed, n.Slowest.Answer.Seconds(), "answer")
	gauge(c.d.needed, n.Slowest.Open.Seconds(), "open")
	out <- c.trips(n.RoundTrips)
}

func (c *Collector) trips(h Histogram) prometheus.Metric {
	buckets := map[float64]uint64{}
	var sum uint64
	for i, n := range h.Counts {
		sum += n
		if i < len(h.Bounds) {
			buckets[h.Bounds[i].Seconds()] = sum
		}
	}
	return prometheus.MustNewConstHistogram(c.d.trips, sum, h.Sum.Seconds(), buckets)
}
