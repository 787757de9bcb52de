package commitlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// An index file is a header, chunks, and after the segment was sealed a trailer:
//
//	header   32     magic "SLUICIDX", version, segment, identity of the log, crc
//	chunk    40+n   crc, length, segment, covered bytes, last position, blocks
//	trailer  136    crc, magic "IDXTRAIL", segment, first, last, end, extent
//
// A chunk is written after the records it speaks of were synced. So what the
// chunks cover was durable, and recovery reads only what comes after it.
const (
	indexMagic     = "SLUICIDX"
	indexVersion   = 1
	indexHeader    = 32
	chunkHeader    = 40
	blockFixed     = 42 // bytes of a block without its keys
	extentBytes    = 26 + 8*blockKeys
	indexTrailer   = 4 + 8 + 4*8 + extentBytes + 2
	trailerMagic   = "IDXTRAIL"
	maxIndexFile   = 256 << 20
	maxChunkBlocks = 1 << 20
)

// errIndex is the class of all that is wrong with an index file; the file can
// be rebuilt from its segment.
var errIndex = errors.New("index file is damaged")

// covered is how far an index speaks: all bytes before end hold the records up
// to last.
type covered struct {
	end  int64
	last uint64
}

func appendIndexHeader(dst []byte, num, id uint64) []byte {
	from := len(dst)
	dst = append(dst, indexMagic...)
	dst = binary.BigEndian.AppendUint16(dst, indexVersion)
	dst = append(dst, 0, 0)
	dst = binary.BigEndian.AppendUint64(dst, num)
	dst = binary.BigEndian.AppendUint64(dst, id)
	return binary.BigEndian.AppendUint32(dst, crc32.Checksum(dst[from:], castagnoli))
}

// decodeIndexHeader returns the identity of the log.
func decodeIndexHeader(b []byte, num uint64) (id uint64, err error) {
	switch {
	case len(b) < indexHeader || string(b[:8]) != indexMagic:
		return 0, fmt.Errorf("%w: header", errIndex)
	case crc32.Checksum(b[:28], castagnoli) != binary.BigEndian.Uint32(b[28:]):
		return 0, fmt.Errorf("%w: checksum of the header", errIndex)
	case binary.BigEndian.Uint16(b[8:]) != indexVersion:
		return 0, fmt.Errorf("%w: version %d", errIndex, binary.BigEndian.Uint16(b[8:]))
	case binary.BigEndian.Uint64(b[12:]) != num:
		return 0, fmt.Errorf("%w: it belongs to segment %d", errIndex, binary.BigEndian.Uint64(b[12:]))
	}
	return binary.BigEndian.Uint64(b[20:]), nil
}

func appendChunk(dst []byte, num uint64, c covered, blocks []block) []byte {
	from := len(dst)
	dst = append(dst, make([]byte, chunkHeader)...)
	for i := range blocks {
		dst = appendBlock(dst, &blocks[i])
	}
	b := dst[from:]
	binary.BigEndian.PutUint32(b[4:], uint32(len(b)-chunkHeader))
	binary.BigEndian.PutUint64(b[8:], num)
	binary.BigEndian.PutUint64(b[16:], uint64(c.end))
	binary.BigEndian.PutUint64(b[24:], c.last)
	binary.BigEndian.PutUint32(b[32:], uint32(len(blocks)))
	binary.BigEndian.PutUint32(b, crc32.Checksum(b[4:], castagnoli))
	return dst
}

// decodeChunk decodes the chunk at the front of b and appends its blocks.
func decodeChunk(b []byte, num uint64, blocks []block) (c covered, out []block, rest []byte, err error) {
	bad := func(what string) (covered, []block, []byte, error) {
		return covered{}, blocks, b, fmt.Errorf("%w: %s of a chunk", errIndex, what)
	}
	if len(b) < chunkHeader {
		return bad("end")
	}
	n := int64(binary.BigEndian.Uint32(b[4:]))
	if n > int64(len(b)-chunkHeader) {
		return bad("length")
	}
	body := b[chunkHeader : chunkHeader+n]
	if crc32.Checksum(b[4:chunkHeader+n], castagnoli) != binary.BigEndian.Uint32(b) {
		return bad("checksum")
	}
	if binary.BigEndian.Uint64(b[8:]) != num || binary.BigEndian.Uint32(b[36:]) != 0 {
		return bad("segment")
	}
	c = covered{end: int64(binary.BigEndian.Uint64(b[16:])), last: binary.BigEndian.Uint64(b[24:])}
	count := binary.BigEndian.Uint32(b[32:])
	if count > maxChunkBlocks || int64(count)*blockFixed > n || c.end < segmentHeader {
		return bad("count")
	}
	out = blocks
	for range count {
		var bl block
		var ok bool
		if bl, body, ok = decodeBlock(body); !ok || bl.off < segmentHeader || bl.off > c.end || bl.first > c.last {
			return bad("block")
		}
		if k := len(out); k > 0 && (out[k-1].off >= bl.off || out[k-1].first > bl.first) {
			return bad("order")
		}
		out = append(out, bl)
	}
	if len(body) != 0 {
		return bad("size")
	}
	return c, out, b[chunkHeader+n:], nil
}

func appendBlock(dst []byte, b *block) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(b.off))
	dst = binary.BigEndian.AppendUint64(dst, b.first)
	return appendExtent(dst, &b.extent)
}

func decodeBlock(b []byte) (bl block, rest []byte, ok bool) {
	if len(b) < blockFixed {
		return bl, b, false
	}
	bl.off = int64(binary.BigEndian.Uint64(b))
	bl.first = binary.BigEndian.Uint64(b[8:])
	bl.extent, rest, ok = decodeExtent(b[16:])
	return bl, rest, ok
}

func appendExtent(dst []byte, x *extent) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(x.lo))
	dst = binary.BigEndian.AppendUint64(dst, uint64(x.hi))
	dst = binary.BigEndian.AppendUint64(dst, x.kinds)
	dst = append(dst, x.flags, x.nkeys)
	for _, k := range x.keys[:x.nkeys] {
		dst = binary.BigEndian.AppendUint64(dst, k)
	}
	return dst
}

func decodeExtent(b []byte) (x extent, rest []byte, ok bool) {
	if len(b) < 26 {
		return x, b, false
	}
	x.lo = int64(binary.BigEndian.Uint64(b))
	x.hi = int64(binary.BigEndian.Uint64(b[8:]))
	x.kinds = binary.BigEndian.Uint64(b[16:])
	x.flags, x.nkeys = b[24], b[25]
	b = b[26:]
	if x.nkeys > blockKeys || x.flags > extentFlags || len(b) < 8*int(x.nkeys) {
		return x, b, false
	}
	for i := range x.nkeys {
		x.keys[i] = binary.BigEndian.Uint64(b[8*int(i):])
	}
	return x, b[8*int(x.nkeys):], true
}

// trailer is what Open needs to know about a sealed segment.
type trailer struct {
	num, first, last uint64
	end              int64
	extent           extent
}

func appendTrailer(dst []byte, t *trailer) []byte {
	from := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = append(dst, trailerMagic...)
	dst = binary.BigEndian.AppendUint64(dst, t.num)
	dst = binary.BigEndian.AppendUint64(dst, t.first)
	dst = binary.BigEndian.AppendUint64(dst, t.last)
	dst = binary.BigEndian.AppendUint64(dst, uint64(t.end))
	dst = appendExtent(dst, &t.extent)
	dst = append(dst, make([]byte, from+indexTrailer-len(dst))...)
	binary.BigEndian.PutUint32(dst[from:], crc32.Checksum(dst[from+4:], castagnoli))
	return dst
}

func decodeTrailer(b []byte, num uint64) (t trailer, ok bool) {
	if len(b) != indexTrailer || string(b[4:12]) != trailerMagic ||
		crc32.Checksum(b[4:], castagnoli) != binary.BigEndian.Uint32(b) {
		return t, false
	}
	t.num = binary.BigEndian.Uint64(b[12:])
	t.first = binary.BigEndian.Uint64(b[20:])
	t.last = binary.BigEndian.Uint64(b[28:])
	t.end = int64(binary.BigEndian.Uint64(b[36:]))
	t.extent, _, ok = decodeExtent(b[44:])
	return t, ok && t.num == num && t.end >= segmentHeader && t.last+1 >= t.first
}

// indexContent is a decoded index file.
type indexContent struct {
	id     uint64
	blocks []block
	covered
	sealed bool
	sum    trailer // if sealed
	valid  int64   // bytes of the file that were good and are not the trailer
}

// decodeIndex decodes an index file as far as it is good. The error says what
// ended the reading; an unfinished last chunk is an error too.
func decodeIndex(b []byte, num uint64) (c indexContent, err error) {
	c.covered = covered{end: segmentHeader}
	if c.id, err = decodeIndexHeader(b, num); err != nil {
		return c, err
	}
	rest := b[indexHeader:]
	if len(rest) >= indexTrailer {
		at := len(rest) - indexTrailer
		if c.sum, c.sealed = decodeTrailer(rest[at:], num); c.sealed {
			rest = rest[:at]
		}
	}
	c.valid = indexHeader
	for len(rest) > 0 {
		cov, blocks, after, err := decodeChunk(rest, num, c.blocks)
		if err != nil {
			return c, err
		}
		if cov.end < c.end || cov.last < c.last {
			return c, fmt.Errorf("%w: a chunk covers less than the one before", errIndex)
		}
		c.covered, c.blocks = cov, blocks
		c.valid += int64(len(rest) - len(after))
		rest = after
	}
	if c.sealed && (c.end != c.sum.end || c.last != c.sum.last) {
		return c, fmt.Errorf("%w: chunks and trailer disagree", errIndex)
	}
	return c, nil
}

// readIndex reads and decodes an index file.
func readIndex(fsys vfs.FS, name string, num uint64) (indexContent, error) {
	b, err := vfs.ReadFile(fsys, name, maxIndexFile)
	if err != nil {
		return indexContent{covered: covered{end: segmentHeader}}, err
	}
	return decodeIndex(b, num)
}

// readTrailer reads only the trailer of an index file, and the file's size.
func readTrailer(fsys vfs.FS, name string, num uint64) (t trailer, size int64, ok bool, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return t, 0, false, err
	}
	defer f.Close()
	size, err = f.Size()
	if err != nil || size < indexHeader+indexTrailer {
		return t, size, false, err
	}
	var b [indexTrailer]byte
	if _, err := f.ReadAt(b[:], size-indexTrailer); err != nil {
		return t, size, false, err
	}
	t, ok = decodeTrailer(b[:], num)
	return t, size, ok, nil
}
