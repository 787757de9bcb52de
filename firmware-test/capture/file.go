package capture

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// ReadBuffer is the size of the read buffer of one file, in bytes.
const ReadBuffer = 256 << 10

// MaxPacket is the longest captured packet that is accepted, in bytes.
const MaxPacket = 1 << 20

// ErrFormat says that a file is neither pcap nor pcapng.
var ErrFormat = errors.New("capture: neither pcap nor pcapng")

// Packet is one captured packet.
type Packet struct {
	Data   []byte          // as captured; valid until the next call
	Length int             // bytes on the wire, at least len(Data)
	Time   int64           // nanoseconds since 1970
	Link   layers.LinkType // what Data starts with
	Cable  int             // index into Reader.Cables
}

// FileInfo describes a file once it has been read to its end.
type FileInfo struct {
	Name    string `json:"name"`
	Cable   string `json:"cable,omitempty"` // as given, without names of interfaces
	SHA256  string `json:"sha256"`          // of the bytes on disk, compressed or not
	Bytes   int64  `json:"bytes"`
	Packets int64  `json:"packets"`
	Cut     int64  `json:"cut_packets"`      // captured shorter than on the wire
	Dropped uint64 `json:"dropped_packets"`  // by the capturing system, as the file says
	Damage  string `json:"damage,omitempty"` // why reading stopped before the end; empty = it did not
}

// File is one capture file, read from front to back.
type File struct {
	info   FileInfo
	raw    *digest
	plain  *bufio.Reader
	close  io.Closer
	old    *pcapgo.Reader
	ng     *pcapgo.NgReader
	cable  string
	names  []string // cable names, in order of appearance
	cables []int    // index into names of each interface of the current section; -1 = not known yet
	drops  map[int]uint64
	ended  bool
	last   int64
}

// digest hashes what passes.
type digest struct {
	src io.Reader
	sum hash.Hash
	n   int64
}

func (d *digest) Read(p []byte) (int, error) {
	n, err := d.src.Read(p)
	d.sum.Write(p[:n])
	d.n += int64(n)
	return n, err
}

// Open opens a file. cable names the cable it was taken on and may be empty.
func Open(path, cable string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	c, err := NewFile(path, cable, f)
	if err != nil {
		f.Close()
		return nil, err
	}
	c.close = f
	return c, nil
}

// NewFile reads a capture from src. It returns ErrFormat for anything that does
// not start like one.
func NewFile(name, cable string, src io.Reader) (*File, error) {
	f := &File{
		info:  FileInfo{Name: name, Cable: cable},
		raw:   &digest{src: src, sum: sha256.New()},
		cable: cable,
		drops: map[int]uint64{},
	}
	f.plain = bufio.NewReaderSize(f.raw, ReadBuffer)
	if magic, _ := f.plain.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(f.plain)
		if err != nil {
			return nil, fmt.Errorf("capture: %s: %w", name, err)
		}
		f.plain = bufio.NewReaderSize(z, ReadBuffer)
	}
	magic, err := f.plain.Peek(4)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, ErrFormat)
	}
	switch binary.BigEndian.Uint32(magic) {
	case 0x0a0d0d0a:
		f.ng, err = pcapgo.NewNgReader(f.plain, pcapgo.NgReaderOptions{
			WantMixedLinkType:  true,
			SectionEndCallback: func([]pcapgo.NgInterface, pcapgo.NgSectionInfo) { f.endSection() },
			StatisticsCallback: f.statistics,
		})
	case 0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1:
		f.old, err = pcapgo.NewReader(f.plain)
		f.names = []string{cable}
	default:
		err = ErrFormat
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

// Next reads one packet into p; p.Cable is an index into f.names. At the end, or
// where the file cannot be read further, it returns io.EOF and Info is complete.
func (f *File) Next(p *Packet) error {
	if f.ended {
		return io.EOF
	}
	var (
		data  []byte
		ci    gopacket.CaptureInfo
		opts  pcapgo.NgPacketOptions
		err   error
		cable int
	)
	if f.old != nil {
		// pcapgo reads from f.plain itself and reports io.EOF also for a file that
		// ends behind the header of a record.
		if _, end := f.plain.Peek(1); end != nil {
			f.finish(end)
			return io.EOF
		}
		data, ci, err = f.old.ZeroCopyReadPacketData()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		p.Link = f.old.LinkType()
	} else {
		data, ci, opts, err = f.ng.ZeroCopyReadPacketDataWithOptions()
	}
	if err == nil && len(data) > MaxPacket {
		err = fmt.Errorf("a packet of %d bytes, at most %d are accepted", len(data), MaxPacket)
	}
	if err != nil {
		f.finish(err)
		return io.EOF
	}
	if f.ng != nil {
		p.Link = layers.LinkTypeNull
		if t, ok := ci.AncillaryData[0].(layers.LinkType); ok {
			p.Link = t
		}
		if opts.DropCount != nil {
			f.info.Dropped += *opts.DropCount
		}
		cable = f.interfaceCable(ci.InterfaceIndex)
	}
	f.info.Packets++
	if ci.CaptureLength < ci.Length {
		f.info.Cut++
	}
	p.Data, p.Length, p.Cable = data, max(ci.Length, len(data)), cable
	if ci.Timestamp.Unix() > 0 { // a simple packet block has no time: keep the last
		f.last = ci.Timestamp.UnixNano()
	}
	p.Time = f.last
	return nil
}

// interfaceCable returns the index of the cable of interface i of this section.
func (f *File) interfaceCable(i int) int {
	for len(f.cables) <= i {
		f.cables = append(f.cables, -1)
	}
	if f.cables[i] >= 0 {
		return f.cables[i]
	}
	name := f.cable
	if meta, err := f.ng.Interface(i); err == nil && meta.Name != "" {
		if name != "" {
			name += "/"
		}
		name += meta.Name
	} else if f.ng.NInterfaces() > 1 {
		name += fmt.Sprintf("#%d", i)
	}
	for k, n := range f.names {
		if n == name {
			f.cables[i] = k
			return k
		}
	}
	f.names = append(f.names, name)
	f.cables[i] = len(f.names) - 1
	return f.cables[i]
}

// statistics remembers the latest drop counters; they count from the start of a section.
func (f *File) statistics(i int, s pcapgo.NgInterfaceStatistics) {
	if s.PacketsDropped != pcapgo.NgNoValue64 {
		f.drops[i] = max(f.drops[i], s.PacketsDropped)
	}
}

func (f *File) endSection() {
	f.cables = f.cables[:0]
	for i, n := range f.drops {
		f.info.Dropped += n
		delete(f.drops, i)
	}
}

// finish hashes what is left of the file and fills the info.
func (f *File) finish(cause error) {
	f.ended = true
	f.endSection()
	if !errors.Is(cause, io.EOF) {
		f.info.Damage = cause.Error()
	}
	// The gzip reader may not have read to the end of the file.
	if _, err := io.Copy(io.Discard, f.raw); err != nil && f.info.Damage == "" {
		f.info.Damage = err.Error()
	}
	f.info.Bytes = f.raw.n
	f.info.SHA256 = hex.EncodeToString(f.raw.sum.Sum(nil))
}

// Info returns what is known of the file; complete after Next returned io.EOF.
func (f *File) Info() FileInfo { return f.info }

// Close closes the file.
func (f *File) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close.Close()
}

// Sum returns length and SHA-256 of the file at path, as FileInfo has them.
func Sum(path string) (size int64, sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", fmt.Errorf("capture: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if size, err = io.Copy(h, f); err != nil {
		return 0, "", fmt.Errorf("capture: %w", err)
	}
	return size, hex.EncodeToString(h.Sum(nil)), nil
}
