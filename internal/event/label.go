package event

import (
	"math"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Label is what the commit log knows about a record without looking inside.
type Label struct {
	Kind   uint8  // the Kind of the event
	Key    uint64 // tablet.DeviceHash of a tablet's device; 0: several or any device
	Lo, Hi int64  // smallest and largest event time; Lo > Hi: none
}

// Label returns the label of the event's record. A tablet has the hash of its device
// and its time range; a deletion of data has Key 0 and the deleted range; everything
// else has Key 0 and the full range of times.
func (e *Event) Label() Label {
	l := Label{Kind: uint8(e.Kind), Lo: math.MinInt64, Hi: math.MaxInt64}
	switch {
	case e.Kind == Tablet && e.Tablet != nil:
		l.Key = tablet.DeviceHash(e.Tablet.Device)
		l.Lo, l.Hi = e.Tablet.TimeRange()
	case e.Kind == Plan && e.Request.Type == planNode:
		if lo, hi, ok := deletedRange(e.Request.Body); ok {
			l.Lo, l.Hi = lo, hi
		}
	}
	return l
}

// Numbers of the one plan whose time range matters here. Its full decoder is in
// package request.
const (
	planNode      = 100     // request type
	deleteData    = 44      // plan node type
	maxPathText   = 1 << 16 // bytes of one text in a path
	maxPathFields = 1 << 16 // paths of a deletion, nodes of a path
)

// deletedRange finds the time range of a DELETE_DATA plan node: int16 44, int32 n, n
// paths, int64 start, int64 end. It gives up on a path with fields that no deletion
// of a real sender has.
func deletedRange(body []byte) (lo, hi int64, ok bool) {
	r := wirebuf.NewReader(body)
	if r.I16() != deleteData {
		return 0, 0, false
	}
	for n := r.Count(maxPathFields, 8, "paths"); n > 0 && !r.Failed(); n-- {
		if !skipPath(&r) {
			return 0, 0, false
		}
	}
	lo, hi = r.I64(), r.I64()
	return lo, hi, !r.Failed() && lo <= hi
}

// skipPath skips a path: type (0 or 2), three optional cached texts, the nodes, and for
// type 0 schema, tags, flag and alias.
func skipPath(r *wirebuf.Reader) bool {
	kind := r.U8()
	if r.Bool() {
		r.Blob(maxPathText, "measurement")
	}
	if r.Bool() { // a device has two forms
		return false
	}
	if r.Bool() {
		r.Blob(maxPathText, "full path")
	}
	for n := r.Count(maxPathFields, 4, "nodes"); n > 0 && !r.Failed(); n-- {
		r.Blob(maxPathText, "node")
	}
	if kind == 0 {
		if r.Bool() || r.Bool() { // schema, tags
			return false
		}
		r.U8()
		r.NullString(maxPathText, "alias")
	}
	return !r.Failed() && (kind == 0 || kind == 2)
}
