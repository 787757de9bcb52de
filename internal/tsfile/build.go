package tsfile

import (
	"fmt"
	"io"
	"slices"
	"sort"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/bloom"
	"github.com/sluice-gateway/sluice/internal/tsfile/stat"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// Spill is where a builder keeps finished index entries instead of memory: a file, most
// likely. It is written from its start.
type Spill interface {
	io.Writer
	io.ReaderAt
}

// builder gathers chunk metadata and writes separator, index and footer.
type builder struct {
	version    byte
	tables     []Table
	properties []Property              // version 4
	devices    map[string]*builtDevice // in memory
	done       []*builtDevice          // in the spill, ascending
	spill      Spill
	spilled    int64
	chunks     int
	buf        []byte
}

type builtDevice struct {
	id     DeviceID
	series map[string]*builtSeries
	off    int64 // in the spill
	size   int64
	runs   []builtRun
}

type builtRun struct {
	name string
	rel  int64 // from the first entry of the device
}

// builtSeries holds the chunk list as it will be written: offset and statistics of each.
type builtSeries struct {
	name   string
	typ    tablet.DataType
	mask   byte
	stats  Statistics
	list   []byte
	chunks int
}

func newBuilder(version byte) *builder {
	return &builder{version: version, devices: map[string]*builtDevice{}, properties: plainProperties()}
}

// plainProperties are those that IoTDB 2.0.1 writes.
func plainProperties() []Property {
	return []Property{{Key: "encryptLevel", Value: "0"}, {Key: "encryptKey"}, {Key: "encryptType", Value: "org.apache.tsfile.encrypt.UNENCRYPTED"}}
}

func appendProperties(dst []byte, list []Property) []byte {
	dst = wire.AppendZz(dst, int32(len(list)))
	for _, p := range list {
		dst = wire.AppendName(dst, p.Key)
		if p.Null {
			dst = wire.AppendZz(dst, -1)
			continue
		}
		dst = wire.AppendName(dst, p.Value)
	}
	return dst
}

// device returns the entry of id, made if it is new.
func (b *builder) device(id DeviceID) *builtDevice {
	b.buf = id.Append(b.buf[:0], 4)
	d := b.devices[string(b.buf)]
	if d == nil {
		d = &builtDevice{id: id, series: map[string]*builtSeries{}}
		b.devices[string(b.buf)] = d
	}
	return d
}

// add records a chunk. stats may alias short-lived memory.
func (b *builder) add(d *builtDevice, ch *Chunk, stats Statistics) error {
	s := d.series[ch.Name]
	mask := ch.Marker & (maskTime | maskValue)
	if s == nil {
		s = &builtSeries{name: ch.Name, typ: ch.Type, mask: mask, stats: stat.Empty()}
		d.series[ch.Name] = s
	}
	if s.typ != ch.Type || s.mask != mask {
		return fmt.Errorf("tsfile: %s.%s has chunks of two types", d.id, ch.Name)
	}
	s.list = stats.Append(wire.AppendI64(s.list, ch.Offset), ch.Type)
	stats.Own()
	s.stats.Merge(&stats, ch.Type)
	s.chunks++
	b.chunks++
	return nil
}

// append writes the entry of the series.
func (s *builtSeries) append(dst []byte) []byte {
	kind, list := s.mask, s.list
	if s.chunks > 1 {
		kind |= 1
	} else {
		list = list[:8]
	}
	dst = append(wire.AppendName(append(dst, kind), s.name), byte(s.typ))
	dst = wire.AppendUv(dst, uint32(len(list)))
	return append(s.stats.Append(dst, s.typ), list...)
}

// entries appends all series of the device, sorted, and notes where runs begin.
func (d *builtDevice) entries(dst []byte) []byte {
	sorted := make([]*builtSeries, 0, len(d.series))
	for _, s := range d.series {
		sorted = append(sorted, s)
	}
	sort.Slice(sorted, func(i, j int) bool { return compareText(sorted[i].name, sorted[j].name) < 0 })
	start := len(dst)
	for i, s := range sorted {
		if i%degree == 0 {
			d.runs = append(d.runs, builtRun{name: s.name, rel: int64(len(dst) - start)})
		}
		dst = s.append(dst)
	}
	return dst
}

// park moves a device that will get no more chunks to the spill.
func (b *builder) park(d *builtDevice) error {
	if b.spill == nil || len(d.series) == 0 {
		return nil
	}
	entries := d.entries(nil)
	if _, err := b.spill.Write(entries); err != nil {
		return fmt.Errorf("tsfile: spill of the index: %w", err)
	}
	d.off, d.size, d.series = b.spilled, int64(len(entries)), nil
	b.spilled += d.size
	b.done = append(b.done, d)
	b.buf = d.id.Append(b.buf[:0], 4)
	delete(b.devices, string(b.buf))
	return nil
}

// sorted returns all devices in file order.
func (b *builder) sorted() []*builtDevice {
	all := b.done
	for _, d := range b.devices {
		if len(d.series) > 0 {
			all = append(all, d)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].id.Compare(all[j].id) < 0 })
	return all
}

// out is the target with its position.
type out struct {
	w   io.Writer
	pos int64
	err error
}

func (o *out) write(b []byte) {
	if o.err != nil {
		return
	}
	n, err := o.w.Write(b)
	o.pos += int64(n)
	o.err = err
}

// finish writes everything from the separator to the end of the file.
func (b *builder) finish(o *out) error {
	separator := o.pos
	o.write([]byte{markSeparator})
	all := b.sorted()
	filter := bloom.New(b.chunks)
	roots := make([][]byte, len(all))
	for i, d := range all {
		root, err := b.writeDevice(o, d, filter)
		if err != nil {
			return err
		}
		roots[i] = root.append(nil, b.version)
		d.runs = nil
	}
	var foot []byte
	if b.version == 3 {
		node := b.deviceLevel(o, all, roots)
		foot = node.append(nil, b.version)
	} else {
		foot = b.tableLevel(o, all, roots)
		foot = appendTables(foot, b.tables)
	}
	foot = wire.AppendI64(foot, separator)
	bits := filter.Trimmed()
	foot = append(wire.AppendUv(foot, uint32(len(bits))), bits...)
	if b.version == 3 || len(bits) > 0 {
		foot = wire.AppendUv(wire.AppendUv(foot, filter.Size), filter.Hashes)
	}
	if b.version == 4 {
		foot = appendProperties(foot, b.properties)
	}
	foot = append(wire.AppendU32(foot, uint32(len(foot))), magic...)
	o.write(foot)
	return o.err
}

// writeDevice writes the entries of a device and the inner nodes above them and returns
// its root node.
func (b *builder) writeDevice(o *out, d *builtDevice, filter *bloom.Filter) (indexNode, error) {
	base := o.pos
	var entries []byte
	if d.series != nil {
		b.buf = d.entries(b.buf[:0])
		entries = b.buf
	} else {
		entries = slices.Grow(b.buf[:0], int(d.size))[:d.size]
		if _, err := b.spill.ReadAt(entries, d.off); err != nil && err != io.EOF {
			return indexNode{}, fmt.Errorf("tsfile: spill of the index: %w", err)
		}
		b.buf = entries
	}
	o.write(entries)
	device := d.id.String()
	for c := (wire.Cursor{B: entries}); c.Off < len(entries) && !c.Failed(); {
		c.U8()
		name := c.Name()
		typ := tablet.DataType(c.U8())
		size := c.Uv()
		stat.Read(&c, typ)
		c.Bytes(int(size))
		filter.Add(device + "." + name)
	}
	var leaves []indexNode
	for i, r := range d.runs {
		if i%degree == 0 {
			if i > 0 {
				leaves[len(leaves)-1].end = base + r.rel
			}
			leaves = append(leaves, indexNode{kind: leafMeasurement})
		}
		leaf := &leaves[len(leaves)-1]
		leaf.children = append(leaf.children, indexChild{name: r.name, off: base + r.rel})
	}
	leaves[len(leaves)-1].end = o.pos
	return b.raise(o, leaves, internalMeasurement), o.err
}

// raise writes nodes and the levels above them until one is left, which is returned
// unwritten.
func (b *builder) raise(o *out, nodes []indexNode, kind byte) indexNode {
	for len(nodes) > 1 {
		var next []indexNode
		for i := range nodes {
			if i%degree == 0 {
				if i > 0 {
					next[len(next)-1].end = o.pos
				}
				next = append(next, indexNode{kind: kind})
			}
			up := &next[len(next)-1]
			first := nodes[i].children[0]
			first.off = o.pos
			up.children = append(up.children, first)
			o.write(nodes[i].append(nil, b.version))
		}
		next[len(next)-1].end = o.pos
		nodes = next
	}
	return nodes[0]
}

// deviceLevel writes the device roots and the levels above and returns the top.
func (b *builder) deviceLevel(o *out, devices []*builtDevice, roots [][]byte) indexNode {
	leaves := []indexNode{{kind: leafDevice}}
	for i, d := range devices {
		if i > 0 && i%degree == 0 {
			leaves[len(leaves)-1].end = o.pos
			leaves = append(leaves, indexNode{kind: leafDevice})
		}
		leaf := &leaves[len(leaves)-1]
		leaf.children = append(leaf.children, indexChild{device: d.id, off: o.pos})
		o.write(roots[i])
	}
	leaves[len(leaves)-1].end = o.pos
	many := len(leaves) > 1
	top := b.raise(o, leaves, internalDevice)
	if many {
		top.end = o.pos
	}
	return top
}

// tableLevel does deviceLevel for every table and returns the footer's first part.
func (b *builder) tableLevel(o *out, devices []*builtDevice, roots [][]byte) []byte {
	var foot []byte
	n := uint32(0)
	for i := 0; i < len(devices); n++ {
		j := i
		for j < len(devices) && devices[j].id.Table() == devices[i].id.Table() {
			j++
		}
		node := b.deviceLevel(o, devices[i:j], roots[i:j])
		foot = node.append(wire.AppendName(foot, devices[i].id.Table()), b.version)
		i = j
	}
	return append(wire.AppendUv(nil, n), foot...)
}

func (n *indexNode) append(dst []byte, version byte) []byte {
	dst = wire.AppendUv(dst, uint32(len(n.children)))
	for _, c := range n.children {
		if n.kind <= leafDevice {
			dst = c.device.Append(dst, version)
		} else {
			dst = wire.AppendName(dst, c.name)
		}
		dst = wire.AppendI64(dst, c.off)
	}
	return append(wire.AppendI64(dst, n.end), n.kind)
}
