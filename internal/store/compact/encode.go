package compact

import (
	"github.com/sluice-gateway/sluice/internal/compress"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/encoding"
)

// sampleRows of a chunk's first rows decide on its encodings, if there are that many;
// otherwise the last choice for a column of this name and type stands.
const sampleRows = 256

// picker chooses encodings.
type picker struct {
	enc  encoding.Codec
	zip  compress.Codec
	raw  []byte
	out  []byte
	last map[key]choice
}

type key struct {
	name string
	typ  tablet.DataType
}

// choice is an encoding; digits are those that FLOAT and DOUBLE keep under RLE and
// TS_2DIFF, -1 where it does not matter.
type choice struct {
	enc    tablet.Encoding
	digits int
}

// candidates are the encodings that every IoTDB from 1.0 on reads, the default first.
func candidates(t tablet.DataType) []tablet.Encoding {
	switch t.Physical() {
	case tablet.PhysicalBool:
		return []tablet.Encoding{tablet.RLE, tablet.Plain}
	case tablet.PhysicalInt32, tablet.PhysicalInt64:
		return []tablet.Encoding{tablet.TS2Diff, tablet.RLE, tablet.Gorilla, tablet.Plain}
	case tablet.PhysicalFloat, tablet.PhysicalDouble:
		return []tablet.Encoding{tablet.Gorilla, tablet.TS2Diff, tablet.RLE, tablet.Plain}
	}
	if t == tablet.Text || t == tablet.String {
		return []tablet.Encoding{tablet.Plain, tablet.Dictionary}
	}
	return []tablet.Encoding{tablet.Plain}
}

// fixed reports whether an encoding keeps a number of digits of a type.
func fixed(t tablet.DataType, e tablet.Encoding) bool {
	return encoding.Allowed(t, e) && !encoding.Lossless(t, e)
}

// choose returns the encoding that makes the cells smallest.
func (p *picker) choose(c *tablet.Column, rows int, wanted tablet.Compressor) (choice, error) {
	if p.last == nil {
		p.last = map[key]choice{}
	}
	k := key{c.Name, c.Type}
	if old, ok := p.last[k]; ok && rows < sampleRows {
		if !fixed(c.Type, old.enc) || encoding.ExactDigits(c, encoding.Range{To: rows}, old.digits) == old.digits {
			return old, nil
		}
	}
	best, size := choice{candidates(c.Type)[0], -1}, -1
	for _, e := range candidates(c.Type) {
		digits := -1
		if fixed(c.Type, e) {
			if digits = encoding.ExactDigits(c, encoding.Range{To: rows}, 0); digits < 0 {
				continue
			}
		}
		n, err := p.size(c, rows, choice{e, digits}, wanted)
		if err != nil {
			return best, err
		}
		if size < 0 || n < size {
			best, size = choice{e, digits}, n
		}
	}
	p.last[k] = best
	return best, nil
}

func (p *picker) size(c *tablet.Column, rows int, how choice, wanted tablet.Compressor) (int, error) {
	p.enc.SetDigits(how.digits)
	var err error
	if p.raw, err = p.enc.Encode(p.raw[:0], c, encoding.Range{To: rows}, how.enc); err != nil {
		return 0, err
	}
	if wanted == tablet.Uncompressed {
		return len(p.raw), nil
	}
	p.out, err = p.zip.Append(p.out[:0], wanted, p.raw)
	return len(p.out), err
}

// encodings sets the encodings of a tablet's columns before it is written. A column that
// no longer fits the digits of its chunk ends the chunk.
func (c *chunkWriter) encodings(t *tablet.Tablet) error {
	if c.how == nil {
		c.how = make([]choice, len(t.Columns))
	}
	for i := range t.Columns {
		if c.rows > 0 && !c.fits(&t.Columns[i], c.how[i], t.Rows()) {
			if err := c.end(); err != nil {
				return err
			}
		}
	}
	for i := range t.Columns {
		col := &t.Columns[i]
		if c.rows == 0 {
			var err error
			if c.how[i], err = c.begin(col, t.Rows()); err != nil {
				return err
			}
			c.w.SetDigits(col.Name, c.how[i].digits)
		}
		col.Encoding = c.how[i].enc
	}
	return nil
}

func (c *chunkWriter) begin(col *tablet.Column, rows int) (choice, error) {
	if c.o.Reencode {
		return c.job.pick.choose(col, rows, col.Compressor)
	}
	how := choice{col.Encoding, -1}
	if fixed(col.Type, col.Encoding) {
		// At least two digits; what does not fit exactly is cut to two, as the owner of the
		// series has chosen with this encoding.
		how.digits = encoding.ExactDigits(col, encoding.Range{To: rows}, 2)
	}
	return how, nil
}

func (c *chunkWriter) fits(col *tablet.Column, how choice, rows int) bool {
	if !fixed(col.Type, how.enc) {
		return true
	}
	p := encoding.ExactDigits(col, encoding.Range{To: rows}, max(how.digits, 0))
	return p == how.digits || !c.o.Reencode && p < 0 && how.digits < 0
}
