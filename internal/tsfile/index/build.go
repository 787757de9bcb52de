// Package index writes the index of a TsFile: what lies from the separator to its end. A
// Builder is told about every chunk and keeps the entries of devices that are done in a
// spool, so that it needs no more memory for a larger file.
package index

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/device"
	"github.com/sluice-gateway/sluice/internal/tsfile/footer"
	"github.com/sluice-gateway/sluice/internal/tsfile/spool"
	"github.com/sluice-gateway/sluice/internal/tsfile/stat"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// Builder gathers chunk metadata and writes separator, index and footer.
type Builder struct {
	Version    byte
	Tables     []footer.Table     // of the table model
	Properties []footer.Property  // version 4
	devices    map[string]*Device // that are not parked
	parked     *spool.Spool       // devices that are done, and the nodes of the index; see Park
	nodes      *spool.Spool       // of the device that Finish writes
	chunks     int
	series     int
	held       int // bytes of chunk lists in memory
	buf        []byte
}

// Device is what a device has so far.
type Device struct {
	ID     device.ID
	Series map[string]*Series // by name
	frames []frame            // chunk lists in the spool, oldest first
}

// frame is a part of the chunk lists of one device, in the order of its series.
type frame struct{ from, to int64 }

// Series holds the chunk list as it will be written: offset and statistics of each.
type Series struct {
	name   string
	number int // of the device
	Type   tablet.DataType
	Mask   byte // of the markers of its chunks
	Stats  stat.Statistics
	list   []byte // what is not in a frame
	size   int    // of the whole list
	chunks int
}

const (
	heldLists   = 1 << 20 // bytes of chunk lists that go into a frame
	bloomChunks = 1 << 20 // beyond it the Bloom filter is sized for the series, not the chunks
	// What the spool holds before the index is written.
	spoolFrame  = 0 // int64 bytes, { uv series, uv bytes, list }
	spoolDevice = 1 // blob device, uv series, { blob entry without list, list }
)

// Chunk is what the builder has to know of a chunk.
type Chunk struct {
	Name   string // "" for the time column of an aligned device
	Type   tablet.DataType
	Mask   byte  // 80 time column, 40 value column, else 0
	Offset int64 // of its header
}

// Bytes that readers need, too.
const (
	Magic     = "TsFile" // at the begin and the end
	Separator = 0x02     // ends the data section
	// Kinds of nodes.
	DeviceInner = 0
	DeviceLeaf  = 1
	SeriesInner = 2
	SeriesLeaf  = 3

	degree = 256 // children of a node, series of a run
)

// New makes a builder of a format version; without a spill everything stays in memory.
func New(version byte, s spool.Target) *Builder {
	return &Builder{Version: version, devices: map[string]*Device{}, Properties: footer.Plain(), parked: spool.New(s), nodes: spool.New(nil)}
}

// Device returns the entry of id, made if it is new.
func (b *Builder) Device(id device.ID) *Device {
	b.buf = id.Append(b.buf[:0], 4)
	d := b.devices[string(b.buf)]
	if d == nil {
		d = &Device{ID: id, Series: map[string]*Series{}}
		b.devices[string(b.buf)] = d
	}
	return d
}

// Add records a chunk. stats may alias short-lived memory.
func (b *Builder) Add(d *Device, ch Chunk, stats stat.Statistics) error {
	s := d.Series[ch.Name]
	if s == nil {
		s = &Series{name: ch.Name, number: len(d.Series), Type: ch.Type, Mask: ch.Mask, Stats: stat.Empty()}
		d.Series[ch.Name] = s
		b.series++
	}
	if s.Type != ch.Type || s.Mask != ch.Mask {
		return fmt.Errorf("tsfile: %s.%s has chunks of two types", d.ID, ch.Name)
	}
	before := len(s.list)
	s.list = stats.Append(wire.AppendI64(s.list, ch.Offset), ch.Type)
	s.size += len(s.list) - before
	stats.Own()
	s.Stats.Merge(&stats, ch.Type)
	s.chunks++
	b.chunks++
	if b.held += len(s.list) - before; b.held > heldLists && !b.parked.InMemory() {
		b.spillLists(d)
	}
	return b.parked.Err(nil)
}

// Roots returns the first segments of the devices in memory, sorted.
func (b *Builder) Roots() []string {
	names := map[string]bool{}
	for _, d := range b.devices {
		names[d.ID.Table()] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// head is the entry of the series without the chunk list.
func (s *Series) head(dst []byte) []byte {
	kind := s.Mask
	if s.chunks > 1 {
		kind |= 1
	}
	dst = append(wire.AppendName(append(dst, kind), s.name), byte(s.Type))
	return s.Stats.Append(wire.AppendUv(dst, uint32(s.listed())), s.Type)
}

// listed is the size of the list in the file: only the offset, if there is one chunk.
func (s *Series) listed() int {
	if s.chunks == 1 {
		return 8
	}
	return s.size
}

func (d *Device) sorted() []*Series {
	out := make([]*Series, 0, len(d.Series))
	for _, s := range d.Series {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *Series) int { return device.CompareText(a.name, b.name) })
	return out
}

// spillLists moves the chunk lists of the only device in memory to a frame.
func (b *Builder) spillLists(d *Device) {
	body := b.buf[:0]
	for _, s := range d.sorted() {
		if len(s.list) > 0 {
			body = wire.AppendUv(wire.AppendUv(body, uint32(s.number)), uint32(len(s.list)))
			body = append(body, s.list...)
			s.list = nil
		}
	}
	b.parked.Write(wire.AppendI64([]byte{spoolFrame}, int64(len(body))))
	d.frames = append(d.frames, frame{from: b.parked.Size(), to: b.parked.Size() + int64(len(body))})
	b.parked.Write(body)
	b.buf, b.held = body, 0
}

// frameReader stands before a list in a frame.
type frameReader struct {
	r      *bufio.Reader
	number uint64
}

const frameAhead = 4 << 10 // read of each frame at once

func (f *frameReader) next() error {
	var err error
	f.number, err = binary.ReadUvarint(f.r)
	if err == io.EOF {
		f.number = math.MaxUint64
		return nil
	}
	return err
}

// Park moves a device that will get no more chunks to the spool.
func (b *Builder) Park(d *Device) error {
	if b.parked.InMemory() || len(d.Series) == 0 {
		return nil
	}
	frames := make([]frameReader, len(d.frames))
	for i, f := range d.frames {
		frames[i].r = b.parked.Section(f.from, f.to, frameAhead)
		if err := frames[i].next(); err != nil {
			return b.parked.Err(err)
		}
	}
	sorted := d.sorted()
	b.parked.Write([]byte{spoolDevice})
	b.buf = d.ID.Append(b.buf[:0], 4)
	delete(b.devices, string(b.buf))
	b.parked.Blob(b.buf)
	b.parked.Uv(len(sorted))
	for _, s := range sorted {
		b.buf = s.head(b.buf[:0])
		b.parked.Blob(b.buf)
		before := b.parked.Size()
		if err := s.gather(b.parked, frames); err != nil {
			return b.parked.Err(err)
		}
		if n := b.parked.Size() - before; n != int64(s.listed()) {
			return b.parked.Err(fmt.Errorf("%d bytes of a list, want %d", n, s.listed()))
		}
	}
	b.held = 0
	return b.parked.Err(nil)
}

// gather writes the list of s: its parts in the frames, then what is in memory.
func (s *Series) gather(w io.Writer, frames []frameReader) error {
	left := int64(s.listed())
	for i := range frames {
		f := &frames[i]
		if f.number != uint64(s.number) {
			continue
		}
		n, err := binary.ReadUvarint(f.r)
		if err != nil {
			return err
		}
		take := min(int64(n), left)
		if _, err := io.CopyN(w, f.r, take); err != nil {
			return err
		}
		left -= take
		if _, err := f.r.Discard(int(int64(n) - take)); err != nil {
			return err
		}
		if err := f.next(); err != nil {
			return err
		}
	}
	_, err := w.Write(s.list[:min(int64(len(s.list)), left)])
	return err
}

// entries yields the series entries of a device in file order: head and list; io.EOF at the
// end. Both are valid until the next call.
type entries func() (head []byte, list io.Reader, err error)

// inMemory yields the entries of a device that was not parked.
func (b *Builder) inMemory(d *Device) entries {
	sorted := d.sorted()
	list := new(bytes.Reader)
	return func() ([]byte, io.Reader, error) {
		if len(sorted) == 0 {
			return nil, nil, io.EOF
		}
		s := sorted[0]
		sorted = sorted[1:]
		b.buf = s.head(b.buf[:0])
		list.Reset(s.list[:s.listed()])
		return b.buf, list, nil
	}
}

// each visits all devices in file order: those in the spool, or those in memory.
func (b *Builder) each(visit func(id device.ID, e entries) error) error {
	var all []*Device
	for _, d := range b.devices {
		if len(d.Series) > 0 {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(x, y *Device) int { return x.ID.Compare(y.ID) })
	for _, d := range all {
		if err := visit(d.ID, b.inMemory(d)); err != nil {
			return err
		}
	}
	end := b.parked.Size()
	r := b.parked.Section(0, end, 64<<10)
	for !b.parked.InMemory() {
		kind, err := r.ReadByte()
		if err == io.EOF {
			break
		}
		if err == nil && kind == spoolFrame {
			var n int64
			if err = binary.Read(r, binary.BigEndian, &n); err == nil {
				_, err = io.CopyN(io.Discard, r, n)
			}
		} else if err == nil {
			err = b.spooled(r, visit)
		}
		if err != nil {
			return err
		}
	}
	return b.parked.Err(nil)
}

// spooled visits the device that r stands before.
func (b *Builder) spooled(r *bufio.Reader, visit func(id device.ID, e entries) error) error {
	raw, err := spool.ReadBlob(r, nil)
	if err != nil {
		return err
	}
	id := device.Read(&wire.Cursor{B: raw}, 4)
	left, err := binary.ReadUvarint(r)
	if err != nil {
		return err
	}
	return visit(id, func() ([]byte, io.Reader, error) {
		if left == 0 {
			return nil, nil, io.EOF
		}
		left--
		if b.buf, err = spool.ReadBlob(r, b.buf); err != nil {
			return nil, nil, err
		}
		c := wire.Cursor{B: b.buf}
		c.U8()
		c.Name()
		c.U8()
		return b.buf, io.LimitReader(r, int64(c.Uv())), nil
	})
}

// Out is the target with its position.
type Out struct {
	W   io.Writer
	Pos int64 // bytes written
	Err error // sticky
}

// Write writes b, unless an earlier write has failed.
func (o *Out) Write(b []byte) (int, error) {
	if o.Err != nil {
		return 0, o.Err
	}
	n, err := o.W.Write(b)
	o.Pos += int64(n)
	o.Err = err
	return n, err
}
