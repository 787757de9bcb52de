package commitlog

import (
	"context"
	"errors"
	"io"
	"slices"
)

// Filter chooses entries of Scan. The zero Filter takes everything. It speaks of
// labels only: what it lets through may still hold points outside of Lo to Hi.
type Filter struct {
	Kinds    uint64   // bit set of kinds; 0 = any
	Keys     []uint64 // nil = any; entries with Key 0 always match
	Lo, Hi   int64    // range of event times, inclusive; both 0 = any; entries without times always match
	From, To uint64   // positions, inclusive; From 0 = the first, To 0 = the last durable at the call

	// Skip is called for each damaged place and Scan goes on after it if it
	// returns nil. A nil Skip makes Scan stop with the *CorruptError.
	Skip func(*CorruptError) error
}

// timed reports whether the filter looks at event times.
func (f *Filter) timed() bool { return f.Lo != 0 || f.Hi != 0 }

// hasKey looks a key up; Scan has sorted them.
func (f *Filter) hasKey(k uint64) bool {
	_, ok := slices.BinarySearch(f.Keys, k)
	return ok
}

// takes reports whether an entry with that label is wanted.
func (f *Filter) takes(l *Label) bool {
	if f.Kinds != 0 && f.Kinds&(1<<l.Kind) == 0 {
		return false
	}
	if f.timed() && l.Lo <= l.Hi && (l.Hi < f.Lo || l.Lo > f.Hi) {
		return false
	}
	return f.Keys == nil || l.Key == 0 || f.hasKey(l.Key)
}

// mayTake reports whether records of that extent may be wanted.
func (f *Filter) mayTake(x *extent) bool {
	if x.flags&flagDamaged != 0 {
		return true
	}
	if f.Kinds != 0 && f.Kinds&x.kinds == 0 {
		return false
	}
	if f.timed() && x.flags&flagUntimed == 0 && (x.hi < f.Lo || x.lo > f.Hi) {
		return false
	}
	if f.Keys == nil || x.flags&flagAnyKey != 0 {
		return true
	}
	for _, k := range x.keys[:x.nkeys] {
		if f.hasKey(k) {
			return true
		}
	}
	return false
}

// Scan calls fn for each durable entry that matches, in order, and stops at the
// first error, which it returns. It reads only the blocks that may match. The
// payload is valid until fn returns.
func (l *Log) Scan(ctx context.Context, f Filter, fn func(Entry) error) error {
	s := &scan{log: l, f: f.sorted(), fn: fn}
	s.to = l.Durable()
	if f.To != 0 {
		s.to = min(s.to, f.To)
	}
	return s.run(ctx)
}

// sorted returns the filter with its keys in order, as hasKey needs them.
func (f Filter) sorted() Filter {
	if f.Keys != nil {
		f.Keys = slices.Clone(f.Keys)
		slices.Sort(f.Keys)
	}
	return f
}

// stopped is an error of the caller's function; it hides its class from Scan.
type stopped struct{ error }

// scan is one call of Scan.
type scan struct {
	log  *Log
	f    Filter
	fn   func(Entry) error
	to   uint64
	want uint64 // position expected next, to notice a missing segment
	w    walk   // of the current segment; its buffer serves all
}

func (s *scan) run(ctx context.Context) error {
	s.want = max(s.f.From, s.log.First())
	for _, v := range s.log.shelf.views(s.want, s.to) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.log.shelf.isClosed() {
			return ErrClosed
		}
		if v.first > s.want {
			gap := &CorruptError{Segment: v.num, Reason: "the segments before it do not hold all positions", From: s.want, To: v.first - 1}
			if err := s.skip(gap); err != nil {
				return err
			}
		}
		if err := s.segment(ctx, v); err != nil {
			return err
		}
		s.want = v.last + 1
	}
	if s.want <= s.to {
		return s.skip(&CorruptError{Reason: "no segment holds these positions", From: s.want, To: s.to})
	}
	return nil
}

// skip reports a damaged place and says whether to stop.
func (s *scan) skip(e *CorruptError) error {
	s.log.meter.damage()
	if s.f.Skip == nil {
		return e
	}
	return s.f.Skip(e)
}

// segment scans the blocks of a segment that may match, adjacent ones in one go.
func (s *scan) segment(ctx context.Context, v view) error {
	if v.head != "" && s.want <= v.first {
		if err := s.skip(&CorruptError{Segment: v.num, Reason: v.head, From: v.first, To: v.first - 1}); err != nil {
			return err
		}
	}
	if !s.f.mayTake(&v.sum) {
		return nil
	}
	blocks, err := s.log.blocks(v)
	if err != nil {
		return s.lost(err, v)
	}
	w, err := s.log.openWalk(v)
	if err != nil {
		return s.lost(err, v)
	}
	defer w.f.Close()
	w.buf = s.w.buf
	s.w = *w
	defer func() { s.w.f, s.w.n = nil, 0 }()
	for i := 0; i < len(blocks); {
		j := s.group(blocks, i)
		if j == i {
			i++
			continue
		}
		end, last := v.end, v.last
		if j < len(blocks) {
			end, last = blocks[j].off, blocks[j].first-1
		}
		s.w.off, s.w.want, s.w.limit = blocks[i].off, blocks[i].first, end
		if err := s.blocks(ctx, last); err != nil {
			return err
		}
		i = j
	}
	return nil
}

// lost turns damage of a whole segment into a report.
func (s *scan) lost(err error, v view) error {
	var ce *CorruptError
	if errors.As(err, &ce) {
		return s.skip(ce)
	}
	if errors.Is(err, ErrGone) { // retention was quicker; what it removed was read by all who need it
		return nil
	}
	return err
}

// group returns the end of the run of wanted blocks that starts at i.
func (s *scan) group(blocks []block, i int) int {
	for ; i < len(blocks); i++ {
		if blocks[i].first > s.to {
			return i
		}
		if i+1 < len(blocks) && blocks[i+1].first <= s.want {
			return i
		}
		if !s.f.mayTake(&blocks[i].extent) {
			return i
		}
	}
	return i
}

// blocks goes through the records of the walk, which ends with position last.
func (s *scan) blocks(ctx context.Context, last uint64) error {
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		done, err := s.record(last)
		if st, ok := err.(stopped); ok {
			return st.error
		}
		var ce *CorruptError
		if errors.As(err, &ce) && ce.Segment == s.w.num {
			err = s.pass(ce, last)
		}
		if done || err != nil {
			return err
		}
	}
}

// record handles one record; done means that there is nothing more to see here.
func (s *scan) record(last uint64) (done bool, err error) {
	h, err := s.w.header()
	if err == io.EOF {
		if s.w.want <= last {
			return false, s.w.corrupt("the records end too early")
		}
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if h.pos > s.to {
		return true, nil
	}
	if h.pos >= s.want && s.f.takes(&h.Label) {
		b, err := s.w.payload(&h)
		if err != nil {
			return false, err
		}
		if err := s.fn(h.entry(b)); err != nil {
			return false, stopped{err}
		}
	}
	s.w.advance(&h)
	return false, nil
}

// pass reports a damaged place and goes to the next whole record.
func (s *scan) pass(ce *CorruptError, last uint64) error {
	from := s.w.want
	ok, err := s.w.resync(last)
	if err != nil {
		return err
	}
	if !ok {
		s.w.want = last + 1
	}
	ce.From, ce.To = max(from, s.want), s.w.want-1
	if ce.To < s.want { // before what was asked for
		return nil
	}
	return s.skip(ce)
}
