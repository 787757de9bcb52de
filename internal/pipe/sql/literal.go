package sql

import (
	"math"
	"strconv"
	"strings"
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

// rereadRaw sets the lexer back to the current token and takes n bytes of raw text as
// one token.
func rereadRaw(p *parser, n int) string {
	p.lex.at = p.tok.pos
	text := p.lex.rest()[:n]
	p.lex.advance(n)
	p.tok.end = p.lex.at.Offset
	p.next()
	return text
}

// readNumberText reads a number with its sign; false (nothing consumed) if there is none
// or if it goes on as a name, as in 1abc.
func readNumberText(p *parser) (string, bool) {
	saved := *p
	sign := ""
	if p.isSymbol("-") || p.isSymbol("+") {
		sign = strings.TrimPrefix(p.tok.value, "+")
		p.next()
	}
	raw := p.lex.text[p.tok.pos.Offset:]
	n, _ := scanNumber(raw)
	if p.dead || n == 0 || p.tok.kind != tokWord && !p.isSymbol(".") || continues(raw[n:]) {
		*p = saved
		return "", false
	}
	return sign + rereadRaw(p, n), true
}

// continues reports whether rest begins with a name character.
func continues(rest string) bool {
	for _, r := range rest {
		return nameChar(r)
	}
	return false
}

// readInteger reads a whole number that fits int64; false (nothing consumed) otherwise.
func readInteger(p *parser) (int64, bool) {
	saved := *p
	text, ok := readNumberText(p)
	if ok {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, true
		}
	}
	dead, problems := p.dead, p.problems
	*p = saved
	if dead && !saved.dead {
		p.problems = problems
		p.die()
	}
	return 0, false
}

// readLiteral reads a value of an INSERT.
func readLiteral(p *parser) Literal {
	at := p.tok.pos
	switch p.tok.kind {
	case tokString:
		l := Literal{Kind: StringLiteral, Text: p.tok.value, Pos: at}
		p.next()
		return l
	case tokWord:
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
	if p.tok.kind == tokWord {
		p.fail("expected a value, found "+p.found(), "put a text in quotes: "+quoteString(clip(p.tok.value)))
	} else {
		p.expected("a value")
	}
	return Literal{Pos: at}
}

// readWordLiteral reads null, true, false, NaN, Infinity and X'..'.
func readWordLiteral(p *parser, at Pos) (Literal, bool) {
	word := p.tok.value
	l := Literal{Text: word, Pos: at}
	switch strings.ToLower(word) {
	case "null":
		l.Kind = NullLiteral
	case "true", "false":
		l.Kind, l.Text = BoolLiteral, strings.ToLower(word)
	case "nan":
		l.Kind, l.Text = FloatLiteral, "NaN"
	case "infinity", "inf":
		l.Kind, l.Text = FloatLiteral, "Infinity"
	case "x":
		p.next()
		if p.tok.kind != tokString || !p.adjacent() {
			p.expected("a text of hexadecimal digits after X")
			return l, true
		}
		l.Kind, l.Text = BlobLiteral, strings.ToLower(p.tok.value)
		if len(l.Text)%2 != 0 || strings.Trim(l.Text, "0123456789abcdef") != "" {
			p.fail("X'..' needs an even number of hexadecimal digits", "")
		}
	default:
		return l, false
	}
	p.next()
	return l, true
}

// readSignedNumber reads a number; -Infinity and -NaN count.
func readSignedNumber(p *parser, at Pos) (Literal, bool) {
	text, ok := readNumberText(p)
	if !ok {
		saved := *p
		if p.takeSymbol("-") && p.isAny("infinity", "inf") {
			p.next()
			return Literal{Kind: FloatLiteral, Text: "-Infinity", Pos: at}, true
		}
		if p.dead {
			return Literal{}, true
		}
		*p = saved
		return Literal{}, false
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

// readTimeValue reads a point in time: a whole number in the gateway's precision, now(),
// an ISO time (also in quotes), and durations added to or taken from them.
func readTimeValue(p *parser) Literal {
	at := p.tok.pos
	var l Literal
	switch {
	case p.tok.kind == tokString:
		t, err := ParseTime(p.tok.value, p.o)
		if err != nil {
			p.fail(err.Error(), "")
			return l
		}
		l = Literal{Kind: TimeLiteral, Text: quoteString(p.tok.value), Int: t, Pos: at}
		p.next()
	default:
		var ok bool
		if l, ok = readTimeLiteral(p); ok {
			break
		}
		if l, ok = readSignedNumber(p, at); !ok {
			p.expected("a time: a whole number, now() or 2024-01-31T08:00:00+08:00")
			return l
		}
		if n, err := strconv.ParseInt(l.Text, 10, 64); err != nil || l.Kind != IntLiteral {
			p.note(at, "the time "+clip(l.Text)+" is not a whole number that fits 64 bits", "")
			p.die()
		} else {
			l.Int = n
		}
	}
	return readDurations(p, l)
}

// readDurations reads + 1d - 2h and the like.
func readDurations(p *parser, l Literal) Literal {
	var text strings.Builder
	text.WriteString(l.Text)
	n := 0
	for !p.dead && (p.isSymbol("+") || p.isSymbol("-")) {
		sign := p.tok.value
		p.next()
		at := p.tok.pos
		if p.tok.kind != tokWord {
			p.expected("a duration such as 1d12h")
			return l
		}
		t, err := addDuration(l.Int, p.tok.value, sign == "-", p.o)
		if err != nil {
			p.note(at, err.Error(), "")
			p.die()
			return l
		}
		l.Int, l.Kind = t, TimeLiteral
		text.WriteString(" " + sign + " " + p.tok.value)
		p.next()
		if n++; n > maxDepth {
			p.fail("too many durations", "")
		}
	}
	l.Text = text.String()
	return l
}

// readTimeLiteral reads now() or an unquoted ISO time; false (nothing consumed) if there
// is neither.
func readTimeLiteral(p *parser) (Literal, bool) {
	at := p.tok.pos
	if p.tok.kind != tokWord {
		return Literal{}, false
	}
	if p.isWord("now") {
		p.next()
		p.wantSymbol("(", "after now")
		p.wantSymbol(")", "after now(")
		t, err := nowValue(p.o)
		if err != nil && !p.dead {
			p.note(at, err.Error(), "")
			p.die()
		}
		return Literal{Kind: TimeLiteral, Text: "now()", Int: t, Pos: at}, true
	}
	n := scanISO(p.lex.text[at.Offset:])
	if n == 0 {
		return Literal{}, false
	}
	text := rereadRaw(p, n)
	t, err := ParseTime(text, p.o)
	if err != nil {
		p.note(at, err.Error(), "")
		p.die()
	}
	return Literal{Kind: TimeLiteral, Text: text, Int: t, Pos: at}, true
}

// TimeRange bounds.
const (
	minTime = math.MinInt64
	maxTime = math.MaxInt64
)
