package tsfile

import (
	"errors"
	"fmt"
	"io"
	"sort"
)

// RegionKind says what a region of a file is.
type RegionKind string

// The regions, in the order in which a file has them.
const (
	RegionHead        RegionKind = "head"         // magic and version
	RegionGroup       RegionKind = "group"        // marker and device of a chunk group
	RegionChunkHeader RegionKind = "chunk header" // marker, name, size, types
	RegionPageHeader  RegionKind = "page header"  // sizes and statistics
	RegionPage        RegionKind = "page"         // compressed body
	RegionPlan        RegionKind = "plan range"   // operation index record
	RegionSeparator   RegionKind = "separator"
	RegionSeries      RegionKind = "series entries" // of up to 256 series
	RegionNode        RegionKind = "index node"
	RegionFooter      RegionKind = "footer" // root nodes, Bloom filter, properties
	RegionTail        RegionKind = "tail"   // size of the footer and magic
	Unaccounted       RegionKind = "unaccounted"
)

// Region is a range of bytes and what it is.
type Region struct {
	Offset, Size int64
	Kind         RegionKind
	Detail       string // device, measurement, encoding, rows ... in words
}

// Map calls visit for every region of the file, in order and without gaps: the sizes add
// up to the size of the file. Bytes that cannot be read are one region of kind
// Unaccounted, and the reason is returned once all regions are out. An error of visit
// ends the walk.
func Map(r io.ReaderAt, size int64, lim Limits, visit func(Region) error) error {
	m := &mapper{visit: visit}
	version, err := readHead(r, size)
	if err != nil && !errors.Is(err, ErrIncomplete) {
		return errors.Join(m.rest(size), err)
	}
	if version == 0 {
		version, _ = versionOf(r)
	}
	m.version = version
	m.put(0, int64(headBytes), RegionHead, fmt.Sprintf("version %d", version))
	x, broken := Open(r, size, lim)
	end := size
	if broken == nil {
		end = x.foot.Separator + 1
	}
	walk := walker{version: version, lim: lim.withDefaults(), end: end, group: m.group, chunk: m.chunk, plan: m.plan}
	at, err := walk.run(r)
	if m.err != nil {
		return m.err
	}
	if err != nil && broken != nil {
		return errors.Join(m.rest(size), broken, err)
	}
	if err != nil {
		m.rest(x.foot.Separator)
	} else {
		m.gap(at)
	}
	m.put(m.at, 1, RegionSeparator, "")
	if broken != nil {
		return errors.Join(m.rest(size), broken)
	}
	return errors.Join(err, m.index(x), m.rest(size), m.err)
}

type mapper struct {
	visit   func(Region) error
	version byte
	at      int64
	err     error // of visit
}

// put emits a region that begins where the last one ended; bytes between are
// unaccounted.
func (m *mapper) put(off, size int64, kind RegionKind, detail string) {
	m.gap(off)
	if m.err == nil && off == m.at && size > 0 {
		m.err = m.visit(Region{Offset: off, Size: size, Kind: kind, Detail: detail})
		m.at += size
	}
}

func (m *mapper) gap(to int64) {
	if m.err == nil && to > m.at {
		m.err = m.visit(Region{Offset: m.at, Size: to - m.at, Kind: Unaccounted})
		m.at = to
	}
}

func (m *mapper) rest(size int64) error {
	m.gap(size)
	return m.err
}

func (m *mapper) group(off int64, id DeviceID) error {
	m.gap(off)
	m.put(off, int64(1+len(id.Append(nil, m.version))), RegionGroup, id.String())
	return m.err
}

func (m *mapper) chunk(k *chunkReader) error {
	what := k.Type.String()
	switch {
	case k.Marker&maskTime != 0:
		what = "time"
	case k.Marker&maskValue != 0:
		what = "aligned " + what
	}
	m.put(k.Offset, k.Head, RegionChunkHeader, fmt.Sprintf("%s %s %s %s", name(k.Name), what, k.Encoding, k.Compressor))
	for {
		p, ok, err := k.next()
		if err != nil || !ok {
			return errors.Join(m.err, err)
		}
		detail := name(k.Name)
		if p.hasStats && p.stats.Count > 0 {
			detail += fmt.Sprintf(" %d points %d..%d", p.stats.Count, p.stats.Start, p.stats.End)
		}
		m.put(p.off, k.w.at()-p.off, RegionPageHeader, detail)
		m.put(k.w.at(), int64(p.compressed), RegionPage, fmt.Sprintf("%s %d bytes unpacked", name(k.Name), p.uncompressed))
		if m.err != nil {
			return m.err
		}
		k.skip(p)
	}
}

func name(s string) string {
	if s == "" {
		return "(time)"
	}
	return s
}

func (m *mapper) plan(off int64) error {
	m.put(off, planBytes, RegionPlan, "")
	return m.err
}

// index emits what lies between separator and end.
func (m *mapper) index(x *Reader) error {
	var regions []Region
	var failed error
	left := x.foot.Offset - x.foot.Separator
	var below func(n *indexNode, device string, depth int)
	below = func(n *indexNode, device string, depth int) {
		for i := range n.children {
			if failed != nil {
				return
			}
			if depth == 0 {
				failed = corrupt(n.at, "index", "too deep")
				return
			}
			if failed = spend(&left, n, i); failed != nil {
				return
			}
			from, to := n.span(i)
			d := device
			if n.kind <= leafDevice {
				d = n.children[i].device.String()
			}
			if n.kind == leafMeasurement {
				regions = append(regions, Region{Offset: from, Size: to - from, Kind: RegionSeries, Detail: d + " from " + name(n.children[i].name)})
				continue
			}
			next, err := x.child(n, i)
			if err != nil {
				failed = err
				return
			}
			regions = append(regions, Region{Offset: from, Size: to - from, Kind: RegionNode, Detail: d})
			below(next, d, depth-1)
		}
	}
	for i := range x.foot.roots {
		below(&x.foot.roots[i].node, "", x.lim.IndexDepth)
	}
	sort.Slice(regions, func(i, j int) bool { return regions[i].Offset < regions[j].Offset })
	for _, r := range regions {
		m.put(r.Offset, r.Size, r.Kind, r.Detail)
	}
	tail := x.size - int64(4+len(magic))
	m.put(x.foot.Offset, tail-x.foot.Offset, RegionFooter, fmt.Sprintf("%d roots, %d properties", len(x.foot.roots), len(x.foot.Properties)))
	m.put(tail, x.size-tail, RegionTail, "")
	return failed
}
