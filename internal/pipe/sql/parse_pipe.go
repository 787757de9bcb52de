package sql

import "strings"

// maxAttributes bounds the attributes of one clause.
const maxAttributes = 1000

func readPipeName(p *parser) string { return p.identifier("the name of a pipe") }

// readCreatePipe reads what follows CREATE PIPE.
func readCreatePipe(p *parser) Statement {
	s := &CreatePipe{}
	s.IfNotExists = p.takeWords("IF", "NOT", "EXISTS")
	s.Pos = p.tok.pos
	s.Name = readPipeName(p)
	if p.isSymbol("(") { // the short form: attributes of the sink
		s.Sink = readAttributes(p, "of the sink")
		if p.isWord("WITH") {
			p.fail("no WITH clause may follow the short form, whose bracket holds the sink", "write WITH SINK in front of the bracket, last")
		}
		return s
	}
	stage, sinkSeen := 0, false
	for !p.dead && p.takeWord("WITH") {
		at := p.tok.pos
		word := strings.ToUpper(p.tok.value)
		n := 0
		switch {
		case p.takeWord("SOURCE"), p.takeWord("EXTRACTOR"):
			n, s.Source = 1, readAttributes(p, "of the source")
		case p.takeWord("PROCESSOR"):
			n, s.Processor = 2, readAttributes(p, "of the processor")
		case p.takeWord("SINK"), p.takeWord("CONNECTOR"):
			n, s.Sink, sinkSeen = 3, readAttributes(p, "of the sink"), true
		default:
			p.expected("SOURCE, PROCESSOR or SINK (EXTRACTOR, PROCESSOR or CONNECTOR)",
				"SOURCE", "EXTRACTOR", "PROCESSOR", "SINK", "CONNECTOR")
			return s
		}
		s.OldWords = s.OldWords || word == "EXTRACTOR" || word == "CONNECTOR"
		if n <= stage {
			p.note(at, "the clause WITH "+word+" is out of place or written twice", "the order is source, processor, sink")
		}
		stage = max(stage, n)
	}
	if !sinkSeen && !p.dead {
		if p.tok.kind == tokEOF || p.isSymbol(";") {
			p.expected("WITH SINK (or WITH CONNECTOR): a pipe needs a sink")
		} else {
			expectedWith(p)
		}
	}
	return s
}

// expectedWith fails after the name of a pipe; a sign that touches the name hints at
// a name that needs quotes.
func expectedWith(p *parser) {
	if p.tok.kind == tokSymbol && p.adjacent() {
		p.fail("expected WITH, found "+p.found(), "a name with other signs stands in back-quotes: `a-b`")
		return
	}
	p.expected("WITH", "WITH")
}

// readAttributes reads ('key'='value', ...). Mistakes inside are noted and reading goes
// on, so that all of them are reported together.
func readAttributes(p *parser, where string) []Attribute {
	if !p.takeSymbol("(") {
		p.expected("'(' before the attributes " + where)
		return nil
	}
	out := []Attribute{}
	for !p.dead && !p.isSymbol(")") {
		if p.isSymbol(",") {
			p.note(p.tok.pos, "a comma without an attribute before it", "")
			p.next()
			continue
		}
		if p.tok.kind == tokEOF || p.isSymbol(";") {
			break
		}
		out = append(out, readAttribute(p, where))
		if len(out) > maxAttributes {
			p.fail("too many attributes", "")
		}
		readSeparator(p)
	}
	if !p.takeSymbol(")") {
		p.expected("')' after the attributes " + where)
	}
	return out
}

// readSeparator reads the comma between two attributes, or notes that it is missing.
func readSeparator(p *parser) {
	switch {
	case p.takeSymbol(","), p.isSymbol(")"), p.dead:
	case p.tok.kind == tokString || p.tok.kind == tokWord && !p.isWord("WITH"):
		at := p.last
		p.note(p.tok.pos, "expected ',' or ')' after the attribute, found "+p.found(),
			"put a comma after "+quoteString(clip(at.value)))
	case p.isSymbol("."), p.isSymbol("="), p.isSymbol("=="):
		p.expected("',' or ')'")
	}
}

// readAttribute reads 'key' = 'value'.
func readAttribute(p *parser, where string) Attribute {
	a := Attribute{Pos: p.tok.pos}
	a.Key = readAttributeText(p, "the key of an attribute "+where)
	switch {
	case p.takeSymbol("="):
	case p.isSymbol("=="):
		p.note(p.tok.pos, "expected '=', found ==", "write one =")
		p.next()
	case p.isWord(":"):
		p.note(p.tok.pos, "expected '=', found :", "write =")
		p.next()
	default:
		p.expected("'=' after the key " + quoteString(clip(a.Key)))
		return a
	}
	a.Value = readAttributeText(p, "the value of "+quoteString(clip(a.Key)))
	return a
}

// readAttributeText reads a string. Unquoted text is noted, read up to the next comma,
// bracket or equals sign, and used.
func readAttributeText(p *parser, what string) string {
	if p.tok.kind == tokString {
		text := p.tok.value
		p.next()
		return text
	}
	at := p.tok.pos
	if p.tok.kind == tokEOF || p.isSymbol(",") || p.isSymbol(")") || p.isSymbol("=") || p.isSymbol("==") || p.isSymbol("(") {
		p.expected(what + " in quotes")
		return ""
	}
	found := p.found()
	start := p.tok.pos.Offset
	for first := true; !p.dead && (first || p.adjacent()); first = false {
		if p.tok.kind == tokString || p.isSymbol(",") || p.isSymbol(")") || p.isSymbol("=") || p.isSymbol("==") {
			break
		}
		p.next()
	}
	text := p.lex.text[start:max(start, p.last.end)]
	p.note(at, "expected "+what+" in quotes, found "+found, "write "+quoteString(clip(text)))
	return text
}
