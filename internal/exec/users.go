package exec

import (
	"github.com/sluice-gateway/sluice/internal/auth"
	"github.com/sluice-gateway/sluice/internal/pipe/sql/grant"
	"github.com/sluice-gateway/sluice/internal/query"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/status"
)

// users runs a statement about users, roles and privileges.
func (b *Backend) users(r *auth.Rights, st *grant.Statement) (*result.Result, error) {
	if err := allowUsers(r, b.Users.List(), st); err != nil {
		return nil, err
	}
	l := b.Users.List()
	switch st.Kind {
	case grant.ListUsers:
		names, err := l.Users(st.Role)
		return nameTable("User", names, err)
	case grant.ListRoles:
		names, err := l.Roles(st.User)
		return nameTable("Role", names, err)
	case grant.ListPrivileges:
		return listPrivileges(l, st)
	}
	c := changeOf(st)
	if (c.Kind == auth.Grant || c.Kind == auth.Revoke) && !r.MayGrant(c.Set, c.Paths) {
		return nil, status.Errorf(status.NoGrantOption, "Has no permission to execute %s, please ensure you have these privileges and the grant option is TRUE when granted", verb(st))
	}
	return nil, b.Users.Apply(c)
}

func verb(st *grant.Statement) string {
	v := "GRANT"
	if st.Kind == grant.Revoke {
		v = "REVOKE"
	}
	if st.Role != "" {
		return v + "_ROLE"
	}
	return v + "_USER"
}

func changeOf(st *grant.Statement) auth.Change {
	kinds := map[grant.Kind]auth.ChangeKind{grant.CreateUser: auth.CreateUser, grant.DropUser: auth.DropUser, grant.AlterUser: auth.AlterUser,
		grant.CreateRole: auth.CreateRole, grant.DropRole: auth.DropRole, grant.Grant: auth.Grant, grant.Revoke: auth.Revoke,
		grant.GrantRole: auth.GrantRole, grant.RevokeRole: auth.RevokeRole}
	c := auth.Change{Kind: kinds[st.Kind], User: st.User, Role: st.Role, Password: st.Password, Option: st.Option}
	for _, n := range st.Privileges {
		if p, ok := auth.ParsePrivilege(n); ok {
			c.Set |= auth.SetOf(p)
		}
	}
	for _, p := range st.Paths {
		c.Paths = append(c.Paths, query.PathText(p))
	}
	return c
}

// allowUsers asks for MANAGE_USER and MANAGE_ROLE; everyone may change the own password
// and look at the own rights.
func allowUsers(r *auth.Rights, l auth.List, st *grant.Statement) error {
	need := auth.ManageRole
	switch st.Kind {
	case grant.Grant, grant.Revoke: // the grant option decides
		return nil
	case grant.CreateUser, grant.DropUser, grant.AlterUser, grant.ListUsers:
		need = auth.ManageUser
	case grant.ListPrivileges:
		if st.User != "" {
			need = auth.ManageUser
		}
	}
	if st.Kind == grant.AlterUser && st.User == auth.DefaultUser && !r.Admin() { // who has the password may do everything
		return errAdmin()
	}
	if r.Has(need) {
		return nil
	}
	switch own := st.User == r.User(); st.Kind {
	case grant.AlterUser:
		if own {
			return nil
		}
	case grant.ListRoles:
		if own {
			return nil
		}
	case grant.ListPrivileges:
		if own || st.Role != "" && hasRole(l, r.User(), st.Role) {
			return nil
		}
	}
	return denied(need, "")
}

func hasRole(l auth.List, user, role string) bool {
	names, _ := l.Roles(user) // a user that does not exist has none
	for _, n := range names {
		if n == role {
			return true
		}
	}
	return false
}

func nameTable(column string, names []string, err error) (*result.Result, error) {
	if err != nil {
		return nil, err
	}
	t := newTable(column)
	t.text(names...)
	return t.result()
}

func listPrivileges(l auth.List, st *grant.Statement) (*result.Result, error) {
	list, err := l.UserPrivileges(st.User)
	if st.Role != "" {
		list, err = l.RolePrivileges(st.Role)
	}
	if err != nil {
		return nil, err
	}
	t := newTable("Role", "Path", "Privileges", "GrantOption:boolean")
	for _, e := range list {
		t.text(e.Role, e.Path, e.Privilege.String())
		t.truth(e.Grant)
	}
	return t.result()
}
