package tsfile

import (
	"cmp"
	"strings"
	"unicode/utf8"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// Segment is one part of a device id of version 4; Null stands for a missing tag.
type Segment struct {
	Text string
	Null bool
}

// DeviceID names a device. In version 3 it is one segment with the whole path; in
// version 4 the tree model cuts the path (TreeDevice) and the table model has the table
// name and the tags.
type DeviceID struct {
	Segments []Segment
}

// PathDevice returns the id of version 3.
func PathDevice(path string) DeviceID { return DeviceID{Segments: []Segment{{Text: path}}} }

// TreeDevice returns the id of version 4 of a tree path: the first nodes joined by dots
// (all but the last, at most three), then one segment a node.
func TreeDevice(path string) (DeviceID, error) {
	nodes, err := tablet.SplitPath(path)
	if err != nil {
		return DeviceID{}, err
	}
	if len(nodes) == 1 {
		return PathDevice(path), nil
	}
	head := min(len(nodes)-1, 3)
	id := DeviceID{Segments: []Segment{{Text: tablet.JoinPath(nodes[:head]...)}}}
	for _, n := range nodes[head:] {
		id.Segments = append(id.Segments, Segment{Text: n})
	}
	return id, nil
}

// String joins the segments with dots, as the Bloom filter does; a null reads null.
func (d DeviceID) String() string {
	if len(d.Segments) == 1 && !d.Segments[0].Null {
		return d.Segments[0].Text
	}
	parts := make([]string, len(d.Segments))
	for i, s := range d.Segments {
		if parts[i] = s.Text; s.Null {
			parts[i] = "null"
		}
	}
	return strings.Join(parts, ".")
}

// Table returns the first segment: the table name of a version 4 file.
func (d DeviceID) Table() string {
	if len(d.Segments) == 0 {
		return ""
	}
	return d.Segments[0].Text
}

// Compare orders ids as files do: segment by segment, null first, a prefix before the
// longer id, text by UTF-16 units.
func (d DeviceID) Compare(o DeviceID) int {
	for i := range min(len(d.Segments), len(o.Segments)) {
		a, b := d.Segments[i], o.Segments[i]
		switch {
		case a.Null && b.Null:
		case a.Null:
			return -1
		case b.Null:
			return 1
		default:
			if c := compareText(a.Text, b.Text); c != 0 {
				return c
			}
		}
	}
	return cmp.Compare(len(d.Segments), len(o.Segments))
}

// compareText compares by UTF-16 code units: as bytes, but characters from U+10000 up
// come before U+E000..U+FFFF.
func compareText(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	if i == len(a) || i == len(b) || a[i] < 0xee && b[i] < 0xee {
		return cmp.Compare(a[i:], b[i:])
	}
	ra, _ := utf8.DecodeRuneInString(a[i:])
	rb, _ := utf8.DecodeRuneInString(b[i:])
	return cmp.Compare(unit(ra), unit(rb))
}

// unit maps a character so that its order is that of its UTF-16 units.
func unit(r rune) int64 {
	if r >= 0x10000 {
		return 0xd800<<24 + int64(r) // after U+D7FF, before U+E000
	}
	return int64(r) << 24
}

// SameOrder reports whether a before b holds both for version 3 (path text) and for the
// readers of version 4 (segments): the 2.x library searches version 3 files in segment
// order and misses devices otherwise.
func SameOrder(a, b string) bool {
	x, errX := TreeDevice(a)
	y, errY := TreeDevice(b)
	if errX != nil || errY != nil {
		return false
	}
	return compareText(a, b) < 0 == (x.Compare(y) < 0)
}

// ReadDeviceID reads an id in the form of a version; c fails on damage.
func ReadDeviceID(c *wire.Cursor, version byte) DeviceID {
	if version == 3 {
		return PathDevice(c.Name())
	}
	n := c.Uv()
	if n == 0 || n > maxSegments {
		c.Fail("number of device segments is 0 or beyond the cap")
		return DeviceID{}
	}
	d := DeviceID{Segments: make([]Segment, 0, min(int(n), 8))}
	for range n {
		s, null := c.Text()
		if c.Failed() {
			return DeviceID{}
		}
		d.Segments = append(d.Segments, Segment{Text: string(s), Null: null})
	}
	return d
}

// Append appends the id in the form of a version.
func (d DeviceID) Append(dst []byte, version byte) []byte {
	if version == 3 {
		return wire.AppendName(dst, d.String())
	}
	dst = wire.AppendUv(dst, uint32(len(d.Segments)))
	for _, s := range d.Segments {
		if s.Null {
			dst = wire.AppendZz(dst, -1)
			continue
		}
		dst = wire.AppendName(dst, s.Text)
	}
	return dst
}

// ComparePaths compares names as files of version 3 order them: by UTF-16 units.
func ComparePaths(a, b string) int { return compareText(a, b) }
