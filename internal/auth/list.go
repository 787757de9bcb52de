package auth

import (
	"maps"
	"slices"

	"github.com/sluice-gateway/sluice/internal/status"
)

// Entry is one line of LIST PRIVILEGES.
type Entry struct {
	Role      string // empty: granted to the user itself
	Path      string
	Privilege Privilege
	Grant     bool // may be passed on
}

// List reads users, roles and grants.
type List struct{ s *Store }

// List returns what reads users, roles and grants.
func (s *Store) List() List {
	s.refresh()
	return List{s}
}

// Rights returns what a user may do; a user that does not exist may do nothing.
func (s *Store) Rights(name string) *Rights {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &Rights{user: name, admin: name == DefaultUser}
	u, ok := s.users[name]
	if !ok || r.admin {
		return r
	}
	r.from = append(make([]grants, 0, 1+len(u.Roles)), u.grants)
	for _, role := range u.Roles {
		r.from = append(r.from, s.roles[role])
	}
	return r
}

// Users returns the names, sorted: all, or those that have a role.
func (l List) Users(role string) ([]string, error) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if _, ok := l.s.roles[role]; role != "" && !ok {
		return nil, status.Errorf(status.RoleNotExist, "No such role : %s", role)
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(l.s.users)) {
		if role == "" || slices.Contains(l.s.users[name].Roles, role) {
			out = append(out, name)
		}
	}
	return out, nil
}

// Roles returns the names, sorted: all, or those of a user.
func (l List) Roles(name string) ([]string, error) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if name == "" {
		return slices.Sorted(maps.Keys(l.s.roles)), nil
	}
	u, ok := l.s.users[name]
	if !ok {
		return nil, status.Errorf(status.UserNotExist, "No such user : %s", name)
	}
	return slices.Clone(u.Roles), nil
}

// RolePrivileges returns the grants of a role.
func (l List) RolePrivileges(role string) ([]Entry, error) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	g, ok := l.s.roles[role]
	if !ok {
		return nil, status.Errorf(status.RoleNotExist, "No such role : %s", role)
	}
	return g.entries(nil, role), nil
}

// UserPrivileges returns the grants of a user, then those of its roles.
func (l List) UserPrivileges(name string) ([]Entry, error) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	u, ok := l.s.users[name]
	if !ok {
		return nil, status.Errorf(status.UserNotExist, "No such user : %s", name)
	}
	if name == DefaultUser {
		all := grants{}
		all.add(All, []string{everything}, true)
		return all.entries(nil, ""), nil
	}
	out := u.entries(nil, "")
	for _, role := range u.Roles {
		g := l.s.roles[role]
		out = g.entries(out, role)
	}
	return out, nil
}

// everything is the path of a grant that holds for all.
const everything = "root.**"

func (g *grants) entries(out []Entry, role string) []Entry {
	for _, p := range g.Global.List() {
		out = append(out, Entry{Role: role, Path: everything, Privilege: p, Grant: g.GlobalGrant.Has(p)})
	}
	for i := range g.Paths {
		for _, p := range g.Paths[i].Set.List() {
			out = append(out, Entry{Role: role, Path: g.Paths[i].Path, Privilege: p, Grant: g.Paths[i].Grant.Has(p)})
		}
	}
	return out
}
