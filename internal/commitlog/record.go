package commitlog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Label is what the log knows about a record besides its bytes: enough for its
// sparse index to skip what a Filter does not want.
type Label struct {
	Kind   uint8  // 0..63, the caller's meaning
	Key    uint64 // hash of the device; 0 = several or any
	Lo, Hi int64  // range of event times, inclusive; Lo > Hi = none
}

// Record is what is appended.
type Record struct {
	Label
	Payload []byte // copied before Begin returns
}

// Entry is what is read.
type Entry struct {
	Pos uint64 // gapless sequence number, from 1
	Label
	Time    int64  // wall clock of the append, ns since 1970
	Payload []byte // valid until the next call on the reader
}

const (
	recordHeader = 64      // bytes
	maxKind      = 63      // kinds are bits of a 64-bit set
	maxPayload   = 1 << 30 // no record is longer, whatever the configuration says
	maxRecords   = 1 << 24 // of one Begin
)

// castagnoli is the CRC of every file of the log.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// salt starts the CRC of every record header. It comes from the random identity
// of the log, so that bytes inside a payload cannot pass for a record when a
// damaged place is searched for the next one.
type salt uint32

func saltOf(id uint64) salt {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], id)
	return salt(crc32.Checksum(b[:], castagnoli))
}

// header is the decoded header of a record.
type header struct {
	Label
	payloadCRC uint32
	length     uint32 // of the payload, bytes
	left       uint32 // records that follow in the same atomic group
	pos        uint64
	time       int64
	back       uint32 // records before this one in the same write
}

// size is the length of header and payload in bytes.
func (h *header) size() int64 { return recordHeader + int64(h.length) }

// writeStart is the position of the first record of the same write.
func (h *header) writeStart() uint64 { return h.pos - uint64(h.back) }

// put encodes the header into the first 64 bytes of dst.
func (h *header) put(dst []byte, s salt) {
	_ = dst[:recordHeader]
	binary.BigEndian.PutUint32(dst[4:], h.payloadCRC)
	binary.BigEndian.PutUint32(dst[8:], h.length)
	binary.BigEndian.PutUint32(dst[12:], h.left)
	binary.BigEndian.PutUint64(dst[16:], h.pos)
	binary.BigEndian.PutUint64(dst[24:], uint64(h.time))
	binary.BigEndian.PutUint64(dst[32:], h.Key)
	binary.BigEndian.PutUint64(dst[40:], uint64(h.Lo))
	binary.BigEndian.PutUint64(dst[48:], uint64(h.Hi))
	binary.BigEndian.PutUint32(dst[56:], uint32(h.Kind)<<24)
	binary.BigEndian.PutUint32(dst[60:], h.back)
	binary.BigEndian.PutUint32(dst, crc32.Update(uint32(s), castagnoli, dst[4:recordHeader]))
}

// decodeHeader decodes 64 bytes. The reason is empty if they are a header.
func decodeHeader(b []byte, s salt) (h header, reason string) {
	_ = b[:recordHeader]
	if crc32.Update(uint32(s), castagnoli, b[4:recordHeader]) != binary.BigEndian.Uint32(b) {
		return header{}, "record header does not match its checksum"
	}
	h = header{
		Label: Label{
			Kind: b[56],
			Key:  binary.BigEndian.Uint64(b[32:]),
			Lo:   int64(binary.BigEndian.Uint64(b[40:])),
			Hi:   int64(binary.BigEndian.Uint64(b[48:])),
		},
		payloadCRC: binary.BigEndian.Uint32(b[4:]),
		length:     binary.BigEndian.Uint32(b[8:]),
		left:       binary.BigEndian.Uint32(b[12:]),
		pos:        binary.BigEndian.Uint64(b[16:]),
		time:       int64(binary.BigEndian.Uint64(b[24:])),
		back:       binary.BigEndian.Uint32(b[60:]),
	}
	switch {
	case b[57]|b[58]|b[59] != 0:
		return header{}, "reserved bytes of the record header are not zero"
	case h.Kind > maxKind:
		return header{}, fmt.Sprintf("record kind %d is above %d", h.Kind, maxKind)
	case h.length > maxPayload:
		return header{}, fmt.Sprintf("payload length %d is above %d", h.length, maxPayload)
	case h.pos == 0 || uint64(h.back) >= h.pos:
		return header{}, fmt.Sprintf("position %d in a write of which %d records came before", h.pos, h.back)
	}
	return h, ""
}

// entry turns a header and its payload into what callers see.
func (h *header) entry(payload []byte) Entry {
	return Entry{Pos: h.pos, Label: h.Label, Time: h.time, Payload: payload}
}

const (
	segmentHeader  = 64 // bytes
	segmentMagic   = "SLUICLOG"
	segmentVersion = 1
)

// segmentHead is the decoded header of a segment file.
type segmentHead struct {
	num     uint64 // number, as in the file's name
	first   uint64 // position of its first record
	id      uint64 // identity of the log
	created int64  // ns since 1970
}

func (h segmentHead) encode() []byte {
	b := make([]byte, segmentHeader)
	copy(b, segmentMagic)
	binary.BigEndian.PutUint16(b[8:], segmentVersion)
	binary.BigEndian.PutUint64(b[16:], h.num)
	binary.BigEndian.PutUint64(b[24:], h.first)
	binary.BigEndian.PutUint64(b[32:], h.id)
	binary.BigEndian.PutUint64(b[40:], uint64(h.created))
	binary.BigEndian.PutUint32(b[60:], crc32.Checksum(b[:60], castagnoli))
	return b
}

// decodeSegmentHead decodes a segment's first 64 bytes. The reason is empty if
// they are good; the error is ErrVersion for a good header of another version.
func decodeSegmentHead(b []byte, num uint64) (h segmentHead, reason string, err error) {
	if len(b) < segmentHeader {
		return h, fmt.Sprintf("segment header has %d bytes of %d", len(b), segmentHeader), nil
	}
	if string(b[:8]) != segmentMagic {
		return h, "segment header has another magic", nil
	}
	if crc32.Checksum(b[:60], castagnoli) != binary.BigEndian.Uint32(b[60:]) {
		return h, "segment header does not match its checksum", nil
	}
	if v := binary.BigEndian.Uint16(b[8:]); v != segmentVersion {
		return h, "", fmt.Errorf("%w: segment %d has version %d, this release reads %d", ErrVersion, num, v, segmentVersion)
	}
	h = segmentHead{
		num:     binary.BigEndian.Uint64(b[16:]),
		first:   binary.BigEndian.Uint64(b[24:]),
		id:      binary.BigEndian.Uint64(b[32:]),
		created: int64(binary.BigEndian.Uint64(b[40:])),
	}
	if h.num != num || h.first == 0 {
		return h, fmt.Sprintf("segment header belongs to segment %d, first position %d", h.num, h.first), nil
	}
	if !bytes.Equal(h.encode(), b[:segmentHeader]) {
		return h, "reserved bytes of the segment header are not zero", nil
	}
	return h, "", nil
}
