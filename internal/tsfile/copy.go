package tsfile

import (
	"fmt"
	"io"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/encoding"
)

// ChunkSet names chunks of another file: one of a series, or one of each column of an
// aligned device.
type ChunkSet struct {
	From   *Reader
	Index  int       // number of the chunk, the same in every series
	Time   *Series   // of an aligned device, else nil
	Values []*Series // one if not aligned; nil for a column that the file does not have
	// Schemas are those of Values; needed where Values has nil.
	Schemas []tablet.Schema
}

// EndChunk closes the chunks that are open and leaves the chunk group open. What comes
// next for the device begins new chunks, with whatever encoding it then has.
func (w *Writer) EndChunk() error {
	if w.err != nil || w.g == nil {
		return w.err
	}
	if err := w.g.flush(); err != nil {
		return w.fail(err)
	}
	forget(w.g)
	return nil
}

// Copy appends chunks as they are, behind what was written to the device before. Their
// statistics are those of the source's index; damage within pages is copied, not found.
// Columns of an aligned device must be the same from the first chunk to the last.
func (w *Writer) Copy(device string, c ChunkSet) error {
	id := PathDevice(device)
	if w.opts.Version == 4 {
		var err error
		if id, err = TreeDevice(device); err != nil {
			return err
		}
	}
	if w.err != nil {
		return w.err
	}
	if w.g == nil || w.g.path != device || w.g.id.Compare(id) != 0 {
		if err := w.enter(id, &tablet.Tablet{Device: device, Aligned: c.Time != nil}); err != nil {
			return err
		}
	}
	if err := w.EndChunk(); err != nil {
		return err
	}
	if err := checkCopy(w.g, &c); err != nil {
		return err
	}
	if err := w.g.copySet(&c); err != nil {
		return w.fail(err)
	}
	return nil
}

// checkCopy refuses what would not be a valid file before anything is written.
func checkCopy(g *group, c *ChunkSet) error {
	lead := c.Time
	if lead == nil {
		lead = c.Values[0]
	}
	if (c.Time != nil) != g.aligned {
		return fmt.Errorf("%w: %s", ErrAlignment, g.path)
	}
	start := lead.Chunks[c.Index].Stats.Start
	if old := g.dev.Series[lead.Name]; old != nil && start <= old.Stats.End {
		return fmt.Errorf("%w: %s.%s has %d, written up to %d", ErrTimeOrder, g.path, lead.Name, start, old.Stats.End)
	}
	for i, s := range c.Values {
		name, typ := "", tablet.DataType(0)
		if s != nil {
			name, typ = s.Name, s.Type
		} else {
			name, typ = c.Schemas[i].Name, c.Schemas[i].Type
		}
		old := g.dev.Series[name]
		switch {
		case old == nil && g.aligned && g.flushed:
			return fmt.Errorf("%w: %s.%s", ErrNewColumn, g.path, name)
		case old != nil && old.Type != typ:
			return fmt.Errorf("%w: %s.%s is %s, now %s", ErrType, g.path, name, old.Type, typ)
		}
	}
	if want := len(g.dev.Series) - 1; g.aligned && g.flushed && len(c.Values) != want {
		return fmt.Errorf("tsfile: %s: %d columns copied, the device has %d", g.path, len(c.Values), want)
	}
	return nil
}

func (g *group) copySet(c *ChunkSet) error {
	g.header()
	if c.Time != nil {
		if err := g.copyChunk(c.From, c.Time, c.Index); err != nil {
			return err
		}
		g.last = c.Time.Chunks[c.Index].Stats.End
	}
	for i, s := range c.Values {
		if s == nil {
			empty := &columnWriter{schema: c.Schemas[i]}
			empty.reset()
			if err := g.writeChunk(empty, maskValue); err != nil {
				return err
			}
			continue
		}
		if err := g.copyChunk(c.From, s, c.Index); err != nil {
			return err
		}
	}
	g.flushed = true
	return g.w.out.Err
}

func (g *group) copyChunk(r *Reader, s *Series, i int) error {
	var k chunkReader
	k.w.ahead = 256
	m := &s.Chunks[i]
	if err := r.openChunk(&k, s, m); err != nil {
		return err
	}
	ch := k.Chunk
	o := &g.w.out
	ch.Offset = o.Pos
	n, err := io.Copy(o, io.NewSectionReader(r.r, m.Offset, k.Head+k.Size))
	if err == nil && n != k.Head+k.Size {
		err = corrupt(m.Offset, "chunk of "+s.Name, "is cut")
	}
	if err != nil {
		return err
	}
	return record(g.w.b, g.dev, &ch, m.Stats)
}

// SetDigits sets the digits behind the point that a FLOAT or DOUBLE measurement keeps under
// RLE and TS_2DIFF, for chunks that begin from here on; negative: 2, the default.
func (w *Writer) SetDigits(measurement string, p int) {
	if p < 0 {
		delete(w.digits, measurement)
		return
	}
	if w.digits == nil {
		w.digits = map[string]int{}
	}
	w.digits[measurement] = p
}

// Pending returns the bytes of finished pages that are kept until their chunk is closed.
func (w *Writer) Pending() int {
	if w.g == nil {
		return 0
	}
	return w.g.bytes
}

// CanEncode reports whether a series of type t can be written with encoding e.
func CanEncode(t tablet.DataType, e tablet.Encoding) bool { return encoding.Allowed(t, e) }
