// Package device names the devices of TsFiles: one path in version 3, segments in version 4,
// and the orders of both.
package device

import (
	"cmp"
	"strings"
	"unicode/utf8"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

const maxSegments = 1 << 10 // of an id

// Segment is one part of a device id of version 4; Null stands for a missing tag.
type Segment struct {
	Text string
	Null bool
}

// ID names a device. In version 3 it is one segment with the whole path; in
// version 4 the tree model cuts the path (Tree) and the table model has the table
// name and the tags.
type ID struct {
	Segments []Segment
}

// Path returns the id of version 3.
func Path(path string) ID { return ID{Segments: []Segment{{Text: path}}} }

// Tree returns the id of version 4 of a tree path: the first nodes joined by dots
// (all but the last, at most three), then one segment a node.
func Tree(path string) (ID, error) {
	nodes, err := tablet.SplitPath(path)
	if err != nil {
		return ID{}, err
	}
	if len(nodes) == 1 {
		return Path(path), nil
	}
	head := min(len(nodes)-1, 3)
	id := ID{Segments: []Segment{{Text: tablet.JoinPath(nodes[:head]...)}}}
	for _, n := range nodes[head:] {
		id.Segments = append(id.Segments, Segment{Text: n})
	}
	return id, nil
}

// String joins the segments with dots, as the Bloom filter does; a null reads null.
func (d ID) String() string {
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
func (d ID) Table() string {
	if len(d.Segments) == 0 {
		return ""
	}
	return d.Segments[0].Text
}

// Compare orders ids as files do: segment by segment, null first, a prefix before the
// longer id, text by UTF-16 units.
func (d ID) Compare(o ID) int {
	for i := range min(len(d.Segments), len(o.Segments)) {
		a, b := d.Segments[i], o.Segments[i]
		switch {
		case a.Null && b.Null:
		case a.Null:
			return -1
		case b.Null:
			return 1
		default:
			if c := CompareText(a.Text, b.Text); c != 0 {
				return c
			}
		}
	}
	return cmp.Compare(len(d.Segments), len(o.Segments))
}

// CompareText compares by UTF-16 code units: as bytes, but characters from U+10000 up
// come before U+E000..U+FFFF.
func CompareText(a, b string) int {
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
	x, errX := Tree(a)
	y, errY := Tree(b)
	if errX != nil || errY != nil {
		return false
	}
	return CompareText(a, b) < 0 == (x.Compare(y) < 0)
}

// Read reads an id in the form of a version; c fails on damage.
func Read(c *wire.Cursor, version byte) ID {
	if version == 3 {
		return Path(c.Name())
	}
	n := c.Uv()
	if n == 0 || n > maxSegments {
		c.Fail("number of device segments is 0 or beyond the cap")
		return ID{}
	}
	d := ID{Segments: make([]Segment, 0, min(int(n), 8))}
	for range n {
		s, null := c.Text()
		if c.Failed() {
			return ID{}
		}
		d.Segments = append(d.Segments, Segment{Text: string(s), Null: null})
	}
	return d
}

// Append appends the id in the form of a version.
func (d ID) Append(dst []byte, version byte) []byte {
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
