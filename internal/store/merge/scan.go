package merge

import (
	"context"
	"io"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Scanner reads the merged rows of one device. It is not safe for concurrent use and holds
// nothing that must be closed.
type Scanner struct {
	ctx context.Context
}

// Scan begins to read. Inputs are given oldest first. It reads index entries, no points.
func Scan(ctx context.Context, inputs []Input, q Query) (*Scanner, error) {
	return &Scanner{ctx: ctx}, nil
}

// Next returns the next rows, valid until the next call, with exactly the wanted columns in
// their order; io.EOF at the end. Errors are those of the context, of a file's reader, or
// *tsfile.CorruptError.
func (s *Scanner) Next() (*tablet.Tablet, error) { return nil, io.EOF }

// Bytes returns the memory that the scanner holds.
func (s *Scanner) Bytes() int { return 0 }
