package exec

import (
	"context"
	"maps"
	"slices"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/query"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/rpc"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// template runs a statement that changes templates or the labels of a series.
func (b *Backend) template(ctx context.Context, s *rpc.Session, st sql.Statement) error {
	var p plan.Plan
	var err error
	plans := templatePlans{b.Catalog}
	switch st := st.(type) {
	case *sql.AlterTimeseries:
		p, err = alterPlan(st)
	case *sql.CreateTemplate:
		p, err = plans.create(st)
	case *sql.AlterTemplate:
		e := &plan.ExtendTemplate{Template: st.Name}
		e.Series, err = schemas(st.Columns)
		p = e
	case *sql.SetTemplate:
		if st.Unset {
			p = &plan.UnsetTemplate{Template: st.Name, Path: query.PathText(st.Path)}
		} else if isSeries(b.Catalog, st.Path) {
			err = status.Errorf(status.TemplateClash, "Cannot set device template [%s] to path [%s] since there's timeseries under path [%s].", clip(st.Name), clip(query.PathText(st.Path)), clip(query.PathText(st.Path)))
		} else {
			p = &plan.SetTemplate{Template: st.Name, Path: query.PathText(st.Path)}
		}
	case *sql.DropTemplate:
		p = &plan.DropTemplate{Template: st.Name}
	case *sql.ActivateTemplate:
		p, err = plans.activate(st.Paths)
	case *sql.DeactivateTemplate:
		p, err = plans.deactivate(st)
	}
	if err != nil {
		return err
	}
	return b.plan(ctx, s)(plan.Encode(p))
}

// isSeries reports whether a path names a series.
func isSeries(cat *catalog.Catalog, p sql.Path) bool {
	device, name, err := tablet.SplitSeries(query.PathText(p))
	if err != nil {
		return false
	}
	_, ok := cat.Lookup(device, name)
	return ok
}

// templatePlans makes the plans that need to know what there is.
type templatePlans struct{ cat *catalog.Catalog }

func alterPlan(st *sql.AlterTimeseries) (plan.Plan, error) {
	pattern, err := compile(st.Path)
	if err != nil {
		return nil, err
	}
	p := &plan.AlterSeries{Path: pattern.String(), Alter: plan.AlterKind(st.Kind)}
	switch st.Kind {
	case sql.AlterRename:
		p.Map = []request.Pair{{Key: st.From, Value: &st.To}}
	case sql.AlterDrop:
		for _, k := range st.Keys {
			p.Map = append(p.Map, request.Pair{Key: k})
		}
	case sql.AlterUpsert:
		if st.Alias != "" {
			p.Alias = &st.Alias
		}
		p.Tags, p.Attributes = pairs(st.Tags), pairs(st.Attributes)
	default:
		p.Map = pairs(st.Pairs)
	}
	return p, nil
}

// schemas are the columns of a template with their names in normal form.
func schemas(columns []sql.AlignedColumn) ([]tablet.Schema, error) {
	out := make([]tablet.Schema, len(columns))
	for i, c := range columns {
		name, err := measurement(c.Schema.Name)
		if err != nil {
			return nil, err
		}
		out[i] = c.Schema
		out[i].Name = name
	}
	return out, nil
}

// createTemplatePlan numbers templates upwards.
func (b templatePlans) create(st *sql.CreateTemplate) (plan.Plan, error) {
	t := plan.Template{Name: st.Name, Aligned: st.Aligned}
	for _, have := range catalog.Templates(b.cat) {
		t.ID = max(t.ID, have.ID+1)
	}
	list, err := schemas(st.Columns)
	if err != nil {
		return nil, err
	}
	for _, s := range list {
		t.Series = append(t.Series, plan.TemplateSeries{Key: s.Name, Schema: s})
	}
	return &plan.CreateTemplate{Template: t}, nil
}

// activatePlan names the template that is set on or above each path.
func (b templatePlans) activate(paths []sql.Path) (plan.Plan, error) {
	p := &plan.BatchActivate{}
	list := catalog.Templates(b.cat)
	for _, path := range paths {
		pattern, err := compile(path)
		if err != nil {
			return nil, err
		}
		nodes, err := tablet.SplitPattern(pattern.String())
		if err != nil {
			return nil, status.Errorf(status.IllegalPath, "%w", err)
		}
		a := plan.Activation{Device: plan.NewPath(plan.PathPartial, nodes)}
		for i := range list {
			for _, at := range list[i].Set {
				if at == pattern.String() || len(pattern.String()) > len(at) && pattern.String()[:len(at)+1] == at+"." {
					above, _ := tablet.SplitPattern(at) // a path of the catalog
					a.TemplateID, a.SetLevel = list[i].ID, int32(len(above)-1)
				}
			}
		}
		p.Devices = append(p.Devices, a)
	}
	return p, nil
}

// deactivatePlan names the templates that are active on what the paths select.
func (b templatePlans) deactivate(st *sql.DeactivateTemplate) (plan.Plan, error) {
	all := map[string]plan.Template{}
	for _, t := range catalog.Templates(b.cat) {
		if st.Name != "" && st.Name != t.Name {
			continue
		}
		one := plan.Template{ID: t.ID, Name: t.Name, Aligned: t.Aligned}
		for _, s := range t.Series {
			one.Series = append(one.Series, plan.TemplateSeries{Key: s.Name, Schema: s})
		}
		all[t.Name] = one
	}
	if st.Name != "" && len(all) == 0 {
		return nil, noTemplate(st.Name)
	}
	p := &plan.DeactivateTemplate{}
	for _, path := range st.Paths {
		pattern, err := compile(path)
		if err != nil {
			return nil, err
		}
		used := map[string]bool{}
		b.cat.Devices(pattern, func(d catalog.DeviceInfo) bool {
			if _, ok := all[d.Template]; ok {
				used[d.Template] = true
			}
			return true
		})
		if len(used) == 0 {
			continue
		}
		nodes, err := tablet.SplitPattern(pattern.String())
		if err != nil {
			return nil, status.Errorf(status.IllegalPath, "%w", err)
		}
		e := plan.Deactivation{Path: plan.NewPath(plan.PathPartial, nodes)}
		for _, name := range slices.Sorted(maps.Keys(used)) {
			e.Templates = append(e.Templates, all[name])
		}
		p.Entries = append(p.Entries, e)
	}
	if len(p.Entries) == 0 {
		return nil, status.Errorf(status.TemplateNotActivated, "Target schema Template is not activated on any path matched by given path pattern")
	}
	return p, nil
}

func noTemplate(name string) error {
	return status.Errorf(status.Metadata, "Template %s does not exist", name)
}

// showTemplates shows templates, their measurements, or where they are set or used.
func (b view) showTemplates(st *sql.ShowTemplates) (*result.Result, error) {
	list := catalog.Templates(b.Catalog)
	switch st.What {
	case sql.TemplateNodes:
		t := newTable("ChildNodes", "DataType", "Encoding", "Compression")
		for _, one := range list {
			if one.Name != st.Name {
				continue
			}
			for _, s := range one.Series {
				t.text(s.Name, s.Type.String(), s.Encoding.String(), s.Compressor.String())
			}
			return t.result()
		}
		return nil, noTemplate(st.Name)
	case sql.SetPaths:
		if st.Name != "" && !slices.ContainsFunc(list, func(t catalog.TemplateInfo) bool { return t.Name == st.Name }) {
			return nil, status.Errorf(status.Internal, "Template %s does not exist", st.Name)
		}
		t := newTable("Paths")
		for _, one := range list {
			if st.Name == "" || one.Name == st.Name {
				t.text(one.Set...)
			}
		}
		return t.result()
	case sql.UsingPaths:
		p, err := patternOf(st.Pattern)
		if err != nil {
			return nil, err
		}
		t := newTable("Paths")
		b.Catalog.Devices(p, func(d catalog.DeviceInfo) bool {
			if d.Template != "" && (st.Name == "" || st.Name == d.Template) && !t.full() {
				t.text(d.Path)
			}
			return true
		})
		return t.result()
	}
	t := newTable("TemplateName")
	for _, one := range list {
		t.text(one.Name)
	}
	return t.result()
}
