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
	"slices"

	"github.com/gopacket/gopacket/layers"
)

// ReadBuffer is the size of the read buffer of one file, in bytes.
const ReadBuffer = 256 << 10

// MaxPacket is the longest captured packet that is accepted, in bytes.
const MaxPacket = 1 << 20

// ErrFormat says that a file is neither pcap nor pcapng.
var ErrFormat = errors.New("neither pcap nor pcapng")

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
	info  FileInfo
	raw   *digest
	recs  records
	close io.Closer
	names []string // cable names, in order of appearance
	ended bool
	last  int64
}

// records reads the packets of a format.
type records interface {
	// next fills p. At the end it returns io.EOF, where the file is damaged another error.
	next(p *Packet) error
	// end settles what only the end of the file tells.
	end()
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

// Open opens a file, "-" for standard input. cable names the cable it was taken on and
// may be empty.
func Open(path, cable string) (*File, error) {
	if path == "-" {
		return NewFile(path, cable, os.Stdin)
	}
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
	f := &File{info: FileInfo{Name: name, Cable: cable}, raw: &digest{src: src, sum: sha256.New()}}
	w := newWindow(f.raw)
	if magic, _ := w.view(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(bufio.NewReaderSize(remains{w}, ReadBuffer))
		if err != nil {
			return nil, fmt.Errorf("capture: %s: %w", name, err)
		}
		w = newWindow(z)
	}
	b, err := w.view(4)
	if err != nil {
		return nil, fmt.Errorf("capture: %s: %w", name, notOne(err))
	}
	switch magic := binary.BigEndian.Uint32(b); magic {
	case blockSection:
		f.recs, err = openPcapng(w, f)
	case 0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1:
		f.recs, err = openPcap(w, magic)
		f.names = []string{cable}
	default:
		err = ErrFormat
	}
	if err != nil {
		return nil, fmt.Errorf("capture: %s: %w", name, err)
	}
	return f, nil
}

// notOne says why a file has not even the start of a capture.
func notOne(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrFormat
	}
	return err
}

// Next reads one packet into p; p.Cable is an index into f.names. At the end, or
// where the file cannot be read further, it returns io.EOF and Info is complete.
func (f *File) Next(p *Packet) error {
	if f.ended {
		return io.EOF
	}
	if err := f.recs.next(p); err != nil {
		f.finish(err)
		return io.EOF
	}
	f.info.Packets++
	if len(p.Data) < p.Length {
		f.info.Cut++
	}
	p.Length = max(p.Length, len(p.Data))
	if p.Time < 1e9 { // a simple packet block has no time: keep the last
		p.Time = f.last
	}
	f.last = p.Time
	return nil
}

// namedCable returns the index of the cable of an interface.
func (f *File) namedCable(iface string, id, of int) (int, error) {
	name := f.info.Cable
	switch {
	case iface != "" && name != "":
		name += "/" + iface
	case iface != "":
		name = iface
	case of > 1:
		name += fmt.Sprintf("#%d", id)
	}
	if k := slices.Index(f.names, name); k >= 0 {
		return k, nil
	}
	if len(f.names) == maxInterfaces {
		return 0, fmt.Errorf("more than %d cables", maxInterfaces)
	}
	f.names = append(f.names, name)
	return len(f.names) - 1, nil
}

// finish hashes what is left of the file and fills the info.
func (f *File) finish(cause error) {
	f.ended = true
	f.recs.end()
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
