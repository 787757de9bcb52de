package auditlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sluice-gateway/sluice/internal/audit"
)

// entryVersion is the first byte of a stored entry.
const entryVersion = 1

// Flags say which optional parts an entry has.
const (
	hasHash = 1 << iota
	hasPeriod
	allFlags = hasHash | hasPeriod
)

var errEntry = errors.New("auditlog: not an entry")

// AppendEntry appends the stored form of an entry. Texts that are too long are cut,
// and what is not UTF-8 in them is replaced: whatever is given can be stored.
func AppendEntry(b []byte, e *audit.Entry) []byte {
	flags := byte(0)
	if e.Hash != (audit.Hash{}) {
		flags |= hasHash
	}
	if !e.From.IsZero() || !e.To.IsZero() {
		flags |= hasPeriod
	}
	b = append(b, entryVersion, byte(e.Category), byte(e.Result), flags)
	b = binary.BigEndian.AppendUint64(b, uint64(nanos(e.Time)))
	b = binary.AppendUvarint(b, e.Count)
	b = binary.AppendUvarint(b, e.Bytes)
	for _, s := range [...]string{e.Action, e.User, e.Peer, e.Object, e.Detail} {
		s = storable(s)
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	if flags&hasHash != 0 {
		b = append(b, e.Hash[:]...)
	}
	if flags&hasPeriod != 0 {
		b = binary.BigEndian.AppendUint64(b, uint64(nanos(e.From)))
		b = binary.BigEndian.AppendUint64(b, uint64(nanos(e.To)))
	}
	return b
}

// nanos is the wall clock in nanoseconds since 1970; 0 for the zero time.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// storable cuts a text at audit.MaxText bytes, not inside a character.
func storable(s string) string {
	if len(s) > audit.MaxText {
		n := audit.MaxText - len("…")
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "…"
	}
	if utf8.ValidString(s) {
		return s
	}
	s = strings.ToValidUTF8(s, "?")
	return s
}

// DecodeEntry reads what AppendEntry wrote, all of it and nothing else. Encoding
// the result gives b again.
func DecodeEntry(b []byte) (audit.Entry, error) {
	if len(b) < 12 || b[0] != entryVersion {
		return audit.Entry{}, errEntry
	}
	var e audit.Entry
	e.Category, e.Result = audit.Category(b[1]), audit.Result(b[2])
	flags := b[3]
	if flags&^allFlags != 0 || !e.Category.Valid() || !e.Result.Valid() {
		return audit.Entry{}, fmt.Errorf("%w: category %d, result %d, flags %d", errEntry, b[1], b[2], b[3])
	}
	d := decoder{b: b[4:]}
	e.Time = moment(int64(d.fixed()))
	e.Count, e.Bytes = d.uvarint(), d.uvarint()
	for _, s := range [...]*string{&e.Action, &e.User, &e.Peer, &e.Object, &e.Detail} {
		*s = d.text()
	}
	if flags&hasHash != 0 {
		copy(e.Hash[:], d.take(len(e.Hash)))
		d.bad = d.bad || e.Hash == (audit.Hash{})
	}
	if flags&hasPeriod != 0 {
		e.From, e.To = moment(int64(d.fixed())), moment(int64(d.fixed()))
		d.bad = d.bad || e.From.IsZero() && e.To.IsZero()
	}
	if d.bad || len(d.b) > 0 {
		return audit.Entry{}, errEntry
	}
	return e, nil
}

// decoder takes values from the front of b; after the first fault bad stays true
// and zero values come.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) take(n int) []byte {
	if d.bad || n > len(d.b) {
		d.bad = true
		return nil
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

func (d *decoder) fixed() uint64 {
	if b := d.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// uvarint refuses a form that is longer than needed: one spelling per value.
func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if d.bad || n <= 0 || n > 1 && d.b[n-1] == 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) text() string {
	n := d.uvarint()
	if n > audit.MaxText || n > math.MaxInt32 {
		d.bad = true
		return ""
	}
	s := string(d.take(int(n)))
	if !utf8.ValidString(s) {
		d.bad = true
		return ""
	}
	return s
}
