package commitlog

import (
	"fmt"
	"slices"
	"sort"
	"sync"
)

// segment is one segment file. The shelf's lock guards the fields; num and first
// never change.
type segment struct {
	num    uint64
	first  uint64
	last   uint64 // last durable position; first-1 = none
	end    int64  // durable bytes of the file, its header included
	sealed bool
	sum    extent // of all durable records
	index  *index // in memory while the segment is written to; nil = in its file
	head   string // what is wrong with the file's header, if anything
	disk   int64  // bytes of its files
}

// shelf is the list of segments and the end of what is durable: what the writer
// publishes and the readers see.
//
// Invariants: segs is in the order of num and of first; only the last one is not
// sealed; durable is the last position of the last segment that has one.
type shelf struct {
	mu      sync.RWMutex
	segs    []*segment
	next    uint64 // position after the last durable one
	changed chan struct{}
	waiting bool
	closed  bool
}

func newShelf() *shelf { return &shelf{changed: make(chan struct{}), next: 1} }

// view is what a reader knows about the segment it is in.
type view struct {
	seg    *segment
	num    uint64
	first  uint64
	last   uint64
	end    int64
	sealed bool
	head   string
	sum    extent
}

func (s *segment) view() view {
	return view{seg: s, num: s.num, first: s.first, last: s.last, end: s.end, sealed: s.sealed, head: s.head, sum: s.sum}
}

// durable returns the last durable position.
func (s *shelf) durable() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.next - 1
}

// firstKept returns the oldest position kept, or the next one to come.
func (s *shelf) firstKept() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.segs) == 0 {
		return s.next
	}
	return s.segs[0].first
}

// bytes returns what the segments take on disk.
func (s *shelf) bytes() (total int64, count int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, seg := range s.segs {
		total += seg.disk
	}
	return total, len(s.segs)
}

// Held returns the bytes on disk of the segments that hold positions after pos: what a
// cursor at pos keeps retention from removing.
func Held(l *Log, pos uint64) int64 {
	l.shelf.mu.RLock()
	defer l.shelf.mu.RUnlock()
	var total int64
	for _, seg := range l.shelf.segs {
		if seg.last > pos {
			total += seg.disk
		}
	}
	return total
}

// find returns the segment that holds a position: false if the position is not
// durable yet, ErrGone if it was removed, a *CorruptError if no file holds it.
func (s *shelf) find(pos uint64) (view, bool, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return view{}, false, ErrClosed
	}
	if pos >= s.next {
		return view{}, false, nil
	}
	i := sort.Search(len(s.segs), func(i int) bool { return s.segs[i].last >= pos })
	if i == len(s.segs) {
		return view{}, false, missing(s.segs, i, pos, s.next-1)
	}
	seg := s.segs[i]
	if pos >= seg.first {
		return seg.view(), true, nil
	}
	if i == 0 {
		return view{}, false, fmt.Errorf("%w: %d, the oldest is %d", ErrGone, pos, seg.first)
	}
	return view{}, false, missing(s.segs, i, pos, seg.first-1)
}

// missing is the error for positions that no segment before the i-th holds.
func missing(segs []*segment, i int, from, to uint64) *CorruptError {
	e := &CorruptError{From: from, To: to, Reason: "a segment file is missing"}
	if i > 0 {
		prev := segs[i-1]
		e.Segment, e.Offset = prev.num, prev.end
		e.Reason = fmt.Sprintf("the log goes on with position %d in the next segment", to+1)
	}
	return e
}

// views returns all segments that hold positions in from to to, in order.
func (s *shelf) views(from, to uint64) []view {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []view
	for _, seg := range s.segs {
		if seg.last >= from && seg.first <= to && seg.last >= seg.first {
			out = append(out, seg.view())
		}
	}
	return out
}

// blocks returns the index of a segment that is in memory, or nil.
func (s *shelf) blocks(seg *segment) []block {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if seg.index == nil {
		return nil
	}
	return seg.index.snapshot()
}

// wait returns a channel that is closed when something became durable or the
// log was closed. It must be asked for before looking.
func (s *shelf) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = true
	return s.changed
}

// wake tells those who wait. The lock is held.
func (s *shelf) wake() {
	if s.waiting {
		close(s.changed)
		s.changed = make(chan struct{})
		s.waiting = false
	}
}

// update changes what readers see under the lock and wakes them.
func (s *shelf) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.wake()
}

// close ends all waiting.
func (s *shelf) close() {
	s.update(func() { s.closed = true })
}

// add puts a segment at the end.
func (s *shelf) add(seg *segment) {
	s.update(func() { s.segs = append(s.segs, seg) })
}

// drop takes a segment out and reports whether it was there.
func (s *shelf) drop(seg *segment) (was bool) {
	s.update(func() {
		i := slices.Index(s.segs, seg)
		if was = i >= 0; was {
			s.segs = slices.Delete(s.segs, i, i+1)
		}
	})
	return was
}

// refresh returns the present view of a segment.
func (s *shelf) refresh(seg *segment) view {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return seg.view()
}

func (s *shelf) isClosed() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.closed
}
