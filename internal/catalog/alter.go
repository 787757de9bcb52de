package catalog

import (
	"maps"

	"github.com/sluice-gateway/sluice/internal/request"
)

// alter changes the labels of a series. What it names and the series lacks stays as it
// is, so that a plan may arrive twice.
func alter(t *tree, c *Change) {
	d := t.devices[c.Path]
	if d == nil {
		return
	}
	i := d.own(c.Series[0].Name)
	if i < 0 {
		return
	}
	s := &d.series[i]
	l := Labels{}
	if s.labels != nil {
		l = *s.labels
	}
	l.Tags, l.Attributes = cloned(l.Tags), cloned(l.Attributes)
	l.alter(c.Alter)
	d.aliases = d.aliases || l.Alias != ""
	s.labels = nil
	if l.Alias != "" || len(l.Tags) > 0 || len(l.Attributes) > 0 {
		s.labels = &l
	}
	t.revision++
}

func cloned(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return maps.Clone(m)
}

// alter changes labels. A key that is a tag and an attribute means the tag.
func (l *Labels) alter(c *request.Change) {
	pairs := toMap(c.Map)
	switch c.Alter {
	case request.AlterRename:
		for from, to := range pairs {
			if !rename(l.Tags, from, to) {
				rename(l.Attributes, from, to)
			}
		}
	case request.AlterSet:
		for k, v := range pairs {
			if _, ok := l.Tags[k]; ok {
				l.Tags[k] = v
			} else if _, ok := l.Attributes[k]; ok {
				l.Attributes[k] = v
			}
		}
	case request.AlterDrop:
		for k := range pairs {
			if _, ok := l.Tags[k]; ok {
				delete(l.Tags, k)
			} else {
				delete(l.Attributes, k)
			}
		}
	case request.AlterAddTags:
		maps.Copy(l.Tags, pairs)
	case request.AlterAddAttributes:
		maps.Copy(l.Attributes, pairs)
	case request.AlterUpsert:
		if c.Alias != nil && *c.Alias != "" {
			l.Alias = *c.Alias
		}
		maps.Copy(l.Tags, toMap(c.Tags))
		maps.Copy(l.Attributes, toMap(c.Attributes))
	}
}

func rename(m map[string]string, from, to string) bool {
	v, ok := m[from]
	if ok {
		delete(m, from)
		m[to] = v
	}
	return ok
}
