package commitlog

import (
	"math/bits"
	"sync"
	"time"
)

// Histogram counts values by power of two.
type Histogram struct {
	// Buckets[i] counts values in [2^(i-1), 2^i), Buckets[0] the zeros and the
	// last one everything above. The unit is the field's.
	Buckets [40]uint64
	Count   uint64
	Sum     uint64
}

func (h *Histogram) add(v uint64) {
	h.Buckets[min(bits.Len64(v), len(h.Buckets)-1)]++
	h.Count++
	h.Sum += v
}

// Quantile returns an upper bound of the q-quantile, 0 ≤ q ≤ 1, in the
// histogram's unit: the end of the bucket that holds it. 0 if it is empty.
func (h *Histogram) Quantile(q float64) uint64 {
	rank := min(uint64(q*float64(h.Count)), max(h.Count, 1)-1)
	for i, n := range h.Buckets {
		if n > rank {
			return 1 << i
		}
		rank -= n
	}
	if h.Count == 0 {
		return 0
	}
	return 1 << (len(h.Buckets) - 1)
}

// Stats are counters since Open and gauges of a log.
type Stats struct {
	Segments int
	Bytes    int64 // on disk, index files included
	Quota    int64 // 0 = no limit
	Alarm    bool  // 80 % of the quota are used
	First    uint64
	Durable  uint64
	Waiting  int // bytes begun and not durable

	Syncs       Histogram // durations of fsync of segments, µs
	Groups      Histogram // groups made durable by one fsync
	Written     uint64    // bytes of records made durable
	FailedSyncs uint64    // failed writes and fsyncs that made a segment be given up
	Refused     uint64    // writes refused: quota, no space, failing disk
	Damaged     uint64    // damaged places found, by Open, readers and scans
	Torn        int64     // bytes of unfinished writes that Open removed
	CursorFails uint64    // saves of cursors that failed
}

// meter is where the parts of the log count.
type meter struct {
	mu sync.Mutex
	s  Stats
}

func (m *meter) count(f func(*Stats)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.s)
}

func (m *meter) synced(d time.Duration, b *batch) {
	m.count(func(s *Stats) {
		s.Syncs.add(uint64(d.Microseconds()))
		s.Groups.add(uint64(b.groups))
		s.Written += uint64(b.bytes)
	})
}

func (m *meter) failedSync()  { m.count(func(s *Stats) { s.FailedSyncs++ }) }
func (m *meter) refused()     { m.count(func(s *Stats) { s.Refused++ }) }
func (m *meter) damage()      { m.count(func(s *Stats) { s.Damaged++ }) }
func (m *meter) torn(n int64) { m.count(func(s *Stats) { s.Torn += n }) }
func (m *meter) cursorError() { m.count(func(s *Stats) { s.CursorFails++ }) }

// alarm sets the alarm and reports whether it changed.
func (m *meter) alarm(on bool) (changed bool) {
	m.count(func(s *Stats) { changed, s.Alarm = s.Alarm != on, on })
	return changed
}

// Stats returns counters and gauges.
func (l *Log) Stats() Stats {
	l.meter.mu.Lock()
	s := l.meter.s
	l.meter.mu.Unlock()
	s.Bytes, s.Segments = l.shelf.bytes()
	s.Quota = l.cfg.Quota
	s.First, s.Durable = l.First(), l.Durable()
	s.Waiting = l.queue.waiting()
	return s
}
