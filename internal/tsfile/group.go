package tsfile

import (
	"fmt"
	"math"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/cells"
	"github.com/sluice-gateway/sluice/internal/tsfile/encoding"
	"github.com/sluice-gateway/sluice/internal/tsfile/index"
	"github.com/sluice-gateway/sluice/internal/tsfile/stat"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// group is the device being written: its open chunk group and what its earlier groups
// fixed.
type group struct {
	w       *Writer
	id      DeviceID
	path    string // of the tablets
	dev     *index.Device
	aligned bool
	flushed bool // a chunk of this device is in the file
	begun   bool // the header of the open chunk group is in the file

	cols  []*columnWriter
	index map[string]*columnWriter
	place []*columnWriter // columns of the tablet being added

	// Aligned devices: rows of the open page and the time chunk.
	times []int64
	time  columnWriter
	last  int64
	bytes int // finished pages
	open  int // open pages, roughly
}

// columnWriter gathers the open page and the finished pages of one column's chunk.
type columnWriter struct {
	schema tablet.Schema
	col    tablet.Column // open page
	times  []int64       // open page, non-aligned devices
	last   int64         // last time written
	digits int           // see Writer.SetDigits

	pages []byte // finished pages without the header of the first
	first []byte // header of the first page, without statistics
	fstat Statistics
	count int // finished pages
	stats Statistics
}

func newGroup(w *Writer, id DeviceID, t *tablet.Tablet) *group {
	g := &group{w: w, id: id, path: t.Device, dev: w.b.Device(id), aligned: t.Aligned, index: map[string]*columnWriter{}, last: math.MinInt64}
	g.time.schema = tablet.Schema{Type: stat.Vector, Encoding: tablet.TS2Diff, Compressor: w.opts.TimeCompressor}
	g.time.reset()
	if len(g.dev.Series) > 0 { // the device was written before
		g.flushed = true
		g.aligned = g.dev.Series[""] != nil
		if g.aligned {
			g.last = g.dev.Series[""].Stats.End
		}
	}
	return g
}

func (c *columnWriter) reset() {
	c.pages, c.first, c.count = c.pages[:0], c.first[:0], 0
	c.stats = stat.Empty()
}

// check refuses a tablet before anything of it is taken, and finds its columns.
func (g *group) check(t *tablet.Tablet) error {
	if t.Aligned != g.aligned {
		return fmt.Errorf("%w: %s", ErrAlignment, t.Device)
	}
	for i := 1; i < len(t.Times); i++ {
		if t.Times[i] <= t.Times[i-1] {
			return fmt.Errorf("%w: %s has %d behind %d", ErrTimeOrder, t.Device, t.Times[i], t.Times[i-1])
		}
	}
	if g.aligned && t.Times[0] <= g.last && (int(g.time.stats.Count)+len(g.times) > 0 || g.flushed) {
		return fmt.Errorf("%w: %s has %d, written up to %d", ErrTimeOrder, t.Device, t.Times[0], g.last)
	}
	g.place = g.place[:0]
	for i := range t.Columns {
		c, err := g.column(t, &t.Columns[i])
		if err != nil {
			return err
		}
		g.place = append(g.place, c)
	}
	for i, c := range g.place {
		if c == nil && t.Columns[i].Category == tablet.Field {
			g.place[i] = g.addColumn(t.Columns[i].Schema)
		}
	}
	return nil
}

// column finds the writer of a column, nil if it is new or not a field.
func (g *group) column(t *tablet.Tablet, col *tablet.Column) (*columnWriter, error) {
	if col.Category != tablet.Field {
		return nil, nil
	}
	if !encoding.Allowed(col.Type, col.Encoding) {
		return nil, fmt.Errorf("tsfile: %s.%s: %w", t.Device, col.Name, &encoding.UnsupportedError{Type: col.Type, Encoding: col.Encoding})
	}
	if !col.Compressor.Valid() || col.Name == "" {
		return nil, fmt.Errorf("tsfile: %s.%s: no name or unknown compressor %d", t.Device, col.Name, uint8(col.Compressor))
	}
	c := g.index[col.Name]
	if c != nil {
		if c.schema.Type != col.Type {
			return nil, fmt.Errorf("%w: %s.%s is %s, now %s", ErrType, t.Device, col.Name, c.schema.Type, col.Type)
		}
		if !g.aligned && t.Times[0] <= c.last && c.last != math.MinInt64 {
			return nil, fmt.Errorf("%w: %s.%s has %d, written up to %d", ErrTimeOrder, t.Device, col.Name, t.Times[0], c.last)
		}
		return c, nil
	}
	if !g.flushed {
		return nil, nil
	}
	return nil, checkOld(g, t, col)
}

// checkOld compares with what an earlier group of the device wrote.
func checkOld(g *group, t *tablet.Tablet, col *tablet.Column) error {
	old := g.dev.Series[col.Name]
	switch {
	case old == nil && g.aligned:
		return fmt.Errorf("%w: %s.%s", ErrNewColumn, t.Device, col.Name)
	case old == nil:
	case old.Type != col.Type:
		return fmt.Errorf("%w: %s.%s is %s, now %s", ErrType, t.Device, col.Name, old.Type, col.Type)
	case !g.aligned && t.Times[0] <= old.Stats.End:
		return fmt.Errorf("%w: %s.%s has %d, written up to %d", ErrTimeOrder, t.Device, col.Name, t.Times[0], old.Stats.End)
	}
	return nil
}

// addColumn begins a column. One that joins an open chunk gets empty pages for the rows
// that it missed.
func (g *group) addColumn(s tablet.Schema) *columnWriter {
	c := g.w.idleColumn()
	c.schema, c.last, c.digits = s, math.MinInt64, -1
	c.col.Schema = s
	if p, ok := g.w.digits[s.Name]; ok {
		c.digits = p
	}
	c.reset()
	if g.aligned {
		for range g.time.count {
			c.emptyPage()
		}
		cells.AppendNulls(&c.col, len(g.times))
	}
	g.cols = append(g.cols, c)
	g.index[s.Name] = c
	return c
}

func (c *columnWriter) emptyPage() {
	if c.count++; c.count == 1 {
		c.first = append(c.first[:0], 0)
		return
	}
	c.pages = append(c.pages, 0)
}

// add takes the rows of a checked tablet.
func (g *group) add(t *tablet.Tablet) error {
	if g.aligned {
		return g.addAligned(t)
	}
	// Page by page, so that the columns' time blocks are made once.
	for from := 0; from < t.Rows(); from += g.w.opts.PageRows {
		r := encoding.Range{From: from, To: min(t.Rows(), from+g.w.opts.PageRows)}
		if err := g.addRange(t, r); err != nil {
			return err
		}
	}
	return nil
}

// openBytes is the most that the open pages of a device take.
const openBytes = 4 << 20

// addRange adds at most a page of rows. If the open pages would take too much, they are
// closed before, and those of the rows each by itself.
func (g *group) addRange(t *tablet.Tablet, r encoding.Range) error {
	n := (r.To - r.From) * rowBytes(t)
	single := n > openBytes
	if g.open+n > openBytes {
		if err := g.sealAll(); err != nil {
			return err
		}
	}
	for i, c := range g.place {
		if c == nil {
			continue
		}
		if err := g.addPlain(c, &t.Columns[i], t.Times, r); err != nil {
			return err
		}
		if !single {
			continue
		}
		if err := g.sealOpen(c); err != nil {
			return err
		}
		c.release()
		if g.bytes >= g.w.opts.GroupBytes {
			if err := g.w.EndGroup(); err != nil {
				return err
			}
		}
	}
	if !single {
		g.open += n
	}
	return nil
}

// rowBytes estimates what a row of t takes in open pages.
func rowBytes(t *tablet.Tablet) int {
	n := 8
	for i := range t.Columns {
		c := &t.Columns[i]
		if w := c.Type.Width(); w > 0 {
			n += w
		} else {
			n += 4 + len(c.Bytes.Data)/t.Rows()
		}
		if !t.Aligned {
			n += 8 // each column has its times
		}
	}
	return n
}

// sealAll finishes the open pages of a device that is not aligned.
func (g *group) sealAll() error {
	for _, c := range g.cols {
		if err := g.sealOpen(c); err != nil {
			return err
		}
	}
	g.open = 0
	if g.bytes >= g.w.opts.GroupBytes {
		return g.w.EndGroup()
	}
	return nil
}

// release gives the memory of the open page back.
func (c *columnWriter) release() {
	c.times, c.col = nil, tablet.Column{Schema: c.schema}
}

// addPlain adds the cells of one column that are not null.
func (g *group) addPlain(c *columnWriter, col *tablet.Column, times []int64, r encoding.Range) error {
	if col.Nulls.Count(len(times)) == 0 {
		return g.addRun(c, col, times, r)
	}
	for i := r.From; i < r.To; {
		if col.Nulls.Get(i) {
			i++
			continue
		}
		to := i + 1
		for to < r.To && !col.Nulls.Get(to) {
			to++
		}
		if err := g.addRun(c, col, times, encoding.Range{From: i, To: to}); err != nil {
			return err
		}
		i = to
	}
	return nil
}

// addRun adds cells without nulls: whole pages go straight from col.
func (g *group) addRun(c *columnWriter, col *tablet.Column, times []int64, r encoding.Range) error {
	o := &g.w.opts
	for r.From < r.To {
		if len(c.times) == 0 && r.To-r.From >= o.PageRows && col.Type.Width() > 0 {
			page := encoding.Range{From: r.From, To: r.From + o.PageRows}
			if err := g.sealPlain(c, col, times, page); err != nil {
				return err
			}
			r.From = page.To
			continue
		}
		to := min(r.To, r.From+o.PageRows-len(c.times))
		if col.Type.Width() == 0 {
			to = fits(&col.Bytes, encoding.Range{From: r.From, To: to}, o.PageBytes-len(c.col.Bytes.Data))
			if to == r.From && len(c.times) == 0 {
				to++
			}
		}
		c.times = append(c.times, times[r.From:to]...)
		cells.Append(&c.col, col, r.From, to)
		if len(c.times) >= o.PageRows || to < r.To {
			if err := g.sealOpen(c); err != nil {
				return err
			}
		}
		r.From = to
	}
	return nil
}

// fits returns the end of the rows whose bytes stay below room.
func fits(b *tablet.Binary, r encoding.Range, room int) int {
	i := r.From
	for ; i < r.To && room > 0; i++ {
		room -= len(b.At(i))
	}
	return i
}

// sealOpen finishes the open page of a column of a non-aligned device.
func (g *group) sealOpen(c *columnWriter) error {
	if len(c.times) == 0 {
		return nil
	}
	err := g.sealPlain(c, &c.col, c.times, encoding.Range{From: 0, To: len(c.times)})
	c.times = c.times[:0]
	cells.Empty(&c.col)
	return err
}

// sealPlain makes a page of rows r.
func (g *group) sealPlain(c *columnWriter, col *tablet.Column, times []int64, r encoding.Range) error {
	e := &g.w.enc
	stats := collectRange(col, times, r)
	c.last = times[r.To-1]
	block := e.times.Encode(times[r.From:r.To])
	e.raw = append(wire.AppendUv(e.raw[:0], uint32(len(block))), block...)
	var err error
	plain := *col
	plain.Nulls = nil
	e.enc.SetDigits(c.digits)
	if e.raw, err = e.enc.Encode(e.raw, &plain, r, c.schema.Encoding); err != nil {
		return err
	}
	return g.seal(c, stats)
}

func collectRange(col *tablet.Column, times []int64, r encoding.Range) Statistics {
	plain := *col
	plain.Nulls = nil
	return stat.Collect(&plain, times, r.From, r.To)
}

// seal compresses the body in raw and appends the page.
func (g *group) seal(c *columnWriter, stats Statistics) error {
	e := &g.w.enc
	before := len(c.pages)
	body := e.head[:0]
	var err error
	if c.schema.Compressor == tablet.Uncompressed {
		body = e.raw
	} else if body, err = e.zip.Append(body, c.schema.Compressor, e.raw); err != nil {
		return err
	} else {
		e.head = body
	}
	if c.count++; c.count == 1 {
		c.first = wire.AppendUv(wire.AppendUv(c.first[:0], uint32(len(e.raw))), uint32(len(body)))
		c.fstat = stats
		c.fstat.Own()
	} else {
		c.pages = wire.AppendUv(wire.AppendUv(c.pages, uint32(len(e.raw))), uint32(len(body)))
		c.pages = stats.Append(c.pages, c.schema.Type)
	}
	c.pages = append(c.pages, body...)
	stats.Own()
	c.stats.Merge(&stats, c.schema.Type)
	g.bytes += len(c.pages) - before
	return nil
}

// addAligned adds rows of an aligned device.
func (g *group) addAligned(t *tablet.Tablet) error {
	o := &g.w.opts
	most := min(o.PageRows, max(1, openBytes/rowBytes(t)))
	for from := 0; from < t.Rows(); {
		to := min(t.Rows(), from+max(1, most-len(g.times)))
		for i, c := range g.place {
			if c != nil && c.schema.Type.Width() == 0 {
				room := o.PageBytes - len(c.col.Bytes.Data)
				to = min(to, fits(&t.Columns[i].Bytes, encoding.Range{From: from, To: to}, room))
			}
		}
		if to == from && len(g.times) == 0 {
			to++
		}
		g.times = append(g.times, t.Times[from:to]...)
		for i, c := range g.place {
			if c != nil {
				cells.Append(&c.col, &t.Columns[i], from, to)
			}
		}
		for _, c := range g.cols {
			cells.AppendNulls(&c.col, len(g.times)-cells.Count(&c.col))
		}
		if len(g.times) >= most || to < t.Rows() {
			if err := g.sealAligned(); err != nil {
				return err
			}
		}
		if g.bytes >= o.GroupBytes {
			if err := g.w.EndGroup(); err != nil {
				return err
			}
		}
		from = to
	}
	g.last = t.Times[t.Rows()-1]
	return nil
}

// sealAligned finishes the open page of every column.
func (g *group) sealAligned() error {
	n := len(g.times)
	if n == 0 {
		return nil
	}
	e := &g.w.enc
	e.raw = encoding.AppendTimes(e.raw[:0], g.times)
	stats := Statistics{Count: uint32(n), Start: g.times[0], End: g.times[n-1]}
	if err := g.seal(&g.time, stats); err != nil {
		return err
	}
	for _, c := range g.cols {
		if err := g.sealValue(c, n); err != nil {
			return err
		}
	}
	g.times = g.times[:0]
	return nil
}

func (g *group) sealValue(c *columnWriter, n int) error {
	stats := stat.Collect(&c.col, g.times, 0, n)
	if stats.Count == 0 {
		c.emptyPage()
	} else {
		e := &g.w.enc
		e.raw = wire.AppendU32(e.raw[:0], uint32(n))
		e.raw = cells.AppendPresent(e.raw, c.col.Nulls, n)
		var err error
		e.enc.SetDigits(c.digits)
		if e.raw, err = e.enc.Encode(e.raw, &c.col, encoding.Range{From: 0, To: n}, c.schema.Encoding); err != nil {
			return err
		}
		if err := g.seal(c, stats); err != nil {
			return err
		}
	}
	cells.Empty(&c.col)
	c.col.Nulls = nil
	return nil
}

// header writes the header of the chunk group if it is not there yet.
func (g *group) header() {
	if !g.begun {
		g.w.out.Write(g.id.Append([]byte{markGroup}, g.w.opts.Version))
		g.begun = true
	}
}

// flush writes the chunks of what was added and leaves the chunk group open.
func (g *group) flush() error {
	if g.aligned {
		if err := g.sealAligned(); err != nil || g.time.stats.Count == 0 {
			return err
		}
		if err := g.fillColumns(); err != nil {
			return err
		}
		if err := g.writeChunk(&g.time, maskTime); err != nil {
			return err
		}
	}
	for _, c := range g.cols {
		mask := byte(maskValue)
		if !g.aligned {
			mask = 0
			if err := g.sealOpen(c); err != nil {
				return err
			}
			if c.count == 0 {
				continue
			}
		}
		if err := g.writeChunk(c, mask); err != nil {
			return err
		}
	}
	g.bytes, g.open = 0, 0
	return g.w.out.Err
}

// forget drops the columns, so that each may come back with another encoding.
func forget(g *group) {
	g.w.keep(g.cols)
	g.cols, g.place = g.cols[:0], g.place[:0]
	clear(g.index)
}

// idleBytes is the most that buffers of finished columns may hold.
const idleBytes = 8 << 20

// keep takes columns that are done, for their buffers. The first will be used first: most
// often it is a column of the same type and length.
func (w *Writer) keep(cols []*columnWriter) {
	held := 0
	for _, c := range w.idle {
		held += c.bytes()
	}
	for i := len(cols) - 1; i >= 0; i-- {
		if held += cols[i].bytes(); held > idleBytes {
			return
		}
		w.idle = append(w.idle, cols[i])
	}
}

// bytes returns the memory of the buffers.
func (c *columnWriter) bytes() int {
	return cap(c.pages) + 8*cap(c.times) + cells.Bytes(&c.col)
}

// idleColumn returns an empty column, with buffers if there are any.
func (w *Writer) idleColumn() *columnWriter {
	n := len(w.idle)
	if n == 0 {
		return new(columnWriter)
	}
	c := w.idle[n-1]
	w.idle = w.idle[:n-1]
	c.times = c.times[:0]
	c.col.Nulls = nil
	cells.Empty(&c.col)
	return c
}

// fillColumns adds the columns that earlier groups of the device had: every column needs
// a chunk for every time chunk.
func (g *group) fillColumns() error {
	for name, s := range g.dev.Series {
		if name != "" && g.index[name] == nil {
			c := g.addColumn(tablet.Schema{Name: name, Type: s.Type, Encoding: tablet.DefaultEncoding(s.Type), Compressor: tablet.LZ4})
			cells.Empty(&c.col)
		}
	}
	return nil
}

// writeChunk writes header and pages and records the chunk.
func (g *group) writeChunk(c *columnWriter, mask byte) error {
	o := &g.w.out
	g.header()
	g.flushed = true
	ch := Chunk{Offset: o.Pos, Marker: mask | markOnePage, Name: c.schema.Name, Schema: c.schema}
	size := len(c.first) + len(c.pages)
	var fstat []byte
	switch {
	case c.stats.Count == 0:
		size = 0
	case c.count > 1:
		ch.Marker = mask | markManyPages
		if c.first[0] != 0 {
			fstat = c.fstat.Append(nil, c.schema.Type)
		}
		size += len(fstat)
	}
	head := wire.AppendName([]byte{ch.Marker}, ch.Name)
	head = append(wire.AppendUv(head, uint32(size)), byte(c.schema.Type), byte(c.schema.Compressor), byte(c.schema.Encoding))
	o.Write(head)
	if size > 0 {
		o.Write(c.first)
		o.Write(fstat)
		o.Write(c.pages)
	}
	if o.Err != nil {
		return o.Err
	}
	err := record(g.w.b, g.dev, &ch, c.stats)
	c.reset()
	return err
}
