package sql

import (
	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
	"strings"
)

// beginnings are the first words of the statements that Parse knows.
func beginnings() []string {
	return []string{"CREATE", "START", "STOP", "DROP", "SHOW", "DELETE", "COUNT", "INSERT", "SELECT", "FLUSH", "SET", "UNSET"}
}

// foreignBeginnings are first words of IoTDB statements that a gateway has not;
// the number says how many words name the statement.
func foreignBeginnings(word string) (int, bool) {
	switch word {
	case "ALTER", "LIST", "GRANT", "REVOKE", "KILL", "EXPLAIN", "CLEAR", "REMOVE", "MIGRATE", "RECONSTRUCT",
		"EXTEND", "VERIFY", "ACTIVATE", "DEACTIVATE", "CALL", "TRACING", "TRACE", "REPAIR", "LOCK", "UNLOCK", "FULL", "TEST":
		return 2, true
	case "LOAD", "MERGE", "SETTLE", "DESCRIBE", "DESC", "USE", "UPDATE", "EXECUTE", "PREPARE", "DEALLOCATE",
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
	if p.Tok.Kind == scan.Word {
		if n, ok := foreignBeginnings(strings.ToUpper(p.Tok.Value)); ok {
			return nameUnsupported(p, n)
		}
	}
	p.Expected("a statement", beginnings()...)
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
		return &CreateDatabase{Path: readCreateDatabasePath(p)}
	case p.TakeWords("STORAGE", "GROUP"):
		return &CreateDatabase{Path: readCreateDatabasePath(p)}
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
	case p.IsAny("PIPEPLUGIN", "USER", "ROLE", "FUNCTION", "TRIGGER", "TEMPLATE", "CQ", "VIEW", "MODEL", "TOPIC",
		"STATELESS", "STATEFUL", "TABLE", "AINODE", "EXTERNAL", "SERVICE", "SUBSCRIPTION"):
		*p = saved
		return nameUnsupported(p, 2)
	}
	p.Expected("PIPE, DATABASE, TIMESERIES or ALIGNED TIMESERIES", "PIPE", "DATABASE", "TIMESERIES", "ALIGNED")
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
	case p.IsAny("PIPEPLUGIN", "USER", "ROLE", "FUNCTION", "TRIGGER", "TEMPLATE", "CQ", "VIEW", "MODEL", "TOPIC",
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
	case !unset && p.TakeWords("STORAGE", "GROUP"):
		p.WantWord("TO")
		return &CreateDatabase{Path: readCreateDatabasePath(p)}
	case p.IsAny("SCHEMA", "DEVICE", "SYSTEM", "THROTTLE", "SPACE"):
		*p = saved
		return nameUnsupported(p, 3)
	case p.IsAny("CONFIGURATION", "SQL_DIALECT", "TEMPLATE", "PASSWORD"):
		*p = saved
		return nameUnsupported(p, 2)
	}
	p.Expected("TTL", "TTL")
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
