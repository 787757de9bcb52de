package capture

import (
	"fmt"

	"github.com/gopacket/gopacket/layers"
)

// Lengths of pcap, in bytes.
const (
	pcapHeader = 24
	pcapRecord = 16
)

// pcapReader reads pcap: a header, then for each packet four numbers (seconds,
// fraction, bytes captured, bytes on the wire) and its bytes.
type pcapReader struct {
	w     *window
	order order
	unit  int64 // nanoseconds of a step of the fraction
	link  layers.LinkType
}

// openPcap reads the header of a file with the magic number given.
func openPcap(w *window, magic uint32) (*pcapReader, error) {
	b, err := w.view(pcapHeader)
	if err != nil {
		return nil, fmt.Errorf("the header ends early: %w", inside(err))
	}
	f := &pcapReader{w: w, order: magic == 0xa1b2c3d4 || magic == 0xa1b23c4d, unit: 1000}
	if magic == 0xa1b23c4d || magic == 0x4d3cb2a1 {
		f.unit = 1
	}
	if major := f.order.u16(b[4:]); major != 2 {
		return nil, fmt.Errorf("version %d of pcap: only 2 is known", major)
	}
	f.link = layers.LinkType(f.order.u32(b[20:])) // the upper bits tell of frame check sequences
	w.skip(pcapHeader)
	return f, nil
}

func (f *pcapReader) next(p *Packet) error {
	b, err := f.w.view(pcapRecord)
	if err != nil {
		return err
	}
	n := f.order.u32(b[8:])
	if n > MaxPacket {
		return tooLong(n)
	}
	frac := int64(f.order.u32(b[4:])) * f.unit
	if frac >= 1e9 {
		return fmt.Errorf("a packet at %d nanoseconds of a second", frac)
	}
	if b, err = f.w.view(pcapRecord + int(n)); err != nil {
		return inside(err)
	}
	f.w.skip(len(b))
	p.Data, p.Length = b[pcapRecord:], int(f.order.u32(b[12:]))
	p.Time = int64(f.order.u32(b))*1e9 + frac
	p.Link, p.Cable = f.link, 0
	return nil
}

// end has nothing to tell: pcap has no counters.
func (f *pcapReader) end() {}
