// Package mods reads and writes the deletions beside TsFiles: files .mods (text, IoTDB
// 1.x) and .mods2 (binary, IoTDB 2.x). It does not apply them.
package mods

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// Deletion is one entry of a mods file: the points of a path pattern, or of a table,
// within a time range are deleted.
type Deletion struct {
	Path       string // tree model: pattern, may hold * and **
	Start, End int64  // both inclusive
	Offset     int64  // only chunks that begin before it are meant; -1: all

	// Table model, version 4 only: Table is not empty then.
	Table        string
	Measurements []string // empty: all columns
	Tags         TagPredicate
}

// TagPredicate selects devices of a table.
type TagPredicate struct {
	Kind    byte // see the constants
	Device  tsfile.DeviceID
	Devices []tsfile.DeviceID
	Value   string
	Null    bool // the value is null
	Segment int32
	All     []TagPredicate
}

// Kinds of tag predicates.
const (
	TagAny          = 0 // every device
	TagExact        = 1 // Device
	TagEquals       = 2 // segment Segment equals Value
	TagAnd          = 3 // All hold
	TagIn           = 4 // Devices
	TagNotNull      = 5 // segment Segment is not null
	maxPredicates   = 1 << 16
	maxTagDepth     = 8
	modsTable       = 0
	modsTree        = 1
	modsWord        = "DELETION"
	unboundedOffset = -1
)

// ReadText reads the text form (files .mods of IoTDB 1.x). A last line without its end is
// left out, even where it can be read: cut within a number, or behind the start, it would
// delete something else. Errors are *tsfile.CorruptError; deletions before the damage are
// returned with it.
func ReadText(b []byte) ([]Deletion, error) {
	var out []Deletion
	for off := 0; off < len(b); {
		n := bytes.IndexByte(b[off:], '\n')
		if n < 0 {
			return out, nil
		}
		line := strings.TrimSuffix(string(b[off:off+n]), "\r")
		if line != "" {
			d, err := modsLine(line)
			if err != nil {
				return out, &tsfile.CorruptError{Offset: int64(off), Structure: "mods line", Err: err}
			}
			out = append(out, d)
		}
		off += n + 1
	}
	return out, nil
}

// modsLine parses DELETION,path,offset,start,end or the older DELETION,path,version,end;
// the path may hold commas.
func modsLine(line string) (Deletion, error) {
	f := strings.Split(line, ",")
	if len(f) < 4 || f[0] != modsWord {
		return Deletion{}, fmt.Errorf("%.80q is not a deletion", line)
	}
	n := len(f)
	end, err := strconv.ParseInt(f[n-1], 10, 64)
	if err != nil {
		return Deletion{}, fmt.Errorf("end time %.40q", f[n-1])
	}
	second, err := strconv.ParseInt(f[n-2], 10, 64)
	if err != nil {
		return Deletion{}, fmt.Errorf("start time %.40q", f[n-2])
	}
	if offset, err := strconv.ParseInt(f[n-3], 10, 64); err == nil && n >= 5 {
		return Deletion{Path: strings.Join(f[1:n-3], ","), Start: second, End: end, Offset: offset}, nil
	}
	return Deletion{Path: strings.Join(f[1:n-2], ","), Start: math.MinInt64, End: end, Offset: unboundedOffset}, nil
}

// AppendText appends a tree deletion in the text form; an Offset of -1 becomes the
// largest.
func AppendText(dst []byte, d Deletion) ([]byte, error) {
	if d.Table != "" || d.Path == "" || strings.ContainsAny(d.Path, "\r\n") {
		return dst, fmt.Errorf("tsfile: deletion of %q has no text form", d.Table+d.Path)
	}
	if d.Offset < 0 {
		d.Offset = math.MaxInt64
	}
	return fmt.Appendf(dst, "%s,%s,%d,%d,%d\n", modsWord, d.Path, d.Offset, d.Start, d.End), nil
}

// ReadBinary reads the binary form (files .mods2 of IoTDB 2.x). An unfinished last entry
// is an error; deletions before it are returned with it.
func ReadBinary(b []byte) ([]Deletion, error) {
	var out []Deletion
	c := &wire.Cursor{B: b}
	for c.Off < len(b) {
		at := c.Off
		kind := c.U8()
		d := Deletion{Start: c.I64(), End: c.I64(), Offset: unboundedOffset}
		switch kind {
		case modsTree:
			d.Path = c.Name()
		case modsTable:
			if d.Table = c.Name(); d.Table == "" {
				c.Fail("the table has no name")
			}
			d.Tags = readPredicate(c, maxTagDepth)
			n := c.Zz()
			if n < 0 || int(n) > len(b)-c.Off {
				c.Fail("number of measurements is beyond the file")
			}
			for i := int32(0); i < n && !c.Failed(); i++ {
				d.Measurements = append(d.Measurements, c.Name())
			}
		default:
			c.Fail(fmt.Sprintf("unknown kind %d", kind))
		}
		if c.Failed() {
			return out, &tsfile.CorruptError{Offset: int64(at), Structure: "mods entry", Reason: c.Reason}
		}
		out = append(out, d)
	}
	return out, nil
}

func readPredicate(c *wire.Cursor, depth int) TagPredicate {
	p := TagPredicate{Kind: c.U8()}
	if depth == 0 {
		c.Fail("tag predicates are nested too deep")
		return p
	}
	switch p.Kind {
	case TagAny:
	case TagExact:
		p.Device = tsfile.ReadDeviceID(c, 4)
	case TagEquals:
		v, null := c.Text()
		p.Value, p.Null, p.Segment = string(v), null, c.Zz()
	case TagNotNull:
		p.Segment = c.Zz()
	case TagAnd, TagIn:
		n := c.Zz()
		if n < 0 || n > maxPredicates || int(n) > len(c.B)-c.Off {
			c.Fail("number of tag predicates is beyond the cap")
		}
		for i := int32(0); i < n && !c.Failed(); i++ {
			if p.Kind == TagIn {
				p.Devices = append(p.Devices, tsfile.ReadDeviceID(c, 4))
			} else {
				p.All = append(p.All, readPredicate(c, depth-1))
			}
		}
	default:
		c.Fail(fmt.Sprintf("unknown tag predicate %d", p.Kind))
	}
	return p
}

// AppendBinary appends a deletion in the binary form.
func AppendBinary(dst []byte, d Deletion) []byte {
	kind := byte(modsTree)
	if d.Table != "" {
		kind = modsTable
	}
	dst = wire.AppendI64(wire.AppendI64(append(dst, kind), d.Start), d.End)
	if kind == modsTree {
		return wire.AppendName(dst, d.Path)
	}
	dst = d.Tags.append(wire.AppendName(dst, d.Table))
	dst = wire.AppendZz(dst, int32(len(d.Measurements)))
	for _, m := range d.Measurements {
		dst = wire.AppendName(dst, m)
	}
	return dst
}

func (p *TagPredicate) append(dst []byte) []byte {
	dst = append(dst, p.Kind)
	switch p.Kind {
	case TagExact:
		return p.Device.Append(dst, 4)
	case TagEquals:
		if p.Null {
			dst = wire.AppendZz(dst, -1)
		} else {
			dst = wire.AppendName(dst, p.Value)
		}
		return wire.AppendZz(dst, p.Segment)
	case TagNotNull:
		return wire.AppendZz(dst, p.Segment)
	case TagAnd:
		dst = wire.AppendZz(dst, int32(len(p.All)))
		for i := range p.All {
			dst = p.All[i].append(dst)
		}
	case TagIn:
		dst = wire.AppendZz(dst, int32(len(p.Devices)))
		for _, d := range p.Devices {
			dst = d.Append(dst, 4)
		}
	}
	return dst
}
