package request

import (
	"github.com/sluice-gateway/sluice/internal/wirebuf"
)

// Plan is the body of a type 100 or type 200 request: int16 number, fields.
type Plan interface {
	Request
	// Number returns the plan node number (type 100) or config plan number (type 200).
	Number() int16
}

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

func decodePlanNode(body []byte, o Options) (Request, error) {
	d := newDecoder(body, o)
	n := d.I16()
	p := &OpaquePlan{Kind: TypePlanNode, Plan: n, Fields: d.Rest()}
	return p, d.Err()
}

func decodeConfigPlan(body []byte, o Options) (Request, error) {
	d := newDecoder(body, o)
	n := d.I16()
	p := &OpaquePlan{Kind: TypeConfigPlan, Plan: n, Fields: d.Rest()}
	return p, d.Err()
}
