package ingest

import "sync/atomic"

// counters are what the door has done since the start.
type counters struct {
	points, tablets, bytes atomic.Int64
	plans, files, kept     atomic.Int64
	snapshots, reloads     atomic.Int64
	refused, repeated      atomic.Int64
}

func (c *counters) written(b *batch) {
	c.points.Add(b.points)
	c.tablets.Add(int64(len(b.tablets)))
	c.bytes.Add(int64(len(b.buf)))
}

// Stats are counters since the start.
type Stats struct {
	Points    int64 // values made durable
	Tablets   int64 // records they came in
	Bytes     int64 // of those records
	Plans     int64 // schema changes and deletions
	Files     int64 // sealed files taken over
	Repeated  int64 // sealed files that came again, not recorded again
	Kept      int64 // requests kept, not applied
	Refused   int64 // tablets and plans refused, at least in part
	Snapshots int64 // of the catalog
	Reloads   int64 // times the catalog was read again after a failed write
	Unsaved   int64 // log bytes since the last snapshot
}

// Stats returns the counters.
func (g *Ingest) Stats() Stats {
	c := &g.counts
	return Stats{Points: c.points.Load(), Tablets: c.tablets.Load(), Bytes: c.bytes.Load(), Plans: c.plans.Load(),
		Files: c.files.Load(), Repeated: c.repeated.Load(), Kept: c.kept.Load(), Snapshots: c.snapshots.Load(), Reloads: c.reloads.Load(), Refused: c.refused.Load(), Unsaved: g.since.Load()}
}
