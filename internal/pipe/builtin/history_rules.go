package builtin

import (
	"math"
	"strings"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// queue adds a plan of the schema to what is sent.
func (p *past) queue(x plan.Plan) {
	if r, err := plan.Encode(x); err == nil {
		p.plans = append(p.plans, &event.Event{Kind: event.Plan, Request: r})
	}
}

// ttls queues the TTL rules below databases; those of databases are sent with them.
func (p *past) ttls(c *catalog.Catalog) {
	if !p.s.carries["schema.ttl"] {
		return
	}
	databases := map[string]bool{}
	for _, db := range c.Databases(nil) {
		databases[db.Path] = db.TTL > 0
	}
	for _, rule := range catalog.TTLs(c) {
		at := strings.TrimSuffix(rule.Path, ".**")
		nodes, err := tablet.SplitPattern(rule.Path)
		if err != nil || databases[at] || at == "root" && rule.TTL == math.MaxInt64 || p.filter.database(at, true) == skipIt {
			continue
		}
		no := false
		p.queue(&plan.SetTTL{Nodes: nodes, TTL: rule.TTL, Database: &no})
	}
}

// inherited are the templates that the pipe sends as such: where they are set all is
// selected. Series of other templates are sent as series of their devices.
type inherited struct {
	at      map[string]int32 // path where a template is set -> its id
	pending plan.BatchActivate
}

// templates queues templates and where they are set.
func (p *past) templates(c *catalog.Catalog) *inherited {
	in := &inherited{at: map[string]int32{}}
	for _, kind := range []string{"create", "set", "activate"} {
		if !p.s.carries["schema.timeseries.template."+kind] {
			return in
		}
	}
	for _, t := range catalog.Templates(c) {
		x := plan.Template{ID: t.ID, Name: t.Name, Aligned: t.Aligned}
		for _, s := range t.Series {
			x.Series = append(x.Series, plan.TemplateSeries{Key: s.Name, Schema: s})
		}
		var set []string
		for _, at := range t.Set {
			if p.filter.database(at, false) == passIt {
				set = append(set, at)
				in.at[at] = t.ID
			}
		}
		if len(set) == 0 && !p.filter.everyPath() {
			continue
		}
		p.queue(&plan.CreateTemplate{Template: x})
		for _, at := range set {
			p.queue(&plan.SetTemplate{Template: t.Name, Path: at})
		}
	}
	return in
}

// takes notes the device of a series of a template for activation; false if its series
// are to be created one by one.
func (in *inherited) takes(i *catalog.SeriesInfo) bool {
	if in == nil || !i.Template {
		return false
	}
	n := len(in.pending.Devices)
	if n > 0 && in.pending.Devices[n-1].Device.String() == i.Device {
		return true
	}
	nodes, err := tablet.SplitPath(i.Device)
	if err != nil {
		return false
	}
	for level := len(nodes); level > 0; level-- {
		if id, ok := in.at[strings.Join(nodes[:level], ".")]; ok {
			in.pending.Devices = append(in.pending.Devices, plan.Activation{Device: request.NewPath(plan.PathPartial, nodes), TemplateID: id, SetLevel: int32(level - 1)})
			return true
		}
	}
	return false
}

// activations queues what takes noted.
func (p *past) activations(in *inherited) {
	if in == nil {
		return
	}
	for rest := in.pending.Devices; len(rest) > 0; {
		n := min(len(rest), seriesPerPlan)
		p.queue(&plan.BatchActivate{Devices: rest[:n]})
		rest = rest[n:]
	}
}
