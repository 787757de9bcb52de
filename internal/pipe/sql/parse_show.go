package sql

import (
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
)

// readShow reads a SHOW statement.
func readShow(p *parser) Statement {
	saved := *p
	p.Next()
	switch {
	case p.TakeWord("PIPES"):
		return readShowPipes(p)
	case p.TakeWord("PIPE"):
		return &ShowPipes{Name: readPipeName(p)}
	case p.TakeWord("PIPEPLUGINS"):
		return &ShowPipePlugins{}
	case p.TakeWord("DATABASES"), p.TakeWords("STORAGE", "GROUP"):
		s := &ShowDatabases{Details: p.TakeWord("DETAILS")}
		s.Pattern = readOptionalPath(p)
		return s
	case p.TakeWord("DEVICES"):
		return readShowDevices(p)
	case p.TakeWord("TIMESERIES"):
		return readShowTimeseries(p, false)
	case p.TakeWords("LATEST", "TIMESERIES"):
		return readShowTimeseries(p, true)
	}
	if s := readShowSchema(p); s != nil {
		return s
	}
	if what, ok := readShowBare(p); ok {
		if what == "QUERIES" && p.IsAny("WHERE", "ORDER", "LIMIT", "OFFSET") {
			p.Refuse(p.Tok.Pos, "the clause "+strings.ToUpper(p.Tok.Value)+" is not supported at this place of SHOW")
		}
		return &Show{What: what}
	}
	switch strings.ToUpper(p.Tok.Value) {
	case "ALL", "SCHEMA", "CONTINUOUS", "SPACE", "RUNNING", "LOGICAL", "DEVICE", "DATA":
		*p = saved
		return nameUnsupported(p, 3)
	case "TRIGGERS", "UDFS", "REGIONS", "REGIONID", "SEQUENCE", "CQS", "CQ", "NODES", "VIEW", "MODELS",
		"TOPICS", "SUBSCRIPTIONS", "THROTTLE", "DISK_USAGE", "TABLES", "CREATE", "AINODES", "SERVICES", "SESSIONS",
		"FLUSH", "LOCK", "USER", "CONFIGURATION", "LOADED", "TIMESLOTID", "TIMEPARTITION":
		*p = saved
		return nameUnsupported(p, 2)
	}
	p.Expected("what to show", append(bareShows(), "PIPES", "PIPE", "PIPEPLUGINS", "DATABASES", "DEVICES", "TIMESERIES")...)
	return nil
}

// readShowSchema reads SHOW CHILD, TTL and what shows templates; nil for anything else.
func readShowSchema(p *parser) Statement {
	switch {
	case p.TakeWord("CHILD"):
		return readShowChild(p)
	case p.TakeWords("ALL", "TTL"):
		return &ShowTTL{}
	case p.TakeWord("TTL"):
		p.WantWord("ON")
		return &ShowTTL{Paths: scan.ReadPaths(p, scan.Pattern)}
	case p.TakeWords("DEVICE", "TEMPLATES"), p.TakeWords("SCHEMA", "TEMPLATES"), p.TakeWord("TEMPLATES"):
		return &ShowTemplates{}
	case p.TakeWords("NODES", "IN"), p.TakeWords("MEASUREMENTS", "IN"):
		wantTemplate(p)
		return &ShowTemplates{What: TemplateNodes, Name: readTemplateName(p)}
	case p.TakeWord("PATHS"):
		return readShowPaths(p)
	}
	return nil
}

// bareShows are the SHOW statements without arguments.
func bareShows() []string {
	return []string{"VERSION", "CLUSTER", "CLUSTERID", "DATANODES", "CONFIGNODES", "VARIABLES", "FUNCTIONS", "QUERIES",
		"CURRENT_USER", "CURRENT_TIMESTAMP", "CURRENT_DATABASE", "CURRENT_SQL_DIALECT"}
}

func readShowBare(p *parser) (string, bool) {
	if p.TakeWords("AVAILABLE", "URLS") {
		return "AVAILABLE URLS", true
	}
	if p.TakeWords("QUERY", "PROCESSLIST") {
		return "QUERIES", true
	}
	if p.TakeWords("CURRENT", "USER") {
		return "CURRENT_USER", true
	}
	if p.TakeWords("CLUSTER", "DETAILS") {
		return "CLUSTER DETAILS", true
	}
	for _, w := range bareShows() {
		if p.TakeWord(w) {
			return w, true
		}
	}
	return "", false
}

func readShowPipes(p *parser) Statement {
	s := &ShowPipes{}
	if !p.TakeWord("WHERE") {
		return s
	}
	if !p.TakeWord("SINK") && !p.TakeWord("CONNECTOR") {
		p.Expected("SINK or CONNECTOR", "SINK", "CONNECTOR")
	}
	p.WantWord("USED")
	p.WantWord("BY")
	s.UsedBy = readPipeName(p)
	return s
}

// readOptionalPath reads a pattern if one is there; the zero Path otherwise.
func readOptionalPath(p *parser) Path {
	if !p.IsWord("root") {
		return Path{}
	}
	return scan.ReadPath(p, scan.Pattern)
}

func readShowDevices(p *parser) Statement {
	s := &ShowDevices{Pattern: readOptionalPath(p)}
	if p.TakeWord("WITH") {
		if !p.TakeWord("DATABASE") && !p.TakeWords("STORAGE", "GROUP") {
			p.Expected("DATABASE", "DATABASE")
		}
		s.WithDatabase = true
	}
	s.Where = readConditions(p)
	s.Limit = readPaging(p)
	return s
}

func readShowTimeseries(p *parser, latest bool) Statement {
	s := &ShowTimeseries{Latest: latest, Pattern: readOptionalPath(p)}
	s.Where = readConditions(p)
	s.Limit = readPaging(p)
	return s
}

// readPaging reads LIMIT and OFFSET at the end of a SHOW, in either order.
func readPaging(p *parser) Limit {
	l := Limit{Limit: -1, Offset: -1}
	for !p.Dead && p.Tok.Kind == scan.Word {
		switch {
		case p.IsWord("LIMIT") && l.Limit < 0, p.IsWord("OFFSET") && l.Offset < 0:
			readLimit(p, &l)
		case p.IsAny("WHERE", "ORDER", "GROUP"):
			p.Refuse(p.Tok.Pos, "the clause "+strings.ToUpper(p.Tok.Value)+" is not supported at this place of SHOW")
		default:
			p.Expected("LIMIT, OFFSET or the end of the statement", "LIMIT", "OFFSET", "WHERE")
		}
	}
	return l
}

// readShowChild reads what follows SHOW CHILD.
func readShowChild(p *parser) Statement {
	s := &ShowChild{}
	switch {
	case p.TakeWord("PATHS"):
	case p.TakeWord("NODES"):
		s.Nodes = true
	default:
		p.Expected("PATHS or NODES", "PATHS", "NODES")
	}
	s.Pattern = readOptionalPath(p)
	s.Limit = readPaging(p)
	return s
}

// readCount reads a COUNT statement.
func readCount(p *parser) Statement {
	saved := *p
	p.Next()
	s := &Count{}
	switch {
	case p.TakeWord("TIMESERIES"):
		s.What = "timeseries"
	case p.TakeWord("DEVICES"):
		s.What = "devices"
	case p.TakeWord("DATABASES"), p.TakeWords("STORAGE", "GROUP"):
		s.What = "databases"
	case p.TakeWord("NODES"):
		s.What = "nodes"
		s.Pattern = scan.ReadPath(p, scan.Pattern)
		s.Level = readLevel(p)
		return s
	case p.IsWord("TIMESLOTID"):
		*p = saved
		return nameUnsupported(p, 2)
	default:
		p.Expected("TIMESERIES, DEVICES, DATABASES or NODES", "TIMESERIES", "DEVICES", "DATABASES", "NODES")
		return s
	}
	s.Pattern = readOptionalPath(p)
	if s.What == "timeseries" || s.What == "devices" {
		s.Where = readConditions(p)
	}
	if s.What == "timeseries" && p.TakeWord("GROUP") {
		p.WantWord("BY")
		s.ByLevel, s.Level = true, readLevel(p)
	}
	return s
}

// readLevel reads LEVEL=n.
func readLevel(p *parser) int {
	p.WantWord("LEVEL")
	if !p.TakeSymbol("=") {
		p.Expected("'=' after LEVEL")
	}
	at := p.Tok.Pos
	n, ok := scan.ReadInteger(p)
	switch {
	case !ok:
		p.Expected("a whole number")
	case n < 0 || n > scan.MaxNodes:
		p.Note(at, "the level is out of range", "root is level 0")
	}
	return int(n)
}
