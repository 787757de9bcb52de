package sql

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sluice-gateway/sluice/internal/spec"
	"github.com/sluice-gateway/sluice/internal/status"
)

// MaxBytes is the length of the longest statement.
const MaxBytes = 16 << 20

// maxDepth bounds the nesting of brackets.
const maxDepth = 64

// maxProblems bounds the mistakes reported at once.
const maxProblems = 20

// Options is what the meaning of a statement depends on besides its text.
type Options struct {
	Zone      *time.Location // of times written without a zone; nil: UTC
	Now       time.Time      // the value of now(); zero: the statement may not use now()
	Precision Precision      // of timestamps; zero: milliseconds
}

// Parse reads one statement, with or without a trailing semicolon. Every error is a
// *status.Error: code 700 with line, column, what was expected and often a
// suggestion (as spec.Problems in its chain); 300 for what IoTDB can do inside a
// statement and a gateway cannot. A statement that IoTDB has and a gateway has not is
// a *Unsupported without an error.
func Parse(text string, o Options) (Statement, error) {
	if len(text) > MaxBytes {
		return nil, status.Errorf(status.SQLParse, "the statement has %d bytes, at most %d are read", len(text), MaxBytes)
	}
	p := &parser{lex: newLexer(text), o: o}
	if o.Zone == nil {
		p.o.Zone = time.UTC
	}
	if at := invalidUTF8(text); at >= 0 {
		p.lex.advance(at)
		p.tok.pos = p.lex.at
		p.fail("the statement is not valid UTF-8 from here on", "")
		return nil, p.err()
	}
	p.next()
	s := readStatement(p)
	if _, ok := s.(*Unsupported); ok && !p.dead {
		return s, nil
	}
	p.end()
	if err := p.err(); err != nil {
		return nil, err
	}
	return s, nil
}

func invalidUTF8(text string) int {
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return i
			}
		}
	}
	return -1
}

// parser reads one statement with one token of foresight. After the first mistake
// that stops it, it is dead: every token is the end, and nothing more is reported.
type parser struct {
	lex      lexer
	tok      token // current, not consumed
	last     token // consumed before it
	o        Options
	problems spec.Problems
	code     status.Code // of the error; zero: 700
	depth    int
	dead     bool
}

func (p *parser) err() error {
	if len(p.problems) == 0 {
		return nil
	}
	code := p.code
	if code == 0 {
		code = status.SQLParse
	}
	return &status.Error{Code: code, Message: p.problems.Error(), Err: p.problems}
}

func (p *parser) next() {
	if p.dead {
		return
	}
	p.last = p.tok
	p.tok = p.lex.next()
	if p.tok.kind == tokBad {
		p.fail("unexpected: "+p.tok.value, "")
	}
}

// note records a mistake and goes on.
func (p *parser) note(at Pos, message, suggestion string) {
	if p.dead {
		return
	}
	p.problems = append(p.problems, spec.Problem{Line: at.Line, Column: at.Column, Message: message, Suggestion: suggestion})
	if len(p.problems) >= maxProblems {
		p.die()
	}
}

// fail records a mistake at the current token and stops.
func (p *parser) fail(message, suggestion string) {
	p.note(p.tok.pos, message, suggestion)
	p.die()
}

// refuse is fail for what is well formed and not supported.
func (p *parser) refuse(at Pos, message string) {
	if p.dead {
		return
	}
	p.code = status.Unsupported
	p.note(at, message, "")
	p.die()
}

func (p *parser) die() {
	p.dead = true
	p.tok = token{kind: tokEOF, pos: p.tok.pos, end: p.tok.end}
}

// expected fails with what should stand here.
func (p *parser) expected(what string, words ...string) {
	suggestion := ""
	if p.tok.kind == tokWord && len(words) > 0 {
		if s := spec.Suggest(p.tok.value, words); s != "" && !strings.EqualFold(s, p.tok.value) {
			suggestion = "did you mean " + strings.ToUpper(s) + "?"
		}
	}
	p.fail("expected "+what+", found "+p.found(), suggestion)
}

// found describes the current token for a message.
func (p *parser) found() string {
	switch p.tok.kind {
	case tokEOF:
		return "the end of the statement"
	case tokString:
		return "the text " + quoteString(clip(p.tok.value))
	case tokQuoted:
		return "`" + clip(p.tok.value) + "`"
	}
	return clip(p.tok.value)
}

func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	n := most
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "..."
}

func quoteRune(r rune) string {
	return fmt.Sprintf("%q (U+%04X)", r, r)
}

// end accepts one semicolon and the end of the text.
func (p *parser) end() {
	for p.isSymbol(";") {
		p.next()
	}
	if p.dead || p.tok.kind == tokEOF {
		return
	}
	suggestion := ""
	if p.last.kind == tokSymbol && p.last.value == ";" || beginsStatement(p) {
		suggestion = "one statement at a time: send the second one on its own"
	}
	p.fail("expected the end of the statement, found "+p.found(), suggestion)
}

func (p *parser) isWord(w string) bool {
	return p.tok.kind == tokWord && strings.EqualFold(p.tok.value, w)
}

func (p *parser) isAny(words ...string) bool {
	for _, w := range words {
		if p.isWord(w) {
			return true
		}
	}
	return false
}

func (p *parser) isSymbol(s string) bool { return p.tok.kind == tokSymbol && p.tok.value == s }

// takeWord consumes the keyword if it is there.
func (p *parser) takeWord(w string) bool {
	if !p.isWord(w) {
		return false
	}
	p.next()
	return true
}

// takeWords consumes a run of keywords if all of it is there.
func (p *parser) takeWords(words ...string) bool {
	saved := *p
	for _, w := range words {
		if !p.takeWord(w) {
			*p = saved
			return false
		}
	}
	return true
}

func (p *parser) takeSymbol(s string) bool {
	if !p.isSymbol(s) {
		return false
	}
	p.next()
	return true
}

// wantWord consumes the keyword or fails.
func (p *parser) wantWord(w string) {
	if !p.takeWord(w) {
		p.expected(w, w)
	}
}

func (p *parser) wantSymbol(s, where string) {
	if !p.takeSymbol(s) {
		p.expected("'" + s + "' " + where)
	}
}

// adjacent reports whether the current token follows the last one without a gap.
func (p *parser) adjacent() bool { return p.tok.kind != tokEOF && p.last.end == p.tok.pos.Offset }

// list reads "(item, item)"; a comma before the bracket is accepted. item must
// consume something or fail.
func (p *parser) list(where string, item func()) {
	p.wantSymbol("(", where)
	for !p.dead && !p.isSymbol(")") {
		item()
		if p.isSymbol(")") || p.dead {
			break
		}
		if !p.takeSymbol(",") {
			p.expected("',' or ')' " + where)
		}
	}
	p.wantSymbol(")", where)
}

// identifier reads a name: a word or a back-quoted text.
func (p *parser) identifier(what string) string {
	switch p.tok.kind {
	case tokWord, tokQuoted:
		name := p.tok.value
		if p.tok.kind == tokQuoted && name == "" {
			p.fail("an empty name", "")
			return ""
		}
		p.next()
		return name
	case tokString:
		p.fail("expected "+what+", found "+p.found(), "names stand without quotes, or in back-quotes: "+quoteName(clip(p.tok.value)))
	case tokSymbol:
		if p.tok.value == "<" {
			p.fail("expected "+what+", found <", "replace <...> of the document by a name of your choice")
			return ""
		}
		p.expected(what)
	default:
		p.expected(what)
	}
	return ""
}
