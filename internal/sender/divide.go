package sender

import (
	"context"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/request/plan"
)

// divide cuts one entry in two: rows down to one, then columns; a plan that creates the
// series of several devices by devices. The second part stands for the entry: it is
// counted and acknowledges what the entry did.
func divide(e entry) (first, rest entry, ok bool) {
	if e.rows == nil {
		return dividePlan(e)
	}
	first, rest = e, e
	rows, columns := len(e.rows.Times), len(e.rows.Columns)
	switch {
	case rows > 1:
		first.rows, rest.rows = e.rows.Slice(0, rows/2), e.rows.Slice(rows/2, rows)
	case columns > 1:
		first.rows = e.rows.Project(func(i int) bool { return i < columns/2 })
		rest.rows = e.rows.Project(func(i int) bool { return i >= columns/2 })
	default:
		return first, rest, false
	}
	first.size, rest.size = int64(nodeSize(first.rows)), int64(nodeSize(rest.rows))
	first.held, first.part, first.cut = 0, true, true
	return first, rest, true
}

// dividePlan cuts a plan that creates series of several devices.
func dividePlan(e entry) (first, rest entry, ok bool) {
	if e.ev.Kind != event.Plan || request.Type(e.ev.Request.Type) != request.TypePlanNode {
		return first, rest, false
	}
	p, err := plan.Decode(request.TypePlanNode, e.ev.Request.Body, request.Options{})
	m, is := p.(*plan.CreateMulti)
	if err != nil || !is || len(m.Devices) < 2 {
		return first, rest, false
	}
	half := len(m.Devices) / 2
	part := func(devices []plan.DeviceGroup) *event.Event {
		body, failed := (&plan.CreateMulti{PlanNode: m.PlanNode, Internal: m.Internal, Devices: devices}).AppendBody(nil, request.LayoutAsDecoded)
		if failed != nil {
			err = failed
		}
		return &event.Event{Kind: event.Plan, ViaPipe: e.ev.ViaPipe, Request: event.Request{Type: e.ev.Request.Type, Body: body}}
	}
	first, rest = e, e
	first.ev, rest.ev = part(m.Devices[:half]), part(m.Devices[half:])
	first.held, first.part, first.cut = 0, true, true
	return first, rest, err == nil
}

// parts sends the two parts of a refused event one after the other.
func parts(ctx context.Context, l *lane, first, rest entry, t Trial) error {
	l.s.count.splits.Add(1)
	if err := l.deliver(ctx, []entry{first}, t.Half()); err != nil {
		return err
	}
	return l.deliver(ctx, []entry{rest}, t.Half())
}
