package plugin

import (
	"fmt"
	"sort"
	"strings"

	"github.com/sluice-gateway/sluice/internal/spec"
)

// Registry is the fixed list of plugins of one process. It is made once from an
// explicit list and never changes, so it may be shared.
type Registry struct {
	byName map[key]*Declaration
	all    []*Declaration
}

type key struct {
	kind Kind
	name string
}

// NewRegistry makes a registry. A name or alias that is used twice within a kind,
// a missing constructor, an unclear field list: each is an error that names the
// plugin.
func NewRegistry(declarations ...Declaration) (*Registry, error) {
	r := &Registry{byName: map[key]*Declaration{}}
	for i := range declarations {
		d := &declarations[i]
		if err := d.validate(); err != nil {
			return nil, err
		}
		for _, n := range append([]string{d.Name}, d.Aliases...) {
			k := key{d.Kind, n}
			if other := r.byName[k]; other != nil {
				return nil, fmt.Errorf("plugin: the %s name %q is declared by both %s and %s", d.Kind, n, other.Name, d.Name)
			}
			r.byName[k] = d
		}
		r.all = append(r.all, d)
	}
	sort.Slice(r.all, func(i, j int) bool {
		if r.all[i].Name != r.all[j].Name {
			return r.all[i].Name < r.all[j].Name
		}
		return r.all[i].Kind < r.all[j].Kind
	})
	return r, nil
}

func (d *Declaration) validate() error {
	if d.Name == "" || d.Name != strings.ToLower(d.Name) {
		return fmt.Errorf("plugin: the name %q is empty or not in lower case", d.Name)
	}
	if d.Kind.String() == "unknown" {
		return fmt.Errorf("plugin: %s has no kind", d.Name)
	}
	made := map[Kind]bool{KindSource: d.NewSource != nil, KindProcessor: d.NewProcessor != nil, KindSink: d.NewSink != nil}
	for k, ok := range made {
		if ok != (k == d.Kind) {
			return fmt.Errorf("plugin: %s is a %s and must have the constructor of one, and no other", d.Name, d.Kind)
		}
	}
	seen := map[string]bool{}
	for i := range d.Fields {
		f := &d.Fields[i]
		if f.Doc == "" && f.Refused == "" {
			return fmt.Errorf("plugin: %s: the field %q has no Doc", d.Name, f.Name)
		}
		for _, k := range f.Keys() {
			if k == "" || seen[k] {
				return fmt.Errorf("plugin: %s: the key %q is empty or declared twice", d.Name, k)
			}
			seen[k] = true
		}
	}
	if err := spec.CheckDefaults(d.Fields); err != nil {
		return fmt.Errorf("plugin: %s: %w", d.Name, err)
	}
	return nil
}

// Find returns the plugin of a kind by name or alias; letter case does not matter.
func (r *Registry) Find(k Kind, name string) (*Declaration, bool) {
	d, ok := r.byName[key{k, strings.ToLower(name)}]
	return d, ok
}

// Names returns all names and aliases of a kind, sorted; for suggestions.
func (r *Registry) Names(k Kind) []string {
	var out []string
	for n := range r.byName {
		if n.kind == k {
			out = append(out, n.name)
		}
	}
	sort.Strings(out)
	return out
}

// All returns the declarations sorted by name. They must not be changed.
func (r *Registry) All() []*Declaration { return r.all }
