package grant

import (
	"slices"
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
	"github.com/sluice-gateway/sluice/internal/spec"
)

// Kind says what a Statement does.
type Kind uint8

// The kinds, with the fields they use.
const (
	CreateUser     Kind = iota + 1 // User, Password
	DropUser                       // User
	AlterUser                      // User, Password
	CreateRole                     // Role
	DropRole                       // Role
	Grant                          // Privileges, Paths, User or Role, Option
	Revoke                         // Privileges, Paths, User or Role
	GrantRole                      // Role, User
	RevokeRole                     // Role, User
	ListUsers                      // Role, if only its users
	ListRoles                      // User, if only its roles
	ListPrivileges                 // User or Role
)

// Statement is one statement about users, roles or privileges.
type Statement struct {
	Kind       Kind
	User, Role string
	Password   string   // never to be shown
	Privileges []string // upper case, in the order of Names, each once
	Paths      []scan.Path
	Option     bool // WITH GRANT OPTION
}

// Statement marks a statement of package sql.
func (*Statement) Statement() {}

// Query reports whether the statement answers with a table.
func (s *Statement) Query() bool { return s.Kind >= ListUsers }

// PathNames are the privileges on paths.
func PathNames() []string { return []string{"READ_DATA", "WRITE_DATA", "READ_SCHEMA", "WRITE_SCHEMA"} }

// GlobalNames are the privileges that hold for a whole gateway, in the order in which
// IoTDB lists them.
func GlobalNames() []string {
	return []string{"MANAGE_USER", "MANAGE_ROLE", "USE_TRIGGER", "USE_UDF", "USE_CQ", "USE_PIPE", "USE_MODEL",
		"EXTEND_TEMPLATE", "MANAGE_DATABASE", "MAINTAIN"}
}

// Names are all privileges.
func Names() []string { return append(GlobalNames(), PathNames()...) }

// maxNames bounds the lists of a statement.
const maxNames = 10_000

// ReadCreateDrop reads what follows CREATE USER, CREATE ROLE, DROP USER and DROP ROLE;
// k is one of these kinds.
func ReadCreateDrop(p *scan.Cursor, k Kind) *Statement {
	s := &Statement{Kind: k}
	switch k {
	case CreateUser:
		s.User = p.Identifier("the name of a user")
		s.Password = password(p)
	case DropUser:
		s.User = p.Identifier("the name of a user")
	default:
		s.Role = p.Identifier("the name of a role")
	}
	return s
}

func password(p *scan.Cursor) string {
	if p.Tok.Kind != scan.String {
		p.Expected("the password in quotes")
		return ""
	}
	text := p.Tok.Value
	p.Next()
	return text
}

// ReadAlterUser reads what follows ALTER USER.
func ReadAlterUser(p *scan.Cursor) *Statement {
	s := &Statement{Kind: AlterUser, User: p.Identifier("the name of a user")}
	p.WantWord("SET")
	p.WantWord("PASSWORD")
	s.Password = password(p)
	return s
}

// ReadGrant reads what follows GRANT, or REVOKE.
func ReadGrant(p *scan.Cursor, revoke bool) *Statement {
	s := &Statement{Kind: Grant}
	to := "TO"
	if revoke {
		s.Kind, to = Revoke, "FROM"
	}
	if p.TakeWord("ROLE") {
		s.Kind += GrantRole - Grant
		s.Role = p.Identifier("the name of a role")
		p.WantWord(to)
		takeUser(p)
		s.User = p.Identifier("the name of a user")
		return s
	}
	s.Privileges = readPrivileges(p)
	p.WantWord("ON")
	s.Paths = scan.ReadPaths(p, scan.Pattern)
	if len(s.Paths) > maxNames {
		p.Fail("too many paths", "")
	}
	p.WantWord(to)
	readOwner(p, s)
	if !revoke && p.Tok.Kind == scan.Word && !p.IsWord("WITH") {
		p.Expected("WITH GRANT OPTION or the end of the statement", "WITH")
	}
	if !revoke && p.TakeWord("WITH") {
		p.WantWord("GRANT")
		p.WantWord("OPTION")
		s.Option = true
	}
	return s
}

// takeUser passes the word USER where a name follows it.
func takeUser(p *scan.Cursor) {
	if t := scan.Peek(p); p.IsWord("USER") && (t.Kind == scan.Word || t.Kind == scan.Quoted) {
		p.Next()
	}
}

func readOwner(p *scan.Cursor, s *Statement) {
	switch {
	case p.TakeWord("USER"):
		s.User = p.Identifier("the name of a user")
	case p.TakeWord("ROLE"):
		s.Role = p.Identifier("the name of a role")
	default:
		p.Expected("USER or ROLE", "USER", "ROLE")
	}
}

// readPrivileges reads name, name ...; unknown names are noted and reading goes on.
func readPrivileges(p *scan.Cursor) []string {
	seen := map[string]bool{}
	for n := 0; !p.Dead; n++ {
		readPrivilege(p, seen)
		if n > maxNames {
			p.Fail("too many privileges", "")
		}
		if !p.TakeSymbol(",") {
			break
		}
	}
	return slices.DeleteFunc(Names(), func(n string) bool { return !seen[n] })
}

func readPrivilege(p *scan.Cursor, seen map[string]bool) {
	if p.Tok.Kind != scan.Word || p.IsWord("ON") {
		p.Expected("a privilege", Names()...)
		return
	}
	at, word := p.Tok.Pos, strings.ToUpper(p.Tok.Value)
	p.Next()
	switch {
	case word == "ALL":
		p.TakeWord("PRIVILEGES")
		for _, n := range Names() {
			seen[n] = true
		}
	case word == "READ", word == "WRITE":
		seen[word+"_DATA"], seen[word+"_SCHEMA"] = true, true
	case slices.Contains(Names(), word):
		seen[word] = true
	default:
		suggestion := "the privileges are " + strings.Join(Names(), ", ") + ", READ, WRITE and ALL"
		if near := spec.Suggest(word, append(Names(), "ALL", "READ", "WRITE", "ROLE")); near != "" {
			suggestion = "did you mean " + near + "?"
		}
		p.Note(at, scan.Clip(word)+" is no privilege", suggestion)
	}
}

// ReadList reads what follows LIST.
func ReadList(p *scan.Cursor) *Statement {
	s := &Statement{}
	switch {
	case p.TakeWord("USER"):
		s.Kind = ListUsers
		if p.TakeWord("OF") {
			p.WantWord("ROLE")
			s.Role = p.Identifier("the name of a role")
		}
	case p.TakeWord("ROLE"):
		s.Kind = ListRoles
		if p.TakeWord("OF") {
			p.WantWord("USER")
			s.User = p.Identifier("the name of a user")
		}
	case p.TakeWord("PRIVILEGES"):
		s.Kind = ListPrivileges
		p.WantWord("OF")
		readOwner(p, s)
	default:
		p.Expected("USER, ROLE or PRIVILEGES OF", "USER", "ROLE", "PRIVILEGES")
	}
	return s
}
