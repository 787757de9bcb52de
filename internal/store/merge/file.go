package merge

import (
	"fmt"
	"slices"
	"sort"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// fileSource hands out the pages of one series of a file, or of an aligned device, whose
// value columns share the pages of the time column.
type fileSource struct {
	s      *Scanner
	unit   *unit
	place  int // among the units of s
	r      *tsfile.Reader
	lead   *tsfile.Series // time column, or the series itself
	cur    tsfile.ChunkCursor
	cols   []fileColumn
	chunks []int // numbers, in the order of keys
	times  []int64
	spare  tablet.Binary
	spot
}

// spot is where a source stands.
type spot struct {
	next   int   // chunk
	open   bool  // the cursor is in the chunk before it
	inPage bool  // the bounds are those of a page
	page   int   // number of the page that is next, descending
	floor  int64 // last key of the page before
	begun  bool  // there is a page before
}

// column is a wanted series that a file has.
type column struct {
	index   int // in the query
	series  *tsfile.Series
	deleted []Range
}

type fileColumn struct {
	column
	cur    *tsfile.ChunkCursor // aligned
	opened bool                // cur stands in the current chunk
	gone   bool                // in the current chunk
	absent bool                // in the current page
	nulls  tablet.Bitmap
	erased tablet.Bitmap
	times  []Range // of the chunks; nil: not yet asked for
}

// fileStreams makes the streams of one file: one for an aligned device, one for each
// series otherwise, more if chunks of a series overlap each other.
func (s *Scanner) fileStreams(r *tsfile.Reader, deleted func(string) []Range) error {
	id, err := r.DeviceID(s.q.Device)
	if err != nil {
		return err
	}
	d, err := r.Device(id)
	if d == nil || err != nil {
		return err
	}
	time, found, err := r.Lookup(d, s.names)
	if err != nil {
		return err
	}
	s.wanted = s.wanted[:0]
	for i, x := range found {
		if x == nil || x.Type != s.q.Columns[i].Type || x.Stats.Count == 0 {
			continue
		}
		c := column{index: i, series: x}
		if deleted != nil {
			c.deleted = deleted(x.Name)
		}
		s.wanted = append(s.wanted, c)
	}
	if len(s.wanted) == 0 {
		return nil
	}
	if time != nil {
		s.aligned = true
		s.runs(r, time, s.wanted)
		return nil
	}
	for i := range s.wanted {
		s.runs(r, s.wanted[i].series, s.wanted[i:i+1])
	}
	return nil
}

// runs divides the chunks within the query's times into sequences that ascend, and makes
// a stream of each.
func (s *Scanner) runs(r *tsfile.Reader, lead *tsfile.Series, cols []column) {
	first := len(s.fresh)
	var f *fileSource
	for i := range lead.Chunks {
		m := &lead.Chunks[i].Stats
		if m.Count == 0 || m.End < s.q.Lo || m.Start > s.q.Hi {
			continue
		}
		// The last run is the only one that nothing after it may be older than.
		if f == nil || lead.Chunks[f.chunks[len(f.chunks)-1]].Stats.End >= m.Start {
			u := s.unit(cols)
			f = &u.file
			f.r, f.lead = r, lead
			s.fresh = append(s.fresh, &u.stream)
		}
		f.chunks = append(f.chunks, i)
	}
	if s.q.Desc {
		for _, st := range s.fresh[first:] {
			slices.Reverse(st.src.(*fileSource).chunks)
		}
	}
}

func (f *fileSource) aligned() bool { return f.lead.Time }

func (f *fileSource) ahead() int {
	if f.aligned() {
		return max(4<<10, min(64<<10, (4<<20)/(len(f.cols)+1)))
	}
	return max(8<<10, min(64<<10, (4<<20)/len(f.s.q.Columns)))
}

func (f *fileSource) advance(st *stream) (bool, error) {
	if f.open {
		ok, err := f.nextPage(st)
		if ok || err != nil {
			return ok, err
		}
		f.open = false
	}
	for f.next < len(f.chunks) {
		i := f.chunks[f.next]
		f.next++
		m := &f.lead.Chunks[i].Stats
		if m.Start > m.End {
			return false, f.corrupt(i, "its statistics end before they begin")
		}
		if f.skipsChunk(i) {
			continue
		}
		st.lo, st.hi = span(m.Start, m.End, f.s.q.Desc)
		st.state, f.inPage = pending, false
		return true, nil
	}
	return false, nil
}

func (f *fileSource) corrupt(i int, format string, args ...any) error {
	return &tsfile.CorruptError{Offset: f.lead.Chunks[i].Offset, Structure: "chunk of " + f.s.q.Device + "." + f.lead.Name,
		Reason: fmt.Sprintf(format, args...)}
}

// skipsChunk decides by the statistics of chunk i; true: none of its points are needed.
func (f *fileSource) skipsChunk(i int) bool {
	for j := range f.cols {
		if f.skips(&f.cols[j], &f.cols[j].series.Chunks[i].Stats, &f.lead.Chunks[i].Stats) {
			return true
		}
	}
	left := false
	for j := range f.cols {
		c := &f.cols[j]
		c.gone = f.gone(c, &c.series.Chunks[i].Stats)
		left = left || !c.gone
	}
	return !left
}

// skips asks Query.Skip about rows that span the times of lead.
func (f *fileSource) skips(c *fileColumn, st, lead *tsfile.Statistics) bool {
	q := &f.s.q
	return q.Skip != nil && st.Count > 0 && !f.s.overlapped(f, c.index, Range{lead.Start, lead.End}) &&
		q.Skip(c.index, c.series.Type, st)
}

// gone reports whether the points that st describes need not be decoded.
func (f *fileSource) gone(c *fileColumn, st *tsfile.Statistics) bool {
	q := &f.s.q
	if st.Count == 0 || st.End < q.Lo || st.Start > q.Hi {
		return true
	}
	cut := covered(c.deleted, st.Start, st.End)
	if cut == all {
		return true
	}
	return q.Stats != nil && cut == nothing && st.Start >= q.Lo && st.End <= q.Hi &&
		!f.s.overlapped(f, c.index, Range{st.Start, st.End}) && q.Stats(c.index, st)
}

// openChunk goes into the chunk that advance announced.
func (f *fileSource) openChunk() error {
	i := f.chunks[f.next-1]
	if err := f.r.OpenChunk(&f.cur, f.lead, i, f.ahead()); err != nil {
		return err
	}
	f.open = true
	f.begun = false
	for j := range f.cols {
		f.cols[j].opened = false
	}
	if f.s.q.Desc {
		var err error
		if f.page, err = f.cur.Pages(); err != nil {
			return err
		}
	}
	return nil
}

// nextPage finds the next page that is needed within the chunk; false at its end.
func (f *fileSource) nextPage(st *stream) (bool, error) {
	q, i := &f.s.q, f.chunks[f.next-1]
	begin, end := span(f.lead.Chunks[i].Stats.Start, f.lead.Chunks[i].Stats.End, q.Desc)
	for {
		ok, err := f.move()
		if err != nil || !ok {
			return false, err
		}
		p := f.cur.Stats()
		if p.Count == 0 {
			continue
		}
		lo, hi := span(p.Start, p.End, q.Desc)
		if lo > hi || lo < begin || hi > end || f.begun && lo <= f.floor {
			return false, f.cur.Damage("its times are not behind those of the page before or not within those of the chunk")
		}
		f.floor, f.begun = hi, true
		if p.Start > q.Hi || p.End < q.Lo {
			continue
		}
		skip, err := f.skipsPage(p)
		if err != nil {
			return false, err
		}
		if skip {
			continue
		}
		st.lo, st.hi, st.state, f.inPage = lo, hi, pending, true
		return true, nil
	}
}

// move goes to the next page in the order of keys.
func (f *fileSource) move() (bool, error) {
	if !f.s.q.Desc {
		return f.cur.Next()
	}
	if f.page == 0 {
		return false, nil
	}
	f.page--
	return true, f.cur.Seek(f.page)
}

func (f *fileSource) skipsPage(p *tsfile.Statistics) (bool, error) {
	q := &f.s.q
	stats := q.Stats != nil || q.Skip != nil
	if !f.aligned() {
		c := &f.cols[0]
		c.absent = false
		return f.skips(c, p, p) || f.gone(c, p), nil
	}
	left := false
	for j := range f.cols {
		c := &f.cols[j]
		c.absent = c.gone
		if c.gone {
			continue
		}
		if stats {
			if err := f.seekValue(c); err != nil {
				return false, err
			}
			if f.skips(c, c.cur.Stats(), p) {
				return true, nil
			}
			continue
		}
		c.absent = covered(c.deleted, p.Start, p.End) == all
		left = left || !c.absent
	}
	for j := range f.cols {
		if c := &f.cols[j]; stats && !c.gone {
			c.absent = f.gone(c, c.cur.Stats())
			left = left || !c.absent
		}
	}
	return !left, nil
}

// seekValue brings the cursor of a value column to the current page of the time column.
func (f *fileSource) seekValue(c *fileColumn) error {
	if !c.opened {
		if c.cur == nil {
			c.cur = &tsfile.ChunkCursor{}
		}
		if err := f.r.OpenChunk(c.cur, c.series, f.chunks[f.next-1], f.ahead()); err != nil {
			return err
		}
		c.opened = true
		if f.s.q.Desc {
			n, err := c.cur.Pages()
			if err != nil {
				return err
			}
			if n > 0 && n <= f.page {
				return c.cur.Damage("fewer pages than its time chunk")
			}
		}
	}
	if f.s.q.Desc {
		return c.cur.Seek(f.page)
	}
	for c.cur.At() < f.cur.At() {
		ok, err := c.cur.Next()
		if err != nil {
			return err
		}
		if !ok {
			return c.cur.Damage("fewer pages than its time chunk")
		}
	}
	return nil
}

func (f *fileSource) deepen(st *stream) (bool, error) {
	if !f.inPage {
		if err := f.openChunk(); err != nil {
			return false, err
		}
		return f.advance(st)
	}
	if err := f.load(st); err != nil {
		return false, err
	}
	return true, nil
}

// load decodes the current page.
func (f *fileSource) load(st *stream) error {
	p := *f.cur.Stats()
	d := &f.s.dec
	var err error
	if f.aligned() {
		f.times, err = f.cur.Times(d, f.times[:0])
	} else {
		emptied(&st.cols[0])
		st.cols[0].Schema, st.cols[0].Nulls = f.cur.Schema(), nil
		f.times, err = f.cur.Plain(d, f.times[:0], &st.cols[0])
		st.has[0] = true
	}
	if err != nil {
		return err
	}
	if err := f.checkTimes(&p); err != nil {
		return err
	}
	for j := range f.cols {
		if err := f.loadColumn(st, j); err != nil {
			return err
		}
	}
	r := within(f.times, f.s.q.Lo, f.s.q.Hi)
	st.keys = f.times
	if f.s.q.Desc {
		f.turn(st)
		r.from, r.to = len(f.times)-r.to, len(f.times)-r.from
	}
	st.settle(r)
	return nil
}

func (f *fileSource) loadColumn(st *stream, j int) error {
	c, col := &f.cols[j], &st.cols[j]
	if f.aligned() {
		st.has[j] = !c.absent
		if c.absent {
			return nil
		}
		if err := f.seekValue(c); err != nil {
			return err
		}
		emptied(col)
		col.Schema, col.Nulls = c.cur.Schema(), c.nulls
		if err := c.cur.Value(&f.s.dec, len(f.times), col); err != nil {
			return err
		}
		if col.Nulls != nil {
			c.nulls = col.Nulls
		}
	}
	if len(c.deleted) > 0 {
		c.erased = erase(col, f.times, c.deleted, c.erased)
	}
	return nil
}

// checkTimes: what the statistics promised is what the merge relies on.
func (f *fileSource) checkTimes(p *tsfile.Statistics) error {
	t := f.times
	if len(t) == 0 || t[0] < p.Start || t[len(t)-1] > p.End {
		return f.cur.Damage("its times are not those of its statistics")
	}
	for i := 1; i < len(t); i++ {
		if t[i] <= t[i-1] {
			return f.cur.Damage(fmt.Sprintf("time %d behind %d", t[i], t[i-1]))
		}
	}
	return nil
}

// turn makes descending rows of ascending ones.
func (f *fileSource) turn(st *stream) {
	slices.Reverse(f.times)
	for i := range f.times {
		f.times[i] = ^f.times[i]
	}
	for j := range st.cols {
		if st.has[j] {
			reverse(&st.cols[j], len(f.times), &f.spare)
		}
	}
}

// hull returns the times of all chunks.
func (f *fileSource) hull() Range {
	a, b := f.chunks[0], f.chunks[len(f.chunks)-1]
	return Range{min(f.lead.Chunks[a].Stats.Start, f.lead.Chunks[b].Stats.Start), max(f.lead.Chunks[a].Stats.End, f.lead.Chunks[b].Stats.End)}
}

func (f *fileSource) covers(column int, r Range) bool {
	for j := range f.cols {
		c := &f.cols[j]
		if c.index != column {
			continue
		}
		if c.times == nil {
			c.times = make([]Range, 0, len(f.chunks))
			for _, i := range f.chunks {
				if st := &c.series.Chunks[i].Stats; st.Count > 0 {
					c.times = append(c.times, Range{st.Start, st.End})
				}
			}
			c.times = fuse(c.times)
		}
		return overlaps(c.times, r)
	}
	return false
}

// entryBytes is about what the index entry of a chunk takes.
const entryBytes = 192

func (f *fileSource) bytes() int {
	n := f.cur.Bytes() + 8*cap(f.times) + cap(f.spare.Data) + 4*cap(f.spare.Ends)
	for j := range f.cols {
		c := &f.cols[j]
		n += cap(c.nulls) + cap(c.erased)
		if c.cur != nil {
			n += c.cur.Bytes()
		}
		if c.series != nil {
			n += entryBytes * (1 + len(c.series.Chunks))
		}
	}
	return n
}

// overlaps reports whether sorted ranges meet r.
func overlaps(list []Range, r Range) bool {
	i := sort.Search(len(list), func(i int) bool { return list[i].Hi >= r.Lo })
	return i < len(list) && list[i].Lo <= r.Hi
}
