package auditlog

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Layout of a segment; docs/format/audit-log.md has the tables.
const (
	segmentMagic   = "SLUIAUDT"
	segmentVersion = 1
	fixedHeader    = 64
	frameHead      = 12      // length, check
	dataHead       = 17      // kind, index, previous check
	maxData        = 1 << 16 // bytes of one record or signed head
)

// Kinds of frames.
const (
	kindRecord = 1
	kindHead   = 2
)

// ID tells one tree from every other.
type ID [16]byte

// originOf names a tree in signed heads.
func originOf(key string, id ID) string { return key + "/" + hex.EncodeToString(id[:]) }

// header is the start of a segment.
type header struct {
	id     ID
	number uint64
	made   time.Time
	loose  bool  // the segment before was given up: bytes behind its end count for nothing
	state  state // before its first record
}

func (h *header) append(b []byte) []byte {
	start := len(b)
	b = append(b, segmentMagic...)
	b = binary.BigEndian.AppendUint16(b, segmentVersion)
	b = binary.BigEndian.AppendUint16(b, uint16(len(h.state.hashes)))
	loose := byte(0)
	if h.loose {
		loose = 1
	}
	b = append(b, loose, 0, 0, 0)
	b = append(b, h.id[:]...)
	b = binary.BigEndian.AppendUint64(b, h.number)
	b = binary.BigEndian.AppendUint64(b, uint64(h.state.n))
	b = binary.BigEndian.AppendUint64(b, uint64(nanos(h.made)))
	b = append(b, h.state.prev[:]...)
	for _, e := range h.state.hashes {
		b = append(b, e[:]...)
	}
	sum := sha256.Sum256(b[start:])
	return append(b, sum[:8]...)
}

var errHeader = errors.New("auditlog: not the header of a segment")

// headerSize returns the length of a header that starts with b, of which fixedHeader
// bytes are given.
func headerSize(b []byte) (int, error) {
	if len(b) < fixedHeader || string(b[:8]) != segmentMagic {
		return 0, errHeader
	}
	if v := binary.BigEndian.Uint16(b[8:]); v != segmentVersion {
		return 0, fmt.Errorf("%w: version %d, this program reads version %d", errHeader, v, segmentVersion)
	}
	first := binary.BigEndian.Uint64(b[40:])
	n := int(binary.BigEndian.Uint16(b[10:]))
	if first > 1<<62 || n != edges(int64(first)) {
		return 0, errHeader
	}
	return fixedHeader + n*tlog.HashSize + 8, nil
}

// parseHeader reads a whole header.
func parseHeader(b []byte) (header, error) {
	size, err := headerSize(b)
	if err != nil {
		return header{}, err
	}
	if len(b) != size {
		return header{}, errHeader
	}
	sum := sha256.Sum256(b[:size-8])
	if string(sum[:8]) != string(b[size-8:]) || binary.BigEndian.Uint32(b[12:])&^(1<<24) != 0 {
		return header{}, fmt.Errorf("%w: its checksum is wrong", errHeader)
	}
	h := header{id: ID(b[16:32]), number: binary.BigEndian.Uint64(b[32:]), made: moment(int64(binary.BigEndian.Uint64(b[48:]))), loose: b[12] == 1}
	h.state.n = int64(binary.BigEndian.Uint64(b[40:]))
	h.state.prev = check(b[56:64])
	for at := fixedHeader; at < size-8; at += tlog.HashSize {
		h.state.hashes = append(h.state.hashes, tlog.Hash(b[at:at+tlog.HashSize]))
	}
	return h, nil
}

// beginFrame appends a frame with room for length and check, up to where the body
// goes.
func beginFrame(b []byte, kind byte, index int64, prev check) []byte {
	var zero [frameHead]byte
	b = append(b, zero[:]...)
	b = append(b, kind)
	b = binary.BigEndian.AppendUint64(b, uint64(index))
	return append(b, prev[:]...)
}

// endFrame completes the frame that begins at start and returns its hash.
func endFrame(b []byte, start int) tlog.Hash {
	data := b[start+frameHead:]
	binary.BigEndian.PutUint32(b[start:], uint32(len(data)))
	h := tlog.RecordHash(data)
	copy(b[start+4:], h[:8])
	return h
}

// frame is one record or signed head as it stands in a segment.
type frame struct {
	kind  byte
	index int64 // of the record; of a head the size of the tree it signs
	prev  check
	check check
	hash  tlog.Hash // of data
	data  []byte    // what the hash covers; valid until the next frame
}

func (f *frame) body() []byte { return f.data[dataHead:] }

var errFrame = errors.New("auditlog: not a record")

// frameLength reads the front of a frame: the length of its data.
func frameLength(b []byte) (int, error) {
	n := binary.BigEndian.Uint32(b)
	if n < dataHead || n > maxData {
		return 0, errFrame
	}
	return int(n), nil
}

// parseFrame checks data against the check that stood in front of it.
func parseFrame(front, data []byte) (frame, error) {
	f := frame{kind: data[0], index: int64(binary.BigEndian.Uint64(data[1:])), prev: check(data[9:]), check: check(front[4:]), data: data}
	f.hash = tlog.RecordHash(data)
	if checkOf(f.hash) != f.check || f.kind != kindRecord && f.kind != kindHead || f.index < 0 {
		return frame{}, errFrame
	}
	return f, nil
}
