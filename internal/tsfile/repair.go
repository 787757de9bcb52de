package tsfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sluice-gateway/sluice/internal/tsfile/index"
)

// Repaired says what Repair saved.
type Repaired struct {
	Cut    int64 // bytes of the input that are part of the output
	Groups int   // whole chunk groups
	Points int64
	Lost   error // why the rest was left out; nil if the data section was whole
}

// ErrTableSchema says that a file of the table model cannot be repaired without the
// schemas, which stood in its lost footer.
var ErrTableSchema = errors.New("tsfile: the file is of the table model and its schemas are lost: give them")

// Repair reads a file that was never closed, or that lost its tail, and writes a
// complete one that holds its whole chunk groups: the bytes up to the last group that is
// followed by another marker, and a new index. Every page is decoded on the way.
// tables are the schemas of a table model file, nil otherwise.
func Repair(r io.ReaderAt, size int64, w io.Writer, tables []Table) (Repaired, error) {
	x, rep, err := groups(r, size)
	if err != nil {
		return rep, err
	}
	if x.b.Tables = tables; tables == nil && len(x.tables()) > 0 {
		return rep, ErrTableSchema
	}
	o := &index.Out{W: w}
	n, err := io.Copy(o, io.NewSectionReader(r, 0, x.cut))
	if err != nil {
		return rep, fmt.Errorf("tsfile: copy: %w", err)
	}
	if n != x.cut {
		return rep, fmt.Errorf("tsfile: copied %d of %d bytes", n, x.cut)
	}
	return rep, x.b.Finish(o)
}

// Salvage opens a file as Repair would leave it, without writing: the index is made in
// memory. Tables of the table model have a name but no columns.
func Salvage(r io.ReaderAt, size int64, lim Limits) (*Reader, Repaired, error) {
	x, rep, err := groups(r, size)
	if err != nil {
		return nil, rep, err
	}
	x.b.Tables = x.tables()
	var tail bytes.Buffer
	if err := x.b.Finish(&index.Out{W: &tail, Pos: x.cut}); err != nil {
		return nil, rep, err
	}
	whole := &mended{r: r, cut: x.cut, tail: tail.Bytes()}
	reader, err := Open(whole, x.cut+int64(tail.Len()), lim)
	return reader, rep, err
}

// mended is a file up to cut, and other bytes behind.
type mended struct {
	r    io.ReaderAt
	cut  int64
	tail []byte
}

func (m *mended) ReadAt(p []byte, off int64) (n int, err error) {
	if off < m.cut {
		n, err = m.r.ReadAt(p[:min(int64(len(p)), m.cut-off)], off)
		if n == len(p) || off+int64(n) < m.cut {
			return n, err
		}
	}
	if at := off + int64(n) - m.cut; at < int64(len(m.tail)) {
		n += copy(p[n:], m.tail[at:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// groups walks through the data section and gathers its whole chunk groups.
func groups(r io.ReaderAt, size int64) (*repairer, Repaired, error) {
	version, err := readHead(r, size)
	if err != nil && !errors.Is(err, ErrIncomplete) {
		return nil, Repaired{}, err
	}
	if version == 0 {
		version, _ = versionOf(r)
	}
	x := &repairer{b: index.New(version, nil)}
	x.walk = walker{version: version, lim: Limits{}.withDefaults(), end: size, group: x.group, chunk: x.chunk, plan: x.plan, closed: x.closed}
	x.cut = int64(headBytes)
	_, lost := x.walk.run(r)
	if x.failed != nil {
		return nil, Repaired{}, x.failed
	}
	return x, Repaired{Cut: x.cut, Groups: x.groups, Points: x.points, Lost: lost}, nil
}

// tables names the tables of the devices that are not of the tree model.
func (x *repairer) tables() []Table {
	var out []Table
	for _, t := range x.b.Roots() {
		if x.b.Version == 4 && t != "root" && !strings.HasPrefix(t, "root.") {
			out = append(out, Table{Name: t})
		}
	}
	return out
}

func versionOf(r io.ReaderAt) (byte, error) {
	var b [headBytes]byte
	_, err := r.ReadAt(b[:], 0)
	return b[headBytes-1], err
}

type repairer struct {
	b      *index.Builder
	walk   walker
	check  chunkChecker
	id     DeviceID
	open   []repairedChunk // of the group that is not whole yet
	saved  int64           // points counted before the open group
	cut    int64
	groups int
	points int64
	failed error // not damage: stop
}

type repairedChunk struct {
	ch    Chunk
	stats Statistics
}

func (x *repairer) group(_ int64, id DeviceID) error {
	x.id = id
	return nil
}

func (x *repairer) chunk(k *chunkReader) error {
	st, err := x.check.chunk(k)
	if err != nil {
		return err
	}
	x.open = append(x.open, repairedChunk{ch: k.Chunk, stats: st})
	return nil
}

// plan keeps a complete operation range: the cut moves behind it.
func (x *repairer) plan(off int64) error {
	x.cut = off + planBytes
	return nil
}

func (x *repairer) closed(off int64) error {
	if len(x.open) > 0 {
		d := x.b.Device(x.id)
		if err := x.fits(d); err != nil {
			return err
		}
		for i := range x.open {
			if err := record(x.b, d, &x.open[i].ch, x.open[i].stats); err != nil {
				x.failed = err
				return err
			}
		}
		x.open = x.open[:0]
		x.groups++
		x.points = x.check.Points
	}
	x.cut = max(x.cut, off)
	return nil
}

// fits reports why the open chunk group cannot belong to device d: other types, times that
// go back, value columns without times, an aligned column that comes or goes. A group may
// hold several chunks of a series, or of a whole aligned device, as compaction writes them.
func (x *repairer) fits(d *index.Device) error {
	aligned := x.open[0].ch.Marker&maskTime != 0
	if len(d.Series) > 0 && aligned != (d.Series[""] != nil) {
		return corrupt(x.open[0].ch.Offset, "chunk group of "+d.ID.String(), "alignment differs from that of earlier groups")
	}
	columns := len(d.Series) // of each set of an aligned device; 0: not known yet
	seen := map[string]*repairedChunk{}
	for i := range x.open {
		c := &x.open[i]
		if aligned && c.ch.Marker&maskTime != 0 && i > 0 {
			if columns > 0 && len(seen) != columns {
				return corrupt(c.ch.Offset, "chunk group of "+d.ID.String(), "%d columns before this chunk, %d in the first set", len(seen), columns)
			}
			columns = len(seen)
			seen = map[string]*repairedChunk{}
		}
		if err := c.fits(d, seen[c.ch.Name], aligned); err != nil {
			return err
		}
		seen[c.ch.Name] = c
	}
	if aligned && columns > 0 && len(seen) != columns {
		return corrupt(x.open[0].ch.Offset, "chunk group of "+d.ID.String(), "columns differ from those of earlier groups")
	}
	return nil
}

// fits compares a chunk with what the device has and with one of the same name before it in
// the group.
func (c *repairedChunk) fits(d *index.Device, before *repairedChunk, aligned bool) error {
	mask := c.ch.Marker & (maskTime | maskValue)
	isTime := mask == maskTime
	old := d.Series[c.ch.Name]
	switch {
	case aligned == (mask == 0), aligned && before != nil, (c.ch.Name == "") != isTime,
		before != nil && (before.ch.Type != c.ch.Type || c.stats.Start <= before.stats.End):
		return corrupt(c.ch.Offset, "chunk group of "+d.ID.String(), "chunk %q does not belong there", c.ch.Name)
	case old != nil && (old.Type != c.ch.Type || old.Mask != mask), aligned && old == nil && len(d.Series) > 0:
		return corrupt(c.ch.Offset, "chunk group of "+d.ID.String(), "chunk %q differs from those of earlier groups", c.ch.Name)
	}
	return nil
}
