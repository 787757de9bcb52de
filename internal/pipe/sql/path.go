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

// readPath reads a path that begins with root.
func readPath(p *parser, w wildcards) Path {
	if !p.isWord("root") {
		p.expected("a path that begins with root", "root")
		return Path{}
	}
	return readNodes(p, w)
}

// readNodes reads node.node...; white space around the dots is accepted, as in IoTDB.
func readNodes(p *parser, w wildcards) Path {
	path := Path{Pos: p.tok.pos}
	anyQuoted := false
	var quoted []bool
	for !p.dead {
		name, q := readNode(p, w)
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

// readNode reads one node: a name, a back-quoted name, *, ** or a name with * at an end.
func readNode(p *parser, w wildcards) (string, bool) {
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
			return checkNode(p, spelled{name, start, words, stars}, w)
		}
		name += p.tok.value
		p.next()
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

func checkNode(p *parser, n spelled, w wildcards) (string, bool) {
	fail := func(message, suggestion string) {
		p.note(n.at, message, suggestion)
		p.die()
	}
	switch {
	case n.stars > 0 && !bool(w):
		fail("the wildcard "+clip(n.name)+" may not stand in this path", "")
	case n.words > 1 || strings.Contains(n.name, "**") && n.name != "**":
		fail("the node "+clip(n.name)+" mixes names and wildcards", "one * at the start or end of a name, *, or **")
	case n.words == 1 && n.stars == 0 && number(n.name):
		fail("the node "+clip(n.name)+" is a number", "write it in back-quotes: `"+clip(n.name)+"`")
	}
	return n.name, false
}

// number reports whether a word consists of digits, perhaps with an exponent: such
// a node must be quoted, or a path could not be told from a number.
func number(word string) bool {
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	mantissa, exponent, ok := strings.Cut(strings.ToLower(word), "e")
	return digits(mantissa) && (!ok || digits(exponent))
}

// readPaths reads path, path, ...
func readPaths(p *parser, w wildcards) []Path {
	out := []Path{readPath(p, w)}
	for p.takeSymbol(",") {
		if p.tok.kind == tokEOF || p.isSymbol(";") {
			break // a trailing comma
		}
		out = append(out, readPath(p, w))
	}
	return out
}
