package request

import (
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Plan is the body of a type 100 or type 200 request: int16 number, fields, and for
// type 100 also string id and int32 0 (no children).
type Plan interface {
	Request
	// Number returns the plan node number (type 100) or config plan number (type 200).
	Number() int16
}

// PlanNode is what all plan nodes (type 100) have in common.
type PlanNode struct {
	ID string // free text, usually empty; ignored by receivers
}

// Type implements Request.
func (*PlanNode) Type() Type { return TypePlanNode }

func (p *PlanNode) setID(id string) { p.ID = id }

// ConfigPlan is what all config plans (type 200) have in common.
type ConfigPlan struct{}

// Type implements Request.
func (*ConfigPlan) Type() Type { return TypeConfigPlan }

// OpaquePlan is a plan with a number or a variant that is not known here. It keeps all
// bytes, with what may follow the logical end.
type OpaquePlan struct {
	Kind   Type // TypePlanNode or TypeConfigPlan
	Plan   int16
	Fields []byte // everything after the number; aliases the body
}

// Type implements Request.
func (p *OpaquePlan) Type() Type { return p.Kind }

// Number implements Plan.
func (p *OpaquePlan) Number() int16 { return p.Plan }

// AppendBody implements Request.
func (p *OpaquePlan) AppendBody(dst []byte, _ Layout) ([]byte, error) {
	return append(wirebuf.AppendI16(dst, p.Plan), p.Fields...), nil
}

// unsupported fails with a variant that a decoder knows to exist but does not read;
// the plan is then kept opaque.
func (d *decoder) unsupported(format string, args ...any) {
	if !d.Failed() {
		d.unknown = true
		d.Fail(format, args...)
	}
}

func decodePlanNode(body []byte, o Options) (Request, error) {
	d := newDecoder(body, o)
	number := d.I16()
	p := d.planNode(number)
	if p != nil {
		if n, ok := p.(interface{ setID(string) }); ok {
			n.setID(d.planEnd())
		}
		d.end(!o.Strict)
	}
	return d.planOrOpaque(TypePlanNode, number, p, body)
}

func decodeConfigPlan(body []byte, o Options) (Request, error) {
	d := newDecoder(body, o)
	number := d.I16()
	p := d.configPlan(number)
	if p != nil {
		d.end(!o.Strict)
	}
	return d.planOrOpaque(TypeConfigPlan, number, p, body)
}

func (d *decoder) planOrOpaque(t Type, number int16, p Plan, body []byte) (Request, error) {
	switch {
	case d.Failed() && !d.unknown:
		return nil, d.Err()
	case p == nil || d.unknown:
		return &OpaquePlan{Kind: t, Plan: number, Fields: body[2:]}, nil
	}
	return p, nil
}

// planNode reads the fields of a plan node; nil means that the number is not known.
func (d *decoder) planNode(number int16) Plan {
	switch number {
	case PlanCreateSeries:
		return d.createSeries()
	case PlanAlterSeries:
		return d.alterSeries()
	case PlanCreateAligned:
		return &CreateAligned{Device: d.name("device"), Group: d.seriesGroup()}
	case PlanCreateMulti, PlanInternalCreateMulti:
		return d.createMulti(number == PlanInternalCreateMulti)
	case PlanInternalCreate:
		return &InternalCreate{Device: d.path(), Group: d.seriesGroup(), Aligned: d.Bool()}
	case PlanDeleteData:
		return d.deleteData()
	case PlanDeleteSeries:
		p := &DeleteSeriesNode{Tree: d.patternTree()}
		return p
	case PlanActivateTemplate:
		return &ActivateTemplate{Device: d.path(), SetLevel: d.I32(), TemplateID: d.I32()}
	case PlanBatchActivate, PlanInternalBatchActivate:
		return d.batchActivate(number == PlanInternalBatchActivate)
	case PlanCreateView, PlanAlterView:
		return d.views(number == PlanAlterView)
	case PlanRelationalDelete:
		return d.relationalDelete()
	}
	return nil
}

// configPlan reads the fields of a config plan; nil means that the number is not
// known.
func (d *decoder) configPlan(number int16) Plan {
	switch {
	case number == ConfigCreateDatabase || number == ConfigAlterDatabase:
		return &DatabasePlan{Alter: number == ConfigAlterDatabase, Fields: d.thriftFields()}
	case number == ConfigSetTTL:
		return d.setTTL()
	case number == ConfigDeleteDatabase:
		return &DeleteDatabase{Name: d.name("database")}
	case number == ConfigDeleteSeries || number == ConfigDeleteView:
		return &DeleteSeries{View: number == ConfigDeleteView, Tree: d.sizedPatternTree()}
	case isAuthor(number):
		return d.author(number)
	case number == ConfigCreateTemplate:
		return d.createTemplate()
	case number == ConfigSetTemplate:
		return &SetTemplate{Template: d.name("template"), Path: d.name("path"), Rollback: d.Bool()}
	case number == ConfigUnsetTemplate:
		return &UnsetTemplate{Template: d.name("template"), Path: d.name("path")}
	case number == ConfigExtendTemplate:
		return d.extendTemplate()
	case number == ConfigDeactivateTemplate:
		return d.deactivateTemplate()
	}
	return d.tablePlan(number)
}
