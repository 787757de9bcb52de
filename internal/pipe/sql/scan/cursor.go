package scan

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sluice-gateway/sluice/internal/pipe/sql/timestamp"
	"github.com/sluice-gateway/sluice/internal/spec"
	"github.com/sluice-gateway/sluice/internal/status"
)

// MaxBytes is the length of the longest statement.
const MaxBytes = 16 << 20

// MaxDepth bounds the nesting of brackets.
const MaxDepth = 64

// maxProblems bounds the mistakes reported at once.
const maxProblems = 20

// New returns a cursor at the first token. A text that is too long or not UTF-8 gives
// a dead cursor whose Err says so.
func New(text string, o timestamp.Options) *Cursor {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	p := &Cursor{lex: newLexer(text), Options: o}
	if len(text) > MaxBytes {
		p.lex.text = ""
		p.Tok.Pos = p.lex.at
		p.Fail(fmt.Sprintf("the statement has %d bytes, at most %d are read", len(text), MaxBytes), "")
		return p
	}
	if at := invalidUTF8(text); at >= 0 {
		p.lex.advance(at)
		p.Tok.Pos = p.lex.at
		p.Fail("the statement is not valid UTF-8 from here on", "")
		return p
	}
	p.Next()
	return p
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

// Cursor reads one statement with one token of foresight. After the first mistake
// that stops it, it is dead: every token is the end, and nothing more is reported. It
// is a value: copying it saves the place, assigning the copy goes back.
type Cursor struct {
	Tok     Token // current, not consumed
	Last    Token // consumed before it
	Options timestamp.Options
	Dead    bool
	Depth   int         // of brackets that are open, kept by who reads them; at most MaxDepth
	Code    status.Code // of the error; zero: 700

	lex      lexer
	problems spec.Problems
}

// Err returns what was noted as a *status.Error with spec.Problems in its chain; nil if nothing was.
func (p *Cursor) Err() error {
	if len(p.problems) == 0 {
		return nil
	}
	code := p.Code
	if code == 0 {
		code = status.SQLParse
	}
	return &status.Error{Code: code, Message: p.problems.Error(), Err: p.problems}
}

// Next consumes the current token.
func (p *Cursor) Next() {
	if p.Dead {
		return
	}
	p.Last = p.Tok
	p.Tok = p.lex.next()
	if p.Tok.Kind == Bad {
		p.Fail("unexpected: "+p.Tok.Value, "")
	}
}

// Note records a mistake and goes on.
func (p *Cursor) Note(at Pos, message, suggestion string) {
	if p.Dead {
		return
	}
	p.problems = append(p.problems, spec.Problem{Line: at.Line, Column: at.Column, Message: message, Suggestion: suggestion})
	if len(p.problems) >= maxProblems {
		p.Die()
	}
}

// Fail records a mistake at the current token and stops.
func (p *Cursor) Fail(message, suggestion string) {
	p.Note(p.Tok.Pos, message, suggestion)
	p.Die()
}

// Refuse is Fail for what is well formed and not supported.
func (p *Cursor) Refuse(at Pos, message string) {
	if p.Dead {
		return
	}
	p.Code = status.Unsupported
	p.Note(at, message, "")
	p.Die()
}

// Die ends reading: nothing more is reported.
func (p *Cursor) Die() {
	p.Dead = true
	p.Tok = Token{Kind: EOF, Pos: p.Tok.Pos, End: p.Tok.End}
}

// Expected fails with what should stand here.
func (p *Cursor) Expected(what string, words ...string) {
	p.Fail("expected "+what+", found "+p.Found(), Meant(p, words...))
}

// Unknown is Expected for a word in the place of one of a list: it is passed and
// reading goes on, so that other mistakes are found too.
func Unknown(p *Cursor, what string, words ...string) {
	if p.Tok.Kind != Word {
		p.Expected(what, words...)
		return
	}
	p.Note(p.Tok.Pos, "expected "+what+", found "+p.Found(), Meant(p, words...))
	p.Next()
}

// Meant asks whether one of some words was meant by the current one; empty if none is
// close.
func Meant(p *Cursor, words ...string) string {
	if p.Tok.Kind != Word || len(words) == 0 {
		return ""
	}
	if s := spec.Suggest(p.Tok.Value, words); s != "" && !strings.EqualFold(s, p.Tok.Value) {
		return "did you mean " + strings.ToUpper(s) + "?"
	}
	return ""
}

// Found describes the current Token for a message.
func (p *Cursor) Found() string {
	switch p.Tok.Kind {
	case EOF:
		return "the end of the statement"
	case String:
		return "the text " + QuoteString(Clip(p.Tok.Value))
	case Quoted:
		return "`" + Clip(p.Tok.Value) + "`"
	}
	return Clip(p.Tok.Value)
}

// Clip shortens text for a message.
func Clip(s string) string {
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

// End accepts a semicolon and the end of the text. begins says whether another statement
// begins here, for the hint.
func (p *Cursor) End(begins func(*Cursor) bool) {
	p.TakeSymbol(";")
	if p.Dead || p.Tok.Kind == EOF {
		return
	}
	suggestion := ""
	if p.Last.Kind == Symbol && p.Last.Value == ";" || begins(p) {
		suggestion = "one statement at a time: send the second one on its own"
	}
	p.Fail("expected the end of the statement, found "+p.Found(), suggestion)
}

// IsWord reports whether the current token is the keyword, in any letter case.
func (p *Cursor) IsWord(w string) bool {
	return p.Tok.Kind == Word && strings.EqualFold(p.Tok.Value, w)
}

// IsAny reports whether the current token is one of the keywords.
func (p *Cursor) IsAny(words ...string) bool {
	for _, w := range words {
		if p.IsWord(w) {
			return true
		}
	}
	return false
}

// IsSymbol reports whether the current token is the sign.
func (p *Cursor) IsSymbol(s string) bool { return p.Tok.Kind == Symbol && p.Tok.Value == s }

// TakeWord consumes the keyword if it is there.
func (p *Cursor) TakeWord(w string) bool {
	if !p.IsWord(w) {
		return false
	}
	p.Next()
	return true
}

// TakeWords consumes a run of keywords if all of it is there.
func (p *Cursor) TakeWords(words ...string) bool {
	saved := *p
	for _, w := range words {
		if !p.TakeWord(w) {
			*p = saved
			return false
		}
	}
	return true
}

// TakeSymbol consumes the sign if it is there.
func (p *Cursor) TakeSymbol(s string) bool {
	if !p.IsSymbol(s) {
		return false
	}
	p.Next()
	return true
}

// WantWord consumes the keyword or fails.
func (p *Cursor) WantWord(w string) {
	if !p.TakeWord(w) {
		p.Expected(w, w)
	}
}

// WantSymbol consumes the sign or fails; where says what it belongs to.
func (p *Cursor) WantSymbol(s, where string) {
	if !p.TakeSymbol(s) {
		p.Expected("'" + s + "' " + where)
	}
}

// Adjacent reports whether the current Token follows the last one without a gap.
func (p *Cursor) Adjacent() bool { return p.Tok.Kind != EOF && p.Last.End == p.Tok.Pos.Offset }

// List reads "(item, item)". item must consume something or fail.
func (p *Cursor) List(where string, item func()) {
	p.WantSymbol("(", where)
	for !p.Dead && !p.IsSymbol(")") {
		item()
		if p.IsSymbol(")") || p.Dead {
			break
		}
		if !p.TakeSymbol(",") {
			p.Expected("',' or ')' " + where)
		}
		if p.IsSymbol(")") {
			p.Fail("a comma stands before )", "")
		}
	}
	p.WantSymbol(")", where)
}

// Identifier reads a name: a word or a back-quoted text.
func (p *Cursor) Identifier(what string) string {
	switch p.Tok.Kind {
	case Word, Quoted:
		name := p.Tok.Value
		if p.Tok.Kind == Quoted && name == "" {
			p.Fail("an empty name", "")
			return ""
		}
		p.Next()
		return name
	case String:
		p.Fail("expected "+what+", found "+p.Found(), "names stand without quotes, or in back-quotes: "+QuoteName(Clip(p.Tok.Value)))
	case Symbol:
		if p.Tok.Value == "<" {
			p.Fail("expected "+what+", found <", "replace <...> of the document by a name of your choice")
			return ""
		}
		p.Expected(what)
	default:
		p.Expected(what)
	}
	return ""
}

// CallFollows reports whether the word is followed by a bracket.
func CallFollows(p *Cursor) bool {
	t := Peek(p)
	return t.Kind == Symbol && t.Value == "("
}

// Peek returns the token after the current one, consuming nothing.
func Peek(p *Cursor) Token {
	lex := p.lex
	return lex.next()
}

// TextSince returns the text from an offset to the end of the last token consumed.
func TextSince(p *Cursor, start int) string { return p.lex.text[start:max(start, p.Last.End)] }
