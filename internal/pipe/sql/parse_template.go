package sql

import (
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
	"github.com/sluice-gateway/sluice/internal/spec"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// takeTemplate passes [DEVICE|SCHEMA] TEMPLATE if it is there.
func takeTemplate(p *parser) bool {
	return p.TakeWords("DEVICE", "TEMPLATE") || p.TakeWords("SCHEMA", "TEMPLATE") || p.TakeWord("TEMPLATE")
}

func wantTemplate(p *parser) {
	if !takeTemplate(p) {
		if p.TakeWord("DEVICE") || p.TakeWord("SCHEMA") {
			p.Expected("TEMPLATE", "TEMPLATE")
		}
		p.Expected("DEVICE TEMPLATE", "DEVICE", "SCHEMA")
	}
}

func readTemplateName(p *parser) string { return p.Identifier("the name of a template") }

// readTemplatePattern reads a name, or * for any.
func readTemplatePattern(p *parser) string {
	if p.TakeSymbol("*") || p.TakeSymbol("**") {
		return ""
	}
	return readTemplateName(p)
}

// readColumns reads (m [(alias)] type [encoding=..] [compressor=..], ..).
func readColumns(p *parser, what string) []AlignedColumn {
	var out []AlignedColumn
	p.List("of the measurements", func() {
		at := p.Tok.Pos
		c := column{schema: tablet.Schema{Compressor: tablet.LZ4}}
		c.schema.Name, _ = scan.ReadNode(p, scan.Exact)
		alias := ""
		if p.IsSymbol("(") {
			alias = readAlias(p)
		}
		p.TakeWord("WITH")
		readColumn(p, &c)
		if c.props != nil {
			p.Refuse(at, "properties besides ENCODING and COMPRESSOR are not supported for "+what)
		}
		out = append(out, AlignedColumn{Schema: c.schema, Alias: alias, Tags: c.tags, Attributes: c.attributes})
		capList(p, len(out))
	})
	return out
}

// readTemplateColumns is readColumns without aliases, tags and attributes.
func readTemplateColumns(p *parser) []AlignedColumn {
	at := p.Tok.Pos
	out := readColumns(p, "measurements of a template")
	if len(out) == 0 {
		p.Fail("the template has no measurement", "")
	}
	for _, c := range out {
		if c.Alias != "" || c.Tags != nil || c.Attributes != nil {
			p.Refuse(at, "aliases, tags and attributes are not supported in templates")
		}
	}
	return out
}

// readCreateTemplate reads what follows CREATE DEVICE TEMPLATE.
func readCreateTemplate(p *parser) Statement {
	s := &CreateTemplate{Name: readTemplateName(p), Aligned: p.TakeWord("ALIGNED")}
	if p.IsSymbol("(") {
		s.Columns = readTemplateColumns(p)
	}
	return s
}

// readActivate reads what follows CREATE TIMESERIES if it is OF or USING.
func readActivate(p *parser) Statement {
	p.Next()
	wantTemplate(p)
	p.WantWord("ON")
	return &ActivateTemplate{Paths: scan.ReadPaths(p, scan.Exact)}
}

// readDeactivate reads what follows DEACTIVATE, or DELETE TIMESERIES OF.
func readDeactivate(p *parser) Statement {
	wantTemplate(p)
	s := &DeactivateTemplate{}
	if !p.IsWord("FROM") {
		s.Name = readTemplatePattern(p)
	}
	p.WantWord("FROM")
	s.Paths = scan.ReadPaths(p, scan.Pattern)
	return s
}

// readSetTemplate reads what follows SET|UNSET DEVICE TEMPLATE.
func readSetTemplate(p *parser, unset bool) Statement {
	s := &SetTemplate{Name: readTemplateName(p), Unset: unset}
	if unset {
		if !p.TakeWord("FROM") {
			p.WantWord("TO") // IoTDB takes both
		}
	} else {
		p.WantWord("TO")
	}
	s.Path = scan.ReadPath(p, scan.Exact)
	return s
}

// readShowPaths reads what follows SHOW PATHS.
func readShowPaths(p *parser) Statement {
	s := &ShowTemplates{What: UsingPaths, Pattern: readOptionalPath(p)}
	switch {
	case len(s.Pattern.Nodes) == 0 && p.TakeWord("SET"):
		s.What = SetPaths
	case !p.TakeWord("USING"):
		p.Expected("SET or USING DEVICE TEMPLATE", "SET", "USING")
	}
	wantTemplate(p)
	s.Name = readTemplatePattern(p)
	return s
}

// readAlter reads an ALTER statement.
func readAlterTimeseries(p *parser) Statement {
	s := &AlterTimeseries{Path: scan.ReadPath(p, scan.Exact)}
	switch {
	case p.TakeWord("RENAME"):
		s.From = readAttributeValue(p)
		p.WantWord("TO")
		s.To = readAttributeValue(p)
	case p.TakeWord("SET"):
		s.Kind, s.Pairs = AlterSet, readBarePairs(p)
	case p.TakeWord("DROP"):
		s.Kind = AlterDrop
		for !p.Dead {
			s.Keys = append(s.Keys, readAttributeValue(p))
			capList(p, len(s.Keys))
			if !p.TakeSymbol(",") {
				break
			}
		}
	case p.TakeWords("ADD", "TAGS"):
		s.Kind, s.Pairs = AlterAddTags, readBarePairs(p)
	case p.TakeWords("ADD", "ATTRIBUTES"):
		s.Kind, s.Pairs = AlterAddAttributes, readBarePairs(p)
	case p.TakeWord("UPSERT"):
		readUpsert(p, s)
	default:
		p.Expected("RENAME, SET, DROP, ADD TAGS, ADD ATTRIBUTES or UPSERT", "RENAME", "SET", "DROP", "ADD", "UPSERT")
	}
	return s
}

func readUpsert(p *parser, s *AlterTimeseries) {
	s.Kind = AlterUpsert
	for !p.Dead && p.Tok.Kind == scan.Word {
		switch {
		case p.TakeWord("ALIAS"):
			if !p.TakeSymbol("=") {
				p.Expected("'=' after ALIAS")
			}
			s.Alias = p.Identifier("an alias")
		case p.TakeWord("TAGS"):
			s.Tags = readPairs(p, "of TAGS")
		case p.TakeWord("ATTRIBUTES"):
			s.Attributes = readPairs(p, "of ATTRIBUTES")
		default:
			p.Expected("ALIAS, TAGS or ATTRIBUTES", "ALIAS", "TAGS", "ATTRIBUTES")
		}
		p.TakeSymbol(",")
	}
	if s.Alias == "" && s.Tags == nil && s.Attributes == nil {
		p.Expected("ALIAS=, TAGS(..) or ATTRIBUTES(..)", "ALIAS", "TAGS", "ATTRIBUTES")
	}
}

// readBarePairs reads key=value, ...
func readBarePairs(p *parser) map[string]string {
	out := map[string]string{}
	for !p.Dead {
		key := readAttributeValue(p)
		if !p.TakeSymbol("=") && !p.TakeSymbol("==") {
			p.Expected("'=' after " + scan.QuoteString(scan.Clip(key)))
			break
		}
		out[key] = readAttributeValue(p)
		capList(p, len(out))
		if !p.TakeSymbol(",") {
			break
		}
	}
	return out
}

// readConditions reads the WHERE clause of SHOW and COUNT.
func readConditions(p *parser) []SchemaCondition {
	if !p.TakeWord("WHERE") {
		return nil
	}
	var out []SchemaCondition
	for !p.Dead {
		out = append(out, readSchemaCondition(p))
		capList(p, len(out))
		if p.IsWord("OR") {
			p.Refuse(p.Tok.Pos, "OR in the WHERE clause of SHOW and COUNT is not supported")
		}
		if !p.TakeWord("AND") {
			break
		}
	}
	return out
}

func readSchemaCondition(p *parser) SchemaCondition {
	fields := []string{"TIMESERIES", "DEVICE", "DATATYPE", "TEMPLATE", "TAGS", "ATTRIBUTES"}
	c := SchemaCondition{Field: strings.ToUpper(p.Tok.Value)}
	if !p.IsAny(fields...) {
		if !scan.CallFollows(p) && p.Tok.Kind == scan.Word && scan.Peek(p).Value == "=" { // the old form of a tag
			c.Field, c.Key = "TAGS", p.Tok.Value
			p.Next()
			readConditionValue(p, &c)
			return c
		}
		p.Expected("TIMESERIES, DEVICE, DATATYPE, TEMPLATE, TAGS(key) or ATTRIBUTES(key)", fields...)
		return c
	}
	p.Next()
	if c.Field == "TAGS" || c.Field == "ATTRIBUTES" {
		p.WantSymbol("(", "before the key")
		c.Key = readAttributeValue(p)
		p.WantSymbol(")", "after the key")
	}
	readConditionValue(p, &c)
	return c
}

func readConditionValue(p *parser, c *SchemaCondition) {
	switch {
	case p.TakeWord("CONTAINS"):
		c.Op = "CONTAINS"
	case p.TakeSymbol("="), p.TakeSymbol("=="):
		c.Op = "="
	case p.TakeSymbol("!="), p.TakeSymbol("<>"):
		c.Op = "!="
	case p.TakeWords("IS", "NOT", "NULL"):
		c.Op = "IS NOT NULL"
		return
	case p.TakeWords("IS", "NULL"):
		c.Op = "IS NULL"
		return
	default:
		p.Expected("CONTAINS, =, != or IS NULL", "CONTAINS", "IS")
		return
	}
	c.Value = readAttributeValue(p)
}

// readLoad reads what follows LOAD.
func readLoad(p *parser) Statement {
	s := &Load{Path: p.Tok.Value, Verify: true, Delete: true}
	if p.Tok.Kind != scan.String {
		p.Expected("the path of a TsFile or a directory in quotes")
		return s
	}
	p.Next()
	p.TakeWord("WITH")
	list := p.TakeSymbol("(")
	for !p.Dead && (p.Tok.Kind == scan.Word || p.Tok.Kind == scan.String) {
		readLoadOption(p, s)
		p.TakeSymbol(",")
	}
	if list {
		p.WantSymbol(")", "after the options")
	}
	return s
}

func readLoadOption(p *parser, s *Load) {
	at := p.Tok.Pos
	key := strings.ToLower(readAttributeValue(p))
	if !p.TakeSymbol("=") {
		p.Expected("'=' after " + scan.Clip(key))
		return
	}
	vat, value := p.Tok.Pos, strings.ToLower(readAttributeValue(p))
	switch {
	case key == "sglevel" || key == "database-level":
		for _, r := range value {
			if r < '0' || r > '9' || s.Level > 1000 {
				p.Note(vat, "the level is not a whole number", "")
				return
			}
			s.Level = s.Level*10 + int(r-'0')
		}
	case key == "verify" && (value == "true" || value == "false"):
		s.Verify = value == "true"
	case (key == "onsuccess" || key == "on-success") && (value == "delete" || value == "none"):
		s.Delete = value == "delete"
	case key == "verify":
		p.Note(vat, "verify is true or false, not "+scan.Clip(value), "")
	case key == "onsuccess" || key == "on-success":
		p.Note(vat, "onSuccess is delete or none, not "+scan.Clip(value), "")
	default:
		suggestion := "the options are sglevel, verify and onSuccess"
		if near := spec.Suggest(key, []string{"sglevel", "verify", "onSuccess"}); near != "" {
			suggestion = "did you mean " + near + "?"
		}
		p.Note(at, "LOAD has no option "+scan.Clip(key), suggestion)
	}
}
