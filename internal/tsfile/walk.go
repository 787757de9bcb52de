package tsfile

import (
	"io"

	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// walker goes through the data section front to back, without the index.
type walker struct {
	version byte
	lim     Limits
	w       window
	end     int64 // end of the data section, or of the file if it is not known

	group func(off int64, id DeviceID) error
	// chunk is called with the window behind the header; it need not move it.
	chunk func(k *chunkReader) error
	plan  func(off int64) error
	// closed is called before every marker that ends a chunk group, with its offset.
	closed func(off int64) error
}

const planBytes = 17 // marker and two int64

// run returns nil when it meets the separator or the end of the data section; at says
// where it stopped.
func (x *walker) run(r io.ReaderAt) (at int64, err error) {
	x.w = window{r: r, ahead: x.lim.WindowBytes}
	at = int64(headBytes)
	inGroup := false
	for {
		x.w.reset(at, x.end)
		b, err := x.w.peek(1)
		if err != nil {
			return at, err
		}
		if len(b) == 0 {
			return at, corrupt(at, "data section", "ends without a separator")
		}
		marker := b[0]
		switch marker {
		case markSeparator, markGroup, markPlanRange:
			if x.closed != nil {
				if err := x.closed(at); err != nil {
					return at, err
				}
			}
			inGroup = false
		}
		switch marker {
		case markSeparator:
			return at, nil
		case markGroup:
			inGroup = true
			at, err = x.groupHeader(at)
		case markPlanRange:
			if x.w.left() < planBytes {
				return at, corrupt(at, "operation range", "is cut")
			}
			if x.plan != nil {
				err = x.plan(at)
			}
			at += planBytes
		default:
			if !inGroup {
				return at, corrupt(at, "data section", "marker 0x%02x where a chunk group begins", marker)
			}
			at, err = x.oneChunk(r, at)
		}
		if err != nil {
			return at, err
		}
	}
}

func (x *walker) groupHeader(at int64) (int64, error) {
	var id DeviceID
	err := x.w.parsed("chunk group header", func(c *wire.Cursor) {
		c.U8()
		id = ReadDeviceID(c, x.version)
	})
	if err != nil {
		return at, err
	}
	next := x.w.at()
	if x.group != nil {
		err = x.group(at, id)
	}
	return next, err
}

func (x *walker) oneChunk(r io.ReaderAt, at int64) (int64, error) {
	k := &chunkReader{lim: &x.lim}
	k.w = x.w
	var err error
	if k.Chunk, err = k.w.readChunkHeader(); err != nil {
		return at, err
	}
	k.w.end = k.w.at() + k.Size
	next := k.w.end
	if x.chunk != nil {
		err = x.chunk(k)
	}
	x.w.buf = k.w.buf[:0]
	return next, err
}
