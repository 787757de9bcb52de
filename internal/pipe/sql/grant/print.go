package grant

import (
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
)

// String is the one spelling of the statement, with its password: Parse reads it back.
func (s *Statement) String() string {
	user, role := scan.QuoteName(s.User), scan.QuoteName(s.Role)
	switch s.Kind {
	case CreateUser:
		return "CREATE USER " + user + " " + scan.QuoteString(s.Password)
	case DropUser:
		return "DROP USER " + user
	case AlterUser:
		return "ALTER USER " + user + " SET PASSWORD " + scan.QuoteString(s.Password)
	case CreateRole:
		return "CREATE ROLE " + role
	case DropRole:
		return "DROP ROLE " + role
	case GrantRole:
		return "GRANT ROLE " + role + " TO " + user
	case RevokeRole:
		return "REVOKE ROLE " + role + " FROM " + user
	case ListUsers:
		if s.Role != "" {
			return "LIST USER OF ROLE " + role
		}
		return "LIST USER"
	case ListRoles:
		if s.User != "" {
			return "LIST ROLE OF USER " + user
		}
		return "LIST ROLE"
	case ListPrivileges:
		return "LIST PRIVILEGES OF " + s.owner()
	}
	return s.grant()
}

func (s *Statement) owner() string {
	if s.Role != "" {
		return "ROLE " + scan.QuoteName(s.Role)
	}
	return "USER " + scan.QuoteName(s.User)
}

func (s *Statement) grant() string {
	verb, to := "GRANT ", " TO "
	if s.Kind == Revoke {
		verb, to = "REVOKE ", " FROM "
	}
	paths := make([]string, len(s.Paths))
	for i, p := range s.Paths {
		paths[i] = p.String()
	}
	text := verb + strings.Join(s.Privileges, ", ") + " ON " + strings.Join(paths, ", ") + to + s.owner()
	if s.Option {
		text += " WITH GRANT OPTION"
	}
	return text
}
