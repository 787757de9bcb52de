package pred

import (
	"unicode/utf8"
)

// like is a compiled LIKE pattern: % stands for any text, _ for one character, and
// a backslash takes the next character as it is.
type like []likeElement

// likeElement is one character of a pattern.
type likeElement struct {
	r    rune
	kind uint8 // 0: the rune, '_' or '%'
}

func compileLike(pattern string) like {
	var out like
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped:
			out = append(out, likeElement{r: r})
			escaped = false
		case r == '\\':
			escaped = true
		case r == '%':
			if n := len(out); n == 0 || out[n-1].kind != '%' {
				out = append(out, likeElement{kind: '%'})
			}
		case r == '_':
			out = append(out, likeElement{kind: '_'})
		default:
			out = append(out, likeElement{r: r})
		}
	}
	if escaped {
		out = append(out, likeElement{r: '\\'})
	}
	return out
}

// match reports whether the whole text matches. Only the last % is ever retried, so time
// is bounded by pattern times text.
func (l like) match(text []byte) bool {
	at, retry := 0, -1
	var rest []byte
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case at < len(l) && l[at].kind == '%':
			at++
			retry, rest = at, text
			continue
		case at < len(l) && (l[at].kind == '_' || l[at].r == r):
			at++
			text = text[n:]
			continue
		case retry < 0:
			return false
		}
		_, n = utf8.DecodeRune(rest)
		rest = rest[n:]
		at, text = retry, rest
	}
	for at < len(l) && l[at].kind == '%' {
		at++
	}
	return at == len(l)
}
