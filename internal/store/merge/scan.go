package merge

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

const (
	defaultRows = 10_000
	directRows  = 512 // fewer rows are gathered into a larger tablet
)

// Scanner reads the merged rows of one device. It is not safe for concurrent use and holds
// nothing that must be closed.
type Scanner struct {
	ctx     context.Context
	q       Query
	names   []string
	aligned bool
	dec     tsfile.Decoder
	streams []*stream // oldest layer first
	extents [][]extent
	win     window
	out     gather
}

// extent is where one stream may have values of a column.
type extent struct {
	src  source
	list []Range
}

// Scan begins to read. Inputs are given oldest first. It reads index entries, no points.
func Scan(ctx context.Context, inputs []Input, q Query) (*Scanner, error) {
	if q.Rows <= 0 {
		q.Rows = defaultRows
	}
	q.Rows = min(q.Rows, math.MaxInt32)
	s := &Scanner{ctx: ctx, q: q, names: make([]string, len(q.Columns))}
	for i := range q.Columns {
		if !q.Columns[i].Type.Valid() {
			return nil, fmt.Errorf("merge: column %s has data type %d", q.Columns[i].Name, q.Columns[i].Type)
		}
		s.names[i] = q.Columns[i].Name
	}
	if q.Lo > q.Hi {
		inputs = nil
	}
	for i := range inputs {
		if err := s.addLayer(&inputs[i]); err != nil {
			return nil, err
		}
	}
	s.out.init(s)
	return s, ctx.Err()
}

func (s *Scanner) addLayer(in *Input) error {
	var deleted func(string) []Range
	if in.Deleted != nil {
		deleted = func(name string) []Range { return in.Deleted(s.q.Device, name) }
	}
	if in.Mem != nil {
		if st := s.memStream(in.Mem.Tablets(s.q.Device), deleted); st != nil {
			s.streams = append(s.streams, st)
		}
		return nil
	}
	list, err := s.fileStreams(in.File, deleted)
	s.streams = append(s.streams, list...)
	return err
}

// overlapped reports whether a stream other than that of src may have values of a column
// within r.
func (s *Scanner) overlapped(src source, column int, r Range) bool {
	if len(s.streams) == 1 {
		return false
	}
	if s.extents == nil {
		s.extents = make([][]extent, len(s.q.Columns))
	}
	if s.extents[column] == nil {
		list := make([]extent, 0, 4)
		for _, st := range s.streams {
			if e := st.src.extents(column); len(e) > 0 {
				list = append(list, extent{st.src, e})
			}
		}
		s.extents[column] = list
	}
	for _, e := range s.extents[column] {
		if e.src != src && overlaps(e.list, r) {
			return true
		}
	}
	return false
}

// Next returns the next rows, valid until the next call, with exactly the wanted columns in
// their order; io.EOF at the end. Errors are those of the context, of a file's reader, or
// *tsfile.CorruptError.
func (s *Scanner) Next() (*tablet.Tablet, error) {
	s.out.reset()
	for {
		if err := s.ctx.Err(); err != nil {
			return nil, err
		}
		more, err := s.prepare()
		if err != nil {
			return nil, err
		}
		if more {
			s.win.cut(s.streams, s.q.Rows-s.out.rows)
			if s.out.rows == 0 && s.win.direct && s.win.rows >= min(directRows, s.q.Rows) {
				if t := s.out.direct(&s.win); t != nil {
					s.win.use()
					return t, nil
				}
			}
			s.out.add(&s.win)
			s.win.use()
			if s.out.rows < min(directRows, s.q.Rows) {
				continue
			}
		}
		if t := s.out.finish(); t != nil {
			return t, nil
		}
		if !more {
			return nil, io.EOF
		}
		s.out.reset()
	}
}

// prepare loads every block that begins before the block with the smallest key ends;
// false if nothing is left.
func (s *Scanner) prepare() (bool, error) {
	for {
		var lead *stream
		for _, st := range s.streams {
			if st.state == idle {
				if err := st.step(); err != nil {
					return false, err
				}
			}
			if st.state != ended && (lead == nil || st.lo < lead.lo || st.lo == lead.lo && st.state < lead.state) {
				lead = st
			}
		}
		if lead == nil {
			return false, nil
		}
		again := lead.state == pending
		if again {
			if err := lead.step(); err != nil {
				return false, err
			}
			continue
		}
		for _, st := range s.streams {
			if st.state == pending && st.lo <= lead.hi {
				if err := st.step(); err != nil {
					return false, err
				}
				again = true
			}
		}
		if !again {
			s.streams = slices.DeleteFunc(s.streams, func(st *stream) bool { return st.state == ended && s.q.Stats == nil && s.q.Skip == nil })
			return true, nil
		}
	}
}

// Bytes returns the memory that the scanner holds.
func (s *Scanner) Bytes() int {
	n := s.dec.Bytes() + s.out.bytes() + s.win.bytes()
	for _, st := range s.streams {
		n += st.src.bytes()
		if _, ok := st.src.(*fileSource); ok {
			for j := range st.cols {
				n += columnBytes(&st.cols[j])
			}
		}
	}
	return n
}
