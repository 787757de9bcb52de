package tsfile

import (
	"fmt"
	"io"

	"github.com/sluice-gateway/sluice/internal/tsfile/index"
)

// Convert writes the same chunks in the other format version: pages and chunks are the
// same in both, so they are copied as they are, and only device names, index and footer
// are made anew. Version 4 files of the table model have no version 3. A version 4 tree
// file becomes version 3 whatever its device order; see SameOrder for files that an
// IoTDB 2.x is to read then.
//
// The statistics are taken from the index of the source; damage within pages is copied,
// not found (see Verify).
func Convert(r *Reader, w io.Writer, version byte) error {
	if version != 3 && version != 4 {
		return fmt.Errorf("%w, asked for %d", ErrVersion, version)
	}
	if version == 3 && len(r.foot.Tables) > 0 {
		return fmt.Errorf("tsfile: the file has tables: version 3 has only the tree model")
	}
	x := &converter{r: r, b: index.New(version, nil), o: index.Out{W: w}, version: version}
	x.b.Tables = r.foot.Tables
	x.o.Write(append([]byte(magic), version))
	x.walk = walker{version: r.foot.Version, lim: r.lim, end: r.foot.Separator + 1, group: x.group, chunk: x.chunk, plan: x.plan}
	if _, err := x.walk.run(r.r); err != nil {
		return err
	}
	return x.b.Finish(&x.o)
}

type converter struct {
	r       *Reader
	b       *index.Builder
	o       index.Out
	version byte
	walk    walker
	dev     *index.Device
	stats   map[string]map[int64]*Statistics // of the current device, by name and offset
	source  DeviceID
}

// group begins a chunk group and loads the statistics of its device.
func (x *converter) group(off int64, id DeviceID) error {
	to, err := translate(id, x.r.foot.Version, x.version)
	if err != nil {
		return fmt.Errorf("tsfile: chunk group at offset %d: %w", off, err)
	}
	x.o.Write(to.Append([]byte{markGroup}, x.version))
	x.dev = x.b.Device(to)
	if x.stats != nil && x.source.Compare(id) == 0 {
		return x.o.Err
	}
	x.source, x.stats = id, map[string]map[int64]*Statistics{}
	d, err := x.r.Device(id)
	if err != nil {
		return err
	}
	if d == nil {
		return corrupt(off, "chunk group", "device %s is not in the index", id)
	}
	for s, err := range x.r.Series(d) {
		if err != nil {
			return err
		}
		at := map[int64]*Statistics{}
		for i := range s.Chunks {
			at[s.Chunks[i].Offset] = &s.Chunks[i].Stats
		}
		x.stats[s.Name] = at
	}
	return x.o.Err
}

// translate gives a device its id in another version.
func translate(id DeviceID, from, to byte) (DeviceID, error) {
	switch {
	case from == to:
		return id, nil
	case to == 3:
		return PathDevice(id.String()), nil
	}
	return TreeDevice(id.String())
}

// chunk copies a chunk.
func (x *converter) chunk(k *chunkReader) error {
	st := x.stats[k.Name][k.Offset]
	if st == nil {
		return corrupt(k.Offset, "chunk of "+k.Name, "is not in the index")
	}
	ch := k.Chunk
	ch.Offset = x.o.Pos
	if err := record(x.b, x.dev, &ch, *st); err != nil {
		return err
	}
	n, err := io.Copy(&x.o, io.NewSectionReader(x.r.r, k.Offset, k.Head+k.Size))
	if err == nil && n != k.Head+k.Size {
		err = corrupt(k.Offset, "chunk of "+k.Name, "is cut")
	}
	return err
}

func (x *converter) plan(off int64) error {
	b, err := x.r.read(off, planBytes, "operation range")
	if err != nil {
		return err
	}
	x.o.Write(b)
	return x.o.Err
}
