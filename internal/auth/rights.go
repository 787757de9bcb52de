package auth

import (
	"slices"
	"strings"
)

// grants is what a user or a role was given.
type grants struct {
	Global      Set         `json:"global,omitempty"`
	GlobalGrant Set         `json:"global_grant,omitempty"` // with the option to pass it on
	Paths       []pathGrant `json:"paths,omitempty"`        // by path
}

type pathGrant struct {
	Path  string `json:"path"` // normal form; at most the last node is a wildcard
	Set   Set    `json:"privileges"`
	Grant Set    `json:"grant,omitempty"`
}

func (g grants) clone() grants {
	g.Paths = slices.Clone(g.Paths)
	return g
}

// add gives privileges; paths must hold root.** for the global ones.
func (g *grants) add(s Set, paths []string, option bool) {
	with := Set(0)
	if option {
		with = s
	}
	g.Global |= s &^ s.onPaths()
	g.GlobalGrant |= with &^ with.onPaths()
	if s = s.onPaths(); s == 0 {
		return
	}
	for _, path := range paths {
		i, ok := g.find(path)
		if !ok {
			g.Paths = slices.Insert(g.Paths, i, pathGrant{Path: path})
		}
		g.Paths[i].Set |= s
		g.Paths[i].Grant |= with.onPaths()
	}
}

func (g *grants) find(path string) (int, bool) {
	return slices.BinarySearchFunc(g.Paths, path, func(p pathGrant, path string) int { return strings.Compare(p.Path, path) })
}

// remove takes privileges away, on paths and on all that lies within them; it returns
// the first that was nowhere.
func (g *grants) remove(s Set, paths []string) (Privilege, string, bool) {
	if missing := s &^ s.onPaths() &^ g.Global; missing != 0 {
		return missing.List()[0], "", false
	}
	g.Global &^= s
	g.GlobalGrant &^= s
	if s = s.onPaths(); s == 0 {
		return 0, "", true
	}
	for _, path := range paths {
		missing := s
		g.Paths = slices.DeleteFunc(g.Paths, func(p pathGrant) bool { return contains(path, p.Path) && p.Set&^s == 0 && forget(&missing, p.Set) })
		for i := range g.Paths {
			if p := &g.Paths[i]; contains(path, p.Path) && forget(&missing, p.Set) {
				p.Set &^= s
				p.Grant &^= s
			}
		}
		if missing != 0 {
			return missing.List()[0], path, false
		}
	}
	return 0, "", true
}

// forget takes from a set what another has.
func forget(s *Set, found Set) bool {
	*s &^= found
	return true
}

// Rights is what one user may do: by its own grants and those of its roles. It does not
// change; ask again for every statement.
type Rights struct {
	user  string
	admin bool
	from  []grants
}

// User returns the name.
func (r *Rights) User() string { return r.user }

// Admin reports whether the user is root, who may do everything.
func (r *Rights) Admin() bool { return r.admin }

// Has reports whether the user has a privilege that is not on paths.
func (r *Rights) Has(p Privilege) bool {
	return r.admin || slices.ContainsFunc(r.from, func(g grants) bool { return g.Global.Has(p) })
}

// Covers reports whether the user has a privilege on all that a path or pattern in
// normal form may select.
func (r *Rights) Covers(p Privilege, path string) bool {
	return r.admin || r.anyPath(func(g *pathGrant) bool { return g.Set.allows(p) && contains(g.Path, path) })
}

// Everything reports whether the user has a privilege on all paths.
func (r *Rights) Everything(p Privilege) bool { return r.Covers(p, "root.**") }

// Device reports whether the user has a privilege on all series of a device.
func (r *Rights) Device(p Privilege, device string) bool { return r.Covers(p, device+".*") }

// Touches reports whether the user has a privilege on something at, above or below a
// path in normal form.
func (r *Rights) Touches(p Privilege, path string) bool {
	return r.admin || r.anyPath(func(g *pathGrant) bool {
		if !g.Set.allows(p) {
			return false
		}
		base := base(g.Path)
		return within(base, path) || within(path, base)
	})
}

// Visible is what a user may select of a schema: nil means everything.
func (r *Rights) Visible(p Privilege) func(device, measurement string) bool {
	if r.Everything(p) {
		return nil
	}
	return func(device, measurement string) bool {
		return r.Covers(p, device+"."+measurement)
	}
}

// MayGrant reports whether the user may pass privileges on.
func (r *Rights) MayGrant(s Set, paths []string) bool {
	if r.admin {
		return true
	}
	for _, p := range s.List() {
		if !p.OnPath() {
			if !slices.ContainsFunc(r.from, func(g grants) bool { return g.GlobalGrant.Has(p) }) {
				return false
			}
			continue
		}
		for _, path := range paths {
			if !r.anyPath(func(g *pathGrant) bool { return g.Grant.Has(p) && contains(g.Path, path) }) {
				return false
			}
		}
	}
	return true
}

func (r *Rights) anyPath(fn func(*pathGrant) bool) bool {
	for i := range r.from {
		for j := range r.from[i].Paths {
			if fn(&r.from[i].Paths[j]) {
				return true
			}
		}
	}
	return false
}

// base is a granted path without its wildcard.
func base(path string) string {
	return strings.TrimSuffix(strings.TrimSuffix(path, ".**"), ".*")
}

func within(prefix, path string) bool {
	return strings.HasPrefix(path, prefix) && (len(path) == len(prefix) || path[len(prefix)] == '.')
}

// contains reports whether a granted path holds all that a path or pattern selects.
func contains(granted, path string) bool {
	if granted == path {
		return true
	}
	if prefix, ok := strings.CutSuffix(granted, ".**"); ok {
		return strings.HasPrefix(path, prefix) && len(path) > len(prefix) && path[len(prefix)] == '.'
	}
	prefix, ok := strings.CutSuffix(granted, ".*")
	if !ok || !strings.HasPrefix(path, prefix+".") {
		return false
	}
	rest := path[len(prefix)+1:]
	return rest != "**" && !dotted(rest)
}

// dotted reports whether a path has more than one node.
func dotted(path string) bool {
	quoted := false
	for i := range len(path) {
		switch {
		case path[i] == '`':
			quoted = !quoted
		case path[i] == '.' && !quoted:
			return true
		}
	}
	return false
}
