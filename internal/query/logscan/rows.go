package logscan

import (
	"context"
	"io"
	"slices"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// empty is a result without rows.
type empty struct{}

func (empty) Next(context.Context, int) (*result.Block, error) { return nil, io.EOF }
func (empty) Close() error                                     { return nil }

// rawRows yields the rows of all series of a scan, in time order.
type rawRows struct {
	sweep *sweep
	times []int64 // of the present window, not yet returned
	held  int64   // bytes of times
	done  bool
}

// Next implements result.Rows.
func (r *rawRows) Next(ctx context.Context, most int) (*result.Block, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, failed(err)
		}
		for len(r.times) == 0 {
			if more, err := r.window(ctx); err != nil || !more {
				return nil, endOf(err)
			}
		}
		b, err := r.block(most)
		if err != nil || b != nil {
			return b, err
		}
	}
}

func endOf(err error) error {
	if err == nil {
		return io.EOF
	}
	return err
}

// window goes to the next window; false at the end.
func (r *rawRows) window(ctx context.Context) (bool, error) {
	s := r.sweep
	_ = s.take(-r.held)
	r.held = 0
	if r.done {
		return false, nil
	}
	more, err := s.advance(ctx)
	if err != nil || !more {
		r.done = true
		return false, err
	}
	r.times = timeline(s.parts(s.lo, s.hi))
	r.held = int64(8 * len(r.times))
	return true, s.take(r.held)
}

// block builds the next rows of the window; nil if none of them has a value.
func (r *rawRows) block(most int) (*result.Block, error) {
	s := r.sweep
	n := min(max(1, most), s.blockRows(), len(r.times))
	var times []int64
	if s.span.desc {
		times, r.times = r.times[len(r.times)-n:], r.times[:len(r.times)-n]
	} else {
		times, r.times = r.times[:n], r.times[n:]
	}
	need := int64(n) * s.rowBytes()
	if err := s.take(need); err != nil {
		return nil, err
	}
	defer func() { _ = s.take(-need) }()
	t := tablet.Tablet{Times: times, Columns: s.merge(times, s.parts(times[0], times[n-1]), 0, len(s.series))}
	return finish(&t, s.span.desc), nil
}

// rowBytes is about the memory of one row.
func (s *scanned) rowBytes() int64 {
	n := int64(8)
	for i := range s.series {
		if w := s.series[i].typ.Width(); w > 0 {
			n += int64(w) + 1
		} else {
			n += 40
		}
	}
	return n
}

func (s *scanned) blockRows() int {
	return int(max(1, min(blockBytes, s.e.memory/4)/s.rowBytes()))
}

// finish drops the rows in which every cell is null and turns the rest around if
// asked; nil if no row is left.
func finish(t *tablet.Tablet, desc bool) *result.Block {
	order := make([]int, 0, len(t.Times))
	for i := range t.Times {
		for j := range t.Columns {
			if !t.Columns[j].Nulls.Get(i) {
				order = append(order, i)
				break
			}
		}
	}
	if len(order) == 0 {
		return nil
	}
	if desc {
		slices.Reverse(order)
	}
	if desc || len(order) < len(t.Times) {
		t = pick(t, order)
	}
	return &result.Block{Times: t.Times, Columns: t.Columns}
}

// pick returns a tablet of the given rows, in that order.
func pick(t *tablet.Tablet, order []int) *tablet.Tablet {
	out := &tablet.Tablet{Times: choose(t.Times, order), Columns: make([]tablet.Column, len(t.Columns))}
	for i := range t.Columns {
		src := &t.Columns[i]
		c := tablet.Column{Schema: src.Schema, Category: src.Category, Nulls: tablet.NewBitmap(len(order)),
			Bools: choose(src.Bools, order), Int32s: choose(src.Int32s, order), Int64s: choose(src.Int64s, order),
			Floats: choose(src.Floats, order), Doubles: choose(src.Doubles, order)}
		for j, k := range order {
			if src.Nulls.Get(k) {
				c.Nulls.Set(j)
			}
			if src.Type.Physical() == tablet.PhysicalBytes {
				c.Bytes.Append(src.Bytes.At(k))
			}
		}
		out.Columns[i] = c
	}
	return out
}

func choose[T any](s []T, order []int) []T {
	if s == nil {
		return nil
	}
	out := make([]T, len(order))
	for i, j := range order {
		out[i] = s[j]
	}
	return out
}

// Close implements result.Rows.
func (r *rawRows) Close() error {
	r.done, r.times = true, nil
	r.sweep.drop(func(*chunk) bool { return true })
	return nil
}

// arranged gives the columns the order of the SELECT clause; a series named twice
// appears twice.
type arranged struct {
	rows   result.Rows
	places []int
}

func (a *arranged) Next(ctx context.Context, most int) (*result.Block, error) {
	b, err := a.rows.Next(ctx, most)
	if err != nil {
		return nil, err
	}
	out := &result.Block{Times: b.Times, Columns: make([]tablet.Column, len(a.places))}
	for i, k := range a.places {
		out.Columns[i] = b.Columns[k]
	}
	return out, nil
}

func (a *arranged) Close() error { return a.rows.Close() }

// cut applies OFFSET and LIMIT.
type cut struct {
	rows result.Rows
	skip int64
	left int64
}

// limited applies LIMIT and OFFSET; a negative or missing one does nothing.
func limited(rows result.Rows, l sql.Limit) result.Rows {
	if l.Limit < 0 && l.Offset <= 0 {
		return rows
	}
	c := &cut{rows: rows, skip: max(0, l.Offset), left: l.Limit}
	if l.Limit < 0 {
		c.left = 1<<63 - 1
	}
	return c
}

func (c *cut) Next(ctx context.Context, most int) (*result.Block, error) {
	if c.left == 0 {
		return nil, io.EOF
	}
	for {
		ask := most
		if c.skip == 0 {
			ask = int(min(int64(most), c.left))
		}
		b, err := c.rows.Next(ctx, ask)
		if err != nil {
			return nil, err
		}
		n := int64(len(b.Times))
		if c.skip >= n {
			c.skip -= n
			continue
		}
		to := c.skip + min(n-c.skip, c.left)
		if c.skip > 0 || to < n {
			t := (&tablet.Tablet{Times: b.Times, Columns: b.Columns}).Slice(int(c.skip), int(to))
			b = &result.Block{Times: t.Times, Columns: t.Columns}
		}
		c.left -= int64(len(b.Times))
		c.skip = 0
		return b, nil
	}
}

func (c *cut) Close() error { return c.rows.Close() }
