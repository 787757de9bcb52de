package tsfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/sluice-gateway/sluice/internal/compress"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/encoding"
	"github.com/sluice-gateway/sluice/internal/tsfile/index"
	"github.com/sluice-gateway/sluice/internal/tsfile/spool"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// WriterOptions say how a file is written. Zero fields mean the default.
type WriterOptions struct {
	Version    byte // 3 (default) or 4
	PageRows   int  // most rows of a page; default 10,000
	PageBytes  int  // most bytes of TEXT, STRING or BLOB values of a page beyond its first row; default 64 KiB
	GroupBytes int  // bytes of finished pages that close a chunk group; default 4 MiB

	// TimeCompressor compresses the time column of aligned devices; default LZ4.
	TimeCompressor tablet.Compressor
	// RawTimes leaves the time column of aligned devices uncompressed.
	RawTimes bool

	// Tables makes a version 4 file one of the table model.
	Tables []Table

	// Spill keeps index entries out of memory: a file, most likely. Devices must then
	// come in ascending order (DeviceID.Compare), each once.
	Spill Spill
	// Both refuses a device whose order differs between version 3 and the readers of
	// version 4 (SameOrder). It needs Spill.
	Both bool
}

func (o WriterOptions) withDefaults() WriterOptions {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&o.PageRows, 10_000)
	set(&o.PageBytes, 64<<10)
	set(&o.GroupBytes, 4<<20)
	if o.Version == 0 {
		o.Version = 3
	}
	if o.TimeCompressor == tablet.Uncompressed && !o.RawTimes {
		o.TimeCompressor = tablet.LZ4
	}
	return o
}

// Spill is where a Writer keeps index entries instead of memory. It is written from its
// start.
type Spill = spool.Target

// Errors of Writer.Write. Nothing of the refused tablet is written, and writing may go
// on.
var (
	ErrTimeOrder   = errors.New("tsfile: times must ascend without repetition within a series")
	ErrDeviceOrder = errors.New("tsfile: device is not in the order that the file needs: begin a new file")
	ErrNewColumn   = errors.New("tsfile: aligned device got a measurement after its first chunk group: begin a new file")
	ErrAlignment   = errors.New("tsfile: device was written with the other alignment")
	ErrType        = errors.New("tsfile: measurement was written with another type")
)

// Writer writes a TsFile front to back. Tablets should come device by device: every
// change of device closes a chunk group. Memory is bounded by GroupBytes, one page of
// each column of the current device, 8 MiB of buffers of earlier ones, and the index
// entries (see Spill). It is not safe for concurrent use.
type Writer struct {
	opts WriterOptions
	buf  *bufio.Writer
	out  index.Out
	b    *index.Builder
	enc  pageEncoder
	g    *group
	idle []*columnWriter // of columns that are done, for their buffers
	last DeviceID        // greatest device, with Spill
	any  bool

	digits map[string]int // of SetDigits

	err error // sticky: of the target
}

// pageEncoder holds the state that all columns share.
type pageEncoder struct {
	zip   compress.Codec
	enc   encoding.Codec
	times encoding.TimeWriter
	raw   []byte
	head  []byte
}

// NewWriter begins a file.
func NewWriter(w io.Writer, o WriterOptions) (*Writer, error) {
	o = o.withDefaults()
	if o.Version != 3 && o.Version != 4 {
		return nil, fmt.Errorf("%w, asked for %d", ErrVersion, o.Version)
	}
	x := &Writer{opts: o, buf: bufio.NewWriterSize(w, 64<<10), b: index.New(o.Version, o.Spill)}
	x.b.Tables = o.Tables
	x.out.W = x.buf
	x.out.Write(append([]byte(magic), o.Version))
	return x, x.out.Err
}

// Size returns the bytes written so far.
func (w *Writer) Size() int64 { return w.out.Pos }

// Write adds the rows of t to the device that t.Device names by its path. Times must
// ascend and lie behind those written to the same series before. The encodings and
// compressors are those of the column schemas.
func (w *Writer) Write(t *tablet.Tablet) error {
	id := PathDevice(t.Device)
	if w.opts.Version == 4 {
		if w.g != nil && w.g.path == t.Device {
			id = w.g.id
		} else {
			var err error
			if id, err = TreeDevice(t.Device); err != nil {
				return err
			}
		}
	}
	return w.WriteDevice(id, t)
}

// WriteDevice is Write for a device id of any form. Columns that are not of category
// Field are left out: tags are part of the id.
func (w *Writer) WriteDevice(id DeviceID, t *tablet.Tablet) error {
	if w.err != nil {
		return w.err
	}
	if t.Rows() == 0 {
		return nil
	}
	if w.g == nil || w.g.path != t.Device || w.g.id.Compare(id) != 0 {
		if err := w.enter(id, t); err != nil {
			return err
		}
	}
	if err := w.g.check(t); err != nil {
		return err
	}
	if err := w.g.add(t); err != nil {
		return w.fail(err)
	}
	if w.g.bytes >= w.opts.GroupBytes {
		return w.EndGroup()
	}
	return nil
}

func (w *Writer) fail(err error) error {
	w.err = err
	return err
}

// enter begins the chunk groups of another device.
func (w *Writer) enter(id DeviceID, t *tablet.Tablet) error {
	if w.opts.Spill != nil && w.any {
		if c := w.last.Compare(id); c >= 0 || w.opts.Both && !SameOrder(w.last.String(), id.String()) {
			return fmt.Errorf("%w: %s after %s", ErrDeviceOrder, id, w.last)
		}
	}
	if err := w.EndGroup(); err != nil {
		return err
	}
	if w.g != nil {
		if err := w.b.Park(w.g.dev); err != nil {
			return w.fail(err)
		}
		forget(w.g)
	}
	w.last, w.any = id, true
	w.g = newGroup(w, id, t)
	return nil
}

// EndGroup closes the chunk group that is open, if any: what came before survives a
// Repair once it is written out.
func (w *Writer) EndGroup() error {
	if w.err != nil {
		return w.err
	}
	if w.g == nil {
		return nil
	}
	if err := w.g.flush(); err != nil {
		return w.fail(err)
	}
	w.g.begun = false
	return nil
}

// PlanRange writes an operation index record behind the current chunk group, as a server
// does after each flush. Nothing needs it.
func (w *Writer) PlanRange(low, high int64) error {
	if err := w.EndGroup(); err != nil {
		return err
	}
	w.out.Write(wire.AppendI64(wire.AppendI64([]byte{markPlanRange}, low), high))
	return w.out.Err
}

// Close writes index and footer. It does not close the target. Without a successful
// Close the file has no tail and only Repair can read it.
func (w *Writer) Close() error {
	if err := w.EndGroup(); err != nil {
		return err
	}
	if w.g != nil {
		if err := w.b.Park(w.g.dev); err != nil {
			return w.fail(err)
		}
	}
	w.g, w.idle = nil, nil
	w.err = errors.New("tsfile: writer is closed")
	if err := w.b.Finish(&w.out); err != nil {
		return err
	}
	return w.buf.Flush()
}
