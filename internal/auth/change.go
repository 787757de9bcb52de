package auth

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// ChangeKind says what a Change does.
type ChangeKind uint8

// The kinds, with the fields they use.
const (
	CreateUser ChangeKind = iota + 1 // User, Password
	DropUser                         // User
	AlterUser                        // User, Password
	CreateRole                       // Role
	DropRole                         // Role
	Grant                            // Set, Paths, Option, User or Role
	Revoke                           // Set, Paths, User or Role
	GrantRole                        // Role, User
	RevokeRole                       // Role, User
)

// Change is one change of users, roles and what they were granted.
type Change struct {
	Kind       ChangeKind
	User, Role string
	Password   string
	Set        Set
	Paths      []string // of Grant and Revoke
	Option     bool     // the grantee may pass it on
}

// Limits of names and passwords; the least are IoTDB's.
const (
	minName     = 4
	minPassword = 4
	maxUsers    = 10_000
	maxPaths    = 10_000 // of one grantee
)

// Apply makes a change durable. Errors carry IoTDB's codes.
func (s *Store) Apply(c Change) error {
	s.refresh()
	hash := ""
	if c.Kind == CreateUser || c.Kind == AlterUser {
		if err := checkPassword(c.Password); err != nil {
			return err
		}
		b, err := bcrypt.GenerateFromPassword([]byte(c.Password), s.cost)
		if err != nil {
			return fmt.Errorf("auth: %w", err)
		}
		hash = string(b)
	}
	if err := normalize(&c); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := file{Version: fileVersion, Users: maps.Clone(s.users), Roles: maps.Clone(s.roles)}
	if next.Roles == nil {
		next.Roles = map[string]grants{}
	}
	if err := next.apply(&c, hash); err != nil {
		return err
	}
	return s.write(next)
}

func checkPassword(p string) error {
	switch {
	case strings.Contains(p, " "):
		return errSpaces()
	case len(p) < minPassword:
		return status.Errorf(status.IllegalParameter, "The length of name or password must be greater than or equal to %d", minPassword)
	case len(p) > maxPassword:
		return status.Errorf(status.IllegalParameter, "The length of a password must be at most %d bytes", maxPassword)
	}
	return nil
}

func checkName(n string) error {
	switch {
	case strings.Contains(n, " "):
		return errSpaces()
	case len(n) < minName:
		return status.Errorf(status.IllegalParameter, "The length of name or password must be greater than or equal to %d", minName)
	case len(n) > maxName:
		return status.Errorf(status.IllegalParameter, "The length of a name must be at most %d bytes", maxName)
	}
	return nil
}

func errSpaces() error {
	return status.Errorf(status.IllegalParameter, "The name or password cannot contain spaces")
}

// normalize checks the paths of a grant and brings them into normal form.
func normalize(c *Change) error {
	if c.Kind != Grant && c.Kind != Revoke {
		return nil
	}
	out := make([]string, 0, len(c.Paths))
	for _, text := range c.Paths {
		p, err := tablet.CompilePattern(text)
		if err != nil {
			return status.Errorf(status.IllegalPath, "%w", err)
		}
		path := p.String()
		if q, err := tablet.CompilePattern(base(path)); err != nil || !q.Concrete() {
			return status.Errorf(status.IllegalParameter, "Illegal pattern path: %s, only pattern path that end with wildcards are supported.", path)
		}
		for _, one := range (c.Set &^ c.Set.onPaths()).List() {
			if path != "root.**" {
				return status.Errorf(status.Semantic, "[%s] can only be set on path: root.**", one)
			}
		}
		out = append(out, path)
	}
	c.Paths = out
	return nil
}

func noUser(name string) error { return status.Errorf(status.UserNotExist, "No such user %s", name) }
func noRole(name string) error { return status.Errorf(status.RoleNotExist, "No such role %s", name) }

func (f *file) apply(c *Change, hash string) error {
	u, isUser := f.Users[c.User]
	_, isRole := f.Roles[c.Role]
	switch c.Kind {
	case CreateUser:
		if isUser {
			return status.Errorf(status.UserExists, "User %s already exists", c.User)
		}
		if err := checkName(c.User); err != nil {
			return err
		}
		if len(f.Users) >= maxUsers {
			return status.Errorf(status.IllegalParameter, "There are %d users already", maxUsers)
		}
		f.Users[c.User] = user{Hash: hash, Changed: true}
	case AlterUser:
		if !isUser {
			return noUser(c.User)
		}
		u.Hash, u.Changed = hash, c.User != DefaultUser || c.Password != DefaultPassword
		f.Users[c.User] = u
	case DropUser:
		switch {
		case c.User == DefaultUser:
			return status.Errorf(status.NoPermission, "The user root cannot be dropped")
		case !isUser:
			return status.Errorf(status.UserNotExist, "User %s does not exist", c.User)
		}
		delete(f.Users, c.User)
	case CreateRole:
		if isRole {
			return status.Errorf(status.RoleExists, "Role %s already exists", c.Role)
		}
		if err := checkName(c.Role); err != nil {
			return err
		}
		if c.Role == DefaultUser {
			return status.Errorf(status.IllegalParameter, "A role cannot be named %s", DefaultUser)
		}
		if len(f.Roles) >= maxUsers {
			return status.Errorf(status.IllegalParameter, "There are %d roles already", maxUsers)
		}
		f.Roles[c.Role] = grants{}
	case DropRole:
		if !isRole {
			return status.Errorf(status.RoleNotExist, "Role %s does not exist", c.Role)
		}
		f.dropRole(c.Role)
	default:
		return f.grant(c)
	}
	return nil
}

func (f *file) dropRole(role string) {
	delete(f.Roles, role)
	for name, u := range f.Users {
		if i := slices.Index(u.Roles, role); i >= 0 {
			u.Roles = slices.Delete(slices.Clone(u.Roles), i, i+1)
			f.Users[name] = u
		}
	}
}

// grant applies what gives and takes rights.
func (f *file) grant(c *Change) error {
	u, isUser := f.Users[c.User]
	r, isRole := f.Roles[c.Role]
	switch {
	case c.Role != "" && !isRole:
		return noRole(c.Role)
	case c.User != "" && !isUser, c.Role == "" && !isUser:
		return noUser(c.User)
	case c.User == DefaultUser:
		return status.Errorf(status.NoPermission, "The rights of the user root cannot be changed")
	}
	switch c.Kind {
	case GrantRole:
		if slices.Contains(u.Roles, c.Role) {
			return status.Errorf(status.UserHasRole, "User %s already has role %s", c.User, c.Role)
		}
		u.Roles = append(slices.Clone(u.Roles), c.Role)
		slices.Sort(u.Roles)
		f.Users[c.User] = u
		return nil
	case RevokeRole:
		i := slices.Index(u.Roles, c.Role)
		if i < 0 {
			return status.Errorf(status.UserHasNotRole, "User %s does not have role %s", c.User, c.Role)
		}
		u.Roles = slices.Delete(slices.Clone(u.Roles), i, i+1)
		f.Users[c.User] = u
		return nil
	}
	if c.Role != "" {
		g := r.clone()
		if err := g.change(c, "Role "+c.Role); err != nil {
			return err
		}
		f.Roles[c.Role] = g
		return nil
	}
	u.grants = u.clone()
	if err := u.change(c, "User "+c.User); err != nil {
		return err
	}
	f.Users[c.User] = u
	return nil
}

func (g *grants) change(c *Change, who string) error {
	if c.Kind == Grant {
		g.add(c.Set, c.Paths, c.Option)
		if len(g.Paths) > maxPaths {
			return status.Errorf(status.IllegalParameter, "%s has grants on %d paths already", who, maxPaths)
		}
		return nil
	}
	p, path, ok := g.remove(c.Set, c.Paths)
	switch {
	case ok:
		return nil
	case path == "":
		return status.Errorf(status.NotHasPrivilege, "%s does not have %s", who, p)
	}
	return status.Errorf(status.NotHasPrivilege, "%s does not have %s on %s", who, p, path)
}
