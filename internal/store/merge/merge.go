package merge

import (
	"iter"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// Range is a range of times, both ends inclusive.
type Range struct{ Lo, Hi int64 }

// Memory is the immutable content of a memtable.
type Memory interface {
	// Devices yields the devices in any order, each once.
	Devices() iter.Seq[string]
	// Tablets returns the rows of a device: times ascend without repetition within and
	// across the tablets. Columns may differ from one to the next. Nil: no such device.
	Tablets(device string) []*tablet.Tablet
}

// Input is one layer: File or Mem is set.
type Input struct {
	File *tsfile.Reader
	Mem  Memory
	// Deleted returns the times deleted from a series of this layer, sorted and disjoint.
	// A nil function deletes nothing.
	Deleted func(device, measurement string) []Range
	// Bounds, if not nil, are times outside of which the layer has no points. A scanner
	// then looks for the device in the layer when it gets there.
	Bounds *Range
}

// Query says what to read of one device.
type Query struct {
	Device string // normal form
	// Columns are the wanted measurements, without repetition. Values of another type than
	// the one given here are left out. Encoding and Compressor are handed through.
	Columns []tablet.Schema
	Lo, Hi  int64 // both inclusive
	Desc    bool  // newest first
	Rows    int   // most rows of a tablet; 0: 10,000

	// Stats, if not nil, is offered the statistics of a chunk or a page of column i where
	// they are exact: nothing overlaps or is deleted, all of it is within Lo..Hi. True:
	// taken, the points are then neither decoded nor returned. Valid during the call.
	Stats func(column int, s *tsfile.Statistics) bool
	// Until, if not nil, is asked before anything from time t on is read, in the order of
	// reading: true ends the scan. What was offered to Stats counts as read.
	Until func(t int64) bool
	// Pool, if not nil, has the memory of scanners that were closed.
	Pool *Pool
	// Skip, if not nil, is asked about chunks and pages of column i that nothing of the same
	// series overlaps: true says that no row can match because of these values. The column
	// is then null in these rows, and on an aligned device the rows may be left out
	// whole; the caller's filter must refuse rows where the column is null.
	Skip func(column int, t tablet.DataType, s *tsfile.Statistics) bool
}

// Device is one device of several layers.
type Device struct {
	Name    string
	Aligned bool            // in the newest layer that has it
	Columns []tablet.Schema // union in name order; type, encoding and compressor of the newest layer that has values
}
