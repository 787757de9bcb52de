package sender

import (
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Fixed parts of a request, in bytes.
const (
	envelopeBytes = 3             // version and type
	batchBytes    = 3 * 4         // the three counts of a batch
	nodeBytes     = 2 + 4 + 4 + 1 // node type, path length, column count, schema flag
	nodeTailBytes = 4 + 1 + 1 + 8 // row count, bitmap flag, aligned, plan node id and children
	schemaBytes   = 4 + 3 + 4 + 1 // name length, type, encoding and compressor, properties, type again
)

// nodeSize returns an upper bound of the bytes that t takes as an insert-tablet
// node: as if every column had a bitmap.
func nodeSize(t *tablet.Tablet) int {
	rows := len(t.Times)
	n := nodeBytes + len(t.Device) + nodeTailBytes + 8*rows
	for i := range t.Columns {
		c := &t.Columns[i]
		n += schemaBytes + len(c.Name) + 1 + tablet.BitmapBytes(rows)
		if w := c.Type.Width(); w > 0 {
			n += w * rows
		} else {
			n += 4*rows + binaryBytes(&c.Bytes)
		}
	}
	return n
}

// binaryBytes returns the bytes of the cells of b, which may be a slice of a
// larger column.
func binaryBytes(b *tablet.Binary) int {
	if len(b.Ends) == 0 {
		return 0
	}
	return int(b.Ends[len(b.Ends)-1])
}

// What an event costs in memory besides its cells: the structs of event, tablet
// and columns with their slices. Rows that come one by one are mostly this.
const (
	eventOverhead  = 512
	columnOverhead = 256
)

// heldBytes estimates the memory that rows hold until they are acknowledged.
func heldBytes(t *tablet.Tablet) int64 {
	return int64(t.MemSize() + len(t.Columns)*columnOverhead + eventOverhead)
}

// sizeOf estimates the bytes an event holds in memory until it is acknowledged.
func sizeOf(ev *event.Event) int64 {
	switch ev.Kind {
	case event.Plan, event.Kept:
		return int64(len(ev.Request.Body)) + eventOverhead
	}
	return eventOverhead
}
