package merge

import (
	"math"
	"slices"
)

// level is one input of a scanner.
type level struct {
	in      *Input
	order   int
	entered bool
	hull    Range    // of the layer; once it is entered, of its sources
	sources []source // once it is entered
}

// later is the only stream of a layer that was not entered: a block without rows that
// begins where the layer begins.
type later struct {
	s     *Scanner
	order int
}

func (l *later) advance(*stream) (bool, error) { return false, nil }

func (l *later) deepen(*stream) (bool, error) {
	l.s.enter(&l.s.layers[l.order])
	return false, l.s.failed
}

func (l *later) covers(int, Range) bool { return false }

func (l *later) hull() Range { return Range{math.MaxInt64, math.MinInt64} }

func (s *Scanner) addLayer(in *Input) {
	s.layers = append(s.layers, level{in: in, order: len(s.layers)})
	l := &s.layers[len(s.layers)-1]
	b := in.Bounds
	if b == nil || s.failed != nil {
		s.enter(l)
		return
	}
	if b.Lo > s.q.Hi || b.Hi < s.q.Lo {
		l.entered, l.hull = true, Range{math.MaxInt64, math.MinInt64}
		return
	}
	l.hull = *b
	st := &stream{src: &later{s: s, order: l.order}, state: pending, order: l.order}
	st.lo, st.hi = span(b.Lo, b.Hi, s.q.Desc)
	s.fresh = append(s.fresh, st)
}

// enter finds the device in a layer, once; s.failed says why that is not possible.
func (s *Scanner) enter(l *level) {
	if l.entered || s.failed != nil {
		return
	}
	l.entered, l.hull = true, Range{math.MaxInt64, math.MinInt64}
	var deleted func(string) []Range
	if l.in.Deleted != nil {
		deleted = func(name string) []Range { return l.in.Deleted(s.q.Device, name) }
	}
	first := len(s.fresh)
	if l.in.Mem != nil {
		if st := s.memStream(l.in.Mem.Tablets(s.q.Device), deleted); st != nil {
			s.fresh = append(s.fresh, st)
		}
	} else if s.failed = s.fileStreams(l.in.File, deleted); s.failed != nil {
		return
	}
	for _, st := range s.fresh[first:] {
		st.order = l.order
		l.sources = append(l.sources, st.src)
		h := st.src.hull()
		l.hull = Range{min(l.hull.Lo, h.Lo), max(l.hull.Hi, h.Hi)}
	}
}

// admit puts fresh streams among the others, in the order of the layers.
func (s *Scanner) admit() {
	if len(s.fresh) == 0 {
		return
	}
	s.streams = append(s.streams, s.fresh...)
	s.fresh = s.fresh[:0]
	slices.SortStableFunc(s.streams, func(a, b *stream) int { return a.order - b.order })
}

// leave gives back the memory of a stream that ended; overlapped may still need it.
func (s *Scanner) leave(st *stream) {
	f, ok := st.src.(*fileSource)
	if !ok || s.q.Stats != nil || s.q.Skip != nil {
		return
	}
	last := len(s.units) - 1
	s.units[f.place] = s.units[last]
	s.units[f.place].file.place = f.place
	s.units = s.units[:last]
	s.q.Pool.put(f.unit)
}

// overlapped reports whether a stream other than that of src may have values of a column
// within r. It enters the layers that reach into r.
func (s *Scanner) overlapped(src source, column int, r Range) bool {
	found := false
	for i := range s.layers {
		l := &s.layers[i]
		if l.hull.Lo > r.Hi || l.hull.Hi < r.Lo {
			continue
		}
		s.enter(l)
		for _, o := range l.sources {
			if o != src && o.covers(column, r) {
				found = true
				break
			}
		}
	}
	return found || s.failed != nil
}
