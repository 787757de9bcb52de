package auditlog

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Stats are the figures of an open log.
type Stats struct {
	Records  int64  // in the tree
	Session  uint64 // since Open
	Lost     uint64 // not written since the log failed; they are recorded as a number when it works again
	Failing  bool
	Pending  int // bytes that are not on stable storage
	Segments int
	Bytes    int64 // on disk
	Forecast Forecast
}

// Forecast says how much disk the log will need.
type Forecast struct {
	PerDay int64   // bytes a day, from what the closed segments took
	Needed int64   // bytes for all the time to keep, as far as is known
	Free   int64   // bytes on the volume
	Days   float64 // what PerDay comes from; below a day it says little
}

// Enough reports whether the disk holds what the log will need.
func (f Forecast) Enough(used int64) bool { return f.Needed <= used+f.Free }

// Stats returns the figures. It looks at the folder.
func (l *Log) Stats() (Stats, error) {
	l.mu.Lock()
	s := Stats{Records: l.tail.n, Session: l.fate.records, Lost: l.fate.lost, Failing: l.fate.failure != nil, Pending: l.fate.pending}
	l.mu.Unlock()
	list, err := places(l.cfg.FS, l.w.dir)
	if err != nil {
		return s, err
	}
	s.Segments = len(list)
	for _, p := range list {
		s.Bytes += p.size
	}
	s.Forecast, err = forecast(l.cfg.FS, l.w.dir, list, l.cfg.Keep, time.Now())
	return s, err
}

// maxSpan is the time a forecast looks back at most.
const maxSpan = 30 * 24 * time.Hour

// ForecastDisk says how much disk the last tree of a folder will need when records
// are kept for a time.
func ForecastDisk(fsys vfs.FS, dir string, keep time.Duration, now time.Time) (Forecast, int64, error) {
	tree, err := lastTree(fsys, dir)
	if err != nil {
		return Forecast{}, 0, err
	}
	list, err := places(fsys, tree)
	if err != nil {
		return Forecast{}, 0, err
	}
	used := int64(0)
	for _, p := range list {
		used += p.size
	}
	f, err := forecast(fsys, tree, list, keep, now)
	return f, used, err
}

// forecast takes the bytes of the segments of the last days, and the time from the
// oldest of them until now.
func forecast(fsys vfs.FS, dir string, list []place, keep time.Duration, now time.Time) (Forecast, error) {
	free, err := fsys.Free(dir)
	if err != nil {
		return Forecast{}, err
	}
	f := Forecast{Free: free}
	bytes := int64(0)
	oldest := now
	for i := len(list) - 1; i >= 0 && now.Sub(list[i].time) < maxSpan; i-- {
		oldest = list[i].time
		bytes += list[i].size
		if i == 0 || now.Sub(list[i-1].time) >= maxSpan {
			if s, err := openSegment(fsys, dir, list[i]); err == nil { // else it was packed or removed meanwhile, or is damaged: Verify says which
				oldest = s.header.made
				s.close()
			}
		}
	}
	span := max(now.Sub(oldest), time.Minute)
	f.Days = span.Hours() / 24
	f.PerDay = int64(float64(bytes) / f.Days)
	f.Needed = int64(float64(f.PerDay) * keep.Hours() / 24)
	return f, nil
}

type collector struct {
	l     *Log
	descs [6]*prometheus.Desc
}

// Collector shows the figures of a log.
func Collector(l *Log) prometheus.Collector {
	d := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("sluice_audit_"+name, help, nil, nil)
	}
	return &collector{l, [6]*prometheus.Desc{
		d("records", "Records of the audit log."), d("failing", "1 while the audit log cannot be written."), d("lost", "Records lost since it could not be written."),
		d("bytes", "Bytes of the audit log on disk."), d("forecast_bytes", "Bytes the audit log will need for the time it is kept."),
		d("disk_short", "1 when the disk does not hold what the audit log will need."),
	}}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	s, err := c.l.Stats()
	if err != nil {
		return // the folder cannot be read: no figures rather than wrong ones
	}
	short := s.Forecast.Days >= 1 && !s.Forecast.Enough(s.Bytes)
	for i, v := range [6]float64{float64(s.Records), number(s.Failing), float64(s.Lost), float64(s.Bytes), float64(s.Forecast.Needed), number(short)} {
		ch <- prometheus.MustNewConstMetric(c.descs[i], prometheus.GaugeValue, v)
	}
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
