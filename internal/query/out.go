package query

import (
	"context"
	"errors"
	"io"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/query/rows"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

const endTimeType = tablet.Int64

func isEOF(err error) bool { return errors.Is(err, io.EOF) }

// empty is a result without rows.
type empty struct{}

// Next implements result.Rows.
func (empty) Next(context.Context, int) (*result.Block, error) { return nil, io.EOF }

// Close implements result.Rows.
func (empty) Close() error { return nil }

// streamed is the result of a stream.
type streamed struct{ s rows.Stream }

// Next implements result.Rows; blocks have the size that they have.
func (s *streamed) Next(context.Context, int) (*result.Block, error) {
	t, err := s.s.Next()
	if err != nil {
		return nil, err
	}
	return &result.Block{Times: t.Times, Columns: t.Columns}, nil
}

// Close implements result.Rows.
func (s *streamed) Close() error {
	s.s.Close()
	return nil
}

// cut applies OFFSET and LIMIT and cuts blocks to the size that is asked for.
type cut struct {
	rows result.Rows
	skip int64
	left int64
	t    *tablet.Tablet // present block
	at   int            // rows of it that were given out
}

// limited applies LIMIT and OFFSET; a negative one does nothing.
func limited(rows result.Rows, l sql.Limit) result.Rows {
	c := &cut{rows: rows, skip: max(0, l.Offset), left: l.Limit}
	if l.Limit < 0 {
		c.left = 1<<63 - 1
	}
	return c
}

// Next implements result.Rows.
func (c *cut) Next(ctx context.Context, most int) (*result.Block, error) {
	if c.left <= 0 {
		return nil, io.EOF
	}
	for c.t == nil || c.at == len(c.t.Times) {
		b, err := c.rows.Next(ctx, most)
		if err != nil {
			c.t = nil
			return nil, err
		}
		n := int64(len(b.Times))
		skip := min(c.skip, n)
		c.skip -= skip
		c.t, c.at = &tablet.Tablet{Times: b.Times, Columns: b.Columns}, int(skip)
	}
	n := int(min(int64(max(1, most)), int64(len(c.t.Times)-c.at), c.left))
	t := c.t
	if c.at > 0 || n < len(t.Times) {
		t = t.Slice(c.at, c.at+n)
	}
	c.at += n
	c.left -= int64(n)
	return &result.Block{Times: t.Times, Columns: t.Columns}, nil
}

// Close implements result.Rows.
func (c *cut) Close() error { return c.rows.Close() }
