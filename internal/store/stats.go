package store

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-gateway/sluice/internal/store/manifest"
)

// counters count since Open.
type counters struct {
	flushes, flushNanos             atomic.Int64
	merges, mergeNanos, mergedBytes atomic.Int64
	adopted, aside                  atomic.Int64
	expired                         atomic.Int64 // files
	orphans                         atomic.Int64 // sealed files that no record named
	damaged                         atomic.Int64
}

// Stats are gauges of a store and its counters.
type Stats struct {
	Position, Flushed uint64 // of the log
	Behind            uint64 // records of the log that are not read yet
	Files             int
	FileBytes         int64
	AdoptedFiles      int
	MemoryBytes       int64 // of all memtables
	MemoryRows        int64
	Waiting           int // memtables that wait for their flush
	Tombstones        int
	Failing           error // of the last flush; nil: it succeeded
	Counts
}

// Counts are counters since Open.
type Counts struct {
	Flushes, FlushFails int64
	FlushTime           time.Duration
	Merges, MergedBytes int64 // bytes read and written
	MergeTime           time.Duration
	Adopted, Aside      int64 // sealed files taken over, kept because they cannot be read
	Expired             int64 // files removed by TTL and retention
	Damaged             int64 // records and files that could not be read
}

// Stats returns counters and gauges.
func (s *Store) Stats() Stats {
	c := &s.counts
	out := Stats{Counts: Counts{
		Flushes: c.flushes.Load(), FlushTime: time.Duration(c.flushNanos.Load()),
		Merges: c.merges.Load(), MergedBytes: c.mergedBytes.Load(), MergeTime: time.Duration(c.mergeNanos.Load()),
		Adopted: c.adopted.Load(), Aside: c.aside.Load(), Expired: c.expired.Load(), Damaged: c.damaged.Load(),
	}}
	durable := s.cfg.Log.Durable()
	s.mu.Lock()
	defer s.mu.Unlock()
	out.Position, out.Flushed, out.FlushFails, out.Failing = s.applied, s.flushed, int64(s.failed), s.failure
	if durable > s.applied {
		out.Behind = durable - s.applied
	}
	for _, l := range s.layers {
		out.Files++
		out.FileBytes += l.Bytes + l.Extra
		if l.Flags&manifest.Adopted != 0 {
			out.AdoptedFiles++
		}
	}
	out.Waiting, out.Tombstones = len(s.waiting), s.deleted.Len()
	for _, m := range append(s.waiting[:len(s.waiting):len(s.waiting)], s.active) {
		out.MemoryBytes += m.Bytes()
		out.MemoryRows += m.Rows()
	}
	return out
}

// Describe implements prometheus.Collector.
func (s *Store) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(s, ch) }

// Collect implements prometheus.Collector.
func (s *Store) Collect(ch chan<- prometheus.Metric) {
	st := s.Stats()
	put := func(kind prometheus.ValueType, name, help string, v float64) {
		ch <- prometheus.MustNewConstMetric(prometheus.NewDesc("sluice_store_"+name, help, nil, nil), kind, v)
	}
	gauge, count := prometheus.GaugeValue, prometheus.CounterValue
	put(gauge, "position", "Position of the log up to which the store has read.", float64(st.Position))
	put(gauge, "flushed_position", "Position of the log up to which everything is in files.", float64(st.Flushed))
	put(gauge, "behind_records", "Records of the log that the store has not read yet.", float64(st.Behind))
	put(gauge, "files", "TsFiles of the store.", float64(st.Files))
	put(gauge, "adopted_files", "TsFiles of the store that came sealed and were not merged yet.", float64(st.AdoptedFiles))
	put(gauge, "file_bytes", "Bytes of the store's files.", float64(st.FileBytes))
	put(gauge, "memtable_bytes", "Bytes of all memtables.", float64(st.MemoryBytes))
	put(gauge, "memtable_rows", "Rows in memtables.", float64(st.MemoryRows))
	put(gauge, "memtables_waiting", "Memtables that wait for their flush.", float64(st.Waiting))
	put(gauge, "tombstones", "Deletions that some file still needs.", float64(st.Tombstones))
	put(count, "flushes_total", "Memtables written to files.", float64(st.Flushes))
	put(count, "flush_failures_total", "Attempts at a flush that failed.", float64(st.FlushFails))
	put(count, "flush_seconds_total", "Time spent with flushes.", st.FlushTime.Seconds())
	put(count, "compactions_total", "Merges of files.", float64(st.Merges))
	put(count, "compaction_seconds_total", "Time spent with merges.", st.MergeTime.Seconds())
	put(count, "compaction_bytes_total", "Bytes read and written by merges.", float64(st.MergedBytes))
	put(count, "adopted_total", "Sealed TsFiles taken over.", float64(st.Adopted))
	put(count, "aside_total", "Sealed TsFiles kept aside because they cannot be read.", float64(st.Aside))
	put(count, "expired_files_total", "Files removed because all of their points had expired.", float64(st.Expired))
	put(count, "damaged_total", "Records and files that could not be read.", float64(st.Damaged))
}
