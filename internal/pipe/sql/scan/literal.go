package scan

import (
	"math"
	"strconv"
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql/timestamp"
	"github.com/sluice-gateway/sluice/internal/status"
)

// scanNumber returns the length of the number at the start of text: digits with an
// optional fraction and exponent, or a fraction alone; 0 if there is none. whole is
// false if it has a fraction or an exponent.
func scanNumber(text string) (n int, whole bool) {
	digits := func(i int) int {
		for i < len(text) && '0' <= text[i] && text[i] <= '9' {
			i++
		}
		return i
	}
	n, whole = digits(0), true
	hasInteger := n > 0
	if n < len(text) && text[n] == '.' {
		if m := digits(n + 1); m > n+1 || hasInteger {
			n, whole = m, false
		}
	}
	if n == 0 {
		return 0, false
	}
	if n < len(text) && (text[n] == 'e' || text[n] == 'E') {
		i := n + 1
		if i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		if m := digits(i); m > i {
			n, whole = m, false
		}
	}
	return n, whole
}

// rereadRaw sets the lexer back to the current Token and takes n bytes of raw text as
// one token.
func rereadRaw(p *Cursor, n int) string {
	p.lex.at = p.Tok.Pos
	text := p.lex.rest()[:n]
	p.lex.advance(n)
	p.Tok.End = p.lex.at.Offset
	p.Next()
	return text
}

// ReadNumberText reads a number with its sign; false (nothing consumed) if there is none
// or if it goes on as a name, as in 1abc.
func ReadNumberText(p *Cursor) (string, bool) {
	saved := *p
	sign := ""
	if p.IsSymbol("-") || p.IsSymbol("+") {
		sign = strings.TrimPrefix(p.Tok.Value, "+")
		p.Next()
	}
	raw := p.lex.text[p.Tok.Pos.Offset:]
	n, _ := scanNumber(raw)
	if p.Dead || n == 0 || p.Tok.Kind != Word && !p.IsSymbol(".") || continues(raw[n:]) {
		*p = saved
		return "", false
	}
	return sign + rereadRaw(p, n), true
}

// continues reports whether rest begins with a name character.
func continues(rest string) bool {
	for _, r := range rest {
		return NameChar(r)
	}
	return false
}

// ReadInteger reads a whole number that fits int64; false (nothing consumed) otherwise.
func ReadInteger(p *Cursor) (int64, bool) {
	saved := *p
	text, ok := ReadNumberText(p)
	if ok {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, true
		}
	}
	dead, problems := p.Dead, p.problems
	*p = saved
	if dead && !saved.Dead {
		p.problems = problems
		p.Die()
	}
	return 0, false
}

// ReadLiteral reads a value of an INSERT.
func ReadLiteral(p *Cursor) Literal {
	at := p.Tok.Pos
	switch p.Tok.Kind {
	case String:
		l := Literal{Kind: StringLiteral, Text: p.Tok.Value, Pos: at}
		p.Next()
		return l
	case Word:
		if l, ok := readWordLiteral(p, at); ok {
			return l
		}
		if l, ok := readTimeLiteral(p); ok {
			return l
		}
	}
	if l, ok := readSignedNumber(p, at); ok {
		return l
	}
	if p.Tok.Kind == Word {
		p.Fail("expected a value, found "+p.Found(), "put a text in quotes: "+QuoteString(Clip(p.Tok.Value)))
	} else {
		p.Expected("a value")
	}
	return Literal{Pos: at}
}

// readWordLiteral reads null, true, false, NaN and X'..'.
func readWordLiteral(p *Cursor, at Pos) (Literal, bool) {
	word := p.Tok.Value
	l := Literal{Text: word, Pos: at}
	switch strings.ToLower(word) {
	case "null":
		l.Kind = NullLiteral
	case "true", "false":
		l.Kind = BoolLiteral // a TEXT keeps its letter case
	case "nan":
		l.Kind = FloatLiteral
	case "x":
		if !BlobFollows(p) {
			return l, false
		}
		p.Next()
		l.Kind, l.Text = BlobLiteral, strings.ToLower(strings.Join(strings.Fields(p.Tok.Value), ""))
		if len(l.Text)%2 != 0 || strings.Trim(l.Text, "0123456789abcdef") != "" {
			p.Fail("X'..' needs an even number of hexadecimal digits", "")
		}
	default:
		return l, false
	}
	p.Next()
	return l, true
}

// BlobFollows reports whether X'..' begins here.
func BlobFollows(p *Cursor) bool {
	t := Peek(p)
	return p.Tok.Kind == Word && p.Tok.Value == "X" && t.Kind == String && t.Pos.Offset == p.Tok.End
}

func readSignedNumber(p *Cursor, at Pos) (Literal, bool) {
	text, ok := ReadNumberText(p)
	if !ok {
		return Literal{}, p.Dead
	}
	l := Literal{Kind: IntLiteral, Text: text, Pos: at}
	if strings.ContainsAny(text, ".eE") {
		l.Kind = FloatLiteral
		return l, true
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		l.Int = n
	}
	return l, true
}

// ReadTimeValue reads a point in time: a whole number in the gateway's precision, now(),
// an ISO time (also in quotes), and durations added to or taken from them.
func ReadTimeValue(p *Cursor) Literal {
	at := p.Tok.Pos
	var l Literal
	switch {
	case p.Tok.Kind == String:
		t, err := timestamp.Parse(p.Tok.Value, p.Options)
		if err != nil {
			wrongTime(p, at, err.Error())
			return l
		}
		l = Literal{Kind: TimeLiteral, Text: QuoteString(p.Tok.Value), Int: t, Pos: at}
		p.Next()
	default:
		var ok bool
		if l, ok = readTimeLiteral(p); ok {
			break
		}
		if l, ok = readSignedNumber(p, at); !ok {
			p.Expected("a time: a whole number, now() or 2024-01-31T08:00:00+08:00")
			return l
		}
		if n, err := strconv.ParseInt(l.Text, 10, 64); err != nil || l.Kind != IntLiteral {
			wrongTime(p, at, "the time "+Clip(l.Text)+" is not a whole number that fits 64 bits")
		} else {
			l.Int = n
		}
	}
	return readDurations(p, l)
}

// wrongTime stops at a time that is written as one and is none: code 701.
func wrongTime(p *Cursor, at Pos, message string) {
	if p.Dead {
		return
	}
	p.Code = status.Semantic
	p.Note(at, message, "")
	p.Die()
}

// readDurations reads + 1d - 2h and the like.
func readDurations(p *Cursor, l Literal) Literal {
	var text strings.Builder
	text.WriteString(l.Text)
	n := 0
	for !p.Dead && (p.IsSymbol("+") || p.IsSymbol("-")) {
		sign := p.Tok.Value
		p.Next()
		at := p.Tok.Pos
		if p.Tok.Kind != Word {
			p.Expected("a duration such as 1d12h")
			return l
		}
		if Number(p.Tok.Value) {
			p.Refuse(at, "arithmetic with numbers is not supported here: a duration such as 1d12h may be added to a time")
			return l
		}
		t, err := timestamp.Add(l.Int, p.Tok.Value, sign == "-", p.Options)
		if err != nil {
			p.Note(at, err.Error(), "")
			p.Die()
			return l
		}
		l.Int, l.Kind = t, TimeLiteral
		text.WriteString(" " + sign + " " + p.Tok.Value)
		p.Next()
		if n++; n > MaxDepth {
			p.Fail("too many durations", "")
		}
	}
	l.Text = text.String()
	return l
}

// readTimeLiteral reads now() or an unquoted ISO time; false (nothing consumed) if there
// is neither.
func readTimeLiteral(p *Cursor) (Literal, bool) {
	at := p.Tok.Pos
	if p.Tok.Kind != Word {
		return Literal{}, false
	}
	if p.IsWord("now") {
		p.Next()
		p.WantSymbol("(", "after now")
		p.WantSymbol(")", "after now(")
		t, err := timestamp.Now(p.Options)
		if err != nil && !p.Dead {
			p.Note(at, err.Error(), "")
			p.Die()
		}
		return Literal{Kind: TimeLiteral, Text: "now()", Int: t, Pos: at}, true
	}
	n := timestamp.Scan(p.lex.text[at.Offset:])
	if n == 0 {
		return Literal{}, false
	}
	text := rereadRaw(p, n)
	t, err := timestamp.Parse(text, p.Options)
	if err != nil {
		wrongTime(p, at, err.Error())
	}
	return Literal{Kind: TimeLiteral, Text: text, Int: t, Pos: at}, true
}

// The first and the last timestamp.
const (
	MinTime = math.MinInt64
	MaxTime = math.MaxInt64
)

// LiteralKind tells the form in which a literal was written.
type LiteralKind uint8

// Kinds of literal.
const (
	NullLiteral   LiteralKind = iota // null
	BoolLiteral                      // true, false
	IntLiteral                       // 12, -3
	FloatLiteral                     // 1.5, 2e3, NaN
	StringLiteral                    // 'a' or "a"; Text has the quotes undone
	BlobLiteral                      // X'00ff'; Text has the hex digits
	RawLiteral                       // text of a string record (insertStringRecord): the type is inferred as IoTDB does
	TimeLiteral                      // now(), 2024-01-01T00:00:00+08:00; Int has the value in the session's precision
)

// Literal is a value in a statement; its conversion to a column's type belongs to
// who knows the column.
type Literal struct {
	Kind LiteralKind
	Text string // as written (numbers), or unquoted (strings)
	Int  int64  // Kinds IntLiteral (if it fits, else Text only) and TimeLiteral
	Pos  Pos
}
