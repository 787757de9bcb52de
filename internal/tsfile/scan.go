package tsfile

import (
	"io"
	"math"
	"sort"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/cells"
	"github.com/sluice-gateway/sluice/internal/tsfile/stat"
)

// Query says what to read of one device.
type Query struct {
	Device       DeviceID
	Measurements []string // nil: all; names that the file does not have are left out
	From, To     int64    // both inclusive; the zero Query matches time 0 only, see Everything

	// Skip, if not nil, is asked about series, chunks and pages: true says that no row
	// can match because of this measurement. The rows are then left out for all
	// measurements of an aligned device, and for this one otherwise.
	Skip func(measurement string, t tablet.DataType, s *Statistics) bool
}

// Everything returns the query for all points of a device.
func Everything(d DeviceID) Query {
	return Query{Device: d, From: math.MinInt64, To: math.MaxInt64}
}

// Scanner reads points page by page, in constant memory. It is not safe for concurrent
// use.
type Scanner struct {
	r       *Reader
	q       Query
	dec     pageDecoder
	out     tablet.Tablet
	time    *Series // of an aligned device
	series  []*Series
	readers []chunkReader // one; time column first when aligned
	at      int           // series (non-aligned)
	chunk   int           // chunk that is next
	open    bool          // a chunk is being read
	nulls   []tablet.Bitmap
}

// Scan begins to read. A device or a measurement that the file does not have gives no
// rows.
func (r *Reader) Scan(q Query) (*Scanner, error) {
	s := &Scanner{r: r, q: q}
	d, err := r.Device(q.Device)
	if d == nil || err != nil {
		return s, err
	}
	s.out.Device = q.Device.String()
	if r.foot.Version == 4 && len(r.foot.Tables) > 0 {
		s.out.Device = q.Device.Table()
	}
	if err := s.pick(d); err != nil {
		return nil, err
	}
	n := 1
	if s.time != nil {
		n += len(s.series)
	}
	s.readers = make([]chunkReader, n)
	ahead := max(4096, min(r.lim.WindowBytes, (8<<20)/n))
	for i := range s.readers {
		s.readers[i].w.ahead = ahead
	}
	s.out.Aligned = s.time != nil
	s.out.Columns = make([]tablet.Column, max(1, n-1))
	s.nulls = make([]tablet.Bitmap, len(s.out.Columns))
	return s, checkLookup(s.time, s.series)
}

// pick loads the index entries that are asked for.
func (s *Scanner) pick(d *Device) error {
	if s.q.Measurements == nil {
		for x, err := range s.r.Series(d) {
			if err != nil {
				return err
			}
			s.take(x)
		}
		return nil
	}
	for _, name := range append([]string{""}, s.q.Measurements...) {
		find := s.r.Find
		if name == "" {
			find = s.r.find // not every writer enters the time column into the Bloom filter
		}
		x, err := find(d, name)
		if err != nil {
			return err
		}
		if x != nil && (name != "" || x.Time) {
			s.take(x)
		}
	}
	if len(s.series) == 0 {
		s.time = nil
	}
	return nil
}

func (s *Scanner) take(x *Series) {
	if x.Time {
		s.time = x
	} else {
		s.series = append(s.series, x)
	}
}

// Next returns the next rows, in a tablet that is valid until the next call; io.EOF at
// the end. Rows of an aligned device have all measurements that were asked for; those of
// another device come one measurement after the other.
func (s *Scanner) Next() (*tablet.Tablet, error) {
	for {
		var ok bool
		var err error
		if s.time != nil {
			ok, err = s.nextAligned()
		} else {
			ok, err = s.nextPlain()
		}
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, io.EOF
		}
		if out := s.cut(); out != nil {
			return out, nil
		}
	}
}

// outside reports whether statistics exclude every row.
func (s *Scanner) outside(name string, t tablet.DataType, st *Statistics) bool {
	return st.Count == 0 || st.End < s.q.From || st.Start > s.q.To ||
		s.q.Skip != nil && t != stat.Vector && s.q.Skip(name, t, st)
}

// nextPlain fills the tablet with the next page; false at the end.
func (s *Scanner) nextPlain() (bool, error) {
	k := &s.readersOrNone()[0]
	for s.at < len(s.series) {
		x := s.series[s.at]
		if !s.open {
			if s.chunk == len(x.Chunks) || s.chunk == 0 && s.outside(x.Name, x.Type, &x.Stats) {
				s.at, s.chunk = s.at+1, 0
				continue
			}
			m := &x.Chunks[s.chunk]
			s.chunk++
			if s.outside(x.Name, x.Type, &m.Stats) {
				continue
			}
			if err := s.r.openChunk(k, x, m); err != nil {
				return false, err
			}
			s.open = true
		}
		p, ok, err := k.next()
		if err != nil {
			return false, err
		}
		if !ok {
			s.open = false
			continue
		}
		if s.outside(x.Name, x.Type, &p.stats) {
			k.skip(p)
			continue
		}
		col := &s.out.Columns[0]
		cells.Empty(col)
		col.Schema, col.Category, col.Nulls = k.Schema, tablet.Field, nil
		s.out.Times, err = s.dec.plain(k, p, s.out.Times[:0], col)
		return err == nil, err
	}
	return false, nil
}

func (s *Scanner) readersOrNone() []chunkReader {
	if s.readers == nil {
		s.readers = make([]chunkReader, 1)
	}
	return s.readers
}

// openChunk opens and compares header and index entry.
func (r *Reader) openChunk(k *chunkReader, x *Series, m *ChunkMeta) error {
	if err := k.open(r, m); err != nil {
		return err
	}
	if k.Name != x.Name || k.Type != x.Type || k.Marker&maskTime != 0 != x.Time || k.Marker&maskValue != 0 != x.Value {
		return corrupt(m.Offset, "chunk header", "of %q %d, the index says %q %d", k.Name, uint8(k.Type), x.Name, uint8(x.Type))
	}
	if k.Size == 0 && (!x.Value || m.Stats.Count > 0) {
		return corrupt(m.Offset, "chunk of "+x.Name, "no page, the statistics count %d", m.Stats.Count)
	}
	return nil
}

// nextAligned fills the tablet with the next page of every column.
func (s *Scanner) nextAligned() (bool, error) {
	for {
		if !s.open {
			if s.chunk == len(s.time.Chunks) {
				return false, nil
			}
			i := s.chunk
			s.chunk++
			if s.skipChunk(i) {
				continue
			}
			if err := s.r.openChunk(&s.readers[0], s.time, &s.time.Chunks[i]); err != nil {
				return false, err
			}
			for j, x := range s.series {
				if err := s.r.openChunk(&s.readers[j+1], x, &x.Chunks[i]); err != nil {
					return false, err
				}
			}
			s.open = true
		}
		filled, end, err := s.alignedPage()
		if err != nil || filled {
			return filled, err
		}
		s.open = !end
	}
}

func (s *Scanner) skipChunk(i int) bool {
	if s.outside("", stat.Vector, &s.time.Chunks[i].Stats) {
		return true
	}
	for _, x := range s.series {
		if s.q.Skip != nil && s.q.Skip(x.Name, x.Type, &x.Chunks[i].Stats) {
			return true
		}
	}
	return false
}

// alignedPage reads one page of every column, or skips it; end says that the chunk has
// no more.
func (s *Scanner) alignedPage() (filled, end bool, err error) {
	t := &s.readers[0]
	tp, ok, err := t.next()
	if err != nil || !ok {
		if err == nil {
			err = s.noMorePages()
		}
		return false, true, err
	}
	skip := s.outside("", stat.Vector, &tp.stats)
	pages := make([]page, len(s.series))
	for j, x := range s.series {
		k := &s.readers[j+1]
		if k.Size == 0 {
			pages[j] = page{stats: stat.Empty(), hasStats: true}
			continue
		}
		p, ok, err := k.next()
		if err != nil {
			return false, false, err
		}
		if !ok {
			return false, false, corrupt(k.Offset, "chunk of "+x.Name, "fewer pages than its time chunk")
		}
		pages[j] = p
		skip = skip || s.q.Skip != nil && s.q.Skip(x.Name, x.Type, &p.stats)
	}
	if skip {
		t.skip(tp)
		for j := range s.series {
			s.readers[j+1].skip(pages[j])
		}
		return false, false, nil
	}
	return true, false, s.fillAligned(tp, pages)
}

func (s *Scanner) fillAligned(tp page, pages []page) error {
	t := &s.readers[0]
	b, err := s.dec.body(t, tp)
	if err != nil {
		return err
	}
	if s.out.Times, err = s.dec.times(t, tp, b, s.out.Times[:0]); err != nil {
		return err
	}
	s.out.Columns = s.out.Columns[:len(s.series)]
	for j := range s.series {
		k, col := &s.readers[j+1], &s.out.Columns[j]
		cells.Empty(col)
		col.Schema, col.Category, col.Nulls = k.Schema, tablet.Field, s.nulls[j]
		if err := s.dec.value(k, pages[j], len(s.out.Times), col); err != nil {
			return err
		}
		if col.Nulls != nil {
			s.nulls[j] = col.Nulls
		}
	}
	return nil
}

// noMorePages checks that the value chunks end with the time chunk.
func (s *Scanner) noMorePages() error {
	for j, x := range s.series {
		if k := &s.readers[j+1]; k.w.left() > 0 {
			return corrupt(k.w.at(), "chunk of "+x.Name, "more pages than its time chunk")
		}
	}
	return nil
}

// cut leaves out the rows outside the time range; nil if none are left.
func (s *Scanner) cut() *tablet.Tablet {
	t := s.out.Times
	if len(t) == 0 {
		return nil
	}
	lo := sort.Search(len(t), func(i int) bool { return t[i] >= s.q.From })
	hi := sort.Search(len(t), func(i int) bool { return t[i] > s.q.To })
	switch {
	case lo >= hi:
		return nil
	case lo == 0 && hi == len(t):
		return &s.out
	}
	return s.out.Slice(lo, hi)
}
