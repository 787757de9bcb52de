package sql

import "strings"

// readShow reads a SHOW statement.
func readShow(p *parser) Statement {
	saved := *p
	p.next()
	switch {
	case p.takeWord("PIPES"):
		return readShowPipes(p)
	case p.takeWord("PIPE"):
		return &ShowPipes{Name: readPipeName(p)}
	case p.takeWord("PIPEPLUGINS"):
		return &ShowPipePlugins{}
	case p.takeWord("DATABASES"), p.takeWords("STORAGE", "GROUP"):
		s := &ShowDatabases{Details: p.takeWord("DETAILS")}
		s.Pattern = readOptionalPath(p)
		return s
	case p.takeWord("DEVICES"):
		return readShowDevices(p)
	case p.takeWord("TIMESERIES"):
		return readShowTimeseries(p, false)
	case p.takeWords("LATEST", "TIMESERIES"):
		return readShowTimeseries(p, true)
	}
	if what, ok := readShowBare(p); ok {
		return &Show{What: what}
	}
	switch strings.ToUpper(p.tok.value) {
	case "CHILD", "ALL", "SCHEMA", "PATHS", "CONTINUOUS", "SPACE", "RUNNING", "LOGICAL", "DEVICE", "DATA":
		*p = saved
		return nameUnsupported(p, 3)
	case "TTL", "TRIGGERS", "UDFS", "REGIONS", "REGIONID", "SEQUENCE", "CQS", "CQ", "NODES", "VIEW", "MODELS",
		"TOPICS", "SUBSCRIPTIONS", "THROTTLE", "DISK_USAGE", "TABLES", "CREATE", "AINODES", "SERVICES", "SESSIONS",
		"FLUSH", "LOCK", "USER", "CONFIGURATION", "LOADED", "TIMESLOTID", "TIMEPARTITION":
		*p = saved
		return nameUnsupported(p, 2)
	}
	p.expected("what to show", append(bareShows(), "PIPES", "PIPE", "PIPEPLUGINS", "DATABASES", "DEVICES", "TIMESERIES")...)
	return nil
}

// bareShows are the SHOW statements without arguments.
func bareShows() []string {
	return []string{"VERSION", "CLUSTER", "CLUSTERID", "DATANODES", "CONFIGNODES", "VARIABLES", "FUNCTIONS", "QUERIES",
		"CURRENT_USER", "CURRENT_TIMESTAMP", "CURRENT_DATABASE", "CURRENT_SQL_DIALECT"}
}

func readShowBare(p *parser) (string, bool) {
	if p.takeWords("AVAILABLE", "URLS") {
		return "AVAILABLE URLS", true
	}
	if p.takeWords("QUERY", "PROCESSLIST") {
		return "QUERIES", true
	}
	if p.takeWords("CLUSTER", "DETAILS") {
		return "CLUSTER DETAILS", true
	}
	for _, w := range bareShows() {
		if p.takeWord(w) {
			return w, true
		}
	}
	return "", false
}

func readShowPipes(p *parser) Statement {
	s := &ShowPipes{}
	if !p.takeWord("WHERE") {
		return s
	}
	if !p.takeWord("SINK") && !p.takeWord("CONNECTOR") {
		p.expected("SINK or CONNECTOR", "SINK", "CONNECTOR")
	}
	p.wantWord("USED")
	p.wantWord("BY")
	s.UsedBy = readPipeName(p)
	return s
}

// readOptionalPath reads a pattern if one is there; the zero Path otherwise.
func readOptionalPath(p *parser) Path {
	if !p.isWord("root") {
		return Path{}
	}
	return readPath(p, pattern)
}

func readShowDevices(p *parser) Statement {
	s := &ShowDevices{Pattern: readOptionalPath(p)}
	if p.takeWord("WITH") {
		if !p.takeWord("DATABASE") && !p.takeWords("STORAGE", "GROUP") {
			p.expected("DATABASE", "DATABASE")
		}
		s.WithDatabase = true
	}
	s.Limit = readPaging(p)
	return s
}

func readShowTimeseries(p *parser, latest bool) Statement {
	s := &ShowTimeseries{Latest: latest, Pattern: readOptionalPath(p)}
	s.Limit = readPaging(p)
	return s
}

// readPaging reads LIMIT and OFFSET at the end of a SHOW, in either order.
func readPaging(p *parser) Limit {
	l := Limit{Limit: -1, Offset: -1}
	for !p.dead && p.tok.kind == tokWord {
		switch {
		case p.isWord("LIMIT") && l.Limit < 0, p.isWord("OFFSET") && l.Offset < 0:
			readLimit(p, &l)
		case p.isAny("WHERE", "ORDER", "GROUP", "ROOT"):
			p.refuse(p.tok.pos, "the clause "+strings.ToUpper(p.tok.value)+" of SHOW is not supported here yet")
		default:
			p.expected("LIMIT, OFFSET or the end of the statement", "LIMIT", "OFFSET")
		}
	}
	return l
}

// readCount reads COUNT TIMESERIES|DEVICES|DATABASES [pattern].
func readCount(p *parser) Statement {
	saved := *p
	p.next()
	s := &Count{}
	switch {
	case p.takeWord("TIMESERIES"):
		s.What = "timeseries"
	case p.takeWord("DEVICES"):
		s.What = "devices"
	case p.takeWord("DATABASES"), p.takeWords("STORAGE", "GROUP"):
		s.What = "databases"
	case p.isWord("NODES"), p.isWord("TIMESLOTID"):
		*p = saved
		return nameUnsupported(p, 2)
	default:
		p.expected("TIMESERIES, DEVICES or DATABASES", "TIMESERIES", "DEVICES", "DATABASES")
		return s
	}
	s.Pattern = readOptionalPath(p)
	if p.isAny("GROUP", "WHERE") {
		p.refuse(p.tok.pos, "the clause "+strings.ToUpper(p.tok.value)+" of COUNT is not supported here yet")
	}
	return s
}
