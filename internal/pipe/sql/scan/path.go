package scan

import (
	"strings"
	"unicode/utf8"

	"github.com/sluice-gateway/sluice/internal/status"
)

// Pos is a place in the statement text: 1-based line and column (in characters)
// and the byte offset.
type Pos struct{ Line, Column, Offset int }

// Path is a path or path pattern split into its nodes, first "root". A node that
// was back-quoted is stored without the quotes and with doubled quotes undone; the
// Wildcards * and ** are ordinary nodes when they were not quoted (Quoted false); a
// node of a pattern may also have one * at its start, its end or both, as in d*.
type Path struct {
	Nodes  []string
	Quoted []bool // parallel to Nodes; nil when nothing was quoted
	Pos    Pos
}

// MaxNodes bounds the nodes of a path.
const MaxNodes = 1024

// Wildcards says whether a path may hold * and **.
type Wildcards bool

// Whether wildcards may stand in a path.
const (
	Exact   Wildcards = false
	Pattern Wildcards = true
)

// ReadPath reads a path that begins with root.
func ReadPath(p *Cursor, w Wildcards) Path {
	if !p.IsWord("root") {
		p.Expected("a path that begins with root", "root")
		return Path{}
	}
	return ReadNodes(p, w)
}

// ReadNodes reads node.node...; white space around the dots is accepted, as in IoTDB.
func ReadNodes(p *Cursor, w Wildcards) Path {
	path := Path{Pos: p.Tok.Pos}
	anyQuoted := false
	var quoted []bool
	for !p.Dead {
		name, q := ReadNode(p, w)
		path.Nodes = append(path.Nodes, name)
		quoted = append(quoted, q)
		anyQuoted = anyQuoted || q
		if len(path.Nodes) > MaxNodes {
			p.Fail("the path has too many nodes", "")
		}
		if !p.TakeSymbol(".") {
			break
		}
	}
	if anyQuoted {
		path.Quoted = quoted
	}
	return path
}

// ReadNode reads one node: a name, a back-quoted name, *, ** or a name with * at an end.
func ReadNode(p *Cursor, w Wildcards) (string, bool) {
	if p.Tok.Kind == Quoted {
		name := p.Tok.Value
		if name == "" {
			p.Fail("an empty node name", "")
		}
		p.Next()
		return name, true
	}
	start := p.Tok.Pos
	name := ""
	words, stars := 0, 0
	for first := true; first || p.Adjacent(); first = false {
		switch {
		case p.Tok.Kind == Word:
			words++
		case p.IsSymbol("*"), p.IsSymbol("**"):
			stars++
		default:
			if first {
				p.Expected("a node name")
				return "", false
			}
			return checkNode(p, spelled{name, start, words, stars}, w)
		}
		name += p.Tok.Value
		p.Next()
		if len(name) > MaxBytes || words+stars > 3 {
			break
		}
	}
	return checkNode(p, spelled{name, start, words, stars}, w)
}

// spelled is an unquoted node as it was written.
type spelled struct {
	name         string
	at           Pos
	words, stars int // tokens it consists of
}

func checkNode(p *Cursor, n spelled, w Wildcards) (string, bool) {
	fail := func(message, suggestion string) {
		p.Note(n.at, message, suggestion)
		p.Die()
	}
	if !bool(w) && n.stars == 0 && strings.ContainsAny(n.name, ":@#${}") && !p.Dead {
		p.Code = status.Semantic
		fail(Clip(n.name)+" is illegal, unquoted node name can only consist of digits, characters and underscore", "write it in back-quotes: `"+Clip(n.name)+"`")
	}
	switch {
	case n.stars > 0 && !bool(w):
		fail("the wildcard "+Clip(n.name)+" may not stand in this path", "")
	case n.words > 1 || strings.Contains(n.name, "**") && n.name != "**":
		fail("the node "+Clip(n.name)+" mixes names and Wildcards", "one * at the start or end of a name, *, or **")
	case n.words == 1 && n.stars == 0 && Number(n.name):
		fail("the node "+Clip(n.name)+" is a number", "write it in back-quotes: `"+Clip(n.name)+"`")
	}
	return n.name, false
}

// number reports whether a word consists of digits, perhaps with an exponent: such
// a node must be quoted, or a path could not be told from a number.
func Number(word string) bool {
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	mantissa, exponent, ok := strings.Cut(strings.ToLower(word), "e")
	return digits(mantissa) && (!ok || digits(exponent))
}

// ReadPaths reads path, path, ...
func ReadPaths(p *Cursor, w Wildcards) []Path {
	out := []Path{ReadPath(p, w)}
	for p.TakeSymbol(",") {
		out = append(out, ReadPath(p, w))
	}
	return out
}

// String returns the path as it is written in a statement: nodes that were quoted,
// or that need it, in back-quotes.
func (p Path) String() string {
	var b strings.Builder
	for i, n := range p.Nodes {
		if i > 0 {
			b.WriteByte('.')
		}
		switch {
		case i < len(p.Quoted) && p.Quoted[i]:
			b.WriteString(backQuoted(n))
		case plainPattern(n):
			b.WriteString(n)
		default:
			b.WriteString(QuoteNode(n))
		}
	}
	return b.String()
}

// plainPattern reports whether a node is a wildcard that needs no quotes.
func plainPattern(n string) bool {
	if n == "*" || n == "**" {
		return true
	}
	name := strings.TrimSuffix(strings.TrimPrefix(n, "*"), "*")
	return name != n && PlainName(name)
}

// PlainName reports whether a name needs no back-quotes.
func PlainName(s string) bool {
	for _, r := range s {
		if !NameChar(r) {
			return false
		}
	}
	return s != "" && utf8.ValidString(s)
}

// QuoteName prints an identifier.
func QuoteName(s string) string {
	if PlainName(s) {
		return s
	}
	return backQuoted(s)
}

// QuoteNode prints a node of a path: numbers need quotes, too.
func QuoteNode(s string) string {
	if PlainName(s) && !Number(s) {
		return s
	}
	return backQuoted(s)
}

func backQuoted(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }

// QuoteString prints a text in quotes.
func QuoteString(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
