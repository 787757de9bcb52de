package translate

import (
	"fmt"
	"strings"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Verdict says what becomes of something.
type Verdict uint8

// The verdicts.
const (
	Send     Verdict = iota
	LeaveOut         // it only adds to a schema that the target cannot have
	Bury             // it has no equivalent: a dead letter
)

// Request translates a plan or a kept request. why is set unless the verdict is Send.
func Request(r event.Request, to request.Layout) (out event.Request, v Verdict, why string) {
	t := request.Type(r.Type)
	switch t {
	case request.TypePlanNode, request.TypeConfigPlan:
		p, err := plan.Decode(t, r.Body, request.Options{})
		if err != nil {
			return r, Send, "" // the target may know better
		}
		return onePlan(r, p, to)
	case request.TypeInsertNode, request.TypeTabletRaw, request.TypeBatch, request.TypeTabletBinary,
		request.TypeInsertNodeV2, request.TypeTabletRawV2, request.TypeBatchV2, request.TypeTabletBinaryV2:
		return inserts(r, t, to)
	}
	return r, Send, ""
}

// onePlan translates a decoded plan.
func onePlan(r event.Request, p plan.Plan, to request.Layout) (event.Request, Verdict, string) {
	if to == request.LayoutAsDecoded {
		d, ok := p.(*plan.DeleteData)
		if !ok {
			return r, Send, ""
		}
		deletion(d)
		return encode(r, d, request.Layout13)
	}
	if why := missing(p, to); why != "" {
		v := Bury
		if additive(p) {
			v = LeaveOut
		}
		return r, v, why
	}
	if _, ok := p.(*plan.OpaquePlan); ok {
		return r, Send, ""
	}
	adapt(p, to)
	return encode(r, p, to)
}

func encode(r event.Request, p plan.Plan, to request.Layout) (event.Request, Verdict, string) {
	body, err := p.AppendBody(nil, to)
	if err != nil {
		return r, Bury, err.Error()
	}
	return event.Request{Type: r.Type, Body: body}, Send, ""
}

// missing says why a release has no equivalent of a plan; empty if it has one.
func missing(p plan.Plan, to request.Layout) string {
	if to == request.Layout12 {
		why := fmt.Sprintf("a pipe to IoTDB 1.2 carries no plans (%s %d)", p.Type(), p.Number())
		if s := statement(p); s != "" {
			why += "; type there: " + s
		}
		return why
	}
	if to == request.Layout20 {
		return ""
	}
	tables := fmt.Sprintf("IoTDB 1.3 has no tables (%s %d)", p.Type(), p.Number())
	switch p := p.(type) {
	case *plan.RelationalDelete, *plan.TablePlan:
		return tables
	case *plan.DatabasePlan:
		if f := p.Field(plan.DatabaseTableModel); f != nil && f.Int == 1 {
			return tables
		}
	case *plan.DeleteDatabase:
		if p.Name != "root" && !strings.HasPrefix(p.Name, "root.") {
			return tables
		}
	case *plan.AlterSeries:
		if p.DataType != nil || p.Alter == plan.AlterDataType {
			return "IoTDB 1.3 cannot alter the data type of a series"
		}
	case *plan.OpaquePlan:
		if newerNumber(p) {
			return fmt.Sprintf("IoTDB 1.3 does not know %s %d", p.Type(), p.Number())
		}
	}
	return ""
}

// newerNumber reports whether a plan that is not read here has a number of 2.0.
func newerNumber(p *plan.OpaquePlan) bool {
	n := p.Plan
	if p.Kind == request.TypePlanNode {
		return n >= 900
	}
	return n >= 639 && n <= 699 || n >= 850 && n <= 899 || n == 1706 || n == 1707 || n >= 2100
}

// additive reports whether a plan only adds to the schema or the users.
func additive(p plan.Plan) bool {
	switch p := p.(type) {
	case *plan.CreateSeries, *plan.CreateAligned, *plan.InternalCreate, *plan.CreateMulti, *plan.ActivateTemplate,
		*plan.BatchActivate, *plan.ViewPlan, *plan.DatabasePlan, *plan.CreateTemplate, *plan.SetTemplate, *plan.ExtendTemplate:
		return true
	case *plan.AlterSeries:
		return p.DataType == nil
	case *plan.TablePlan:
		return p.Plan != plan.ConfigDropTable && p.Plan != plan.ConfigDropTableColumn
	case *plan.Author:
		return p.Plan == 621 || p.Plan == 622 || p.Plan == 638 || p.Plan >= 625 && p.Plan <= 627
	}
	return false
}

// adapt changes what the two generations write differently.
func adapt(p plan.Plan, to request.Layout) {
	switch p := p.(type) {
	case *plan.DeleteData:
		deletion(p)
	case *plan.InternalCreate:
		plain(&p.Device)
	case *plan.CreateMulti:
		for i := range p.Devices {
			plain(&p.Devices[i].Device)
		}
	case *plan.ActivateTemplate:
		plain(&p.Device)
	case *plan.BatchActivate:
		for i := range p.Devices {
			plain(&p.Devices[i].Device)
		}
	case *plan.ViewPlan:
		for i := range p.Views {
			plain(&p.Views[i].Path)
		}
	case *plan.DeactivateTemplate:
		for i := range p.Entries {
			plain(&p.Entries[i].Path)
		}
	case *plan.AlterSeries:
		p.TypeOnWire = to == request.Layout20 // 2.0.1-beta ignores the byte behind the plan, 2.0.7 needs it
	case *plan.Author:
		if p.Grant == nil {
			no := false
			p.Grant = &no
		}
	}
}

// plain removes the caches of a path whose form depends on the generation, and gives it
// nodes if it has only a text.
func plain(p *plan.Path) {
	if len(p.Nodes) == 0 {
		nodes, err := tablet.SplitPattern(p.String())
		if err != nil {
			return // it stays as it came
		}
		p.Nodes = nodes
		if p.Kind == plan.PathPlain {
			p.Kind = plan.PathPartial
		}
	}
	p.Measurement, p.Device, p.DeviceSegments = nil, nil, nil
}

// deletion gives a deletion paths that all releases read: a 1.3 sender names them as
// partial paths, on which 2.0.1-beta and 2.0.7 throw; measurement paths without the
// cached parts are read by all.
func deletion(p *plan.DeleteData) {
	paths := make([]plan.Path, 0, len(p.Paths))
	for i := range p.Paths {
		plain(&p.Paths[i])
		if len(p.Paths[i].Nodes) == 0 {
			return
		}
		paths = append(paths, plan.NewPath(plan.PathMeasurement, p.Paths[i].Nodes))
	}
	p.Paths = paths
}

// inserts translates a request of rows that was kept as it came.
func inserts(r event.Request, t request.Type, to request.Layout) (event.Request, Verdict, string) {
	if to == request.LayoutAsDecoded {
		return r, Send, ""
	}
	req, err := request.Decode(t, r.Body, request.Options{})
	if err != nil {
		return r, Send, ""
	}
	in, ok := request.Tablets(req)
	switch {
	case !ok:
		return r, Send, ""
	case in.TableModel && to == request.Layout20:
		return r, Send, ""
	case in.TableModel:
		return r, Bury, fmt.Sprintf("IoTDB %s has no tables (%s)", to, t)
	case len(in.Infer) > 0:
		body, err := req.AppendBody(nil, to)
		if err != nil {
			return r, Bury, err.Error()
		}
		return event.Request{Type: r.Type, Body: body}, Send, ""
	case len(in.Tablets) == 1:
		body, err := request.AppendTabletNode(nil, in.Tablets[0], to)
		if err != nil {
			return r, Bury, err.Error()
		}
		return event.Request{Type: int16(request.TypeInsertNode), Body: body}, Send, ""
	}
	body, err := request.AppendBatch(nil, in.Tablets, to)
	if err != nil {
		return r, Bury, err.Error()
	}
	return event.Request{Type: int16(request.TypeBatch), Body: body}, Send, ""
}
