package exec

import (
	"context"
	"io"
	"strings"

	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// maxTable bounds the bytes of the table of a SHOW statement.
const maxTable = 256 << 20

// table builds the result of a SHOW statement cell by cell, row by row.
type table struct {
	columns []tablet.Column
	next    int // column of the next cell
	rows    int
	bytes   int
	times   []int64 // one per row, if the table has a time column
}

// newTable returns an empty table of TEXT columns; a name with ":int32", ":int64" or
// ":boolean" after it is of that type.
func newTable(names ...string) *table {
	t := &table{columns: make([]tablet.Column, len(names))}
	for i, n := range names {
		typ := tablet.Text
		if name, kind, ok := strings.Cut(n, ":"); ok {
			switch kind {
			case "int32":
				n, typ = name, tablet.Int32
			case "int64":
				n, typ = name, tablet.Int64
			case "boolean":
				n, typ = name, tablet.Boolean
			}
		}
		t.columns[i] = tablet.Column{Schema: tablet.Schema{Name: n, Type: typ}, Category: tablet.Field}
	}
	return t
}

// step returns the column of the next cell.
func (t *table) step() *tablet.Column {
	c := &t.columns[t.next]
	if t.next++; t.next == len(t.columns) {
		t.next = 0
		t.rows++
	}
	t.bytes += 8
	return c
}

func (t *table) text(values ...string) {
	for _, v := range values {
		t.step().Bytes.Append([]byte(v))
		t.bytes += len(v)
	}
}

// number adds a cell to an INT32 or INT64 column.
func (t *table) number(values ...int64) {
	for _, v := range values {
		if c := t.step(); c.Type == tablet.Int32 {
			c.Int32s = append(c.Int32s, int32(v))
		} else {
			c.Int64s = append(c.Int64s, v)
		}
	}
}

// truth adds a cell to a BOOLEAN column.
func (t *table) truth(v bool) {
	c := t.step()
	c.Bools = append(c.Bools, v)
}

// null adds a null cell to a TEXT column.
func (t *table) null() {
	row := t.rows
	c := t.step()
	for len(c.Nulls) < tablet.BitmapBytes(row+1) {
		c.Nulls = append(c.Nulls, 0)
	}
	c.Nulls.Set(row)
	c.Bytes.Append(nil)
}

// textOrNull adds a text, or null if it is empty.
func (t *table) textOrNull(v string) {
	if v == "" {
		t.null()
		return
	}
	t.text(v)
}

// full reports whether the table is as large as it may become.
func (t *table) full() bool { return t.bytes > maxTable }

// result returns the finished table.
func (t *table) result() (*result.Result, error) {
	if t.full() {
		return nil, status.Errorf(status.QueryMemory, "The table has more than %d bytes; ask for less with a path or LIMIT", maxTable)
	}
	times := t.times
	if times == nil {
		times = make([]int64, t.rows)
	}
	rows := &tableRows{t: &tablet.Tablet{Times: times, Columns: t.columns}}
	out := &result.Result{Columns: make([]result.Column, len(t.columns)), Rows: rows, HasTime: t.times != nil}
	for i := range t.columns {
		out.Columns[i] = result.Column{Name: t.columns[i].Name, Type: t.columns[i].Type}
	}
	return out, nil
}

// tableRows reads a table block by block.
type tableRows struct {
	t  *tablet.Tablet // nil: closed
	at int
}

// Next implements result.Rows.
func (r *tableRows) Next(_ context.Context, most int) (*result.Block, error) {
	if r.t == nil || r.at >= r.t.Rows() {
		return nil, io.EOF
	}
	n := min(max(most, 1), r.t.Rows()-r.at)
	b := r.t.Slice(r.at, r.at+n)
	r.at += n
	return &result.Block{Times: b.Times, Columns: b.Columns}, nil
}

// Close implements result.Rows.
func (r *tableRows) Close() error {
	r.t = nil
	return nil
}
