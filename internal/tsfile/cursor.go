package tsfile

import (
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/stat"
)

// Decoder holds what decoding keeps from one page to the next: buffers and decompressors.
// The zero value is ready. It is not safe for concurrent use.
type Decoder struct{ d pageDecoder }

// Bytes returns the memory held for page bodies.
func (d *Decoder) Bytes() int { return cap(d.d.raw) + d.d.enc.Bytes() + d.d.blocks.Bytes() }

// ChunkCursor walks through the pages of one chunk, forwards or by number. The zero value
// is ready for OpenChunk. It is not safe for concurrent use.
type ChunkCursor struct {
	k      chunkReader
	p      page
	at     int // number of the current page, -1 before the first
	unread bool
	offs   []int64 // of the page headers, after Pages
}

// OpenChunk goes before the first page of chunk i of s and compares its header with the
// index entry. ahead is the number of bytes to read at once; 0: Limits.WindowBytes.
func (r *Reader) OpenChunk(c *ChunkCursor, s *Series, i int, ahead int) error {
	if ahead <= 0 {
		ahead = r.lim.WindowBytes
	}
	c.k.w.ahead = ahead
	c.at, c.unread, c.offs = -1, false, c.offs[:0]
	return r.openChunk(&c.k, s, &s.Chunks[i])
}

// Schema returns name, type, encoding and compressor of the chunk.
func (c *ChunkCursor) Schema() tablet.Schema { return c.k.Schema }

// Next goes to the next page and reads its header; false at the end. A value chunk without
// any page has as many empty ones as are asked for.
func (c *ChunkCursor) Next() (bool, error) {
	if c.k.Size == 0 {
		c.p = page{stats: stat.Empty(), hasStats: true}
		c.at++
		return c.k.Marker&maskValue != 0, nil
	}
	if c.unread {
		c.k.skip(c.p)
		c.unread = false
	}
	p, ok, err := c.k.next()
	if err != nil || !ok {
		return false, err
	}
	c.p, c.unread = p, true
	c.at++
	return true, nil
}

// At returns the number of the current page, from 0.
func (c *ChunkCursor) At() int { return c.at }

// Pages reads all page headers and returns how many there are; 0 for a value chunk
// without any. The cursor is then behind the last page: see Seek.
func (c *ChunkCursor) Pages() (int, error) {
	if c.k.Size == 0 {
		return 0, nil
	}
	c.offs = c.offs[:0]
	c.k.w.reset(c.k.Offset+c.k.Head, c.k.Offset+c.k.Head+c.k.Size)
	c.at, c.unread, c.k.pages = -1, false, 0
	for {
		ok, err := c.Next()
		if err != nil {
			return 0, err
		}
		if !ok {
			return len(c.offs), nil
		}
		c.offs = append(c.offs, c.p.off)
	}
}

// Seek goes to page i, after Pages.
func (c *ChunkCursor) Seek(i int) error {
	c.at = i - 1
	if c.k.Size > 0 {
		c.k.w.seek(c.offs[i], c.k.Offset+c.k.Head+c.k.Size)
		c.unread, c.k.pages = false, i
	}
	_, err := c.Next()
	return err
}

// Stats returns the statistics of the current page, valid until the cursor moves or the
// page is decoded. They are exact unless the file is damaged.
func (c *ChunkCursor) Stats() *Statistics { return &c.p.stats }

// Size returns the bytes of the current page when it is decompressed.
func (c *ChunkCursor) Size() int { return c.p.uncompressed }

// Plain decodes the current page of a chunk that has its own times; both are appended to.
func (c *ChunkCursor) Plain(d *Decoder, times []int64, col *tablet.Column) ([]int64, error) {
	c.unread = false
	return d.d.plain(&c.k, c.p, times, col)
}

// Times decodes the current page of a time column, appending to dst.
func (c *ChunkCursor) Times(d *Decoder, dst []int64) ([]int64, error) {
	c.unread = false
	b, err := d.d.body(&c.k, c.p)
	if err != nil {
		return dst, err
	}
	return d.d.times(&c.k, c.p, b, dst)
}

// Value decodes the current page of a value column whose time page has rows times into
// the empty column col, and sets its Nulls, nil if there are none.
func (c *ChunkCursor) Value(d *Decoder, rows int, col *tablet.Column) error {
	c.unread = false
	return d.d.value(&c.k, c.p, rows, col)
}

// Damage returns an error that names the current page.
func (c *ChunkCursor) Damage(reason string) error {
	return corrupt(c.p.off, "page of "+c.k.Name, "%s", reason)
}

// Bytes returns the memory held.
func (c *ChunkCursor) Bytes() int { return cap(c.k.w.buf) + 8*cap(c.offs) }

// seek moves to off and keeps what is buffered if off is within.
func (w *window) seek(off, end int64) {
	if off >= w.off && off <= w.off+int64(len(w.buf)) && w.off+int64(len(w.buf)) <= end {
		w.pos, w.end = int(off-w.off), end
		return
	}
	w.reset(off, end)
}
