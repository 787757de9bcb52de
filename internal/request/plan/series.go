package plan

import (
	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Plan node numbers of schema changes.
const (
	PlanCreateSeries          int16 = 19
	PlanAlterSeries           int16 = 21
	PlanCreateAligned         int16 = 22
	PlanCreateMulti           int16 = 39
	PlanInternalCreate        int16 = 52
	PlanInternalCreateMulti   int16 = 69
	PlanActivateTemplate      int16 = 53
	PlanBatchActivate         int16 = 72
	PlanInternalBatchActivate int16 = 68
	PlanCreateView            int16 = 73
	PlanAlterView             int16 = 78
)

// CreateSeries is plan node 19: string path, type, encoding, compressor, optional
// alias, label maps of props, tags and attributes. A nil map is null, an empty one is
// empty.
type CreateSeries struct {
	PlanNode
	Path       string
	DataType   tablet.DataType
	Encoding   tablet.Encoding
	Compressor tablet.Compressor
	Alias      *string
	Props      []wire.Pair
	Tags       []wire.Pair
	Attributes []wire.Pair
}

// Number implements Plan.
func (*CreateSeries) Number() int16 { return PlanCreateSeries }

// AppendBody implements Plan.
func (p *CreateSeries) AppendBody(dst []byte, l wire.Layout) ([]byte, error) {
	t, err := wire.TypeIn(p.DataType, l)
	dst = wirebuf.AppendString(wirebuf.AppendI16(dst, PlanCreateSeries), p.Path)
	dst = append(dst, byte(t), byte(p.Encoding), byte(p.Compressor))
	dst = wire.AppendOptional(dst, p.Alias)
	dst = appendLabels(dst, p.Props)
	dst = appendLabels(dst, p.Tags)
	dst = appendLabels(dst, p.Attributes)
	return wire.AppendPlanEnd(dst, p.ID), err
}

func readCreateSeries(d *wire.Decoder) Plan {
	p := &CreateSeries{Path: d.Name("path"), DataType: d.DataType()}
	p.Encoding, p.Compressor = tablet.Encoding(d.U8()), tablet.Compressor(d.U8())
	p.Alias = d.Optional("alias")
	p.Props, p.Tags, p.Attributes = readLabels(d), readLabels(d), readLabels(d)
	return p
}

// readLabels reads a label map: -1 null, 0 empty, 1 and a map.
func readLabels(d *wire.Decoder) []wire.Pair {
	switch v := d.U8(); v {
	case 0xff:
		return nil
	case 0:
		return []wire.Pair{}
	case 1:
		return append([]wire.Pair{}, d.Pairs()...)
	default:
		d.Fail("label map flag %d", v)
		return nil
	}
}

func appendLabels(dst []byte, m []wire.Pair) []byte {
	switch {
	case m == nil:
		return append(dst, 0xff)
	case len(m) == 0:
		return append(dst, 0)
	}
	return wire.AppendPairs(append(dst, 1), m)
}

// SeriesGroup is the measurements of one device in a plan. The label lists are nil for
// null and have no elements for empty; a nil element is null.
type SeriesGroup struct {
	Names       []string
	Types       []tablet.DataType
	Encodings   []tablet.Encoding
	Compressors []tablet.Compressor
	Aliases     []*string
	Tags        [][]wire.Pair
	Attributes  [][]wire.Pair
}

// Schema returns measurement i.
func (g *SeriesGroup) Schema(i int) tablet.Schema {
	return tablet.Schema{Name: g.Names[i], Type: g.Types[i], Encoding: g.Encodings[i], Compressor: g.Compressors[i]}
}

// readSeriesGroup reads int32 n, names, types, encodings, compressors and the label lists.
func readSeriesGroup(d *wire.Decoder) SeriesGroup {
	g := SeriesGroup{}
	n := d.Count(d.Opts.MaxColumns, 7, "measurements")
	if !d.TakeCells(n) {
		return g
	}
	g.Names = make([]string, 0, n)
	for i := 0; i < n && !d.Failed(); i++ {
		g.Names = append(g.Names, d.Name("measurement"))
	}
	for i := 0; i < n && !d.Failed(); i++ {
		g.Types = append(g.Types, d.DataType())
	}
	for _, v := range d.Bytes(n) {
		g.Encodings = append(g.Encodings, tablet.Encoding(v))
	}
	for _, v := range d.Bytes(n) {
		g.Compressors = append(g.Compressors, tablet.Compressor(v))
	}
	if k, ok := readLabelList(d, n); ok {
		g.Aliases = make([]*string, 0, k)
		for range k {
			g.Aliases = append(g.Aliases, d.NullName("alias"))
		}
	}
	g.Tags, g.Attributes = readLabelMaps(d, n), readLabelMaps(d, n)
	return g
}

// readLabelList reads the flag of a label list and returns how many elements follow; ok is
// false for null.
func readLabelList(d *wire.Decoder, n int) (elements int, ok bool) {
	switch v := d.U8(); v {
	case 0xff:
		return 0, false
	case 0:
		return 0, !d.Failed()
	case 1:
		if n*4 > d.Remaining() {
			d.Fail("%d labels do not fit", n)
			return 0, false
		}
		return n, true
	default:
		d.Fail("label list flag %d", v)
		return 0, false
	}
}

func readLabelMaps(d *wire.Decoder, n int) [][]wire.Pair {
	k, ok := readLabelList(d, n)
	if !ok {
		return nil
	}
	out := make([][]wire.Pair, 0, k)
	for i := 0; i < k && !d.Failed(); i++ {
		out = append(out, readNullPairs(d))
	}
	return out
}

// readNullPairs reads a map whose count -1 means null, which is nil here.
func readNullPairs(d *wire.Decoder) []wire.Pair {
	at := d.Reader
	if d.I32() == -1 {
		return nil
	}
	if !d.Failed() {
		d.Reader = at
	}
	return append([]wire.Pair{}, d.Pairs()...)
}

func appendNullPairs(dst []byte, m []wire.Pair) []byte {
	if m == nil {
		return wirebuf.AppendI32(dst, -1)
	}
	return wire.AppendPairs(dst, m)
}

func (g *SeriesGroup) append(dst []byte, l wire.Layout) ([]byte, error) {
	var bad error
	dst = wire.AppendNames(dst, g.Names)
	for _, t := range g.Types {
		wt, err := wire.TypeIn(t, l)
		if err != nil {
			bad = err
		}
		dst = append(dst, byte(wt))
	}
	for _, e := range g.Encodings {
		dst = append(dst, byte(e))
	}
	for _, c := range g.Compressors {
		dst = append(dst, byte(c))
	}
	dst = appendListFlag(dst, g.Aliases == nil, len(g.Aliases))
	for _, a := range g.Aliases {
		dst = wirebuf.AppendNullString(dst, a)
	}
	for _, list := range [][][]wire.Pair{g.Tags, g.Attributes} {
		dst = appendListFlag(dst, list == nil, len(list))
		for _, m := range list {
			dst = appendNullPairs(dst, m)
		}
	}
	return dst, bad
}

func appendListFlag(dst []byte, null bool, n int) []byte {
	switch {
	case null:
		return append(dst, 0xff)
	case n == 0:
		return append(dst, 0)
	}
	return append(dst, 1)
}

// CreateAligned is plan node 22: string device, group.
type CreateAligned struct {
	PlanNode
	Device string
	Group  SeriesGroup
}

// Number implements Plan.
func (*CreateAligned) Number() int16 { return PlanCreateAligned }

// AppendBody implements Plan.
func (p *CreateAligned) AppendBody(dst []byte, l wire.Layout) ([]byte, error) {
	dst = wirebuf.AppendString(wirebuf.AppendI16(dst, PlanCreateAligned), p.Device)
	dst, err := p.Group.append(dst, l)
	return wire.AppendPlanEnd(dst, p.ID), err
}

// InternalCreate is plan node 52: path, group, bool aligned. It comes from inserts that
// created series.
type InternalCreate struct {
	PlanNode
	Device  Path
	Group   SeriesGroup
	Aligned bool
}

// Number implements Plan.
func (*InternalCreate) Number() int16 { return PlanInternalCreate }

// AppendBody implements Plan.
func (p *InternalCreate) AppendBody(dst []byte, l wire.Layout) ([]byte, error) {
	dst = p.Device.append(wirebuf.AppendI16(dst, PlanInternalCreate))
	dst, err := p.Group.append(dst, l)
	return wire.AppendPlanEnd(wirebuf.AppendBool(dst, p.Aligned), p.ID), err
}

// CreateMulti is plan node 39, or 69 (Internal), which has the aligned flags.
type CreateMulti struct {
	PlanNode
	Internal bool
	Devices  []DeviceGroup
}

// DeviceGroup is the series of one device in a CreateMulti.
type DeviceGroup struct {
	Device  Path
	Aligned bool // in 69 only
	Group   SeriesGroup
}

// Number implements Plan.
func (p *CreateMulti) Number() int16 {
	if p.Internal {
		return PlanInternalCreateMulti
	}
	return PlanCreateMulti
}

// AppendBody implements Plan.
func (p *CreateMulti) AppendBody(dst []byte, l wire.Layout) ([]byte, error) {
	dst = wirebuf.AppendCount(wirebuf.AppendI16(dst, p.Number()), len(p.Devices))
	var bad error
	for i := range p.Devices {
		g := &p.Devices[i]
		dst = g.Device.append(dst)
		if p.Internal {
			dst = wirebuf.AppendBool(dst, g.Aligned)
		}
		var err error
		if dst, err = g.Group.append(dst, l); err != nil {
			bad = err
		}
	}
	return wire.AppendPlanEnd(dst, p.ID), bad
}

func readCreateMulti(d *wire.Decoder, internal bool) Plan {
	p := &CreateMulti{Internal: internal}
	for n := d.Count(d.Opts.MaxRows, 15, "devices"); n > 0 && !d.Failed(); n-- {
		g := DeviceGroup{Device: readPath(d)}
		if internal {
			g.Aligned = d.Bool()
		}
		g.Group = readSeriesGroup(d)
		p.Devices = append(p.Devices, g)
	}
	return p
}

// AlterKind is what an AlterSeries changes.
type AlterKind uint8

// The alterations.
const (
	AlterRename        AlterKind = 0 // a tag or attribute key: Map old -> new
	AlterSet           AlterKind = 1 // values: Map key -> value
	AlterDrop          AlterKind = 2 // keys: Map key -> null
	AlterAddTags       AlterKind = 3
	AlterAddAttributes AlterKind = 4
	AlterUpsert        AlterKind = 5 // Alias, Tags, Attributes
	AlterDataType      AlterKind = 6 // 2.0.7
)

var alterNames = [...]string{"RENAME", "SET", "DROP", "ADD_TAGS", "ADD_ATTRIBUTES", "UPSERT", "SET_DATA_TYPE"}

// String returns IoTDB's name of the alteration.
func (k AlterKind) String() string {
	if int(k) < len(alterNames) {
		return alterNames[k]
	}
	return "UNKNOWN"
}

// AlterSeries is plan node 21: string path, [-1], kind, optional alias, label maps of
// the alteration, tags and attributes, and in 2.0.7 an optional data type.
type AlterSeries struct {
	PlanNode
	Path       string
	View       bool
	Alter      AlterKind
	Alias      *string
	Map        []wire.Pair
	Tags       []wire.Pair
	Attributes []wire.Pair
	DataType   *tablet.DataType
	TypeOnWire bool // the byte that says whether there is a data type is present
}

// Number implements Plan.
func (*AlterSeries) Number() int16 { return PlanAlterSeries }

// AppendBody implements Plan.
func (p *AlterSeries) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	dst = wirebuf.AppendString(wirebuf.AppendI16(dst, PlanAlterSeries), p.Path)
	if p.View {
		dst = append(dst, 0xff)
	}
	dst = wire.AppendOptional(append(dst, byte(p.Alter)), p.Alias)
	dst = appendLabels(dst, p.Map)
	dst = appendLabels(dst, p.Tags)
	dst = appendLabels(dst, p.Attributes)
	if p.TypeOnWire || p.DataType != nil {
		dst = wirebuf.AppendBool(dst, p.DataType != nil)
		if p.DataType != nil {
			dst = append(dst, byte(*p.DataType))
		}
	}
	return wire.AppendPlanEnd(dst, p.ID), nil
}

func readAlterSeries(d *wire.Decoder) Plan {
	p := &AlterSeries{Path: d.Name("path")}
	if in := d.Ahead(); len(in) > 0 && in[0] == 0xff {
		p.View = true
		d.U8()
	}
	p.Alter = AlterKind(d.U8())
	if int(p.Alter) >= len(alterNames) {
		d.Unsupported("alteration %d", p.Alter)
	}
	p.Alias = d.Optional("alias")
	p.Map, p.Tags, p.Attributes = readLabels(d), readLabels(d), readLabels(d)
	readAlterType(d, p)
	return p
}

// readAlterType reads the data type of 2.0.7. Whether its flag is there can be seen only if
// it is 1, or if the body has no slack: then nine zeros are a flag, an empty id and no
// children.
func readAlterType(d *wire.Decoder, p *AlterSeries) {
	in := d.Ahead()
	switch {
	case len(in) > 0 && in[0] == 1:
		d.U8()
		t := d.DataType()
		p.TypeOnWire, p.DataType = true, &t
	case len(in) == 9 && [9]byte(in) == [9]byte{}:
		p.TypeOnWire = true
		d.U8()
	}
}
