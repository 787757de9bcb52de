package sql

import (
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
	if p.tok.kind != tokWord {
		return false
	}
	_, foreign := foreignBeginnings(strings.ToUpper(p.tok.value))
	return foreign || p.isAny(beginnings()...)
}

// readStatement reads the statement that its first words name.
func readStatement(p *parser) Statement {
	if p.tok.kind == tokEOF || p.isSymbol(";") {
		p.fail("the statement is empty", "")
		return nil
	}
	switch strings.ToUpper(p.tok.value) {
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
	if p.tok.kind == tokWord {
		if n, ok := foreignBeginnings(strings.ToUpper(p.tok.value)); ok {
			return nameUnsupported(p, n)
		}
	}
	p.expected("a statement", beginnings()...)
	return nil
}

// nameUnsupported names the statement by its next n words.
func nameUnsupported(p *parser, n int) Statement {
	var words []string
	for ; n > 0 && p.tok.kind == tokWord; n-- {
		words = append(words, strings.ToUpper(clip(p.tok.value)))
		p.next()
	}
	return &Unsupported{What: strings.Join(words, " ")}
}

func readCreate(p *parser) Statement {
	saved := *p
	p.next()
	switch {
	case p.takeWord("PIPE"):
		return readCreatePipe(p)
	case p.takeWord("DATABASE"):
		return &CreateDatabase{Path: readCreateDatabasePath(p)}
	case p.takeWords("STORAGE", "GROUP"):
		return &CreateDatabase{Path: readCreateDatabasePath(p)}
	case p.takeWord("TIMESERIES"):
		return readCreateTimeseries(p)
	case p.takeWords("ALIGNED", "TIMESERIES"):
		return readCreateAligned(p)
	case p.isAny("ALIGNED"):
		p.next()
		p.wantWord("TIMESERIES")
		return nil
	case p.isAny("SCHEMA", "DEVICE", "CONTINUOUS", "LOGICAL", "OR"):
		*p = saved
		return nameUnsupported(p, 3)
	case p.isAny("PIPEPLUGIN", "USER", "ROLE", "FUNCTION", "TRIGGER", "TEMPLATE", "CQ", "VIEW", "MODEL", "TOPIC",
		"STATELESS", "STATEFUL", "TABLE", "AINODE", "EXTERNAL", "SERVICE", "SUBSCRIPTION"):
		*p = saved
		return nameUnsupported(p, 2)
	}
	p.expected("PIPE, DATABASE, TIMESERIES or ALIGNED TIMESERIES", "PIPE", "DATABASE", "TIMESERIES", "ALIGNED")
	return nil
}

func readStartStop(p *parser) Statement {
	saved := *p
	start := p.isWord("START")
	p.next()
	switch {
	case p.takeWord("PIPE"):
		name := readPipeName(p)
		if start {
			return &StartPipe{Name: name}
		}
		return &StopPipe{Name: name}
	case p.isAny("REPAIR", "TRIGGER", "EXTERNAL"):
		*p = saved
		return nameUnsupported(p, 3)
	}
	p.expected("PIPE", "PIPE")
	return nil
}

func readDropDelete(p *parser) Statement {
	saved := *p
	drop := p.isWord("DROP")
	p.next()
	switch {
	case p.takeWord("TIMESERIES"):
		return &DeleteTimeseries{Paths: readPaths(p, pattern)}
	case p.takeWord("DATABASE"), p.takeWords("STORAGE", "GROUP"):
		return &DeleteDatabase{Paths: readPaths(p, pattern)}
	case drop && p.takeWord("PIPE"):
		s := &DropPipe{}
		s.IfExists = p.takeWords("IF", "EXISTS")
		s.Name = readPipeName(p)
		return s
	case !drop && p.takeWord("FROM"):
		return readDeleteFrom(p)
	case p.isAny("SCHEMA", "DEVICE", "CONTINUOUS", "LOGICAL"):
		*p = saved
		return nameUnsupported(p, 3)
	case p.isAny("PIPEPLUGIN", "USER", "ROLE", "FUNCTION", "TRIGGER", "TEMPLATE", "CQ", "VIEW", "MODEL", "TOPIC",
		"PARTITION", "TABLE", "DEVICES", "AINODE", "SERVICE", "SUBSCRIPTION"):
		*p = saved
		return nameUnsupported(p, 2)
	}
	if drop {
		p.expected("PIPE, DATABASE or TIMESERIES", "PIPE", "DATABASE", "TIMESERIES")
	} else {
		p.expected("FROM, DATABASE or TIMESERIES", "FROM", "DATABASE", "TIMESERIES")
	}
	return nil
}

func readSetUnset(p *parser) Statement {
	saved := *p
	unset := p.isWord("UNSET")
	p.next()
	switch {
	case p.takeWord("TTL"):
		return readTTL(p, unset)
	case !unset && p.takeWords("STORAGE", "GROUP"):
		p.wantWord("TO")
		return &CreateDatabase{Path: readCreateDatabasePath(p)}
	case p.isAny("SCHEMA", "DEVICE", "SYSTEM", "THROTTLE", "SPACE"):
		*p = saved
		return nameUnsupported(p, 3)
	case p.isAny("CONFIGURATION", "SQL_DIALECT", "TEMPLATE", "PASSWORD"):
		*p = saved
		return nameUnsupported(p, 2)
	}
	p.expected("TTL", "TTL")
	return nil
}

func readTTL(p *parser, unset bool) Statement {
	s := &SetTTL{Unset: unset}
	switch {
	case p.takeWord("TO"):
	case unset && p.takeWord("FROM"):
	default:
		p.expected("TO", "TO", "FROM")
	}
	s.Path = readPath(p, pattern)
	if unset {
		return s
	}
	if p.takeWord("INF") {
		s.TTL = infiniteTTL
		return s
	}
	at := p.tok.pos
	n, ok := readInteger(p)
	switch {
	case !ok:
		p.expected("the time to live in milliseconds, or INF", "INF")
	case n < 0:
		p.note(at, "the time to live is negative", "")
	}
	s.TTL = n
	return s
}

// infiniteTTL is what INF stands for.
const infiniteTTL = 1<<63 - 1
