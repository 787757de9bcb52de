package manifest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Format.
const (
	Name       = "manifest" // of the file
	magic      = "SLMAN\x01\x00\x00"
	headerSize = 16
	maxEdit    = 128 << 20 // bytes of the changes of one edit
	maxFile    = 1 << 30
	maxName    = 255
)

// The changes of an edit.
const (
	opAdd     = 1 // file
	opRemove  = 2 // file, by name
	opDeleted = 3 // tombstone
	opDrop    = 4 // tombstone, by position
	opFlushed = 5 // position
)

// Flags of a file.
const (
	Adopted   Flags = 1 << iota // it came sealed
	Late                        // its points are older than others of the same flush
	Aside                       // it cannot be read: kept, no layer
	Merged                      // it was made of several files
	Rewritten                   // it was made of one file, or of a part of it
)

// Flags say what kind a file is.
type Flags uint8

// File is one TsFile of a store.
type File struct {
	Name  string // in the folder of the store
	Mods  string // the deletions that came with it; empty: none
	Flags Flags
	From  uint64 // positions of the log, inclusive
	To    uint64
	Clean uint64 // deletions up to this position are applied; at least To
	Lo    int64  // times, inclusive; Lo > Hi: no point
	Hi    int64
	Bytes int64  // of the TsFile
	Extra int64  // of the mods
	Sum   uint64 // xxhash64 of the TsFile
}

// Tombstone is a deletion that hides points of files.
type Tombstone struct {
	Pos  uint64
	Plan event.Request
}

// Edit is a change of the state, made at once.
type Edit struct {
	Add     []File
	Remove  []string
	Deleted []Tombstone
	Drop    []uint64
	Flushed uint64 // 0: as before
}

// CorruptError is damage before the end of the edits.
type CorruptError struct {
	Offset int64 // bytes from the beginning
	Reason string
}

// Error says where and what.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("manifest: damaged at byte %d: %s", e.Offset, e.Reason)
}

// ErrVersion is for a file of a later release.
var ErrVersion = errors.New("manifest: unknown format version, want 1")

func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// appendEdit appends the whole edit with its header.
func appendEdit(dst []byte, number uint64, e *Edit) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, headerSize)...)
	for i := range e.Remove {
		dst = wirebuf.AppendString(append(dst, opRemove), e.Remove[i])
	}
	for i := range e.Add {
		f := &e.Add[i]
		dst = append(dst, opAdd, byte(f.Flags))
		dst = wirebuf.AppendString(dst, f.Name)
		dst = wirebuf.AppendString(dst, f.Mods)
		for _, v := range []uint64{f.From, f.To, f.Clean, uint64(f.Lo), uint64(f.Hi), uint64(f.Bytes), uint64(f.Extra), f.Sum} {
			dst = binary.BigEndian.AppendUint64(dst, v)
		}
	}
	for i := range e.Deleted {
		t := &e.Deleted[i]
		dst = binary.BigEndian.AppendUint64(append(dst, opDeleted), t.Pos)
		dst = binary.BigEndian.AppendUint16(dst, uint16(t.Plan.Type))
		dst = wirebuf.AppendBlob(dst, t.Plan.Body)
	}
	for _, pos := range e.Drop {
		dst = binary.BigEndian.AppendUint64(append(dst, opDrop), pos)
	}
	if e.Flushed != 0 {
		dst = binary.BigEndian.AppendUint64(append(dst, opFlushed), e.Flushed)
	}
	head := dst[at:]
	binary.BigEndian.PutUint32(head[4:], uint32(len(head)-headerSize))
	binary.BigEndian.PutUint64(head[8:], number)
	binary.BigEndian.PutUint32(head, castagnoli(head[4:]))
	return dst
}

// readEdit reads the edit at the beginning of b and returns its length.
func readEdit(b []byte) (e Edit, number uint64, size int, err error) {
	if len(b) < headerSize {
		return e, 0, 0, errors.New("the header is cut off")
	}
	n := int64(binary.BigEndian.Uint32(b[4:]))
	if n > maxEdit || n > int64(len(b)-headerSize) {
		return e, 0, 0, fmt.Errorf("an edit of %d bytes, %d are left", n, len(b)-headerSize)
	}
	size = headerSize + int(n)
	if castagnoli(b[4:size]) != binary.BigEndian.Uint32(b) {
		return e, 0, 0, errors.New("the checksum does not match")
	}
	e, err = decodeEdit(b[headerSize:size])
	return e, binary.BigEndian.Uint64(b[8:]), size, err
}

func decodeEdit(b []byte) (e Edit, err error) {
	r := wirebuf.NewReader(b)
	for r.Err() == nil && r.Remaining() > 0 {
		switch op := r.U8(); op {
		case opAdd:
			f := File{Flags: Flags(r.U8()), Name: r.String(maxName, "file name"), Mods: r.String(maxName, "mods name")}
			f.From, f.To, f.Clean = uint64(r.I64()), uint64(r.I64()), uint64(r.I64())
			f.Lo, f.Hi, f.Bytes, f.Extra = r.I64(), r.I64(), r.I64(), r.I64()
			f.Sum = uint64(r.I64())
			e.Add = append(e.Add, f)
		case opRemove:
			e.Remove = append(e.Remove, r.String(maxName, "file name"))
		case opDeleted:
			t := Tombstone{Pos: uint64(r.I64())}
			t.Plan.Type = r.I16()
			t.Plan.Body = append([]byte(nil), r.Blob(maxEdit, "plan")...)
			e.Deleted = append(e.Deleted, t)
		case opDrop:
			e.Drop = append(e.Drop, uint64(r.I64()))
		case opFlushed:
			e.Flushed = uint64(r.I64())
		default:
			if r.Err() == nil {
				return e, fmt.Errorf("unknown change %d", op)
			}
		}
	}
	return e, r.Err()
}
