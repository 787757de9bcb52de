package scan

import (
	"strings"
	"unicode/utf8"
)

// Kind is the kind of a token.
type Kind uint8

// The kinds of token.
const (
	EOF    Kind = iota // the end of the text, for ever
	Word               // run of name characters: keywords, names, digits
	Quoted             // `name`, value without quotes
	String             // 'text' or "text", value without quotes
	Symbol             // one of the operators and brackets
	Bad                // text that is no token; value says what is wrong
)

// Token is one token; its text in the statement is [Pos.Offset, End).
type Token struct {
	Kind  Kind
	Value string
	Pos   Pos
	End   int
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

// NameChar reports what may stand in an unquoted name: the NAME_CHAR of IoTDB's
// grammar, CJK from U+2E80 to U+9FFF included.
func NameChar(r rune) bool {
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
func (l *lexer) skip() (Token, bool) {
	for {
		rest := l.rest()
		switch {
		case rest == "":
			return Token{}, true
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
				return Token{}, true
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

func (l *lexer) bad(n int, what string) Token {
	t := Token{Kind: Bad, Value: what, Pos: l.at}
	l.advance(n)
	t.End = l.at.Offset
	return t
}

// next returns the next token; at the end EOF for ever.
func (l *lexer) next() Token {
	if t, ok := l.skip(); !ok {
		return t
	}
	rest := l.rest()
	if rest == "" {
		return Token{Kind: EOF, Pos: l.at, End: l.at.Offset}
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
		if !NameChar(r) {
			break
		}
		n += size
	}
	if n == 0 {
		return l.foreign(rest)
	}
	t := Token{Kind: Word, Value: rest[:n], Pos: l.at}
	l.advance(n)
	t.End = l.at.Offset
	return t
}

// foreign is the Token of a character that starts none.
func (l *lexer) foreign(rest string) Token {
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

func (l *lexer) symbol(n int) Token {
	t := Token{Kind: Symbol, Value: l.rest()[:n], Pos: l.at}
	l.advance(n)
	t.End = l.at.Offset
	return t
}

// quoted reads text between quotes of one kind; the quote inside is written twice.
func (l *lexer) quoted(q byte) Token {
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
		t := Token{Kind: String, Value: value, Pos: l.at}
		if q == '`' {
			t.Kind = Quoted
		}
		l.advance(i)
		t.End = l.at.Offset
		return t
	}
}
