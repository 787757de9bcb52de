package sql

import (
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEOF    tokenKind = iota
	tokWord             // run of name characters: keywords, names, digits
	tokQuoted           // `name`, value without quotes
	tokString           // 'text' or "text", value without quotes
	tokSymbol           // one of the operators and brackets
	tokBad              // text that is no token; value says what is wrong
)

// token is one token; its text in the statement is [pos.Offset, end).
type token struct {
	kind  tokenKind
	value string
	pos   Pos
	end   int
}

// lexer cuts a statement into tokens on demand. It is a value: copying it saves the
// place, assigning the copy goes back.
type lexer struct {
	text string
	at   Pos // of the next byte
}

func newLexer(text string) lexer {
	return lexer{text: text, at: Pos{Line: 1, Column: 1}}
}

// nameChar reports what may stand in an unquoted name: the NAME_CHAR of IoTDB's
// grammar, CJK from U+2E80 to U+9FFF included.
func nameChar(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	case r >= 0x2E80 && r <= 0x9FFF:
		return true
	}
	return strings.ContainsRune("_:@#${}", r) && r != utf8.RuneError
}

// advance moves n bytes on, counting lines and characters.
func (l *lexer) advance(n int) {
	end := l.at.Offset + n
	for l.at.Offset < end {
		r, size := utf8.DecodeRuneInString(l.text[l.at.Offset:])
		l.at.Offset += size
		if r == '\n' {
			l.at.Line++
			l.at.Column = 1
		} else {
			l.at.Column++
		}
	}
}

func (l *lexer) rest() string { return l.text[l.at.Offset:] }

// skip passes white space and comments. An open block comment is a bad token.
func (l *lexer) skip() (token, bool) {
	for {
		rest := l.rest()
		switch {
		case rest == "":
			return token{}, true
		case strings.HasPrefix(rest, "--"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			l.advance(n)
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return l.bad(len(rest), "a comment that is not closed by */"), false
			}
			l.advance(n + 4)
		default:
			r, size := utf8.DecodeRuneInString(rest)
			if !blank(r) {
				return token{}, true
			}
			l.advance(size)
		}
	}
}

func blank(r rune) bool {
	switch r {
	case ' ', '\t', '\r', '\n', '\f', '\v', 0xA0, 0x3000, 0xFEFF, 0x200B:
		return true // pasted documents bring the wide and invisible ones along
	}
	return false
}

func (l *lexer) bad(n int, what string) token {
	t := token{kind: tokBad, value: what, pos: l.at}
	l.advance(n)
	t.end = l.at.Offset
	return t
}

// next returns the next token; at the end tokEOF for ever.
func (l *lexer) next() token {
	if t, ok := l.skip(); !ok {
		return t
	}
	rest := l.rest()
	if rest == "" {
		return token{kind: tokEOF, pos: l.at, end: l.at.Offset}
	}
	switch c := rest[0]; c {
	case '\'', '"', '`':
		return l.quoted(c)
	case '(', ')', ',', '.', ';', '[', ']', '+', '-', '/', '%', '&', '|', '?', '~', '^':
		return l.symbol(1)
	case '=', '<', '>', '!', '*':
		return l.symbol(operatorLength(rest))
	}
	n := 0
	for n < len(rest) {
		r, size := utf8.DecodeRuneInString(rest[n:])
		if !nameChar(r) {
			break
		}
		n += size
	}
	if n == 0 {
		return l.foreign(rest)
	}
	t := token{kind: tokWord, value: rest[:n], pos: l.at}
	l.advance(n)
	t.end = l.at.Offset
	return t
}

// foreign is the token of a character that starts none.
func (l *lexer) foreign(rest string) token {
	r, size := utf8.DecodeRuneInString(rest)
	what := "the character " + quoteRune(r)
	switch r {
	case '\u2018', '\u2019', '\u201C', '\u201D', '\u2032', '\u00B4':
		what += " (a typographic quote: write ' instead)"
	case '\uFF0C', '\uFF08', '\uFF09', '\uFF1B', '\uFF1D', '\uFF0E', '\uFF0A':
		what += " (a wide sign: write the plain " + string(r-0xFEE0) + " instead)"
	case '\\':
		what += " (no backslash escapes here)"
	default:
		what += " (a name with it stands in back-quotes)"
	}
	return l.bad(size, what)
}

func operatorLength(rest string) int {
	if len(rest) > 1 {
		switch rest[:2] {
		case "==", "<=", ">=", "<>", "!=", "**":
			return 2
		}
	}
	return 1
}

func (l *lexer) symbol(n int) token {
	t := token{kind: tokSymbol, value: l.rest()[:n], pos: l.at}
	l.advance(n)
	t.end = l.at.Offset
	return t
}

// quoted reads text between quotes of one kind; the quote inside is written twice.
func (l *lexer) quoted(q byte) token {
	rest := l.rest()
	var parts []byte
	simple := true
	for i, start := 1, 1; ; {
		n := strings.IndexByte(rest[i:], q)
		if n < 0 {
			return l.bad(len(rest), "text that is not closed by "+string(q))
		}
		i += n + 1
		if i < len(rest) && rest[i] == q {
			parts = append(parts, rest[start:i]...)
			i++
			start, simple = i, false
			continue
		}
		value := rest[start : i-1]
		if !simple {
			value = string(append(parts, value...))
		}
		t := token{kind: tokString, value: value, pos: l.at}
		if q == '`' {
			t.kind = tokQuoted
		}
		l.advance(i)
		t.end = l.at.Offset
		return t
	}
}
