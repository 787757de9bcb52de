package tsfile

import (
	"iter"
	"sort"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/index"
	"github.com/sluice-gateway/sluice/internal/tsfile/stat"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// Kinds of index nodes.
const (
	internalDevice      = index.DeviceInner
	leafDevice          = index.DeviceLeaf
	internalMeasurement = index.SeriesInner
	leafMeasurement     = index.SeriesLeaf
)

// indexNode is one node: children in ascending order, child i covers the bytes from its
// offset to the next one's.
type indexNode struct {
	at       int64 // of the node; of the footer for roots
	kind     byte
	children []indexChild
	end      int64
}

type indexChild struct {
	device DeviceID // device nodes
	name   string   // measurement nodes
	off    int64
}

func readNode(c *wire.Cursor, version byte, devices bool) indexNode {
	var n indexNode
	count := c.Uv()
	if int64(count) > int64(len(c.B)-c.Off)/9 {
		c.Fail("index node claims more children than there are bytes")
		return n
	}
	n.children = make([]indexChild, 0, count)
	for range count {
		var ch indexChild
		if devices {
			ch.device = ReadDeviceID(c, version)
		} else {
			ch.name = c.Name()
		}
		ch.off = c.I64()
		if c.Failed() {
			return n
		}
		n.children = append(n.children, ch)
	}
	n.end = c.I64()
	n.kind = c.U8()
	if !c.Failed() && (n.kind > leafMeasurement || devices != (n.kind <= leafDevice)) {
		c.Fail("index node of the wrong kind")
	}
	return n
}

// checkNode makes sure that children point backwards, in order: no loops.
func checkNode(r *Reader, n *indexNode) error {
	low := r.foot.Separator + 1
	for _, ch := range n.children {
		if ch.off < low || ch.off >= n.at {
			return corrupt(n.at, "index node", "child at %d, allowed %d to %d", ch.off, low, n.at-1)
		}
		low = ch.off + 1
	}
	if len(n.children) > 0 && (n.end < low || n.end > n.at) {
		return corrupt(n.at, "index node", "ends at %d, allowed %d to %d", n.end, low, n.at)
	}
	return nil
}

// span returns the bytes child i covers.
func (n *indexNode) span(i int) (from, to int64) {
	if i+1 < len(n.children) {
		return n.children[i].off, n.children[i+1].off
	}
	return n.children[i].off, n.end
}

// child reads the node that child i covers; its own bytes are the whole span.
func (r *Reader) child(n *indexNode, i int) (*indexNode, error) {
	from, to := n.span(i)
	if to-from > int64(r.lim.MetaBytes) {
		return nil, corrupt(from, "index node", "%d bytes, at most %d", to-from, r.lim.MetaBytes)
	}
	b, err := r.read(from, int(to-from), "index node")
	if err != nil {
		return nil, err
	}
	c := &wire.Cursor{B: b}
	next := readNode(c, r.foot.Version, n.kind == internalDevice)
	next.at = from
	if c.Failed() {
		return nil, corrupt(from+int64(c.Off), "index node", "%s", c.Reason)
	}
	if n.kind == internalMeasurement && next.kind > leafMeasurement || n.kind == leafMeasurement {
		return nil, corrupt(from, "index node", "kind %d below kind %d", next.kind, n.kind)
	}
	return &next, checkNode(r, &next)
}

// Device is one entry of the device index.
type Device struct {
	ID   DeviceID
	root indexNode
}

// Devices yields the devices in file order; at the first error it yields it and stops.
func (r *Reader) Devices() iter.Seq2[*Device, error] {
	return func(yield func(*Device, error) bool) {
		left := r.foot.Offset - r.foot.Separator
		for i := range r.foot.roots {
			if !r.devicesBelow(&r.foot.roots[i].node, r.lim.IndexDepth, &left, yield) {
				return
			}
		}
	}
}

// spend counts the bytes of the index that a walk reads: each once, or it would have no end
// in a file whose nodes share their children.
func spend(left *int64, n *indexNode, i int) error {
	from, to := n.span(i)
	if *left -= to - from; *left < 0 {
		return corrupt(from, "index", "bytes are part of the index twice")
	}
	return nil
}

func (r *Reader) devicesBelow(n *indexNode, depth int, left *int64, yield func(*Device, error) bool) bool {
	if depth == 0 {
		yield(nil, corrupt(n.at, "index", "more than %d levels", r.lim.IndexDepth))
		return false
	}
	for i := range n.children {
		err := spend(left, n, i)
		var next *indexNode
		if err == nil {
			next, err = r.child(n, i)
		}
		if err != nil {
			yield(nil, err)
			return false
		}
		if n.kind == leafDevice {
			if !yield(&Device{ID: n.children[i].device, root: *next}, nil) {
				return false
			}
		} else if !r.devicesBelow(next, depth-1, left, yield) {
			return false
		}
	}
	return true
}

// DeviceID returns the form that this file's version gives to a tree path.
func (r *Reader) DeviceID(path string) (DeviceID, error) {
	if r.foot.Version == 3 {
		return PathDevice(path), nil
	}
	return TreeDevice(path)
}

// Device looks a device up; nil without an error means that the file has none.
func (r *Reader) Device(id DeviceID) (*Device, error) {
	if d := r.last.Load(); d != nil && d.ID.Compare(id) == 0 {
		return d, nil
	}
	for i := range r.foot.roots {
		if r.foot.Version == 4 && r.foot.roots[i].table != id.Table() {
			continue
		}
		return deviceBelow(r, &r.foot.roots[i].node, id)
	}
	return nil, nil
}

func deviceBelow(r *Reader, n *indexNode, id DeviceID) (*Device, error) {
	for level := range r.lim.IndexDepth {
		i := sort.Search(len(n.children), func(i int) bool { return n.children[i].device.Compare(id) > 0 }) - 1
		if i < 0 || n.kind == leafDevice && n.children[i].device.Compare(id) != 0 {
			return nil, nil
		}
		if n.kind == leafDevice {
			next, err := r.child(n, i)
			if err != nil {
				return nil, err
			}
			d := &Device{ID: n.children[i].device, root: *next}
			r.last.Store(d)
			return d, nil
		}
		next, err := r.deviceChild(n, i, level)
		if err != nil {
			return nil, err
		}
		n = next
	}
	return nil, corrupt(n.at, "index", "more than %d levels", r.lim.IndexDepth)
}

// keptLevels is how many nodes below the root are kept: one of each level, since devices
// are asked for in order.
const keptLevels = 4

// deviceChild is child of an internal node of the device index.
func (r *Reader) deviceChild(n *indexNode, i, level int) (*indexNode, error) {
	if level >= keptLevels {
		return r.child(n, i)
	}
	if old := r.path[level].Load(); old != nil && old.at == n.children[i].off {
		return old, nil
	}
	next, err := r.child(n, i)
	if err == nil {
		r.path[level].Store(next)
	}
	return next, err
}

// Series is the index entry of one series.
type Series struct {
	Name   string // "" for the time column of an aligned device
	Type   tablet.DataType
	Time   bool // time column; Type means nothing then
	Value  bool // value column of an aligned device
	Stats  Statistics
	Chunks []ChunkMeta
	Offset int64 // of the entry
}

// ChunkMeta places one chunk.
type ChunkMeta struct {
	Offset int64 // of its header
	Stats  Statistics
}

// Series yields the series of a device in file order, the time column of an aligned
// device first. At the first error it yields it and stops.
func (r *Reader) Series(d *Device) iter.Seq2[*Series, error] {
	return func(yield func(*Series, error) bool) {
		left := r.foot.Offset - r.foot.Separator
		r.seriesBelow(&d.root, r.lim.IndexDepth, &left, yield)
	}
}

func (r *Reader) seriesBelow(n *indexNode, depth int, left *int64, yield func(*Series, error) bool) bool {
	if depth == 0 {
		yield(nil, corrupt(n.at, "index", "more than %d levels", r.lim.IndexDepth))
		return false
	}
	for i := range n.children {
		if err := spend(left, n, i); err != nil {
			yield(nil, err)
			return false
		}
		if n.kind == leafMeasurement {
			if !r.run(n, i, yield) {
				return false
			}
			continue
		}
		next, err := r.child(n, i)
		if err != nil {
			yield(nil, err)
			return false
		}
		if !r.seriesBelow(next, depth-1, left, yield) {
			return false
		}
	}
	return true
}

// run reads the entries that child i of a leaf covers.
func (r *Reader) run(n *indexNode, i int, yield func(*Series, error) bool) bool {
	from, to := n.span(i)
	if to-from > int64(r.lim.MetaBytes) {
		yield(nil, corrupt(from, "series entries", "%d bytes, at most %d", to-from, r.lim.MetaBytes))
		return false
	}
	b, err := r.read(from, int(to-from), "series entries")
	if err != nil {
		yield(nil, err)
		return false
	}
	c := &wire.Cursor{B: b}
	for c.Off < len(b) {
		s, err := r.readSeries(c, from)
		if !yield(s, err) || err != nil {
			return false
		}
	}
	return true
}

func (r *Reader) readSeries(c *wire.Cursor, base int64) (*Series, error) {
	s := &Series{Offset: base + int64(c.Off)}
	kind := c.U8()
	s.Time, s.Value = kind&maskTime != 0, kind&maskValue != 0
	s.Name = c.Name()
	s.Type = tablet.DataType(c.U8())
	size := c.Uv()
	s.Stats = stat.Read(c, s.Type)
	list := &wire.Cursor{B: c.Bytes(int(size))}
	for !c.Failed() && list.Off < len(list.B) {
		m := ChunkMeta{Offset: list.I64()}
		if kind&maskKind == 0 {
			m.Stats = s.Stats
		} else {
			m.Stats = stat.Read(list, s.Type)
		}
		if list.Failed() {
			c.Fail("chunk list is " + list.Reason)
			break
		}
		if m.Offset < int64(headBytes) || m.Offset >= r.foot.Separator {
			return nil, corrupt(s.Offset, "series entry of "+s.Name, "chunk at %d is outside the data", m.Offset)
		}
		s.Chunks = append(s.Chunks, m)
	}
	if !c.Failed() && (s.Time != (s.Type == stat.Vector) || s.Time && s.Value || kind&maskKind == 0 && len(s.Chunks) > 1) {
		c.Fail("flags, type and number of chunks do not agree")
	}
	if c.Failed() {
		return nil, corrupt(s.Offset, "series entry", "%s", c.Reason)
	}
	return s, nil
}

// Find looks one series up; nil without an error means that there is none.
func (r *Reader) Find(d *Device, name string) (*Series, error) {
	if !r.foot.Bloom.MayContain(d.ID.String(), name) {
		return nil, nil
	}
	return r.find(d, name)
}

func (r *Reader) find(d *Device, name string) (*Series, error) {
	n := &d.root
	for range r.lim.IndexDepth {
		i := sort.Search(len(n.children), func(i int) bool { return ComparePaths(n.children[i].name, name) > 0 }) - 1
		if i < 0 {
			return nil, nil
		}
		if n.kind == leafMeasurement {
			return findInRun(r, n, i, name)
		}
		next, err := r.child(n, i)
		if err != nil {
			return nil, err
		}
		n = next
	}
	return nil, corrupt(n.at, "index", "more than %d levels", r.lim.IndexDepth)
}

func findInRun(r *Reader, n *indexNode, i int, name string) (found *Series, failed error) {
	r.run(n, i, func(s *Series, err error) bool {
		if err != nil {
			failed = err
			return false
		}
		if s.Name == name {
			found = s
			return false
		}
		return ComparePaths(s.Name, name) < 0
	})
	return found, failed
}
