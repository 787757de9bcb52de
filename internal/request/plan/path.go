package plan

import (
	"strings"

	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Path is a path of a plan, with everything its wire form can hold:
//
//	int8 kind | 01 string measurement | 01 device | 01 string full path   (each may be 00)
//	int32 n, n x string node                                             kinds 0, 2
//	schema, tags, under-aligned flag, alias                              kind 0
//
// The three texts are caches of the sender. Use String for the path itself.
type Path struct {
	Kind           PathKind
	Measurement    *string
	Device         *string  // 1.x form of the cached device
	DeviceSegments []string // 2.0 form of the cached device
	Full           *string
	Nodes          []string
	Series         *PathSeries // kind 0
}

// PathKind is the type byte of a path.
type PathKind uint8

// The kinds of path.
const (
	PathMeasurement PathKind = 0
	PathPartial     PathKind = 2
	PathPlain       PathKind = 3 // of tsfile: no nodes
)

// PathSeries is the part that only measurement paths have.
type PathSeries struct {
	SchemaKind   *byte // 0: a MeasurementSchema follows; nil: no schema
	Schema       tablet.Schema
	Props        []wire.Pair
	HasTags      bool
	Tags         []wire.Pair
	UnderAligned int8 // -1 null, 0, 1
	Alias        *string
}

// NewPath returns a path of the given kind as this project writes it: no caches.
func NewPath(kind PathKind, nodes []string) Path {
	p := Path{Kind: kind, Nodes: nodes}
	if kind == PathMeasurement {
		empty := ""
		p.Series = &PathSeries{Alias: &empty}
	}
	return p
}

// String returns the path with dots between its nodes.
func (p *Path) String() string {
	switch {
	case len(p.Nodes) > 0:
		return strings.Join(p.Nodes, ".")
	case p.Full != nil:
		return *p.Full
	case p.Device != nil && p.Measurement != nil:
		return *p.Device + "." + *p.Measurement
	case p.Device != nil:
		return *p.Device
	}
	return strings.Join(p.DeviceSegments, ".")
}

func readPath(d *wire.Decoder) Path {
	p := Path{Kind: PathKind(d.U8())}
	if d.Bool() {
		p.Measurement = d.Text("measurement")
	}
	if d.Bool() {
		readPathDevice(d, &p)
	}
	if d.Bool() {
		p.Full = d.Text("full path")
	}
	switch p.Kind {
	case PathMeasurement, PathPartial:
		p.Nodes = d.Names("path nodes")
	case PathPlain:
	default:
		d.Fail("path of kind %d", uint8(p.Kind))
	}
	if p.Kind == PathMeasurement {
		p.Series = readPathSeries(d)
	}
	return p
}

// readPathDevice reads the cached device: a string in 1.x, which begins with a zero byte,
// or var-int n and n var-strings in 2.0, where n is not zero.
func readPathDevice(d *wire.Decoder, p *Path) {
	if in := d.Ahead(); len(in) == 0 || in[0] == 0 {
		p.Device = d.Text("device")
		return
	}
	n := int(d.Uvarint())
	if n > d.Opts.MaxMap || n > d.Remaining() {
		d.Fail("%d device segments", n)
		return
	}
	for i := 0; i < n && !d.Failed(); i++ {
		s := d.VarString(d.Opts.MaxName, "device segment")
		if s == nil {
			d.Fail("null device segment")
			return
		}
		p.DeviceSegments = append(p.DeviceSegments, *s)
	}
}

func readPathSeries(d *wire.Decoder) *PathSeries {
	s := &PathSeries{}
	if d.Bool() {
		kind := d.U8()
		if kind != 0 {
			d.Unsupported("path schema of kind %d", kind)
		}
		s.SchemaKind = &kind
		s.Schema, s.Props = d.Schema(0)
	}
	if s.HasTags = d.Bool(); s.HasTags {
		s.Tags = d.Pairs()
	}
	if s.UnderAligned = int8(d.U8()); s.UnderAligned < -1 || s.UnderAligned > 1 {
		d.Fail("nullable flag %d", s.UnderAligned)
	}
	s.Alias = d.NullName("alias")
	return s
}

func (p *Path) append(dst []byte) []byte {
	dst = append(dst, byte(p.Kind))
	dst = wire.AppendOptional(dst, p.Measurement)
	switch {
	case p.Device != nil:
		dst = wire.AppendOptional(dst, p.Device)
	case p.DeviceSegments != nil:
		dst = wirebuf.AppendUvarint(append(dst, 1), uint32(len(p.DeviceSegments)))
		for i := range p.DeviceSegments {
			dst = wirebuf.AppendVarString(dst, &p.DeviceSegments[i])
		}
	default:
		dst = append(dst, 0)
	}
	dst = wire.AppendOptional(dst, p.Full)
	if p.Kind != PathPlain {
		dst = wire.AppendNames(dst, p.Nodes)
	}
	if p.Kind != PathMeasurement || p.Series == nil {
		return dst
	}
	s := p.Series
	dst = wirebuf.AppendBool(dst, s.SchemaKind != nil)
	if s.SchemaKind != nil {
		dst = wire.AppendSchema(append(dst, *s.SchemaKind), &s.Schema, s.Schema.Type, s.Props)
	}
	dst = wirebuf.AppendBool(dst, s.HasTags)
	if s.HasTags {
		dst = wire.AppendPairs(dst, s.Tags)
	}
	return wirebuf.AppendNullString(append(dst, byte(s.UnderAligned)), s.Alias)
}
