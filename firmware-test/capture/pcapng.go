package capture

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"

	"github.com/gopacket/gopacket/layers"
)

// Blocks of pcapng.
const (
	blockSection    = 0x0a0d0d0a
	blockInterface  = 1
	blockOldPacket  = 2
	blockSimple     = 3
	blockNames      = 4
	blockStatistics = 5
	blockPacket     = 6
	blockJournal    = 9
	blockSecrets    = 10
	blockCustom     = 0x00000bad
	blockCustomKeep = 0x40000bad
	blockProcess    = 0x80000001 // of macOS
)

// Options of blocks.
const (
	optApplication = 4
	optIfName      = 2
	optIfUnit      = 9
	optIfOffset    = 14
	optIfDrops     = 5
	optOSDrops     = 7
	optPacketDrops = 4
)

// Bounds of what is accepted.
const (
	maxBlock      = MaxPacket + 1<<16 // bytes
	maxInterfaces = 4096              // of a section, and cables of a file
)

// recorderName is the application that Record names in its files. Such a file ends
// with a count of dropped packets for each interface, unless the recording was killed.
const recorderName = "oneway-prove"

// pcapngReader reads pcapng: sections of blocks, each with its length at both ends.
type pcapngReader struct {
	w      *window
	f      *File
	order  order
	ours   bool // the section was written by Record
	ifaces []ngInterface
}

// ngInterface is an interface of the current section.
type ngInterface struct {
	link    layers.LinkType
	name    string
	snap    uint32
	unit    tickUnit
	cable   int    // index into File.names, -1 = not known yet
	drops   uint64 // as its latest statistics say
	counted bool   // it has statistics
}

// tickUnit turns the time of a packet into nanoseconds since 1970.
type tickUnit struct {
	perSecond uint64
	times     int64 // nanoseconds per tick, 0 = not a whole number
	offset    int64 // seconds
}

func (u *tickUnit) nanos(ticks uint64) int64 {
	if u.times > 0 {
		return int64(ticks)*u.times + u.offset*1e9
	}
	hi, lo := bits.Mul64(ticks%u.perSecond, 1e9)
	frac, _ := bits.Div64(hi, lo, u.perSecond)
	return int64(ticks/u.perSecond)*1e9 + int64(frac) + u.offset*1e9
}

// setUnit reads a resolution: a power of ten, or of two where the first bit is set.
func (u *tickUnit) setUnit(b byte) error {
	switch n := b & 0x7f; {
	case b&0x80 != 0 && n < 64:
		u.perSecond = 1 << n
	case b&0x80 == 0 && n < 20:
		for u.perSecond = 1; n > 0; n-- {
			u.perSecond *= 10
		}
	default:
		return fmt.Errorf("a resolution of time of %#02x", b)
	}
	if u.times = 0; 1e9%u.perSecond == 0 {
		u.times = int64(1e9 / u.perSecond)
	}
	return nil
}

var errBlock = errors.New("a block contradicts itself")

func openPcapng(w *window, f *File) (*pcapngReader, error) {
	n := &pcapngReader{w: w, f: f}
	kind, body, err := n.block()
	if err != nil {
		return nil, inside(err)
	}
	return n, n.section(kind, body)
}

// block returns the next block without its head and its tail.
func (n *pcapngReader) block() (kind uint32, body []byte, err error) {
	b, err := n.w.view(8)
	if err != nil {
		return 0, nil, err
	}
	if kind = n.order.u32(b); kind == blockSection { // reads the same in both orders
		if b, err = n.w.view(12); err != nil {
			return 0, nil, inside(err)
		}
		switch {
		case bytes.Equal(b[8:], []byte{0x1a, 0x2b, 0x3c, 0x4d}):
			n.order = true
		case bytes.Equal(b[8:], []byte{0x4d, 0x3c, 0x2b, 0x1a}):
			n.order = false
		default:
			return 0, nil, errBlock
		}
	}
	length := n.order.u32(b[4:])
	if length > maxBlock {
		return 0, nil, fmt.Errorf("a block of %d bytes, at most %d are accepted", length, maxBlock)
	}
	if length < 12 || length%4 != 0 {
		return 0, nil, errBlock
	}
	if b, err = n.w.view(int(length)); err != nil {
		return 0, nil, inside(err)
	}
	if n.order.u32(b[length-4:]) != length {
		return 0, nil, errBlock
	}
	n.w.skip(len(b))
	return kind, b[8 : length-4], nil
}

func (n *pcapngReader) next(p *Packet) error {
	for {
		kind, b, err := n.block()
		if err != nil {
			return err
		}
		switch kind {
		case blockPacket, blockOldPacket:
			return n.packet(kind, b, p)
		case blockSimple:
			return n.simple(b, p)
		case blockInterface:
			err = n.newInterface(b)
		case blockStatistics:
			err = n.statistics(b)
		case blockSection:
			n.end()
			err = n.section(kind, b)
		case blockNames, blockJournal, blockSecrets, blockCustom, blockCustomKeep, blockProcess:
		default: // packets may be in it
			n.f.info.Damage = fmt.Sprintf("blocks of type %#x were passed over", kind)
		}
		if err != nil {
			return err
		}
	}
}

func (n *pcapngReader) section(kind uint32, b []byte) error {
	if kind != blockSection || len(b) < 16 {
		return errBlock
	}
	if major := n.order.u16(b[4:]); major != 1 {
		return fmt.Errorf("version %d of pcapng: only 1 is known", major)
	}
	n.ifaces, n.ours = n.ifaces[:0], false
	return n.options(b[16:], func(code uint16, v []byte) error {
		n.ours = n.ours || code == optApplication && string(v) == recorderName
		return nil
	})
}

// options calls f for each option.
func (n *pcapngReader) options(b []byte, f func(code uint16, v []byte) error) error {
	for len(b) > 0 {
		if len(b) < 4 {
			return errBlock
		}
		code, size := n.order.u16(b), int(n.order.u16(b[2:]))
		if code == 0 {
			return nil
		}
		padded := (size + 3) &^ 3
		if len(b) < 4+padded {
			return errBlock
		}
		if err := f(code, b[4:4+size]); err != nil {
			return err
		}
		b = b[4+padded:]
	}
	return nil
}

func (n *pcapngReader) newInterface(b []byte) error {
	if len(b) < 8 {
		return errBlock
	}
	if len(n.ifaces) == maxInterfaces {
		return fmt.Errorf("more than %d interfaces", maxInterfaces)
	}
	i := ngInterface{link: layers.LinkType(n.order.u16(b)), snap: n.order.u32(b[4:]), cable: -1}
	if err := i.unit.setUnit(6); err != nil {
		return err
	}
	err := n.options(b[8:], func(code uint16, v []byte) error {
		switch {
		case code == optIfName:
			i.name = string(bytes.TrimRight(v, "\x00"))
		case code == optIfUnit && len(v) == 1:
			return i.unit.setUnit(v[0])
		case code == optIfOffset && len(v) == 8:
			i.unit.offset = int64(n.order.u64(v))
		}
		return nil
	})
	n.ifaces = append(n.ifaces, i)
	return err
}

// statistics remembers the latest counters; they count from the start of a section.
func (n *pcapngReader) statistics(b []byte) error {
	if len(b) < 12 {
		return errBlock
	}
	i, err := n.iface(n.order.u32(b))
	if err != nil {
		return err
	}
	i.counted = true
	var drops uint64
	err = n.options(b[12:], func(code uint16, v []byte) error {
		if (code == optIfDrops || code == optOSDrops) && len(v) == 8 {
			if d := n.order.u64(v); d != ^uint64(0) {
				drops += d
			}
		}
		return nil
	})
	i.drops = max(i.drops, drops)
	return err
}

func (n *pcapngReader) iface(i uint32) (*ngInterface, error) {
	if i >= uint32(len(n.ifaces)) {
		return nil, fmt.Errorf("interface %d is not described", i)
	}
	return &n.ifaces[i], nil
}

// packet reads an enhanced packet block, or the older form of it.
func (n *pcapngReader) packet(kind uint32, b []byte, p *Packet) error {
	if len(b) < 20 {
		return errBlock
	}
	id := n.order.u32(b)
	if kind == blockOldPacket {
		id = uint32(n.order.u16(b))
		if drops := n.order.u16(b[2:]); drops != ^uint16(0) {
			n.f.info.Dropped += uint64(drops)
		}
	}
	i, err := n.iface(id)
	if err != nil {
		return err
	}
	size := n.order.u32(b[12:])
	if size > MaxPacket {
		return tooLong(size)
	}
	padded := 20 + int(size+3)&^3
	if padded > len(b) {
		return errBlock
	}
	p.Data, p.Length = b[20:20+size], int(n.order.u32(b[16:]))
	p.Time = i.unit.nanos(uint64(n.order.u32(b[4:]))<<32 | uint64(n.order.u32(b[8:])))
	if len(b) > padded && kind == blockPacket {
		err = n.options(b[padded:], func(code uint16, v []byte) error {
			if code == optPacketDrops && len(v) == 8 {
				n.f.info.Dropped += n.order.u64(v)
			}
			return nil
		})
	}
	return errors.Join(err, n.place(int(id), p))
}

func (n *pcapngReader) simple(b []byte, p *Packet) error {
	if len(b) < 4 {
		return errBlock
	}
	i, err := n.iface(0)
	if err != nil {
		return err
	}
	length := n.order.u32(b)
	size := min(length, uint32(len(b)-4))
	if i.snap != 0 {
		size = min(size, i.snap)
	}
	p.Data, p.Length, p.Time = b[4:4+size], int(length), 0 // it has no time
	return n.place(0, p)
}

// place fills link type and cable from the interface.
func (n *pcapngReader) place(id int, p *Packet) error {
	i := &n.ifaces[id]
	if i.cable < 0 {
		var err error
		if i.cable, err = n.f.namedCable(i.name, id, len(n.ifaces)); err != nil {
			return err
		}
	}
	p.Link, p.Cable = i.link, i.cable
	return nil
}

// end closes a section.
func (n *pcapngReader) end() {
	for _, i := range n.ifaces {
		n.f.info.Dropped += i.drops
		if n.ours && !i.counted && n.f.info.Damage == "" {
			n.f.info.Damage = fmt.Sprintf("the recording of %s was killed: what the kernel dropped is not known", i.name)
		}
	}
	n.ifaces = n.ifaces[:0]
}
