package sql

import (
	"github.com/sluice-gateway/sluice/internal/pipe/sql/grant"
	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
	"strings"
)

// beginnings are the first words of the statements that Parse knows.
func beginnings() []string {
	return []string{"CREATE", "START", "STOP", "DROP", "SHOW", "DELETE", "COUNT", "INSERT", "SELECT", "FLUSH", "SET", "UNSET",
		"ALTER", "GRANT", "REVOKE", "LIST", "LOAD", "KILL", "DEACTIVATE"}
}

// foreignBeginnings are first words of IoTDB statements that a gateway has not;
// the number says how many words name the statement.
func foreignBeginnings(word string) (int, bool) {
	switch word {
	case "EXPLAIN", "CLEAR", "REMOVE", "MIGRATE", "RECONSTRUCT",
		"EXTEND", "VERIFY", "ACTIVATE", "CALL", "TRACING", "TRACE", "REPAIR", "LOCK", "UNLOCK", "FULL", "TEST":
		return 2, true
	case "MERGE", "SETTLE", "DESCRIBE", "DESC", "USE", "UPDATE", "EXECUTE", "PREPARE", "DEALLOCATE",
		"UNLOAD", "SUBMIT", "INSERT_OVERWRITE", "AUTHORIZE", "COMMENT", "ANALYZE", "WITH":
		return 1, true
	}
	return 0, false
}

func beginsStatement(p *parser) bool {
	if p.Tok.Kind != scan.Word {
		return false
	}
	_, foreign := foreignBeginnings(strings.ToUpper(p.Tok.Value))
	return foreign || p.IsAny(beginnings()...)
}

// readStatement reads the statement that its first words name.
func readStatement(p *parser) Statement {
	if p.Tok.Kind == scan.EOF || p.IsSymbol(";") {
		p.Fail("the statement is empty", "")
		return nil
	}
	switch strings.ToUpper(p.Tok.Value) {
	case "CREATE":
		return readCreate(p)
	case "START", "STOP":
		return readStartStop(p)
	case "DROP", "DELETE":
		return readDropDelete(p)
	case "SHOW":
		return readShow(p)
	case "COUNT":
		return readCount(p)
	case "INSERT":
		return readInsert(p)
	case "SELECT":
		return readSelectStatement(p)
	case "FLUSH":
		return readFlush(p)
	case "SET", "UNSET":
		return readSetUnset(p)
	}
	if s := readRareStatement(p); s != nil || p.Dead {
		return s
	}
	if p.Tok.Kind == scan.Word {
		if n, ok := foreignBeginnings(strings.ToUpper(p.Tok.Value)); ok {
			return nameUnsupported(p, n)
		}
	}
	p.Expected("a statement", beginnings()...)
	return nil
}

// readRareStatement reads statements that are neither asked often nor about data; nil if
// it is none of them.
func readRareStatement(p *parser) Statement {
	saved := *p
	switch {
	case p.TakeWord("ALTER"):
		switch {
		case p.TakeWord("TIMESERIES"):
			return readAlterTimeseries(p)
		case p.TakeWord("PIPE"):
			return readAlterPipe(p)
		case p.TakeWord("USER"):
			return grant.ReadAlterUser(p)
		case p.TakeWord("DATABASE"):
			s := &SetTTL{Path: scan.ReadPath(p, scan.Exact)}
			p.WantWord("WITH")
			s.TTL = readDatabaseOptions(p)
			return s
		case takeTemplate(p):
			s := &AlterTemplate{Name: readTemplateName(p)}
			p.WantWord("ADD")
			s.Columns = readTemplateColumns(p)
			return s
		}
		*p = saved
		return nameUnsupported(p, 2)
	case p.TakeWord("GRANT"):
		return grant.ReadGrant(p, false)
	case p.TakeWord("REVOKE"):
		return grant.ReadGrant(p, true)
	case p.TakeWord("LIST"):
		return grant.ReadList(p)
	case p.TakeWords("LOAD", "CONFIGURATION"):
		return &Unsupported{What: "LOAD CONFIGURATION"}
	case p.TakeWord("LOAD"):
		return readLoad(p)
	case p.TakeWord("DEACTIVATE"):
		return readDeactivate(p)
	case p.TakeWords("KILL", "ALL", "QUERIES"):
		return &KillQuery{}
	case p.TakeWord("KILL"):
		p.WantWord("QUERY")
		if p.Tok.Kind != scan.String {
			p.Expected("the id of a query in quotes, as SHOW QUERIES has it")
		}
		return &KillQuery{ID: readAttributeValue(p)}
	}
	return nil
}

// nameUnsupported names the statement by its next n words.
func nameUnsupported(p *parser, n int) Statement {
	var words []string
	for ; n > 0 && p.Tok.Kind == scan.Word; n-- {
		words = append(words, strings.ToUpper(scan.Clip(p.Tok.Value)))
		p.Next()
	}
	return &Unsupported{What: strings.Join(words, " ")}
}

func readCreate(p *parser) Statement {
	saved := *p
	p.Next()
	switch {
	case p.TakeWord("PIPE"):
		return readCreatePipe(p)
	case p.TakeWord("DATABASE"):
		return readCreateDatabase(p)
	case p.TakeWords("STORAGE", "GROUP"):
		return readCreateDatabase(p)
	case p.TakeWord("USER"):
		return grant.ReadCreateDrop(p, grant.CreateUser)
	case p.TakeWord("ROLE"):
		return grant.ReadCreateDrop(p, grant.CreateRole)
	case takeTemplate(p):
		return readCreateTemplate(p)
	case p.TakeWord("TIMESERIES"):
		return readCreateTimeseries(p)
	case p.TakeWords("ALIGNED", "TIMESERIES"):
		return readCreateAligned(p)
	case p.IsAny("ALIGNED"):
		p.Next()
		p.WantWord("TIMESERIES")
		return nil
	case p.IsAny("SCHEMA", "DEVICE", "CONTINUOUS", "LOGICAL", "OR"):
		*p = saved
		return nameUnsupported(p, 3)
	case p.IsAny("PIPEPLUGIN", "FUNCTION", "TRIGGER", "CQ", "VIEW", "MODEL", "TOPIC",
		"STATELESS", "STATEFUL", "TABLE", "AINODE", "EXTERNAL", "SERVICE", "SUBSCRIPTION"):
		*p = saved
		return nameUnsupported(p, 2)
	}
	p.Expected("PIPE, DATABASE, TIMESERIES or ALIGNED TIMESERIES", "PIPE", "DATABASE", "TIMESERIES", "ALIGNED", "USER", "ROLE")
	return nil
}

func readStartStop(p *parser) Statement {
	saved := *p
	start := p.IsWord("START")
	p.Next()
	switch {
	case p.TakeWord("PIPE"):
		name := readPipeName(p)
		if start {
			return &StartPipe{Name: name}
		}
		return &StopPipe{Name: name}
	case p.IsAny("REPAIR", "TRIGGER", "EXTERNAL"):
		*p = saved
		return nameUnsupported(p, 3)
	}
	p.Expected("PIPE", "PIPE")
	return nil
}

func readDropDelete(p *parser) Statement {
	saved := *p
	drop := p.IsWord("DROP")
	p.Next()
	switch {
	case drop && p.TakeWord("USER"):
		return grant.ReadCreateDrop(p, grant.DropUser)
	case drop && p.TakeWord("ROLE"):
		return grant.ReadCreateDrop(p, grant.DropRole)
	case drop && takeTemplate(p):
		return &DropTemplate{Name: readTemplateName(p)}
	case p.TakeWords("TIMESERIES", "OF"):
		return readDeactivate(p)
	case p.TakeWord("TIMESERIES"):
		return &DeleteTimeseries{Paths: scan.ReadPaths(p, scan.Pattern)}
	case p.TakeWord("DATABASE"), p.TakeWords("STORAGE", "GROUP"):
		return &DeleteDatabase{Paths: scan.ReadPaths(p, scan.Pattern)}
	case drop && p.TakeWord("PIPE"):
		s := &DropPipe{}
		s.IfExists = p.TakeWords("IF", "EXISTS")
		s.Name = readPipeName(p)
		return s
	case !drop && p.TakeWord("FROM"):
		return readDeleteFrom(p)
	case p.IsAny("SCHEMA", "DEVICE", "CONTINUOUS", "LOGICAL"):
		*p = saved
		return nameUnsupported(p, 3)
	case p.IsAny("PIPEPLUGIN", "FUNCTION", "TRIGGER", "CQ", "VIEW", "MODEL", "TOPIC",
		"PARTITION", "TABLE", "DEVICES", "AINODE", "SERVICE", "SUBSCRIPTION"):
		*p = saved
		return nameUnsupported(p, 2)
	}
	if drop {
		p.Expected("PIPE, DATABASE or TIMESERIES", "PIPE", "DATABASE", "TIMESERIES")
	} else {
		p.Expected("FROM, DATABASE or TIMESERIES", "FROM", "DATABASE", "TIMESERIES")
	}
	return nil
}

func readSetUnset(p *parser) Statement {
	saved := *p
	unset := p.IsWord("UNSET")
	p.Next()
	switch {
	case p.TakeWord("TTL"):
		return readTTL(p, unset)
	case takeTemplate(p):
		return readSetTemplate(p, unset)
	case !unset && p.TakeWord("STORAGE"):
		p.WantWord("GROUP")
		p.WantWord("TO")
		return readCreateDatabase(p)
	case p.IsAny("SCHEMA", "DEVICE"):
		wantTemplate(p)
		return nil
	case p.IsAny("SYSTEM", "THROTTLE", "SPACE"):
		*p = saved
		return nameUnsupported(p, 3)
	case p.IsAny("CONFIGURATION", "SQL_DIALECT", "PASSWORD"):
		*p = saved
		return nameUnsupported(p, 2)
	}
	p.Expected("TTL, DEVICE TEMPLATE or STORAGE GROUP", "TTL", "DEVICE", "STORAGE")
	return nil
}

func readTTL(p *parser, unset bool) Statement {
	s := &SetTTL{Unset: unset}
	switch {
	case p.TakeWord("TO"):
	case unset && p.TakeWord("FROM"):
	default:
		p.Expected("TO", "TO", "FROM")
	}
	s.Path = scan.ReadPath(p, scan.Pattern)
	if unset {
		return s
	}
	if p.TakeWord("INF") {
		s.TTL = infiniteTTL
		return s
	}
	at := p.Tok.Pos
	n, ok := scan.ReadInteger(p)
	switch {
	case !ok:
		p.Expected("the time to live in milliseconds, or INF", "INF")
	case n < 0:
		p.Note(at, "the time to live is negative", "")
	}
	s.TTL = n
	return s
}

// infiniteTTL is what INF stands for.
const infiniteTTL = 1<<63 - 1
