package tsfile

import (
	"fmt"
	"io"

	"github.com/sluice-gateway/sluice/internal/compress"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/cells"
	"github.com/sluice-gateway/sluice/internal/tsfile/encoding"
	"github.com/sluice-gateway/sluice/internal/tsfile/index"
	"github.com/sluice-gateway/sluice/internal/tsfile/stat"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// window reads a range of the file piece by piece.
type window struct {
	r     io.ReaderAt
	buf   []byte // bytes from off
	pos   int    // read position within buf
	off   int64
	end   int64 // of the range
	ahead int   // bytes to read at once
}

func (w *window) at() int64 { return w.off + int64(w.pos) }

func (w *window) left() int64 { return w.end - w.at() }

// reset moves to a new range.
func (w *window) reset(off, end int64) {
	w.buf, w.pos, w.off, w.end = w.buf[:0], 0, off, end
}

// peek returns n bytes without moving, fewer at the end of the range. They are valid
// until the next call.
func (w *window) peek(n int) ([]byte, error) {
	n = int(min(int64(n), w.left()))
	if have := len(w.buf) - w.pos; have < n {
		want := int(min(int64(max(n, w.ahead)), w.left()))
		if cap(w.buf) < want {
			grown := make([]byte, have, want)
			copy(grown, w.buf[w.pos:])
			w.buf = grown
		} else {
			copy(w.buf[:have], w.buf[w.pos:])
			w.buf = w.buf[:have]
		}
		w.off += int64(w.pos)
		w.pos = 0
		m, err := w.r.ReadAt(w.buf[have:want], w.off+int64(have))
		w.buf = w.buf[:have+m]
		if err != nil && (err != io.EOF || have+m < n) {
			return nil, fmt.Errorf("tsfile: read at offset %d: %w", w.off, err)
		}
	}
	return w.buf[w.pos : w.pos+n], nil
}

// skip moves n bytes on.
func (w *window) skip(n int64) {
	if n <= int64(len(w.buf)-w.pos) {
		w.pos += int(n)
		return
	}
	w.reset(w.at()+n, w.end)
}

// Chunk is the header of one chunk.
type Chunk struct {
	Offset int64 // of the marker
	Marker byte
	Name   string
	Size   int64 // bytes of the pages, their headers included
	Head   int64 // bytes of this header
	tablet.Schema
}

// record tells a builder about a chunk.
func record(b *index.Builder, d *index.Device, ch *Chunk, st Statistics) error {
	return b.Add(d, index.Chunk{Name: ch.Name, Type: ch.Type, Mask: ch.Marker & (maskTime | maskValue), Offset: ch.Offset}, st)
}

// parsed runs f over growing parts of what lies ahead until it does not run short.
func (w *window) parsed(structure string, f func(c *wire.Cursor)) error {
	for n := 256; ; n *= 4 {
		b, err := w.peek(n)
		if err != nil {
			return err
		}
		c := &wire.Cursor{B: b}
		f(c)
		if !c.Failed() {
			w.skip(int64(c.Off))
			return nil
		}
		if !c.Short || len(b) < n {
			return corrupt(w.at()+int64(c.Off), structure, "%s", c.Reason)
		}
	}
}

// readChunkHeader reads a header whose marker is next.
func (w *window) readChunkHeader() (Chunk, error) {
	ch := Chunk{Offset: w.at()}
	err := w.parsed("chunk header", func(c *wire.Cursor) {
		ch.Marker = c.U8()
		if k := ch.Marker & maskKind; !c.Failed() && k != markManyPages && k != markOnePage || ch.Marker&0xc0 == 0xc0 {
			c.Fail(fmt.Sprintf("marker 0x%02x is not that of a chunk", ch.Marker))
		}
		ch.Name = c.Name()
		ch.Size = int64(c.Uv())
		ch.Type, ch.Compressor, ch.Encoding = tablet.DataType(c.U8()), tablet.Compressor(c.U8()), tablet.Encoding(c.U8())
		isTime := ch.Type == stat.Vector
		switch {
		case c.Failed():
		case isTime != (ch.Marker&maskTime != 0) || !isTime && !ch.Type.Valid():
			c.Fail(fmt.Sprintf("data type %d with marker 0x%02x", uint8(ch.Type), ch.Marker))
		case !ch.Compressor.Valid():
			c.Fail(fmt.Sprintf("unknown compressor %d", uint8(ch.Compressor)))
		case isTime && ch.Encoding != tablet.TS2Diff:
			c.Fail(fmt.Sprintf("time column with encoding %s", ch.Encoding))
		case !isTime && !encoding.Allowed(ch.Type, ch.Encoding):
			c.Fail((&encoding.UnsupportedError{Type: ch.Type, Encoding: ch.Encoding}).Error())
		}
	})
	ch.Schema.Name = ch.Name
	ch.Head = w.at() - ch.Offset
	if err == nil && ch.Size > w.left() {
		err = corrupt(ch.Offset, "chunk header of "+ch.Name, "%d bytes of pages, %d left", ch.Size, w.left())
	}
	return ch, err
}

// page is the header of one page.
type page struct {
	off          int64
	uncompressed int
	compressed   int
	stats        Statistics
	hasStats     bool
}

// headAhead is read of a chunk at first: a small chunk whole.
const headAhead = 4 << 10

// chunkReader walks through the pages of one chunk.
type chunkReader struct {
	Chunk
	w     window
	lim   *Limits
	meta  *ChunkMeta // nil if there is none
	pages int
}

// open goes to the chunk at meta.
func (k *chunkReader) open(r *Reader, meta *ChunkMeta) error {
	k.w.r, k.lim, k.meta, k.pages = r.r, &r.lim, meta, 0
	if k.w.ahead == 0 {
		k.w.ahead = r.lim.WindowBytes
	}
	k.w.reset(meta.Offset, r.foot.Separator)
	ahead := k.w.ahead
	k.w.ahead = min(ahead, headAhead) // the size of the chunk is not known yet
	var err error
	k.Chunk, err = k.w.readChunkHeader()
	k.w.ahead = ahead
	if err != nil {
		return err
	}
	k.w.end = k.w.at() + k.Size
	return nil
}

// next reads the header of the next page; ok is false at the end of the chunk.
func (k *chunkReader) next() (p page, ok bool, err error) {
	if k.w.left() == 0 {
		return page{}, false, nil
	}
	p.off = k.w.at()
	what := "page header of " + k.Name
	if k.Marker&maskKind == markOnePage && k.pages > 0 {
		return p, false, corrupt(p.off, what, "second page in a chunk of one page")
	}
	err = k.w.parsed(what, func(c *wire.Cursor) {
		u := c.Uv()
		p.uncompressed, p.compressed = int(u), 0
		if c.Failed() || u == 0 {
			return
		}
		p.compressed = int(c.Uv())
		if k.Marker&maskKind == markManyPages {
			p.stats, p.hasStats = stat.Read(c, k.Type), true
		}
	})
	if err != nil {
		return p, false, err
	}
	k.pages++
	if !p.hasStats && k.meta != nil && p.uncompressed > 0 {
		p.stats, p.hasStats = k.meta.Stats, true
	}
	if p.uncompressed == 0 {
		p.stats, p.hasStats = stat.Empty(), true
	}
	switch {
	case int64(p.compressed) > k.w.left():
		err = corrupt(p.off, what, "%d bytes, %d left in the chunk", p.compressed, k.w.left())
	case p.uncompressed > k.lim.PageBytes || p.compressed > k.lim.PageBytes:
		err = corrupt(p.off, what, "%d bytes (%d compressed), at most %d", p.uncompressed, p.compressed, k.lim.PageBytes)
	case int64(p.stats.Count) > int64(k.lim.PagePoints):
		err = corrupt(p.off, what, "%d points, at most %d", p.stats.Count, k.lim.PagePoints)
	}
	return p, err == nil, err
}

// pageDecoder turns page bodies into cells and keeps its buffers.
type pageDecoder struct {
	zip compress.Codec
	enc encoding.Codec
	raw []byte

	blocks encoding.TimeReader
}

// body returns the decompressed body of p, valid until the next call, and moves on.
func (d *pageDecoder) body(k *chunkReader, p page) ([]byte, error) {
	b, err := k.w.peek(p.compressed)
	if err != nil {
		return nil, err
	}
	out, err := d.zip.Decompress(d.raw, k.Compressor, b, p.uncompressed)
	if err != nil {
		return nil, k.damage(p, err)
	}
	if k.Compressor != tablet.Uncompressed {
		d.raw = out
	}
	k.w.skip(int64(p.compressed))
	return out, nil
}

func (k *chunkReader) damage(p page, err error) error {
	return &CorruptError{Offset: p.off, Structure: "page of " + k.Name, Err: err}
}

func (k *chunkReader) skip(p page) { k.w.skip(int64(p.compressed)) }

// limit is the most times a page may have.
func (k *chunkReader) limit(p page) int {
	if p.hasStats {
		return int(p.stats.Count)
	}
	return k.lim.PagePoints
}

// plain decodes a page of a non-aligned chunk into times and col, both appended to.
func (d *pageDecoder) plain(k *chunkReader, p page, times []int64, col *tablet.Column) ([]int64, error) {
	b, err := d.body(k, p)
	if err != nil {
		return times, err
	}
	c := &wire.Cursor{B: b}
	tb := c.Bytes(int(c.Uv()))
	if c.Failed() {
		return times, k.damage(p, fmt.Errorf("time block is %s", c.Reason))
	}
	before := len(times)
	if times, err = d.times(k, p, tb, times); err != nil {
		return times, err
	}
	if err := d.enc.Decode(col, k.Encoding, b[c.Off:], len(times)-before); err != nil {
		return times, k.damage(p, err)
	}
	return times, nil
}

func (d *pageDecoder) times(k *chunkReader, p page, b []byte, times []int64) ([]int64, error) {
	before := len(times)
	times, err := d.blocks.Decode(times, b, k.limit(p))
	if err != nil {
		return times, k.damage(p, err)
	}
	if n := len(times) - before; p.hasStats && n != int(p.stats.Count) {
		return times, k.damage(p, fmt.Errorf("%d times, statistics say %d", n, p.stats.Count))
	}
	return times, nil
}

// value decodes a page of a value column; rows is the number of times of its time page.
func (d *pageDecoder) value(k *chunkReader, p page, rows int, col *tablet.Column) error {
	if p.uncompressed == 0 {
		cells.Nulls(col, rows)
		return nil
	}
	b, err := d.body(k, p)
	if err != nil {
		return err
	}
	c := &wire.Cursor{B: b}
	n := int(int32(c.U32()))
	if !c.Failed() && n != rows {
		c.Fail(fmt.Sprintf("%d rows, the time page has %d", n, rows))
	}
	bits := c.Bytes((rows + 7) / 8)
	if c.Failed() {
		return k.damage(p, fmt.Errorf("bitmap: %s", c.Reason))
	}
	present := cells.CountPresent(bits, rows)
	if err := d.enc.Decode(col, k.Encoding, b[c.Off:], present); err != nil {
		return k.damage(p, err)
	}
	if present == rows {
		col.Nulls = nil
		return nil
	}
	cells.Spread(col, bits, rows, present)
	return nil
}
