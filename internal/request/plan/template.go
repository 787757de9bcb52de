package plan

import (
	"fmt"

	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Config plan numbers of schema templates.
const (
	ConfigCreateTemplate     int16 = 800
	ConfigDropTemplate       int16 = 811
	ConfigSetTemplate        int16 = 813
	ConfigExtendTemplate     int16 = 814
	ConfigUnsetTemplate      int16 = 1701
	ConfigDeactivateTemplate int16 = 1704
)

// Template is a schema template: int32 id, string name, bool aligned, int32 n,
// n x (string name, byte 0, string name, type, encoding, compressor).
type Template struct {
	ID      int32
	Name    string
	Aligned bool
	Series  []TemplateSeries
}

// TemplateSeries is one measurement of a template.
type TemplateSeries struct {
	Key    string // name in the map of the template; the same as Schema.Name
	Schema tablet.Schema
}

// ReadTemplate reads a template.
func ReadTemplate(d *wire.Decoder) Template {
	t := Template{ID: d.I32(), Name: d.Name("template"), Aligned: d.Bool()}
	n := d.Count(d.Opts.MaxColumns, 12, "measurements")
	if !d.TakeCells(n) {
		return t
	}
	for ; n > 0 && !d.Failed(); n-- {
		s := TemplateSeries{Key: d.Name("measurement")}
		if v := d.U8(); v != 0 {
			d.Unsupported("template measurement of kind %d", v)
		}
		s.Schema.Name = d.Name("measurement")
		s.Schema.Type = d.DataType()
		s.Schema.Encoding, s.Schema.Compressor = tablet.Encoding(d.U8()), tablet.Compressor(d.U8())
		t.Series = append(t.Series, s)
	}
	return t
}

func (t *Template) append(dst []byte) []byte {
	dst = wirebuf.AppendString(wirebuf.AppendI32(dst, t.ID), t.Name)
	dst = wirebuf.AppendCount(wirebuf.AppendBool(dst, t.Aligned), len(t.Series))
	for i := range t.Series {
		s := &t.Series[i]
		dst = append(wirebuf.AppendString(dst, s.Key), 0)
		dst = wirebuf.AppendString(dst, s.Schema.Name)
		dst = append(dst, byte(s.Schema.Type), byte(s.Schema.Encoding), byte(s.Schema.Compressor))
	}
	return dst
}

// CreateTemplate is config plan 800: a template with its length in front.
type CreateTemplate struct {
	ConfigPlan
	Template Template
}

// Number implements Plan.
func (*CreateTemplate) Number() int16 { return ConfigCreateTemplate }

// AppendBody implements Plan.
func (p *CreateTemplate) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	dst = wirebuf.AppendI32(wirebuf.AppendI16(dst, ConfigCreateTemplate), 0)
	at := len(dst)
	dst = p.Template.append(dst)
	wirebuf.AppendCount(dst[:at-4], len(dst)-at)
	return dst, nil
}

func readCreateTemplate(d *wire.Decoder) Plan {
	p := &CreateTemplate{}
	d.Within("template", func(in *wire.Decoder) { p.Template = ReadTemplate(in) })
	return p
}

// SetTemplate is config plan 813: string template, string path, bool rollback.
type SetTemplate struct {
	ConfigPlan
	Template, Path string
	Rollback       bool
}

// Number implements Plan.
func (*SetTemplate) Number() int16 { return ConfigSetTemplate }

// AppendBody implements Plan.
func (p *SetTemplate) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	dst = wirebuf.AppendString(wirebuf.AppendI16(dst, ConfigSetTemplate), p.Template)
	return wirebuf.AppendBool(wirebuf.AppendString(dst, p.Path), p.Rollback), nil
}

// UnsetTemplate is config plan 1701: string template, string path.
type UnsetTemplate struct {
	ConfigPlan
	Template, Path string
}

// Number implements Plan.
func (*UnsetTemplate) Number() int16 { return ConfigUnsetTemplate }

// AppendBody implements Plan.
func (p *UnsetTemplate) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	dst = wirebuf.AppendString(wirebuf.AppendI16(dst, ConfigUnsetTemplate), p.Template)
	return wirebuf.AppendString(dst, p.Path), nil
}

// DropTemplate is config plan 811: string template.
type DropTemplate struct {
	ConfigPlan
	Template string
}

// Number implements Plan.
func (*DropTemplate) Number() int16 { return ConfigDropTemplate }

// AppendBody implements Plan.
func (p *DropTemplate) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	return wirebuf.AppendString(wirebuf.AppendI16(dst, ConfigDropTemplate), p.Template), nil
}

// ExtendTemplate is config plan 814: string template, int32 n, names, types, 01
// encodings, 01 compressors.
type ExtendTemplate struct {
	ConfigPlan
	Template string
	Series   []tablet.Schema
	NoCodecs [2]bool // encodings, compressors left out (00)
}

// Number implements Plan.
func (*ExtendTemplate) Number() int16 { return ConfigExtendTemplate }

// AppendBody implements Plan.
func (p *ExtendTemplate) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	dst = wirebuf.AppendString(wirebuf.AppendI16(dst, ConfigExtendTemplate), p.Template)
	dst = wirebuf.AppendCount(dst, len(p.Series))
	for i := range p.Series {
		dst = wirebuf.AppendString(dst, p.Series[i].Name)
	}
	for i := range p.Series {
		dst = append(dst, byte(p.Series[i].Type))
	}
	dst = wirebuf.AppendBool(dst, !p.NoCodecs[0])
	for i := 0; i < len(p.Series) && !p.NoCodecs[0]; i++ {
		dst = append(dst, byte(p.Series[i].Encoding))
	}
	dst = wirebuf.AppendBool(dst, !p.NoCodecs[1])
	for i := 0; i < len(p.Series) && !p.NoCodecs[1]; i++ {
		dst = append(dst, byte(p.Series[i].Compressor))
	}
	return dst, nil
}

func readExtendTemplate(d *wire.Decoder) Plan {
	p := &ExtendTemplate{Template: d.Name("template")}
	n := d.Count(d.Opts.MaxColumns, 5, "measurements")
	if !d.TakeCells(n) {
		return p
	}
	p.Series = make([]tablet.Schema, n)
	for i := 0; i < n && !d.Failed(); i++ {
		p.Series[i].Name = d.Name("measurement")
	}
	for i := 0; i < n && !d.Failed(); i++ {
		p.Series[i].Type = d.DataType()
	}
	if p.NoCodecs[0] = !d.Bool(); !p.NoCodecs[0] {
		for i, v := range d.Bytes(n) {
			p.Series[i].Encoding = tablet.Encoding(v)
		}
	}
	if p.NoCodecs[1] = !d.Bool(); !p.NoCodecs[1] {
		for i, v := range d.Bytes(n) {
			p.Series[i].Compressor = tablet.Compressor(v)
		}
	}
	return p
}

// DeactivateTemplate is config plan 1704: int32 n, n x (path, int32 m, m x template).
type DeactivateTemplate struct {
	ConfigPlan
	Entries []Deactivation
}

// Deactivation is one entry of a DeactivateTemplate.
type Deactivation struct {
	Path      Path
	Templates []Template
}

// Number implements Plan.
func (*DeactivateTemplate) Number() int16 { return ConfigDeactivateTemplate }

// AppendBody implements Plan.
func (p *DeactivateTemplate) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	dst = wirebuf.AppendCount(wirebuf.AppendI16(dst, ConfigDeactivateTemplate), len(p.Entries))
	for i := range p.Entries {
		e := &p.Entries[i]
		dst = wirebuf.AppendCount(e.Path.append(dst), len(e.Templates))
		for j := range e.Templates {
			dst = e.Templates[j].append(dst)
		}
	}
	return dst, nil
}

func readDeactivateTemplate(d *wire.Decoder) Plan {
	p := &DeactivateTemplate{}
	for n := d.MapCount(8, "paths"); n > 0 && !d.Failed(); n-- {
		e := Deactivation{Path: readPath(d)}
		for m := d.MapCount(13, "templates"); m > 0 && !d.Failed(); m-- {
			e.Templates = append(e.Templates, ReadTemplate(d))
		}
		p.Entries = append(p.Entries, e)
	}
	return p
}

// ActivateTemplate is plan node 53: path, int32 level, int32 template.
type ActivateTemplate struct {
	PlanNode
	Device     Path
	SetLevel   int32
	TemplateID int32
}

// Number implements Plan.
func (*ActivateTemplate) Number() int16 { return PlanActivateTemplate }

// AppendBody implements Plan.
func (p *ActivateTemplate) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	dst = p.Device.append(wirebuf.AppendI16(dst, PlanActivateTemplate))
	dst = wirebuf.AppendI32(wirebuf.AppendI32(dst, p.SetLevel), p.TemplateID)
	return wire.AppendPlanEnd(dst, p.ID), nil
}

// BatchActivate is plan node 72, or 68 (Internal): int32 n, n x (path, int32 template,
// int32 level).
type BatchActivate struct {
	PlanNode
	Internal bool
	Devices  []Activation
}

// Activation is one device of a BatchActivate.
type Activation struct {
	Device     Path
	TemplateID int32
	SetLevel   int32
}

// Number implements Plan.
func (p *BatchActivate) Number() int16 {
	if p.Internal {
		return PlanInternalBatchActivate
	}
	return PlanBatchActivate
}

// AppendBody implements Plan.
func (p *BatchActivate) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	dst = wirebuf.AppendCount(wirebuf.AppendI16(dst, p.Number()), len(p.Devices))
	for i := range p.Devices {
		a := &p.Devices[i]
		dst = wirebuf.AppendI32(wirebuf.AppendI32(a.Device.append(dst), a.TemplateID), a.SetLevel)
	}
	return wire.AppendPlanEnd(dst, p.ID), nil
}

func readBatchActivate(d *wire.Decoder, internal bool) Plan {
	p := &BatchActivate{Internal: internal}
	for n := d.Count(d.Opts.MaxRows, 12, "devices"); n > 0 && !d.Failed(); n-- {
		p.Devices = append(p.Devices, Activation{Device: readPath(d), TemplateID: d.I32(), SetLevel: d.I32()})
	}
	return p
}

// ViewPlan is plan node 73 (create) or 78 (alter): int32 n, n x (path, expression).
type ViewPlan struct {
	PlanNode
	Alter bool
	Views []View
}

// View is one logical view.
type View struct {
	Path       Path
	Expression ViewExpression
}

// ViewExpression is the source of a view: int16 kind; -2 a series (string path), 5 the
// sum of two. Other kinds make the plan opaque.
type ViewExpression struct {
	Kind int16
	Path string
	Args []ViewExpression
}

// Kinds of ViewExpression that are read here.
const (
	ViewSeries int16 = -2
	ViewSum    int16 = 5
)

// Number implements Plan.
func (p *ViewPlan) Number() int16 {
	if p.Alter {
		return PlanAlterView
	}
	return PlanCreateView
}

// AppendBody implements Plan.
func (p *ViewPlan) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	dst = wirebuf.AppendCount(wirebuf.AppendI16(dst, p.Number()), len(p.Views))
	for i := range p.Views {
		var err error
		if dst, err = p.Views[i].Expression.append(p.Views[i].Path.append(dst)); err != nil {
			return dst, err
		}
	}
	return wire.AppendPlanEnd(dst, p.ID), nil
}

func (e *ViewExpression) append(dst []byte) ([]byte, error) {
	dst = wirebuf.AppendI16(dst, e.Kind)
	switch {
	case e.Kind == ViewSeries:
		return wirebuf.AppendString(dst, e.Path), nil
	case e.Kind != ViewSum || len(e.Args) != 2:
		return dst, fmt.Errorf("plan: view expression of kind %d with %d arguments", e.Kind, len(e.Args))
	}
	dst, err := e.Args[0].append(dst)
	if err != nil {
		return dst, err
	}
	return e.Args[1].append(dst)
}

func readViews(d *wire.Decoder, alter bool) Plan {
	p := &ViewPlan{Alter: alter}
	for n := d.Count(d.Opts.MaxRows, 6, "views"); n > 0 && !d.Failed(); n-- {
		p.Views = append(p.Views, View{Path: readPath(d), Expression: readExpression(d, maxDepth)})
	}
	return p
}

func readExpression(d *wire.Decoder, depth int) ViewExpression {
	e := ViewExpression{Kind: d.I16()}
	switch {
	case d.Failed():
	case e.Kind == ViewSeries:
		e.Path = d.Name("path")
	case e.Kind == ViewSum && depth > 0:
		e.Args = []ViewExpression{readExpression(d, depth-1), readExpression(d, depth-1)}
	case e.Kind == ViewSum:
		d.Fail("view expression of more than %d levels", maxDepth)
	default:
		d.Unsupported("view expression of kind %d", e.Kind)
	}
	return e
}
