package catalog

import (
	"fmt"
	"strings"

	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/request/plan"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Check reports why a client's change of a series' labels or of templates cannot be made
// as it says, with IoTDB's codes. It knows nothing of the other kinds.
func Check(c *Catalog, ch *Change) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	switch ch.Kind {
	case AlterSeries:
		return checker{c.tree}.checkAlter(ch)
	case CreateSeries:
		if tp, at := c.tree.templateFor(ch.Path); tp != nil {
			return status.Errorf(status.TemplateClash, "Cannot create timeseries [%s.%s] since device template [%s] already set on path [%s].",
				ch.Path, ch.Series[0].Name, tp.name, at)
		}
	case Template:
		return checker{c.tree}.checkTemplate(ch.Plan)
	}
	return nil
}

// checker validates changes against a tree.
type checker struct{ *tree }

func (t checker) checkAlter(ch *Change) error {
	name := ch.Series[0].Name
	path := ch.Path + "." + name
	d := t.devices[ch.Path]
	if t.devices[path] != nil || t.inner[path] > 0 {
		return status.Errorf(status.Metadata, "MNode [%s] is not a MeasurementMNode.", path)
	}
	if d == nil || d.own(name) < 0 {
		return status.Errorf(status.PathNotExist, "Path [%s] does not exist", path)
	}
	l := Labels{}
	if s := &d.series[d.own(name)]; s.labels != nil {
		l = *s.labels
	}
	has := func(k string) bool {
		_, tag := l.Tags[k]
		_, attribute := l.Attributes[k]
		return tag || attribute
	}
	metadata := func(format string, args ...any) error {
		return status.Errorf(status.Metadata, "TimeSeries [%s] %s", path, fmt.Sprintf(format, args...))
	}
	a := ch.Alter
	for k, v := range toMap(a.Map) {
		_, tag := l.Tags[k]
		_, attribute := l.Attributes[k]
		switch {
		case (a.Alter == request.AlterRename || a.Alter == request.AlterSet) && !has(k):
			return metadata("does not have tag/attribute [%s].", k)
		case a.Alter == request.AlterRename && has(v):
			return metadata("already has the tag/attribute [%s].", v)
		case a.Alter == request.AlterAddTags && tag:
			return metadata("already has the tag [%s].", k)
		case a.Alter == request.AlterAddAttributes && attribute:
			return metadata("already has the attribute [%s].", k)
		}
	}
	if a.Alias != nil && *a.Alias != "" && *a.Alias != l.Alias && (d.find(0, *a.Alias) >= 0 || d.byAlias(*a.Alias) >= 0) {
		return status.Errorf(status.Metadata, "The alias is duplicated with the name or alias of other measurement, alias: %s, fullPath: %s", *a.Alias, path)
	}
	return nil
}

func (t checker) checkTemplate(p plan.Plan) error {
	switch p := p.(type) {
	case *plan.CreateTemplate:
		if t.byName[p.Template.Name] != nil {
			return status.Errorf(status.Metadata, "Duplicated template name: %s", p.Template.Name)
		}
		at, err := sameMeasurement(&template{}, templateSchemas(&p.Template))
		if at != "" {
			return status.Errorf(status.IllegalPath, "Path duplicated: %s is not a legal path", at)
		}
		return err
	case *plan.ExtendTemplate:
		tp, err := t.needTemplate(p.Template)
		if err != nil {
			return err
		}
		at, err := sameMeasurement(tp, p.Series)
		if at != "" {
			return status.Errorf(status.TemplateMeasurement, "Measurement [%s] already exist in schemaengine template %s", at, p.Template)
		}
		return err
	case *plan.DropTemplate:
		tp, err := t.needTemplate(p.Template)
		if err != nil {
			return err
		}
		if tp.devices > 0 || len(t.pathsOf(tp)) > 0 {
			return status.Errorf(status.Metadata, "Template [%s] has been set on MTree, cannot be dropped now.", p.Template)
		}
	case *plan.SetTemplate:
		return t.checkSet(p)
	case *plan.UnsetTemplate:
		return t.checkUnset(p)
	case *plan.BatchActivate:
		for i := range p.Devices {
			path := p.Devices[i].Device.String()
			if tp, _ := t.templateFor(path); tp == nil {
				return status.Errorf(status.Metadata, "Path [%s] has not been set any template.", path)
			}
			if d := t.devices[path]; d != nil && d.template != nil {
				return status.Errorf(status.TemplateInUse, "Template is in use on %s", path)
			}
		}
	}
	return nil
}

func (t *templates) needTemplate(name string) (*template, error) {
	if tp := t.byName[name]; tp != nil {
		return tp, nil
	}
	return nil, status.Errorf(status.Metadata, "Template %s does not exist", name)
}

func templateSchemas(p *plan.Template) []tablet.Schema {
	out := make([]tablet.Schema, len(p.Series))
	for i := range p.Series {
		out[i] = p.Series[i].Schema
	}
	return out
}

// sameMeasurement returns a name that a list has twice or that the template has already.
func sameMeasurement(tp *template, list []tablet.Schema) (string, error) {
	seen := map[string]bool{}
	for _, s := range list {
		name, err := tablet.NormalizeMeasurement(s.Name)
		if err != nil {
			return "", status.Errorf(status.IllegalPath, "%w", err)
		}
		if seen[name] || tp.find(name) != nil {
			return name, nil
		}
		seen[name] = true
	}
	return "", nil
}

func (t checker) checkSet(p *plan.SetTemplate) error {
	tp, err := t.needTemplate(p.Template)
	if err != nil {
		return err
	}
	path, err := tablet.Normalize(p.Path)
	if err != nil {
		return status.Errorf(status.IllegalPath, "%w", err)
	}
	if t.databaseOf(path) == nil {
		return status.Errorf(status.DatabaseNotExist, "Database of %s does not exist", path)
	}
	if _, at := t.templateFor(path); at != "" && t.set[at] != nil {
		return status.Errorf(status.Metadata, "Template already exists on %s", at)
	}
	for at := range t.set {
		if within(path, at) {
			return status.Errorf(status.Metadata, "Template already exists on %s", at)
		}
	}
	if t.devices[path] != nil || t.inner[path] > 0 {
		return status.Errorf(status.TemplateClash, "Cannot set device template [%s] to path [%s] since there's timeseries under path [%s].", tp.name, path, path)
	}
	return nil
}

func (t checker) checkUnset(p *plan.UnsetTemplate) error {
	tp, err := t.needTemplate(p.Template)
	if err != nil {
		return err
	}
	path, err := tablet.Normalize(p.Path)
	if err != nil {
		return status.Errorf(status.IllegalPath, "%w", err)
	}
	if t.set[path] != tp {
		return status.Errorf(status.TemplateNotSet, "No template on %s", path)
	}
	if tp.devices > 0 {
		for at, d := range t.devices {
			if d.template == tp && (at == path || strings.HasPrefix(at, path+".")) {
				return status.Errorf(status.TemplateInUse, "Template is in use on %s", path)
			}
		}
	}
	return nil
}
