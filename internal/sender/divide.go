package sender

import "context"

// divide cuts the rows of one entry in two: by rows down to one, then by columns. The
// second part stands for the entry: it is counted and acknowledges what the entry did.
func divide(e entry) (first, rest entry, ok bool) {
	if e.rows == nil {
		return first, rest, false
	}
	first, rest = e, e
	rows, columns := len(e.rows.Times), len(e.rows.Columns)
	switch {
	case rows > 1:
		first.rows, rest.rows = e.rows.Slice(0, rows/2), e.rows.Slice(rows/2, rows)
	case columns > 1:
		first.rows = e.rows.Project(func(i int) bool { return i < columns/2 })
		rest.rows = e.rows.Project(func(i int) bool { return i >= columns/2 })
	default:
		return first, rest, false
	}
	first.size, rest.size = int64(nodeSize(first.rows)), int64(nodeSize(rest.rows))
	first.held, first.part, first.cut = 0, true, true
	return first, rest, true
}

// parts sends the two parts of a refused event one after the other.
func (l *lane) parts(ctx context.Context, first, rest entry, t Trial) error {
	l.s.count.splits.Add(1)
	if err := l.deliver(ctx, []entry{first}, t.Half()); err != nil {
		return err
	}
	return l.deliver(ctx, []entry{rest}, t.Half())
}
