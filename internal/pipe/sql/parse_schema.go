package sql

import (
	"strings"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// maxList bounds lists of measurements, tags and the like.
const maxList = 100_000

func readCreateDatabasePath(p *parser) Path {
	path := readPath(p, exact)
	if p.isWord("WITH") {
		p.refuse(p.tok.pos, "WITH of CREATE DATABASE is not supported: use SET TTL TO afterwards")
	}
	return path
}

// readCreateTimeseries reads what follows CREATE TIMESERIES.
func readCreateTimeseries(p *parser) Statement {
	s := &CreateTimeseries{Path: readPath(p, exact)}
	if p.isSymbol("(") {
		s.Alias = readAlias(p)
	}
	p.takeWord("WITH")
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
	p.wantSymbol("(", "before the alias")
	name := p.identifier("an alias")
	p.wantSymbol(")", "after the alias")
	return name
}

// readCreateAligned reads what follows CREATE ALIGNED TIMESERIES.
func readCreateAligned(p *parser) Statement {
	s := &CreateAligned{Device: readPath(p, exact)}
	p.list("of the measurements", func() {
		at := p.tok.pos
		c := column{schema: tablet.Schema{Compressor: tablet.LZ4}}
		c.schema.Name, _ = readNode(p, exact)
		alias := ""
		if p.isSymbol("(") {
			alias = readAlias(p)
		}
		p.takeWord("WITH")
		readColumn(p, &c)
		if c.props != nil {
			p.refuse(at, "properties besides ENCODING and COMPRESSOR are not supported for aligned series")
		}
		s.Columns = append(s.Columns, AlignedColumn{Schema: c.schema, Alias: alias, Tags: c.tags, Attributes: c.attributes})
		capList(p, len(s.Columns))
	})
	if len(s.Columns) == 0 {
		p.fail("the device has no measurement", "")
	}
	return s
}

func capList(p *parser, n int) {
	if n > maxList {
		p.fail("the list is too long", "")
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
	if p.tok.kind == tokWord && !p.isAny("DATATYPE", "ENCODING", "COMPRESSOR", "COMPRESSION", "TAGS", "ATTRIBUTES") {
		readDataType(p, c)
	}
	for !p.dead {
		saved := *p
		comma := p.takeSymbol(",")
		switch {
		case p.isWord("TAGS") && callFollows(p):
			p.next()
			c.tags = readPairs(p, "of TAGS")
			continue
		case p.isWord("ATTRIBUTES") && callFollows(p):
			p.next()
			c.attributes = readPairs(p, "of ATTRIBUTES")
			continue
		case p.tok.kind == tokWord && readProperty(p, c):
			continue
		}
		if comma {
			*p = saved // the comma separates columns
		}
		break
	}
	if !c.hasType && !p.dead {
		p.expected("a data type", "DATATYPE")
	}
	if !c.hasEncoding {
		c.schema.Encoding = tablet.DefaultEncoding(c.schema.Type)
	}
}

func readDataType(p *parser, c *column) {
	t, err := tablet.ParseDataType(p.tok.value)
	if err != nil {
		p.expected("a data type (BOOLEAN, INT32, INT64, FLOAT, DOUBLE, TEXT, STRING, BLOB, TIMESTAMP, DATE)",
			"BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE", "TEXT", "STRING", "BLOB", "TIMESTAMP", "DATE")
		return
	}
	c.schema.Type, c.hasType = t, true
	p.next()
}

// readProperty reads KEY=value; false if what follows is none.
func readProperty(p *parser, c *column) bool {
	saved := *p
	key := p.tok.value
	p.next()
	if !p.takeSymbol("=") && !p.takeSymbol("==") {
		*p = saved
		return false
	}
	switch strings.ToUpper(key) {
	case "DATATYPE":
		readDataType(p, c)
	case "ENCODING":
		e, err := tablet.ParseEncoding(p.tok.value)
		if err != nil {
			p.expected("an encoding", "PLAIN", "DICTIONARY", "RLE", "DIFF", "TS_2DIFF", "GORILLA", "ZIGZAG", "CHIMP", "SPRINTZ", "RLBE")
			return true
		}
		c.schema.Encoding, c.hasEncoding = e, true
		p.next()
	case "COMPRESSOR", "COMPRESSION":
		z, err := tablet.ParseCompressor(p.tok.value)
		if err != nil {
			p.expected("a compressor", "UNCOMPRESSED", "SNAPPY", "GZIP", "LZ4", "ZSTD", "LZMA2")
			return true
		}
		c.schema.Compressor = z
		p.next()
	default:
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
	p.list(where, func() {
		key := readAttributeValue(p)
		if !p.takeSymbol("=") && !p.takeSymbol("==") {
			p.expected("'=' " + where)
			return
		}
		out[key] = readAttributeValue(p)
		capList(p, len(out))
	})
	return out
}

// readAttributeValue reads a name, a text or a number as text.
func readAttributeValue(p *parser) string {
	switch p.tok.kind {
	case tokWord, tokQuoted, tokString:
		if p.tok.kind == tokWord {
			if text, ok := readNumberText(p); ok {
				return text
			}
		}
		text := p.tok.value
		p.next()
		return text
	}
	if text, ok := readNumberText(p); ok {
		return text
	}
	p.expected("a name, a text or a number")
	return ""
}
