package tsfile

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/sluice-gateway/sluice/internal/tsfile/bloom"
	"github.com/sluice-gateway/sluice/internal/tsfile/footer"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// Reader reads one complete TsFile. It holds the footer; everything else is read when
// asked for. It is safe for concurrent use.
type Reader struct {
	r    io.ReaderAt
	size int64
	lim  Limits
	foot Footer

	last atomic.Pointer[Device]                // that was looked up
	path [keptLevels]atomic.Pointer[indexNode] // to it in the device index, below the root
}

// Footer is what Open reads: everything behind the index.
type Footer struct {
	Version    byte          // 3 or 4
	Separator  int64         // offset of the byte that ends the data section
	Offset     int64         // of the footer itself
	Bloom      *bloom.Filter // nil if the file has none
	Tables     []Table       // schemas of the table model; empty for tree data
	Properties []Property    // version 4 only
	roots      []root
}

// Parts of the footer; see package footer.
type (
	Property    = footer.Property
	Table       = footer.Table
	TableColumn = footer.Column
)

type root struct {
	table string // "" in version 3
	node  indexNode
}

// Open checks head and tail and reads the footer. It returns ErrNotTsFile,
// ErrIncomplete, ErrVersion, ErrEncrypted, a *CorruptError or an error of r.
func Open(r io.ReaderAt, size int64, lim Limits) (*Reader, error) {
	x := &Reader{r: r, size: size, lim: lim.withDefaults()}
	version, err := readHead(r, size)
	if err != nil {
		return nil, err
	}
	tail, err := x.read(size-int64(4+len(magic)), 4+len(magic), "tail")
	if err != nil || string(tail[4:]) != magic {
		return nil, ErrIncomplete
	}
	n := int64(int32(binary.BigEndian.Uint32(tail)))
	at := size - int64(len(tail)) - n
	if n < 0 || at < int64(headBytes) {
		return nil, corrupt(size-int64(len(tail)), "footer size", "%d bytes do not fit into the file", n)
	}
	b, err := x.read(at, int(n), "footer")
	if err != nil {
		return nil, err
	}
	x.foot = Footer{Version: version, Offset: at}
	if err := parseFooter(x, b); err != nil {
		return nil, err
	}
	return x, nil
}

func readHead(r io.ReaderAt, size int64) (version byte, err error) {
	head := make([]byte, headBytes)
	if size < int64(headBytes) {
		return 0, ErrNotTsFile
	}
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return 0, err
	}
	if string(head[:len(magic)]) != magic {
		return 0, ErrNotTsFile
	}
	if v := head[len(magic)]; v != 3 && v != 4 {
		return 0, fmt.Errorf("%w, have byte 0x%02x", ErrVersion, v)
	}
	if size < int64(headBytes+len(magic)+4) {
		return 0, ErrIncomplete
	}
	return head[len(magic)], nil
}

// Footer returns what Open read. The caller must not change it.
func (r *Reader) Footer() *Footer { return &r.foot }

// Size returns the length of the file in bytes.
func (r *Reader) Size() int64 { return r.size }

// read returns n bytes at off.
func (r *Reader) read(off int64, n int, structure string) ([]byte, error) {
	if off < 0 || n < 0 || off > r.size-int64(n) {
		return nil, corrupt(off, structure, "%d bytes do not fit into the file", n)
	}
	b := make([]byte, n)
	if _, err := r.r.ReadAt(b, off); err != nil && err != io.EOF {
		return nil, fmt.Errorf("tsfile: read %s at offset %d: %w", structure, off, err)
	}
	return b, nil
}

func parseFooter(r *Reader, b []byte) error {
	c := &wire.Cursor{B: b}
	f := &r.foot
	if f.Version == 3 {
		f.roots = []root{{node: readNode(c, f.Version, true)}}
	} else {
		n := c.Uv()
		for i := uint32(0); i < n && !c.Failed(); i++ {
			f.roots = append(f.roots, root{table: c.Name(), node: readNode(c, f.Version, true)})
		}
		f.Tables = footer.ReadTables(c)
	}
	f.Separator = c.I64()
	f.Bloom = readBloom(c, f.Version)
	if f.Version == 4 && !c.Failed() && c.Off < len(c.B) {
		f.Properties = footer.ReadProperties(c)
	}
	if c.Failed() {
		return corrupt(f.Offset+int64(c.Off), "footer", "%s", c.Reason)
	}
	if f.Separator < int64(headBytes) || f.Separator >= f.Offset {
		return corrupt(f.Offset, "footer", "separator at %d is not within the file", f.Separator)
	}
	for i := range f.roots {
		f.roots[i].node.at = f.Offset
		if err := checkNode(r, &f.roots[i].node); err != nil {
			return err
		}
	}
	for _, p := range f.Properties {
		if p.Key == "encryptLevel" && !p.Null && p.Value != "0" {
			return fmt.Errorf("%w (encryptLevel %s)", ErrEncrypted, p.Value)
		}
	}
	return nil
}

func readBloom(c *wire.Cursor, version byte) *bloom.Filter {
	n := c.Uv()
	if n == 0 && version == 4 {
		return nil
	}
	b := &bloom.Filter{Bits: c.Bytes(int(n)), Size: c.Uv(), Hashes: c.Uv()}
	if !c.Failed() && b.Size == 0 && n == 0 {
		return nil
	}
	if b.Size == 0 || b.Hashes == 0 || b.Hashes > 8 || uint64(b.Size) > 1<<31 {
		c.Fail("Bloom filter has no bits, or 0 or more than 8 hash functions")
	}
	return b
}
