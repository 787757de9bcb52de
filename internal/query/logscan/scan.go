package logscan

import (
	"context"
	"errors"

	"github.com/sluice-gateway/sluice/internal/adopt"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// deviceSeries says where the series of a device lie in the list of a query.
type deviceSeries struct {
	first, n int
	index    map[string]int // measurement -> index
}

// deletion is what a plan in the log takes away.
type deletion struct {
	pos      uint64
	lo, hi   int64
	patterns []tablet.Matcher
	database *tablet.Pattern // of a deleted database
	covers   []int8          // by series: 0 not known, 1 yes, -1 no
}

// chunk is a run of consecutive records of the log that may hold wanted points.
type chunk struct {
	from, to uint64
	lo, hi   int64 // hull of their times, inside the span
	bytes    int   // of payload
	records  int
	file     *fileSlice // of a sealed file instead of the log; nil: the log
	pieces   []*piece   // when loaded
	memory   int64
}

// piece is what one record holds of the wanted series of one device, sorted by time.
type piece struct {
	pos    uint64
	dev    *deviceSeries
	t      *tablet.Tablet
	cols   []int // series index of each column of t
	strict bool  // times grow: none repeats
}

// scanned is the outcome of the first scan, and what loads the chunks of it.
type scanned struct {
	e       *Engine
	series  []series
	span    span
	filter  commitlog.Filter
	devices map[string]*deviceSeries
	hashes  map[uint64]struct{}
	chunks  []*chunk
	deleted []*deletion
	used    int64 // bytes held
	wants   *adopt.Want
}

// scan reads the labels of all records that may matter.
func (e *Engine) scan(ctx context.Context, list []series, sp span) (*scanned, error) {
	s := &scanned{e: e, series: list, span: sp, devices: map[string]*deviceSeries{}, hashes: map[uint64]struct{}{}}
	for i := range list {
		d := s.devices[list[i].device]
		if d == nil {
			d = &deviceSeries{first: i, index: map[string]int{}}
			s.devices[list[i].device] = d
			s.hashes[tablet.DeviceHash(list[i].device)] = struct{}{}
		}
		d.n++
		d.index[list[i].name] = i
	}
	s.filter = commitlog.Filter{Kinds: 1<<event.Tablet | 1<<event.Plan | 1<<event.File, Lo: sp.lo, Hi: sp.hi, To: sp.to}
	if len(s.hashes) <= maxKeys {
		for h := range s.hashes {
			s.filter.Keys = append(s.filter.Keys, h)
		}
	}
	if sp.lo > sp.hi || s.filter.To == 0 {
		return s, nil
	}
	if err := e.log.Scan(ctx, s.filter, s.note); err != nil {
		return nil, failed(err)
	}
	return s, nil
}

// note takes one record of the first scan into account.
func (s *scanned) note(e commitlog.Entry) error {
	switch event.Kind(e.Kind) {
	case event.Plan:
		return s.noteDeletion(e)
	case event.File:
		return s.noteFile(e)
	}
	if _, ok := s.hashes[e.Key]; !ok || e.Hi < s.span.lo || e.Lo > s.span.hi {
		return nil
	}
	lo, hi := max(e.Lo, s.span.lo), min(e.Hi, s.span.hi)
	var c *chunk
	if n := len(s.chunks); n > 0 {
		c = s.chunks[n-1]
	}
	if c == nil || c.file != nil || c.records >= s.e.records || c.bytes+len(e.Payload) > chunkBytes {
		c = &chunk{from: e.Pos, lo: lo, hi: hi}
		s.chunks = append(s.chunks, c)
		if err := s.take(128); err != nil {
			return err
		}
	}
	c.to, c.lo, c.hi = e.Pos, min(c.lo, lo), max(c.hi, hi)
	c.bytes += len(e.Payload)
	c.records++
	return nil
}

func (s *scanned) noteDeletion(e commitlog.Entry) error {
	ev, err := event.Decode(e.Payload)
	if err != nil {
		return err
	}
	changes, _, err := catalog.Changes(ev.Request)
	if err != nil {
		return nil // kept, so it has no effect
	}
	for i := range changes {
		c := &changes[i]
		d := &deletion{pos: e.Pos, lo: max(c.Lo, s.span.lo), hi: min(c.Hi, s.span.hi), patterns: c.Patterns}
		switch c.Kind {
		case catalog.DeleteDatabase:
			d.database, d.lo, d.hi = c.Pattern, s.span.lo, s.span.hi
		case catalog.DeleteSeries, catalog.DeleteData:
		default:
			continue
		}
		if d.lo > d.hi || !d.mayCover(s.devices) {
			continue
		}
		d.covers = make([]int8, len(s.series))
		s.deleted = append(s.deleted, d)
		if err := s.take(int64(len(s.series)) + 128); err != nil {
			return err
		}
	}
	return nil
}

// mayCover reports whether the deletion concerns one of the devices.
func (d *deletion) mayCover(devices map[string]*deviceSeries) bool {
	for name := range devices {
		if d.coversDevice(name) {
			return true
		}
	}
	return false
}

func (d *deletion) coversDevice(device string) bool {
	if d.database != nil {
		return inDatabase(d.database, device)
	}
	for _, p := range d.patterns {
		if p.Device(device) != tablet.NoSeries {
			return true
		}
	}
	return false
}

// inDatabase reports whether the pattern names a database that holds the device.
func inDatabase(p *tablet.Pattern, device string) bool {
	quoted := false
	for i := 0; i < len(device); i++ {
		switch {
		case device[i] == '`':
			quoted = !quoted
		case device[i] == '.' && !quoted && p.MatchPath(device[:i]):
			return true
		}
	}
	return p.MatchPath(device)
}

// coversSeries reports whether the deletion takes points of series i away.
func (d *deletion) coversSeries(i int, s *series) bool {
	if d.covers[i] == 0 {
		d.covers[i] = -1
		if d.database != nil && inDatabase(d.database, s.device) {
			d.covers[i] = 1
		}
		for _, p := range d.patterns {
			if p.MatchSeries(s.device, s.name) {
				d.covers[i] = 1
				break
			}
		}
	}
	return d.covers[i] > 0
}

// take accounts for memory; negative gives it back.
func (s *scanned) take(n int64) error {
	s.used += n
	if n > 0 && s.used > s.e.memory {
		return status.Errorf(status.QueryMemory, "the query needs more than %d bytes of memory; narrow its paths or its time range", s.e.memory)
	}
	return nil
}

// load reads the records of a chunk.
func (s *scanned) load(ctx context.Context, c *chunk) error {
	if c.file != nil {
		return s.loadFile(ctx, c)
	}
	f := s.filter
	f.Kinds, f.From, f.To = 1<<event.Tablet, c.from, c.to
	g := gatherer{s: s, c: c, open: map[*deviceSeries]*gathering{}}
	err := s.e.log.Scan(ctx, f, func(e commitlog.Entry) error {
		if _, ok := s.hashes[e.Key]; !ok || e.Hi < s.span.lo || e.Lo > s.span.hi {
			return nil
		}
		p, err := s.piece(e)
		if err != nil || p == nil {
			return err
		}
		return g.add(p)
	})
	if err == nil {
		err = g.flush()
	}
	return failed(err)
}

func (s *scanned) unload(c *chunk) {
	_ = s.take(-c.memory)
	c.pieces, c.memory = nil, 0
}

// piece decodes a record and keeps the wanted columns; nil if there are none.
func (s *scanned) piece(e commitlog.Entry) (*piece, error) {
	ev, err := event.Decode(e.Payload)
	if err != nil {
		return nil, err
	}
	return s.pieceOf(ev.Tablet, e.Pos), nil
}

// pieceOf keeps the wanted columns of a tablet; nil if there are none.
func (s *scanned) pieceOf(t *tablet.Tablet, pos uint64) *piece {
	d := s.devices[t.Device]
	if d == nil {
		return nil // another device with the same hash
	}
	p := &piece{pos: pos, dev: d}
	all := len(t.Columns)
	t = t.Project(func(i int) bool {
		_, ok := d.index[t.Columns[i].Name]
		return ok
	})
	if len(t.Columns) == 0 {
		return nil
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		k := d.index[c.Name]
		if c.Type != s.series[k].typ { // written before the series was made anew
			*c, _ = tablet.Convert(c, len(t.Times), s.series[k].typ)
		}
		p.cols = append(p.cols, k)
	}
	if len(t.Columns)*4 < all {
		t = t.Clone() // let the other columns go
	}
	p.t = t
	return p
}

// failed gives an error of the log its code.
func failed(err error) error {
	var coded *status.Error
	switch {
	case err == nil, errors.As(err, &coded):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return status.Errorf(status.QueryTimeout, "the query took longer than its time-out: %w", err)
	}
	return status.Errorf(status.QueryProcess, "the query failed: %w", err)
}
