package ingest

import (
	"context"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// batch is the encoded records of one call, in one reused buffer.
type batch struct {
	buf     []byte
	ends    []int // end of each record in buf
	labels  []commitlog.Label
	recs    []commitlog.Record
	points  int64
	tablets []*tablet.Tablet // what was encoded, for the catalog
	verdict catalog.Verdict
}

func (b *batch) reset() {
	clear(b.tablets)
	clear(b.recs)
	b.buf, b.ends, b.labels, b.recs = b.buf[:0], b.ends[:0], b.labels[:0], b.recs[:0]
	b.tablets, b.points = b.tablets[:0], 0
}

func (g *Ingest) release(b *batch) {
	b.reset()
	if cap(b.buf) <= maxPooled {
		g.buffers.Put(b)
	}
}

// add encodes one event.
func (b *batch) add(ev *event.Event) error {
	buf, err := event.Append(b.buf, ev)
	if err != nil {
		return err
	}
	b.buf = buf
	b.ends = append(b.ends, len(buf))
	b.labels = append(b.labels, commitlog.Label(ev.Label()))
	return nil
}

// addTablet encodes a tablet, cut by rows if it is larger than a record may be.
func (b *batch) addTablet(t *tablet.Tablet, viaPipe bool) error {
	if n := t.Rows(); n > 1 && t.MemSize() > maxRecord {
		if err := b.addTablet(t.Slice(0, n/2), viaPipe); err != nil {
			return err
		}
		return b.addTablet(t.Slice(n/2, n), viaPipe)
	}
	ev := event.Event{Kind: event.Tablet, ViaPipe: viaPipe, Tablet: t}
	if err := b.add(&ev); err != nil {
		return err
	}
	b.points += int64(t.Points())
	b.tablets = append(b.tablets, t)
	return nil
}

// records returns what commitlog.Begin takes, sharing the buffer.
func (b *batch) records() []commitlog.Record {
	start := 0
	for i, end := range b.ends {
		b.recs = append(b.recs, commitlog.Record{Label: b.labels[i], Payload: b.buf[start:end:end]})
		start = end
	}
	return b.recs
}

// begin orders the batch: one atomic group, or several in order if it is larger than
// a group should be. The Pending of the last one is returned: the log becomes durable
// in order. The caller holds order.
func (g *Ingest) begin(b *batch) (commitlog.Pending, error) {
	recs := b.records()
	var pending commitlog.Pending
	for len(recs) > 0 {
		n, size := 0, 0
		for n < len(recs) && n < maxRecords && (n == 0 || size+len(recs[n].Payload) <= maxGroup) {
			size += len(recs[n].Payload)
			n++
		}
		p, err := g.log.Begin(recs[:n]...)
		if err != nil {
			return pending, err
		}
		g.appended(size)
		pending, recs = p, recs[n:]
	}
	return pending, nil
}

// wait is Pending.Wait with coded errors, for groups that changed no schema.
func wait(ctx context.Context, p commitlog.Pending) error {
	if _, err := p.Wait(ctx); err != nil {
		return failed(err)
	}
	return nil
}
