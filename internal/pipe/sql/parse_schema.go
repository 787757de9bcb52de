package sql

import (
	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
	"github.com/sluice-gateway/sluice/internal/spec"
	"slices"
	"strings"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// maxList bounds lists of measurements, tags and the like.
const maxList = 100_000

// readCreateDatabase reads what follows CREATE DATABASE.
func readCreateDatabase(p *parser) Statement {
	s := &CreateDatabase{Path: scan.ReadPath(p, scan.Exact)}
	if p.TakeWord("WITH") {
		s.TTL = readDatabaseOptions(p)
	}
	return s
}

// readDatabaseOptions reads TTL=n, TIME_PARTITION_INTERVAL=n ...; what tells a cluster
// how to spread a database is accepted and has no meaning here.
func readDatabaseOptions(p *parser) (ttl int64) {
	for !p.Dead {
		at, key := p.Tok.Pos, strings.ToUpper(p.Tok.Value)
		if p.Tok.Kind != scan.Word {
			p.Expected("TTL", "TTL")
			return
		}
		p.Next()
		if !p.TakeSymbol("=") {
			p.Expected("'=' after " + scan.Clip(key))
			return
		}
		n, ok := scan.ReadInteger(p)
		if !ok && p.TakeWord("INF") {
			n, ok = infiniteTTL, true
		}
		switch {
		case !ok:
			p.Expected("a whole number")
		case key == "TTL":
			ttl = n
		case slices.Contains(databaseOptions(), key):
		case spec.Suggest(key, databaseOptions()) != "":
			p.Note(at, "a database has no option "+scan.Clip(key), "did you mean "+spec.Suggest(key, databaseOptions())+"?")
		default:
			p.Refuse(at, "the option "+scan.Clip(key)+" of a database is not supported")
		}
		if !p.TakeSymbol(",") {
			break
		}
	}
	return ttl
}

func databaseOptions() []string {
	return []string{"TTL", "SCHEMA_REPLICATION_FACTOR", "DATA_REPLICATION_FACTOR", "SCHEMA_REGION_GROUP_NUM", "DATA_REGION_GROUP_NUM"}
}

// readCreateTimeseries reads what follows CREATE TIMESERIES.
func readCreateTimeseries(p *parser) Statement {
	if p.IsAny("OF", "USING") {
		return readActivate(p)
	}
	s := &CreateTimeseries{Path: scan.ReadPath(p, scan.Exact)}
	if p.IsSymbol("(") {
		s.Alias = readAlias(p)
	}
	p.TakeWord("WITH")
	c := column{schema: tablet.Schema{Name: last(s.Path.Nodes), Compressor: tablet.LZ4}}
	readColumn(p, &c)
	s.Schema, s.Props, s.Tags, s.Attributes = c.schema, c.props, c.tags, c.attributes
	return s
}

func last(nodes []string) string {
	if len(nodes) == 0 {
		return ""
	}
	return nodes[len(nodes)-1]
}

// readAlias reads (name).
func readAlias(p *parser) string {
	p.WantSymbol("(", "before the alias")
	name := p.Identifier("an alias")
	p.WantSymbol(")", "after the alias")
	return name
}

// readCreateAligned reads what follows CREATE ALIGNED TIMESERIES.
func readCreateAligned(p *parser) Statement {
	s := &CreateAligned{Device: scan.ReadPath(p, scan.Exact), Columns: readColumns(p, "aligned series")}
	if len(s.Columns) == 0 {
		p.Fail("the device has no measurement", "")
	}
	return s
}

func capList(p *parser, n int) {
	if n > maxList {
		p.Fail("the list is too long", "")
	}
}

// column is what may stand after the name of a series.
type column struct {
	schema                  tablet.Schema
	hasType, hasEncoding    bool
	props, tags, attributes map[string]string
}

// readColumn reads [DATATYPE=]type and then, with or without commas, ENCODING=.., COMPRESSOR=..,
// other key=value, TAGS(..) and ATTRIBUTES(..).
func readColumn(p *parser, c *column) {
	if p.Tok.Kind == scan.Word && !p.IsAny("DATATYPE", "ENCODING", "COMPRESSOR", "COMPRESSION", "TAGS", "ATTRIBUTES") {
		readDataType(p, c)
	}
	for !p.Dead {
		saved := *p
		comma := p.TakeSymbol(",")
		switch {
		case p.IsWord("TAGS") && scan.CallFollows(p):
			p.Next()
			c.tags = readPairs(p, "of TAGS")
			continue
		case p.IsWord("ATTRIBUTES") && scan.CallFollows(p):
			p.Next()
			c.attributes = readPairs(p, "of ATTRIBUTES")
			continue
		case (p.Tok.Kind == scan.Word || p.Tok.Kind == scan.String) && readProperty(p, c):
			continue
		}
		if comma {
			*p = saved // the comma separates columns
		} else if p.Tok.Kind == scan.Word && c.hasType && scan.CallFollows(p) {
			p.Expected("TAGS(..) or ATTRIBUTES(..)", "TAGS", "ATTRIBUTES")
		}
		break
	}
	if !c.hasType && !p.Dead {
		p.Expected("a data type", "DATATYPE")
	}
	if !c.hasEncoding {
		c.schema.Encoding = tablet.DefaultEncoding(c.schema.Type)
	}
}

func readDataType(p *parser, c *column) {
	t, err := tablet.ParseDataType(p.Tok.Value)
	if err != nil {
		what := "a data type (BOOLEAN, INT32, INT64, FLOAT, DOUBLE, TEXT, STRING, BLOB, TIMESTAMP, DATE)"
		if peek := scan.Peek(p); peek.Value == "=" {
			p.Expected(what, "DATATYPE")
		}
		scan.Unknown(p, what, "BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE", "TEXT", "STRING", "BLOB", "TIMESTAMP", "DATE")
		c.hasType = true
		return
	}
	c.schema.Type, c.hasType = t, true
	p.Next()
}

// readProperty reads KEY=value or 'key'='value'; false if what follows is none.
func readProperty(p *parser, c *column) bool {
	saved := *p
	at, key := p.Tok.Pos, p.Tok.Value
	p.Next()
	if !p.TakeSymbol("=") && !p.TakeSymbol("==") {
		*p = saved
		return false
	}
	switch strings.ToUpper(key) {
	case "DATATYPE":
		readDataType(p, c)
	case "ENCODING":
		e, err := tablet.ParseEncoding(p.Tok.Value)
		if err != nil {
			scan.Unknown(p, "an encoding", "PLAIN", "DICTIONARY", "RLE", "DIFF", "TS_2DIFF", "GORILLA", "ZIGZAG", "CHIMP", "SPRINTZ", "RLBE")
			return true
		}
		c.schema.Encoding, c.hasEncoding = e, true
		p.Next()
	case "COMPRESSOR", "COMPRESSION":
		z, err := tablet.ParseCompressor(p.Tok.Value)
		if err != nil {
			scan.Unknown(p, "a compressor", "UNCOMPRESSED", "SNAPPY", "GZIP", "LZ4", "ZSTD", "LZMA2")
			return true
		}
		c.schema.Compressor = z
		p.Next()
	default:
		if near := spec.Suggest(key, []string{"DATATYPE", "ENCODING", "COMPRESSOR", "COMPRESSION"}); near != "" {
			p.Note(at, "a series has no property "+scan.Clip(key), "did you mean "+near+"?")
		}
		if c.props == nil {
			c.props = map[string]string{}
		}
		c.props[key] = readAttributeValue(p)
		capList(p, len(c.props))
	}
	return true
}

// readPairs reads (key=value, ...).
func readPairs(p *parser, where string) map[string]string {
	out := map[string]string{}
	p.List(where, func() {
		key := readAttributeValue(p)
		if !p.TakeSymbol("=") && !p.TakeSymbol("==") {
			p.Expected("'=' " + where)
			return
		}
		out[key] = readAttributeValue(p)
		capList(p, len(out))
	})
	return out
}

// readAttributeValue reads a name, a text or a number as text.
func readAttributeValue(p *parser) string {
	switch p.Tok.Kind {
	case scan.Word, scan.Quoted, scan.String:
		if p.Tok.Kind == scan.Word {
			if text, ok := scan.ReadNumberText(p); ok {
				return text
			}
		}
		text := p.Tok.Value
		p.Next()
		return text
	}
	if text, ok := scan.ReadNumberText(p); ok {
		return text
	}
	p.Expected("a name, a text or a number")
	return ""
}
