package sql

import (
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
)

// maxAttributes bounds the attributes of one clause.
const maxAttributes = 1000

func readPipeName(p *parser) string { return p.Identifier("the name of a pipe") }

// readCreatePipe reads what follows CREATE PIPE.
func readCreatePipe(p *parser) Statement {
	s := &CreatePipe{}
	s.IfNotExists = p.TakeWords("IF", "NOT", "EXISTS")
	s.Pos = p.Tok.Pos
	s.Name = readPipeName(p)
	if p.IsSymbol("(") { // the short form: attributes of the sink
		s.Sink = readAttributes(p, "of the sink")
		if p.IsWord("WITH") {
			p.Fail("no WITH clause may follow the short form, whose bracket holds the sink", "write WITH SINK in front of the bracket, last")
		}
		return s
	}
	stage, sinkSeen := 0, false
	for !p.Dead && p.TakeWord("WITH") {
		at := p.Tok.Pos
		word := strings.ToUpper(p.Tok.Value)
		n := 0
		switch {
		case p.TakeWord("SOURCE"), p.TakeWord("EXTRACTOR"):
			n, s.Source = 1, readAttributes(p, "of the source")
		case p.TakeWord("PROCESSOR"):
			n, s.Processor = 2, readAttributes(p, "of the processor")
		case p.TakeWord("SINK"), p.TakeWord("CONNECTOR"):
			n, s.Sink, sinkSeen = 3, readAttributes(p, "of the sink"), true
		default:
			p.Expected("SOURCE, PROCESSOR or SINK (EXTRACTOR, PROCESSOR or CONNECTOR)",
				"SOURCE", "EXTRACTOR", "PROCESSOR", "SINK", "CONNECTOR")
			return s
		}
		s.OldWords = s.OldWords || word == "EXTRACTOR" || word == "CONNECTOR"
		if n <= stage {
			p.Note(at, "the clause WITH "+word+" is out of place or written twice", "the order is source, processor, sink")
		}
		stage = max(stage, n)
	}
	if !sinkSeen && !p.Dead {
		if p.Tok.Kind == scan.EOF || p.IsSymbol(";") {
			p.Expected("WITH SINK (or WITH CONNECTOR): a pipe needs a sink")
		} else {
			expectedWith(p)
		}
	}
	return s
}

// readAlterPipe reads what follows ALTER PIPE.
func readAlterPipe(p *parser) Statement {
	s := &AlterPipe{}
	s.IfExists = p.TakeWords("IF", "EXISTS")
	s.Pos = p.Tok.Pos
	s.Name = readPipeName(p)
	stage := 0
	for !p.Dead && p.IsAny("MODIFY", "REPLACE") {
		c := &AlterClause{Replace: p.IsWord("REPLACE")}
		p.Next()
		at := p.Tok.Pos
		word := strings.ToUpper(p.Tok.Value)
		n := 0
		switch {
		case p.TakeWord("SOURCE"), p.TakeWord("EXTRACTOR"):
			n, s.Source = 1, c
		case p.TakeWord("PROCESSOR"):
			n, s.Processor = 2, c
		case p.TakeWord("SINK"), p.TakeWord("CONNECTOR"):
			n, s.Sink = 3, c
		default:
			p.Expected("SOURCE, PROCESSOR or SINK (EXTRACTOR, PROCESSOR or CONNECTOR)",
				"SOURCE", "EXTRACTOR", "PROCESSOR", "SINK", "CONNECTOR")
			return s
		}
		c.Attributes = readAttributes(p, "of the "+strings.ToLower(word))
		if n <= stage {
			p.Note(at, "the clause "+word+" is out of place or written twice", "the order is source, processor, sink")
		}
		stage = max(stage, n)
	}
	if stage == 0 && !p.Dead {
		p.Expected("MODIFY or REPLACE", "MODIFY", "REPLACE")
	}
	return s
}

// expectedWith fails after the name of a pipe; a sign that touches the name hints at
// a name that needs quotes.
func expectedWith(p *parser) {
	if p.Tok.Kind == scan.Symbol && p.Adjacent() {
		p.Fail("expected WITH, found "+p.Found(), "a name with other signs stands in back-quotes: `a-b`")
		return
	}
	p.Expected("WITH", "WITH")
}

// readAttributes reads ('key'='value', ...). Mistakes inside are noted and reading goes
// on, so that all of them are reported together.
func readAttributes(p *parser, where string) []Attribute {
	if !p.TakeSymbol("(") {
		p.Expected("'(' before the attributes " + where)
		return nil
	}
	out := []Attribute{}
	for !p.Dead && !p.IsSymbol(")") {
		if p.IsSymbol(",") {
			p.Note(p.Tok.Pos, "a comma without an attribute before it", "")
			p.Next()
			continue
		}
		if p.Tok.Kind == scan.EOF || p.IsSymbol(";") {
			break
		}
		out = append(out, readAttribute(p, where))
		if len(out) > maxAttributes {
			p.Fail("too many attributes", "")
		}
		readSeparator(p)
	}
	if !p.TakeSymbol(")") {
		p.Expected("')' after the attributes " + where)
	}
	return out
}

// readSeparator reads the comma between two attributes, or notes that it is missing.
func readSeparator(p *parser) {
	switch {
	case p.TakeSymbol(","), p.IsSymbol(")"), p.Dead:
	case p.Tok.Kind == scan.String || p.Tok.Kind == scan.Word && !p.IsWord("WITH"):
		at := p.Last
		p.Note(p.Tok.Pos, "expected ',' or ')' after the attribute, found "+p.Found(),
			"put a comma after "+scan.QuoteString(scan.Clip(at.Value)))
	case p.IsSymbol("."), p.IsSymbol("="), p.IsSymbol("=="):
		p.Expected("',' or ')'")
	}
}

// readAttribute reads 'key' = 'value'.
func readAttribute(p *parser, where string) Attribute {
	a := Attribute{Pos: p.Tok.Pos}
	a.Key = readAttributeText(p, "the key of an attribute "+where)
	switch {
	case p.TakeSymbol("="):
	case p.IsSymbol("=="):
		p.Note(p.Tok.Pos, "expected '=', found ==", "write one =")
		p.Next()
	case p.IsWord(":"):
		p.Note(p.Tok.Pos, "expected '=', found :", "write =")
		p.Next()
	case p.Tok.Kind == scan.String:
		p.Note(p.Tok.Pos, "expected '=' after the key "+scan.QuoteString(scan.Clip(a.Key))+", found "+p.Found(), "")
	default:
		p.Expected("'=' after the key " + scan.QuoteString(scan.Clip(a.Key)))
		return a
	}
	a.Value = readAttributeText(p, "the value of "+scan.QuoteString(scan.Clip(a.Key)))
	return a
}

// readAttributeText reads a string. Unquoted text is noted, read up to the next comma,
// bracket or equals sign, and used.
func readAttributeText(p *parser, what string) string {
	if p.Tok.Kind == scan.String {
		text := p.Tok.Value
		p.Next()
		return text
	}
	at := p.Tok.Pos
	if p.Tok.Kind == scan.EOF || p.IsSymbol(",") || p.IsSymbol(")") || p.IsSymbol("=") || p.IsSymbol("==") || p.IsSymbol("(") {
		p.Expected(what + " in quotes")
		return ""
	}
	found := p.Found()
	start := p.Tok.Pos.Offset
	for first := true; !p.Dead && (first || p.Adjacent()); first = false {
		if p.Tok.Kind == scan.String || p.IsSymbol(",") || p.IsSymbol(")") || p.IsSymbol("=") || p.IsSymbol("==") {
			break
		}
		p.Next()
	}
	text := scan.TextSince(p, start)
	p.Note(at, "expected "+what+" in quotes, found "+found, "write "+scan.QuoteString(scan.Clip(text)))
	return text
}
