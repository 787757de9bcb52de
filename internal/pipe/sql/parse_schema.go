package sql

import (
	"strings"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// maxList bounds lists of measurements, tags and the like.
const maxList = 100_000

func (p *parser) createDatabasePath() Path {
	path := p.path(exact)
	if p.isWord("WITH") {
		p.refuse(p.tok.pos, "WITH of CREATE DATABASE is not supported: use SET TTL TO afterwards")
	}
	return path
}

// createTimeseries reads what follows CREATE TIMESERIES.
func (p *parser) createTimeseries() Statement {
	s := &CreateTimeseries{Path: p.path(exact)}
	if p.isSymbol("(") {
		s.Alias = p.alias()
	}
	p.takeWord("WITH")
	c := column{schema: tablet.Schema{Name: last(s.Path.Nodes), Compressor: tablet.LZ4}}
	p.column(&c)
	s.Schema, s.Props, s.Tags, s.Attributes = c.schema, c.props, c.tags, c.attributes
	return s
}

func last(nodes []string) string {
	if len(nodes) == 0 {
		return ""
	}
	return nodes[len(nodes)-1]
}

// alias reads (name).
func (p *parser) alias() string {
	p.wantSymbol("(", "before the alias")
	name := p.identifier("an alias")
	p.wantSymbol(")", "after the alias")
	return name
}

// createAligned reads what follows CREATE ALIGNED TIMESERIES.
func (p *parser) createAligned() Statement {
	s := &CreateAligned{Device: p.path(exact)}
	p.list("of the measurements", func() {
		at := p.tok.pos
		c := column{schema: tablet.Schema{Compressor: tablet.LZ4}}
		c.schema.Name, _ = p.node(exact)
		alias := ""
		if p.isSymbol("(") {
			alias = p.alias()
		}
		p.takeWord("WITH")
		p.column(&c)
		if c.props != nil {
			p.refuse(at, "properties besides ENCODING and COMPRESSOR are not supported for aligned series")
		}
		s.Columns = append(s.Columns, AlignedColumn{Schema: c.schema, Alias: alias, Tags: c.tags, Attributes: c.attributes})
		p.cap(len(s.Columns))
	})
	if len(s.Columns) == 0 {
		p.fail("the device has no measurement", "")
	}
	return s
}

func (p *parser) cap(n int) {
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

// column reads [DATATYPE=]type and then, with or without commas, ENCODING=.., COMPRESSOR=..,
// other key=value, TAGS(..) and ATTRIBUTES(..).
func (p *parser) column(c *column) {
	if p.tok.kind == tokWord && !p.isAny("DATATYPE", "ENCODING", "COMPRESSOR", "COMPRESSION", "TAGS", "ATTRIBUTES") {
		p.dataType(c)
	}
	for !p.dead {
		saved := *p
		comma := p.takeSymbol(",")
		switch {
		case p.isWord("TAGS") && p.callFollows():
			p.next()
			c.tags = p.pairs("of TAGS")
			continue
		case p.isWord("ATTRIBUTES") && p.callFollows():
			p.next()
			c.attributes = p.pairs("of ATTRIBUTES")
			continue
		case p.tok.kind == tokWord && p.property(c):
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

func (p *parser) dataType(c *column) {
	t, err := tablet.ParseDataType(p.tok.value)
	if err != nil {
		p.expected("a data type (BOOLEAN, INT32, INT64, FLOAT, DOUBLE, TEXT, STRING, BLOB, TIMESTAMP, DATE)",
			"BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE", "TEXT", "STRING", "BLOB", "TIMESTAMP", "DATE")
		return
	}
	c.schema.Type, c.hasType = t, true
	p.next()
}

// property reads KEY=value; false if what follows is none.
func (p *parser) property(c *column) bool {
	saved := *p
	key := p.tok.value
	p.next()
	if !p.takeSymbol("=") && !p.takeSymbol("==") {
		*p = saved
		return false
	}
	switch strings.ToUpper(key) {
	case "DATATYPE":
		p.dataType(c)
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
		c.props[key] = p.attributeValue()
		p.cap(len(c.props))
	}
	return true
}

// pairs reads (key=value, ...).
func (p *parser) pairs(where string) map[string]string {
	out := map[string]string{}
	p.list(where, func() {
		key := p.attributeValue()
		if !p.takeSymbol("=") && !p.takeSymbol("==") {
			p.expected("'=' " + where)
			return
		}
		out[key] = p.attributeValue()
		p.cap(len(out))
	})
	return out
}

// attributeValue reads a name, a text or a number as text.
func (p *parser) attributeValue() string {
	switch p.tok.kind {
	case tokWord, tokQuoted, tokString:
		if p.tok.kind == tokWord {
			if text, ok := p.numberText(); ok {
				return text
			}
		}
		text := p.tok.value
		p.next()
		return text
	}
	if text, ok := p.numberText(); ok {
		return text
	}
	p.expected("a name, a text or a number")
	return ""
}
