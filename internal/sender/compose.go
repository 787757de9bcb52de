package sender

import (
	"encoding/binary"

	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// mergeRows is the most rows an event may have to be copied into a merged tablet:
// larger ones become nodes of their own, which costs less than the copy.
const mergeRows = 128

// maxMergedRows bounds the rows of a merged tablet.
const maxMergedRows = 4096

// composer puts the rows of several events into one request. Rows of one device
// whose columns agree and whose times go on rising are merged into one tablet;
// several tablets make a batch.
//
//	one tablet        type 2  insert-tablet node
//	several           type 6  no binaries, n insert-tablet nodes, no tablets
//
// Both have the same bytes for IoTDB 1.x and 2.0. Nodes keep the order of their
// events per device: rows are added to the device's newest node or start a new one.
type composer struct {
	max    int // bytes of the payload
	mode   mode
	layout request.Layout

	groups []group
	newest map[string]int // device → index of its newest group
	merged []*tablet.Builder
	used   int // of merged
}

// group is one node under construction; b is nil while it is a single event.
type group struct {
	t *tablet.Tablet
	b *tablet.Builder
}

// mode bounds what may go into one request.
type mode uint8

const (
	batches     mode = iota // several nodes
	singleNode              // one node, rows of several events if they merge
	singleEvent             // one event
)

// take returns how many of the entries, all of them rows, fit one request
// together: at least one.
func (c *composer) take(es []entry) int {
	size, rows := int64(envelopeBytes+batchBytes), 0
	for i := range es {
		if es[i].rows == nil {
			return i
		}
		size += es[i].size
		rows += len(es[i].rows.Times)
		if i > 0 && (size > int64(c.max) || c.mode == singleEvent || c.mode == singleNode && !joins(es, i, rows)) {
			return i
		}
	}
	return len(es)
}

// joins reports whether the rows of entry i merge with those of all before it.
func joins(es []entry, i, rows int) bool {
	before, t := es[i-1].rows, es[i].rows
	return t.Device == before.Device && rows <= maxMergedRows && len(t.Times) <= mergeRows && len(before.Times) <= mergeRows &&
		before.Sorted() && t.Sorted() &&
		t.Times[0] > before.Times[len(before.Times)-1] && sameColumns(before, t)
}

// append appends the payload (envelope and body) that carries all entries.
func (c *composer) append(dst []byte, es []entry) ([]byte, error) {
	c.gather(es)
	if len(c.groups) == 1 {
		dst = request.AppendEnvelope(dst, request.TypeInsertNode)
		return request.AppendTabletNode(dst, c.groups[0].t, c.layout)
	}
	dst = request.AppendEnvelope(dst, request.TypeBatch)
	dst = binary.BigEndian.AppendUint32(dst, 0)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(c.groups)))
	var err error
	for i := range c.groups {
		if dst, err = request.AppendTabletNode(dst, c.groups[i].t, c.layout); err != nil {
			return dst, err
		}
	}
	return binary.BigEndian.AppendUint32(dst, 0), nil
}

// nodes returns how many nodes the last append wrote.
func (c *composer) nodes() int { return len(c.groups) }

// gather sorts the entries into groups.
func (c *composer) gather(es []entry) {
	c.groups, c.used = c.groups[:0], 0
	if len(es) == 1 {
		c.groups = append(c.groups, group{t: es[0].rows.Sort()})
		return
	}
	if c.newest == nil {
		c.newest = map[string]int{}
	}
	clear(c.newest)
	for i := range es {
		t := es[i].rows.Sort()
		if g, ok := c.newest[t.Device]; ok && c.extend(&c.groups[g], t) {
			continue
		}
		c.newest[t.Device] = len(c.groups)
		c.groups = append(c.groups, group{t: t})
	}
}

// extend adds the rows of t to g if they can follow there.
func (c *composer) extend(g *group, t *tablet.Tablet) bool {
	rows := len(g.t.Times)
	if len(t.Times) > mergeRows || rows+len(t.Times) > maxMergedRows || g.b == nil && rows > mergeRows {
		return false
	}
	if t.Times[0] <= g.t.Times[rows-1] || !sameColumns(g.t, t) {
		return false
	}
	if g.b == nil {
		b := c.blank()
		if !b.Add(g.t) {
			return false
		}
		g.b, g.t = b, b.Tablet()
	}
	if !g.b.Add(t) {
		return false
	}
	g.t = g.b.Tablet()
	return true
}

// blank returns an empty builder; its memory is reused from request to request.
func (c *composer) blank() *tablet.Builder {
	if c.used == len(c.merged) {
		c.merged = append(c.merged, &tablet.Builder{})
	}
	b := c.merged[c.used]
	c.used++
	b.Reset()
	return b
}

// sameColumns reports whether two tablets of one device have the same columns in
// the same order.
func sameColumns(a, b *tablet.Tablet) bool {
	if a.Aligned != b.Aligned || len(a.Columns) != len(b.Columns) {
		return false
	}
	for i := range a.Columns {
		if a.Columns[i].Schema != b.Columns[i].Schema || a.Columns[i].Category != b.Columns[i].Category {
			return false
		}
	}
	return true
}
