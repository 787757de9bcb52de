package event

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Limits of the record format. Append refuses what exceeds them, Decode too.
const (
	Version    = 1       // first byte of every record payload
	MaxRows    = 1 << 26 // rows of a tablet
	MaxColumns = 1 << 17 // columns of a tablet
	MaxName    = 1 << 16 // bytes of a device, column, file or parameter name
	MaxParts   = 64      // files of a sealed transfer
	MaxParams  = 1 << 12 // parameters of a sealed transfer
	headerSize = 4       // version, kind, flags, reserved
)

// Flag bits of a record.
const (
	flagViaPipe byte = 1 << 0
	flagAligned byte = 1 << 1 // tablets
	flagsKnown       = flagViaPipe | flagAligned
)

// ErrCorrupt is wrapped by every error of Decode.
var ErrCorrupt = errors.New("event: corrupt record")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrCorrupt}, args...)...)
}

// Append appends the record payload of ev to dst. It allocates nothing if dst has
// room. The tablet must be valid (tablet.Validate); what exceeds the limits above is
// an error, and then dst is returned as it was.
func Append(dst []byte, ev *Event) ([]byte, error) {
	start := len(dst)
	flags := byte(0)
	if ev.ViaPipe {
		flags |= flagViaPipe
	}
	if ev.Kind == Tablet && ev.Tablet != nil && ev.Tablet.Aligned {
		flags |= flagAligned
	}
	dst = append(dst, Version, byte(ev.Kind), flags, 0)
	var err error
	switch {
	case ev.Kind == Tablet && ev.Tablet != nil:
		dst, err = appendTablet(dst, ev.Tablet)
	case ev.Kind == Plan || ev.Kind == Kept:
		dst = binary.LittleEndian.AppendUint16(dst, uint16(ev.Request.Type))
		dst = append(dst, ev.Request.Body...)
	case ev.Kind == File && ev.File != nil:
		dst, err = appendSealed(dst, ev.File)
	default:
		err = fmt.Errorf("event: kind %d without its part", ev.Kind)
	}
	if err != nil {
		return dst[:start], err
	}
	return dst, nil
}

// Decode reads a record payload. The event shares no memory with b. Every byte of b
// must be used; anything else is an error that wraps ErrCorrupt.
func Decode(b []byte) (*Event, error) {
	if len(b) < headerSize {
		return nil, corrupt("%d bytes", len(b))
	}
	if b[0] != Version {
		return nil, corrupt("version %d", b[0])
	}
	flags := b[2]
	if flags&^flagsKnown != 0 || b[3] != 0 || (flags&flagAligned != 0 && Kind(b[1]) != Tablet) {
		return nil, corrupt("flags %02x %02x", flags, b[3])
	}
	ev := &Event{Kind: Kind(b[1]), ViaPipe: flags&flagViaPipe != 0}
	r := reader{b: b[headerSize:]}
	switch ev.Kind {
	case Tablet:
		ev.Tablet = r.tablet()
		if ev.Tablet != nil {
			ev.Tablet.Aligned = flags&flagAligned != 0
		}
	case Plan, Kept:
		ev.Request.Type = int16(r.u16())
		ev.Request.Body = append([]byte{}, r.bytes(len(r.b)-r.off)...)
	case File:
		ev.File = r.sealed()
	default:
		return nil, corrupt("kind %d", b[1])
	}
	if r.err == nil && r.off != len(r.b) {
		r.fail("%d bytes after the end", len(r.b)-r.off)
	}
	if r.err != nil {
		return nil, r.err
	}
	return ev, nil
}

// reader is a little-endian cursor with a sticky error.
type reader struct {
	b   []byte
	off int
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = corrupt("offset %d: "+format, append([]any{headerSize + r.off}, args...)...)
	}
}

func (r *reader) bytes(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.b)-r.off {
		r.fail("need %d bytes, have %d", n, len(r.b)-r.off)
		return nil
	}
	s := r.b[r.off : r.off+n]
	r.off += n
	return s
}

func (r *reader) u8() byte {
	if s := r.bytes(1); s != nil {
		return s[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if s := r.bytes(2); s != nil {
		return binary.LittleEndian.Uint16(s)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if s := r.bytes(4); s != nil {
		return binary.LittleEndian.Uint32(s)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if s := r.bytes(8); s != nil {
		return binary.LittleEndian.Uint64(s)
	}
	return 0
}

// count reads a number of elements of at least size bytes each.
func (r *reader) count(limit, size int, what string) int {
	n := int(r.u32())
	switch {
	case r.err != nil:
		return 0
	case n > limit:
		r.fail("%d %s, allowed %d", n, what, limit)
		return 0
	case n*size > len(r.b)-r.off:
		r.fail("%d %s in %d bytes", n, what, len(r.b)-r.off)
		return 0
	}
	return n
}

func (r *reader) name() string { return string(r.bytes(r.count(MaxName, 1, "bytes of a name"))) }

func appendName(dst []byte, s string) ([]byte, error) {
	if len(s) > MaxName {
		return dst, fmt.Errorf("event: name of %d bytes, allowed %d", len(s), MaxName)
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(s)))
	return append(dst, s...), nil
}

// appendTablet appends
//
//	u32 rows, u32 columns, device
//	columns x (name, u8 type, u8 encoding, u8 compressor, u8 category | 0x80 if it has nulls)
//	rows x i64 time
//	columns x ([(rows+7)/8 bytes of null bits] cells)
//
// with names as u32 length and bytes, and cells as rows values of the type's width,
// or for variable types rows x u32 end offsets and then the bytes. All little-endian.
func appendTablet(dst []byte, t *tablet.Tablet) ([]byte, error) {
	rows := len(t.Times)
	if rows > MaxRows || len(t.Columns) > MaxColumns {
		return dst, fmt.Errorf("event: tablet of %d rows and %d columns, allowed %d and %d", rows, len(t.Columns), MaxRows, MaxColumns)
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(rows))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(t.Columns)))
	dst, err := appendName(dst, t.Device)
	for i := 0; i < len(t.Columns) && err == nil; i++ {
		c := &t.Columns[i]
		dst, err = appendName(dst, c.Name)
		cat := byte(c.Category)
		if hasNulls(c.Nulls, rows) {
			cat |= hasNullsBit
		}
		dst = append(dst, byte(c.Type), byte(c.Encoding), byte(c.Compressor), cat)
	}
	if err != nil {
		return dst, err
	}
	dst = appendInt64s(dst, t.Times)
	for i := range t.Columns {
		dst = appendColumn(dst, &t.Columns[i], rows)
	}
	return dst, nil
}

const hasNullsBit = 0x80

// hasNulls reports whether one of the first rows bits is set.
func hasNulls(b tablet.Bitmap, rows int) bool {
	full := min(rows/8, len(b))
	for _, v := range b[:full] {
		if v != 0 {
			return true
		}
	}
	return full == rows/8 && rows%8 != 0 && full < len(b) && b[full]<<(8-rows%8) != 0
}
