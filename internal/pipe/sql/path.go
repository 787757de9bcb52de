package sql

import "strings"

// maxNodes bounds the nodes of a path.
const maxNodes = 1024

// wildcards says whether a path may hold * and **.
type wildcards bool

const (
	exact   wildcards = false
	pattern wildcards = true
)

// path reads a path that begins with root.
func (p *parser) path(w wildcards) Path {
	if !p.isWord("root") {
		p.expected("a path that begins with root", "root")
		return Path{}
	}
	return p.nodes(w)
}

// nodes reads node.node...; white space around the dots is accepted, as in IoTDB.
func (p *parser) nodes(w wildcards) Path {
	path := Path{Pos: p.tok.pos}
	anyQuoted := false
	var quoted []bool
	for !p.dead {
		name, q := p.node(w)
		path.Nodes = append(path.Nodes, name)
		quoted = append(quoted, q)
		anyQuoted = anyQuoted || q
		if len(path.Nodes) > maxNodes {
			p.fail("the path has too many nodes", "")
		}
		if !p.takeSymbol(".") {
			break
		}
	}
	if anyQuoted {
		path.Quoted = quoted
	}
	return path
}

// node reads one node: a name, a back-quoted name, *, ** or a name with * at an end.
func (p *parser) node(w wildcards) (string, bool) {
	if p.tok.kind == tokQuoted {
		name := p.tok.value
		if name == "" {
			p.fail("an empty node name", "")
		}
		p.next()
		return name, true
	}
	start := p.tok.pos
	name := ""
	words, stars := 0, 0
	for first := true; first || p.adjacent(); first = false {
		switch {
		case p.tok.kind == tokWord:
			words++
		case p.isSymbol("*"), p.isSymbol("**"):
			stars++
		default:
			if first {
				p.expected("a node name")
				return "", false
			}
			return p.checkNode(name, start, words, stars, w)
		}
		name += p.tok.value
		p.next()
		if len(name) > MaxBytes || words+stars > 3 {
			break
		}
	}
	return p.checkNode(name, start, words, stars, w)
}

func (p *parser) checkNode(name string, start Pos, words, stars int, w wildcards) (string, bool) {
	fail := func(message, suggestion string) {
		p.note(start, message, suggestion)
		p.die()
	}
	switch {
	case stars > 0 && !bool(w):
		fail("the wildcard "+clip(name)+" may not stand in this path", "")
	case words > 1 || strings.Contains(name, "**") && name != "**":
		fail("the node "+clip(name)+" mixes names and wildcards", "one * at the start or end of a name, *, or **")
	case words == 1 && stars == 0 && number(name):
		fail("the node "+clip(name)+" is a number", "write it in back-quotes: `"+clip(name)+"`")
	}
	return name, false
}

// number reports whether a word consists of digits, perhaps with an exponent: such
// a node must be quoted, or a path could not be told from a number.
func number(word string) bool {
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	mantissa, exponent, ok := strings.Cut(strings.ToLower(word), "e")
	return digits(mantissa) && (!ok || digits(exponent))
}

// paths reads path, path, ...
func (p *parser) paths(w wildcards) []Path {
	out := []Path{p.path(w)}
	for p.takeSymbol(",") {
		if p.tok.kind == tokEOF || p.isSymbol(";") {
			break // a trailing comma
		}
		out = append(out, p.path(w))
	}
	return out
}
