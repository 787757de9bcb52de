package plan

import (
	"github.com/sluice-gateway/sluice/internal/request/wire"
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Plan is the body of a type 100 or type 200 plan: int16 number, fields, and for
// type 100 also string id and int32 0 (no children).
type Plan interface {
	// Type returns wire.TypePlanNode or wire.TypeConfigPlan.
	Type() wire.Type
	// AppendBody appends the body in the given layout. It fails if the plan holds
	// something the layout cannot express.
	AppendBody(dst []byte, l wire.Layout) ([]byte, error)
	// Number returns the plan node number (type 100) or config plan number (type 200).
	Number() int16
}

// PlanNode is what all plan nodes (type 100) have in common.
type PlanNode struct {
	ID string // free text, usually empty; ignored by receivers
}

// Type implements Plan.
func (*PlanNode) Type() wire.Type { return wire.TypePlanNode }

func (p *PlanNode) setID(id string) { p.ID = id }

// ConfigPlan is what all config plans (type 200) have in common.
type ConfigPlan struct{}

// Type implements Plan.
func (*ConfigPlan) Type() wire.Type { return wire.TypeConfigPlan }

// OpaquePlan is a plan with a number or a variant that is not known here. It keeps all
// bytes, with what may follow the logical end.
type OpaquePlan struct {
	Kind   wire.Type // wire.TypePlanNode or wire.TypeConfigPlan
	Plan   int16
	Fields []byte // everything after the number; aliases the body
}

// Type implements Plan.
func (p *OpaquePlan) Type() wire.Type { return p.Kind }

// Number implements Plan.
func (p *OpaquePlan) Number() int16 { return p.Plan }

// AppendBody implements Plan.
func (p *OpaquePlan) AppendBody(dst []byte, _ wire.Layout) ([]byte, error) {
	return append(wirebuf.AppendI16(dst, p.Plan), p.Fields...), nil
}

// Decode reads the body of a request of type wire.TypePlanNode or
// wire.TypeConfigPlan. An unknown number or variant gives an *OpaquePlan. The plan may
// alias body.
func Decode(t wire.Type, body []byte, o wire.Options) (Plan, error) {
	d := wire.NewDecoder(body, o)
	number := d.I16()
	var p Plan
	switch t {
	case wire.TypePlanNode:
		p = readPlanNode(d, number)
	case wire.TypeConfigPlan:
		p = readConfigPlan(d, number)
	default:
		d.Fail("type %d is not a plan", t)
	}
	if n, ok := p.(interface{ setID(string) }); ok {
		n.setID(d.PlanEnd())
	}
	if p != nil {
		d.End(!o.Strict)
	}
	switch {
	case d.Failed() && !d.Opaque:
		return nil, d.Err()
	case p == nil || d.Opaque:
		return &OpaquePlan{Kind: t, Plan: number, Fields: body[2:]}, nil
	}
	return p, nil
}

// readPlanNode reads the fields of a plan node; nil means that the number is not known.
func readPlanNode(d *wire.Decoder, number int16) Plan {
	switch number {
	case PlanCreateSeries:
		return readCreateSeries(d)
	case PlanAlterSeries:
		return readAlterSeries(d)
	case PlanCreateAligned:
		return &CreateAligned{Device: d.Name("device"), Group: readSeriesGroup(d)}
	case PlanCreateMulti, PlanInternalCreateMulti:
		return readCreateMulti(d, number == PlanInternalCreateMulti)
	case PlanInternalCreate:
		return &InternalCreate{Device: readPath(d), Group: readSeriesGroup(d), Aligned: d.Bool()}
	case PlanDeleteData:
		return readDeleteData(d)
	case PlanDeleteSeries:
		p := &DeleteSeriesNode{Tree: readPatternTree(d)}
		return p
	case PlanActivateTemplate:
		return &ActivateTemplate{Device: readPath(d), SetLevel: d.I32(), TemplateID: d.I32()}
	case PlanBatchActivate, PlanInternalBatchActivate:
		return readBatchActivate(d, number == PlanInternalBatchActivate)
	case PlanCreateView, PlanAlterView:
		return readViews(d, number == PlanAlterView)
	case PlanRelationalDelete:
		return readRelationalDelete(d)
	}
	return nil
}

// readConfigPlan reads the fields of a config plan; nil means that the number is not
// known.
func readConfigPlan(d *wire.Decoder, number int16) Plan {
	switch {
	case number == ConfigCreateDatabase || number == ConfigAlterDatabase:
		return &DatabasePlan{Alter: number == ConfigAlterDatabase, Fields: readThriftFields(d)}
	case number == ConfigSetTTL:
		return readSetTTL(d)
	case number == ConfigDeleteDatabase:
		return &DeleteDatabase{Name: d.Name("database")}
	case number == ConfigDeleteSeries || number == ConfigDeleteView:
		return &DeleteSeries{View: number == ConfigDeleteView, Tree: readSizedPatternTree(d)}
	case isAuthor(number):
		return readAuthor(d, number)
	case number == ConfigCreateTemplate:
		return readCreateTemplate(d)
	case number == ConfigSetTemplate:
		return &SetTemplate{Template: d.Name("template"), Path: d.Name("path"), Rollback: d.Bool()}
	case number == ConfigDropTemplate:
		return &DropTemplate{Template: d.Name("template")}
	case number == ConfigUnsetTemplate:
		return &UnsetTemplate{Template: d.Name("template"), Path: d.Name("path")}
	case number == ConfigExtendTemplate:
		return readExtendTemplate(d)
	case number == ConfigDeactivateTemplate:
		return readDeactivateTemplate(d)
	}
	return readTablePlan(d, number)
}
