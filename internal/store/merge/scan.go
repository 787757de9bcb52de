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
// nothing that must be closed; Close gives its memory to the pool of the query.
type Scanner struct {
	ctx     context.Context
	q       Query
	names   []string
	aligned bool
	dec     tsfile.Decoder
	layers  []level   // oldest first
	streams []*stream // of the layers that were entered, oldest layer first
	fresh   []*stream // not among streams yet
	units   []*unit   // that this scanner has from the pool
	wanted  []column
	failed  error // while a layer was entered
	win     window
	out     gather
}

// Scan begins to read. Inputs are given oldest first. It reads index entries, no points;
// of a layer whose Bounds are known only when its turn comes.
func Scan(ctx context.Context, inputs []Input, q Query) (*Scanner, error) {
	if q.Rows <= 0 {
		q.Rows = defaultRows
	}
	q.Rows = min(q.Rows, math.MaxInt32)
	s := q.Pool.scanner()
	s.ctx, s.q, s.aligned, s.failed = ctx, q, false, nil
	s.names = grow(s.names, len(q.Columns))
	for i := range q.Columns {
		if !q.Columns[i].Type.Valid() {
			return nil, fmt.Errorf("merge: column %s has data type %d", q.Columns[i].Name, q.Columns[i].Type)
		}
		s.names[i] = q.Columns[i].Name
	}
	if q.Lo > q.Hi {
		inputs = nil
	}
	s.layers = slices.Grow(s.layers[:0], len(inputs))
	for i := range inputs {
		s.addLayer(&inputs[i])
	}
	if s.failed != nil {
		return nil, s.failed
	}
	s.out.init(s)
	return s, ctx.Err()
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
		lead, err := s.lead()
		if lead == nil || err != nil {
			return false, err
		}
		if len(s.fresh) > 0 { // one of them may be the lead
			continue
		}
		if lead.state == pending {
			if s.q.Until != nil && s.q.Until(key(lead.lo, s.q.Desc)) {
				return false, nil
			}
			if err := lead.step(); err != nil {
				return false, err
			}
			continue
		}
		again := false
		for _, st := range s.streams {
			if st.state == pending && st.lo <= lead.hi {
				if err := st.step(); err != nil {
					return false, err
				}
				again = true
			}
		}
		if !again {
			return true, s.failed
		}
	}
}

// lead returns the stream with the smallest key after every idle one took a step; nil if
// all have ended.
func (s *Scanner) lead() (*stream, error) {
	s.admit()
	var lead *stream
	n := 0
	for _, st := range s.streams {
		if st.state == idle {
			if err := st.step(); err != nil {
				return nil, err
			}
		}
		if st.state == ended {
			s.leave(st)
			continue
		}
		s.streams[n] = st
		n++
		if lead == nil || st.lo < lead.lo || st.lo == lead.lo && st.state < lead.state {
			lead = st
		}
	}
	s.streams = s.streams[:n]
	if lead == nil && len(s.fresh) > 0 {
		return s.lead()
	}
	return lead, s.failed
}

// Bytes returns the memory that the scanner holds.
func (s *Scanner) Bytes() int {
	n := s.dec.Bytes() + s.out.bytes() + s.win.bytes()
	for _, u := range s.units {
		n += u.file.bytes()
		for j := range u.cols {
			n += columnBytes(&u.cols[j])
		}
	}
	for _, st := range s.streams {
		if m, ok := st.src.(*memSource); ok {
			n += m.bytes()
		}
	}
	return n
}

// Close ends the use of the scanner and of what it returned. It need not be called.
func (s *Scanner) Close() {
	for _, u := range s.units {
		s.q.Pool.put(u)
	}
	pool := s.q.Pool
	s.units, s.streams, s.fresh = s.units[:0], s.streams[:0], s.fresh[:0]
	clear(s.layers[:cap(s.layers)])
	clear(s.wanted[:cap(s.wanted)])
	s.ctx, s.q = nil, Query{}
	pool.keep(s)
}
