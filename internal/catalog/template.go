package catalog

import (
	"math"
	"slices"
	"strings"

	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// template is a list of measurements that many devices share: a device on which it is
// active points to it.
type template struct {
	id      int32 // of who made it; only shown
	name    string
	aligned bool
	series  []series
	devices int // on which it is active
}

func (tp *template) find(name string) *series {
	for i := range tp.series {
		if tp.series[i].name == name {
			return &tp.series[i]
		}
	}
	return nil
}

// templates are the templates of a tree and where they are set.
type templates struct {
	byName map[string]*template
	set    map[string]*template // by path in normal form
}

// templateFor returns the template that is set on a path or above it, and where.
func (t *templates) templateFor(path string) (tp *template, at string) {
	if len(t.set) == 0 {
		return nil, ""
	}
	prefixes(path+".x", func(p string) bool {
		tp, at = t.set[p], p
		return tp == nil
	})
	return tp, at
}

// edit changes templates and the devices on which they are active.
type edit struct{ *tree }

// addWritten makes a device for points: below a path with a template, that becomes active.
func (t edit) addWritten(path string, aligned bool) *device {
	tp, _ := t.templateFor(path)
	if tp == nil {
		return t.addDevice(path, aligned)
	}
	d := t.addDevice(path, tp.aligned)
	t.activate(d, tp)
	return d
}

func (t edit) activate(d *device, tp *template) {
	if d.template != nil {
		return
	}
	d.template = tp
	tp.devices++
	t.nseries += len(tp.series)
	t.revision++
}

// deactivate takes the template off a device, which goes if nothing else is on it.
func (t edit) deactivate(d *device) {
	t.nseries -= len(d.template.series)
	d.template.devices--
	d.template = nil
	t.revision++
	if len(d.series) == 0 {
		t.removeDevice(d)
	}
}

func isTemplate(p plan.Plan) bool {
	switch p.(type) {
	case *plan.CreateTemplate, *plan.SetTemplate, *plan.UnsetTemplate, *plan.ExtendTemplate, *plan.DropTemplate,
		*plan.DeactivateTemplate, *plan.ActivateTemplate, *plan.BatchActivate:
		return true
	}
	return false
}

// templateChanges are the effects of a plan about templates: deactivation deletes points.
func templateChanges(p plan.Plan) []Change {
	out := []Change{{Kind: Template, Plan: p}}
	d, ok := p.(*plan.DeactivateTemplate)
	if !ok {
		return out
	}
	var patterns []tablet.Matcher
	for i := range d.Entries {
		for j := range d.Entries[i].Templates {
			for _, s := range d.Entries[i].Templates[j].Series {
				name, err := tablet.NormalizeMeasurement(s.Schema.Name)
				if err != nil {
					continue
				}
				if p, err := tablet.CompilePattern(d.Entries[i].Path.String() + "." + name); err == nil {
					patterns = append(patterns, p)
				}
			}
		}
	}
	if len(patterns) > 0 {
		out = append(out, Change{Kind: DeleteData, Patterns: patterns, Lo: math.MinInt64, Hi: math.MaxInt64})
	}
	return out
}

// applyTemplate applies a plan about templates. What does not fit changes nothing.
func (t edit) applyTemplate(p plan.Plan) {
	switch p := p.(type) {
	case *plan.CreateTemplate:
		t.createTemplate(&p.Template)
	case *plan.ExtendTemplate:
		t.extendTemplate(p)
	case *plan.DropTemplate:
		if tp := t.byName[p.Template]; tp != nil && tp.devices == 0 && len(t.pathsOf(tp)) == 0 {
			delete(t.byName, p.Template)
			t.revision++
		}
	case *plan.SetTemplate:
		path, err := tablet.Normalize(p.Path)
		if tp := t.byName[p.Template]; err == nil && tp != nil {
			if have, _ := t.templateFor(path); have == nil {
				t.set[strings.Clone(path)] = tp
				t.revision++
			}
		}
	case *plan.UnsetTemplate:
		path, err := tablet.Normalize(p.Path)
		if tp := t.byName[p.Template]; err == nil && tp != nil && t.set[path] == tp {
			delete(t.set, path)
			t.revision++
		}
	case *plan.ActivateTemplate:
		t.activatePath(p.Device.String(), p.TemplateID)
	case *plan.BatchActivate:
		for i := range p.Devices {
			t.activatePath(p.Devices[i].Device.String(), p.Devices[i].TemplateID)
		}
	case *plan.DeactivateTemplate:
		for i := range p.Entries {
			t.deactivateAll(&p.Entries[i])
		}
	}
}

func (t *templates) pathsOf(tp *template) []string {
	var out []string
	for path, have := range t.set {
		if have == tp {
			out = append(out, path)
		}
	}
	slices.SortFunc(out, ComparePaths)
	return out
}

func (t edit) createTemplate(p *plan.Template) {
	if t.byName[p.Name] != nil {
		return
	}
	tp := &template{id: p.ID, name: strings.Clone(p.Name), aligned: p.Aligned}
	for i := range p.Series {
		t.extend(tp, p.Series[i].Schema)
	}
	t.byName[tp.name] = tp
	t.revision++
}

func (t edit) extend(tp *template, s tablet.Schema) {
	name, err := tablet.NormalizeMeasurement(s.Name)
	if err != nil || tp.find(name) != nil {
		return
	}
	tp.series = append(tp.series, series{name: t.intern(name), typ: s.Type, enc: s.Encoding, comp: s.Compressor})
}

func (t edit) extendTemplate(p *plan.ExtendTemplate) {
	tp := t.byName[p.Template]
	if tp == nil {
		return
	}
	before := len(tp.series)
	for _, s := range p.Series {
		if p.NoCodecs[0] {
			s.Encoding = tablet.DefaultEncoding(s.Type)
		}
		if p.NoCodecs[1] {
			s.Compressor = tablet.LZ4
		}
		t.extend(tp, s)
	}
	t.nseries += (len(tp.series) - before) * tp.devices
	t.revision++
}

// activatePath activates the template that is set on or above a device; ids differ
// between clusters, so one counts only where none is set.
func (t edit) activatePath(path string, id int32) {
	path, err := tablet.Normalize(path)
	if err != nil {
		return
	}
	tp, _ := t.templateFor(path)
	if tp == nil {
		for _, name := range sortedKeys(t.byName) {
			if t.byName[name].id == id {
				tp = t.byName[name]
			}
		}
	}
	if tp == nil {
		return
	}
	d := t.devices[path]
	if d == nil {
		d = t.addDevice(path, tp.aligned)
	}
	t.activate(d, tp)
}

func (t edit) deactivateAll(e *plan.Deactivation) {
	p, err := tablet.CompilePattern(e.Path.String())
	if err != nil {
		return
	}
	named := func(d *device) bool {
		return d.template != nil && slices.ContainsFunc(e.Templates, func(tp plan.Template) bool { return tp.Name == d.template.name })
	}
	if p.Concrete() {
		if d := t.devices[p.String()]; d != nil && named(d) {
			t.deactivate(d)
		}
		return
	}
	for _, d := range t.devices {
		if named(d) && p.MatchPath(d.path) {
			t.deactivate(d)
		}
	}
}

// TemplateInfo describes one template.
type TemplateInfo struct {
	ID      int32
	Name    string
	Aligned bool
	Series  []tablet.Schema
	Devices int      // on which it is active
	Set     []string // paths, in tree order
}

// Templates returns the templates of a catalog by name.
func Templates(c *Catalog) []TemplateInfo {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []TemplateInfo
	for _, name := range sortedKeys(c.tree.byName) {
		tp := c.tree.byName[name]
		info := TemplateInfo{ID: tp.id, Name: tp.name, Aligned: tp.aligned, Devices: tp.devices, Set: c.tree.pathsOf(tp)}
		for i := range tp.series {
			info.Series = append(info.Series, tp.series[i].schema())
		}
		out = append(out, info)
	}
	return out
}
