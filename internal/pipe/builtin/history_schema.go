package builtin

import (
	"maps"
	"slices"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Catalog is what a history needs of the gateway's schema: *catalog.Catalog.
type Catalog interface {
	Databases(p *tablet.Pattern) []catalog.DatabaseInfo
	Series(m tablet.Matcher, fn func(catalog.SeriesInfo) bool)
}

// seriesPerPlan bounds the series that one plan of the history creates.
const seriesPerPlan = 1000

// schema queues the databases, TTLs, templates and series that the pipe selects and
// carries. Templates are left out where their plans are sent from the log.
func (p *past) schema(c Catalog, templates bool) {
	if p.s.carries["schema.database.create"] {
		for _, db := range c.Databases(nil) {
			if systemPath(db.Path) || p.filter.database(db.Path, true) == skipIt {
				continue
			}
			ttl := int64(request.NoTTL)
			if db.TTL > 0 {
				ttl = db.TTL
			}
			if r, err := request.CreateDatabasePlan(db.Path, ttl); err == nil {
				p.plans = append(p.plans, &event.Event{Kind: event.Plan, Request: r})
			}
		}
	}
	var in *inherited
	if whole, ok := c.(*catalog.Catalog); ok {
		p.ttls(whole)
		if templates {
			in = p.templates(whole)
		}
	}
	ordinary := p.s.carries["schema.timeseries.ordinary.create"]
	if !ordinary && in == nil {
		return
	}
	everything, err := tablet.CompilePattern("root.**")
	if err != nil {
		return // it is legal
	}
	g := creator{}
	c.Series(everything, func(i catalog.SeriesInfo) bool {
		if !systemPath(i.Device) && p.filter.series(i.Device, i.Name) && !in.takes(&i) && ordinary {
			g.add(&i)
		}
		return true
	})
	p.activations(in)
	g.flush()
	p.plans = append(p.plans, g.out...)
}

// creator gathers series into plans that create many at once (plan node 69).
type creator struct {
	out  []*event.Event
	plan plan.CreateMulti
	n    int
}

func (g *creator) add(i *catalog.SeriesInfo) {
	if k := len(g.plan.Devices); k == 0 || g.plan.Devices[k-1].Device.String() != i.Device || g.n >= seriesPerPlan {
		if g.n >= seriesPerPlan {
			g.flush()
		}
		nodes, err := tablet.SplitPath(i.Device)
		if err != nil {
			return // the catalogue has no such device
		}
		g.plan.Devices = append(g.plan.Devices, plan.DeviceGroup{Device: request.NewPath(plan.PathPartial, nodes), Aligned: i.Aligned})
	}
	s := &g.plan.Devices[len(g.plan.Devices)-1].Group
	s.Names = append(s.Names, i.Name)
	s.Types = append(s.Types, i.Type)
	s.Encodings = append(s.Encodings, i.Encoding)
	s.Compressors = append(s.Compressors, i.Compressor)
	labels(s, i.Labels)
	g.n++
}

// labels adds alias, tags and attributes of the newest series of a group. The lists
// stay nil while nobody has any.
func labels(s *plan.SeriesGroup, l *catalog.Labels) {
	n := len(s.Names)
	if l == nil {
		l = &catalog.Labels{}
	}
	if l.Alias != "" || s.Aliases != nil {
		s.Aliases = append(s.Aliases, make([]*string, n-len(s.Aliases))...)
		if l.Alias != "" {
			alias := l.Alias
			s.Aliases[n-1] = &alias
		}
	}
	set := func(list [][]request.Pair, m map[string]string) [][]request.Pair {
		if len(m) == 0 && list == nil {
			return nil
		}
		list = append(list, make([][]request.Pair, n-len(list))...)
		for _, k := range slices.Sorted(maps.Keys(m)) {
			v := m[k]
			list[n-1] = append(list[n-1], request.Pair{Key: k, Value: &v})
		}
		return list
	}
	s.Tags, s.Attributes = set(s.Tags, l.Tags), set(s.Attributes, l.Attributes)
}

func (g *creator) flush() {
	if g.n == 0 {
		return
	}
	g.plan.Internal = true
	if body, err := g.plan.AppendBody(nil, request.Layout13); err == nil {
		g.out = append(g.out, &event.Event{Kind: event.Plan, Request: event.Request{Type: int16(request.TypePlanNode), Body: body}})
	}
	g.plan, g.n = plan.CreateMulti{}, 0
}
