package merge

import "github.com/sluice-gateway/sluice/internal/tablet"

// Limits of a Pool.
const (
	poolScanners     = 4
	poolScannerBytes = 1 << 20
	poolUnits        = 1024
	poolUnitBytes    = 8 << 20 // of all units
)

// Pool keeps the memory of closed scanners for those that follow: a query that reads many
// devices has one. The zero value is ready, nil keeps nothing. It is not safe for
// concurrent use.
type Pool struct {
	scanners []*Scanner
	units    []*unit
	held     int // by units
}

// unit is a stream of a file with its source.
type unit struct {
	stream
	file fileSource
}

func (p *Pool) scanner() *Scanner {
	if p == nil || len(p.scanners) == 0 {
		return &Scanner{}
	}
	n := len(p.scanners) - 1
	s := p.scanners[n]
	p.scanners = p.scanners[:n]
	return s
}

func (p *Pool) keep(s *Scanner) {
	if p != nil && len(p.scanners) < poolScanners && s.dec.Bytes()+s.out.bytes()+s.win.bytes() <= poolScannerBytes {
		p.scanners = append(p.scanners, s)
	}
}

// put takes a unit that nobody uses any more.
func (p *Pool) put(u *unit) {
	if p == nil || len(p.units) == poolUnits {
		return
	}
	f := &u.file
	f.s, f.r, f.lead = nil, nil, nil
	for j := range f.cols {
		f.cols[j].series, f.cols[j].deleted = nil, nil
	}
	if n := u.held(); p.held+n <= poolUnitBytes {
		p.units = append(p.units, u)
		p.held += n
	}
}

func (u *unit) held() int {
	n := u.file.bytes()
	for j := range u.cols[:cap(u.cols)] {
		n += columnBytes(&u.cols[:cap(u.cols)][j])
	}
	return n
}

// unit returns a stream over some columns of a file.
func (s *Scanner) unit(cols []column) *unit {
	var u *unit
	if p := s.q.Pool; p != nil && len(p.units) > 0 {
		n := len(p.units) - 1
		u = p.units[n]
		p.units = p.units[:n]
		p.held -= u.held()
	} else {
		u = &unit{}
	}
	n := len(cols)
	f := &u.file
	*f = fileSource{s: s, unit: u, place: len(s.units), cur: f.cur, cols: grow(f.cols, n), chunks: f.chunks[:0], times: f.times[:0], spare: f.spare}
	u.stream = stream{src: f, block: block{cols: grow(u.cols, n), at: grow(u.at, n), has: grow(u.has, n)}}
	for i := range cols {
		c := &f.cols[i]
		*c = fileColumn{column: cols[i], cur: c.cur, nulls: c.nulls, erased: c.erased}
		u.at[i], u.has[i] = cols[i].index, false
	}
	s.units = append(s.units, u)
	return u
}

// fitting returns n columns of the given types; a column of a kind that it had before
// keeps its cells.
func fitting(cols []tablet.Column, schemas []tablet.Schema) []tablet.Column {
	cols = grow(cols, len(schemas))
	for i := range cols {
		if c := &cols[i]; c.Type.Physical() != schemas[i].Type.Physical() {
			*c = tablet.Column{}
		}
		cols[i].Schema, cols[i].Category = schemas[i], tablet.Field
	}
	return cols
}
