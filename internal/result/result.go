// Package result is the answer to a statement: a table that is read block by
// block, columns not rows. The executor makes it, the RPC door encodes it; neither
// imports the other.
package result

import (
	"context"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Column names one value column of a result. The time column is not listed.
type Column struct {
	Name string
	Type tablet.DataType
}

// Result is the table a query or SHOW statement returns.
type Result struct {
	Columns []Column
	HasTime bool // a Time column is shown; false sets ignoreTimeStamp
	Rows    Rows
}

// Block is some consecutive rows. Columns are parallel to Result.Columns; only
// their cells and Nulls matter. Times has one entry per row even without HasTime
// (then all zero). A block is valid until the next call of Next.
type Block struct {
	Times   []int64
	Columns []tablet.Column
}

// Rows yields the rows of a result.
type Rows interface {
	// Next returns at most max rows, nil and io.EOF after the last. An error with a
	// status code (package status) ends the result.
	Next(ctx context.Context, max int) (*Block, error)
	// Close releases what the result holds; calling it twice is harmless.
	Close() error
}
