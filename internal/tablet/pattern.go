package tablet

import "strings"

// Coverage says how much of a device a Matcher selects.
type Coverage uint8

// The coverages.
const (
	NoSeries   Coverage = iota // no series of the device matches
	SomeSeries                 // some may match: ask MatchSeries for each
	AllSeries                  // every series matches
)

// Matcher selects series. Devices and measurements are in normal form.
type Matcher interface {
	// MatchSeries reports whether the series device.measurement is selected.
	MatchSeries(device, measurement string) bool
	// Device says how many of a device's own series may be selected.
	Device(device string) Coverage
	// Overlaps reports whether some series at or below the path prefix may be selected.
	Overlaps(prefix string) bool
	// String returns the text the Matcher was made from, normalised.
	String() string
}

// Pattern is a tree pattern of IoTDB: nodes, where * stands for one node, ** for one
// or more nodes, and a * inside a node for any characters of that node.
type Pattern struct {
	nodes []string
	text  string
	all   bool // root.**
}

// CompilePattern parses a tree pattern. It must start at root.
func CompilePattern(s string) (*Pattern, error) {
	nodes, err := SplitPattern(s)
	if err != nil {
		return nil, err
	}
	if nodes[0] != "root" {
		return nil, &PathError{Path: clip(s), Reason: "does not start at root"}
	}
	return &Pattern{nodes: nodes, text: JoinPath(nodes...), all: len(nodes) == 2 && nodes[1] == "**"}, nil
}

// String returns the pattern in normal form.
func (p *Pattern) String() string { return p.text }

// Concrete reports whether the pattern has no wildcard and so names one path.
func (p *Pattern) Concrete() bool {
	for _, n := range p.nodes {
		if wildcard(n) {
			return false
		}
	}
	return true
}

// MatchPath reports whether the pattern matches a whole path.
func (p *Pattern) MatchPath(path string) bool {
	return matchNodes(p.nodes, path, "")
}

// MatchSeries implements Matcher.
func (p *Pattern) MatchSeries(device, measurement string) bool {
	return p.all || matchNodes(p.nodes, device, measurement)
}

// Device implements Matcher.
func (p *Pattern) Device(device string) Coverage {
	if p.all {
		return AllSeries
	}
	last := p.nodes[len(p.nodes)-1]
	head := p.nodes[:len(p.nodes)-1]
	switch {
	case last == "**" && (matchNodes(head, device, "") || matchNodes(p.nodes, device, "")):
		return AllSeries
	case last == "*" && matchNodes(head, device, ""):
		return AllSeries
	case last == "**":
		return NoSeries
	case matchNodes(head, device, ""):
		return SomeSeries
	}
	return NoSeries
}

// Overlaps implements Matcher.
func (p *Pattern) Overlaps(prefix string) bool {
	return p.all || overlaps(p.nodes, prefix)
}

// nextNode cuts the first node off a normal path; tail, if not empty, follows as one
// more node.
func nextNode(path, tail string) (node, rest, restTail string) {
	if path == "" {
		return tail, "", ""
	}
	quoted := false
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '`':
			quoted = !quoted
		case path[i] == '.' && !quoted:
			return path[:i], path[i+1:], tail
		}
	}
	return path, "", tail
}

// matchNodes matches a pattern against the nodes of path followed by tail. Time is
// bounded by pattern length x path length: only the last ** seen is retried.
func matchNodes(pat []string, path, tail string) bool {
	var retryPat []string
	var retryPath, retryTail string
	for path != "" || tail != "" {
		node, rest, restTail := nextNode(path, tail)
		if len(pat) > 0 && pat[0] == "**" {
			pat = pat[1:]
			retryPat, retryPath, retryTail = pat, rest, restTail
			path, tail = rest, restTail
			continue
		}
		if len(pat) > 0 && matchNode(pat[0], node) {
			pat, path, tail = pat[1:], rest, restTail
			continue
		}
		if retryPat == nil || retryPath == "" && retryTail == "" {
			return false
		}
		_, retryPath, retryTail = nextNode(retryPath, retryTail)
		pat, path, tail = retryPat, retryPath, retryTail
	}
	return len(pat) == 0
}

// overlaps reports whether some extension of path (or path itself) matches.
func overlaps(pat []string, path string) bool {
	for path != "" {
		if len(pat) == 0 {
			return false
		}
		if pat[0] == "**" {
			return true // ** swallows the rest and whatever follows can be appended
		}
		node, rest, _ := nextNode(path, "")
		if !matchNode(pat[0], node) {
			return false
		}
		pat, path = pat[1:], rest
	}
	return true
}

func wildcard(node string) bool {
	return node != "" && node[0] != '`' && strings.IndexByte(node, '*') >= 0
}

// matchNode matches one node against one pattern node other than **.
func matchNode(pat, node string) bool {
	if pat == "*" || pat == node {
		return true
	}
	if !wildcard(pat) {
		return false
	}
	head, pat, _ := strings.Cut(pat, "*")
	node, ok := strings.CutPrefix(node, head)
	if !ok {
		return false
	}
	for {
		part, rest, more := strings.Cut(pat, "*")
		if !more {
			return strings.HasSuffix(node, part)
		}
		i := strings.Index(node, part)
		if i < 0 {
			return false
		}
		node, pat = node[i+len(part):], rest
	}
}

// Prefix is the pattern of IoTDB 1.2: a plain prefix of the full series name that
// need not end at a node. root.aligned.1 selects root.aligned.1TS.s and root.aligned.1TS.`1`,
// but not root.aligned.`1`.
type Prefix struct{ text string }

// CompilePrefix checks and normalises a prefix. Its last node may be incomplete, but
// back-quotes must be closed.
func CompilePrefix(s string) (*Prefix, error) {
	head, last := s, ""
	if i := lastNode(s); i < len(s) && s[i] != '`' {
		// The last node is text to compare with, so it need not be a valid node: 1 is fine.
		head, last = s[:i], s[i:]
		for _, c := range last {
			if !plainRune(c) {
				return nil, &PathError{Path: clip(s), Reason: "the last node needs back-quotes"}
			}
		}
	}
	head = strings.TrimSuffix(head, ".")
	if head == "" {
		if !strings.HasPrefix("root", last) {
			return nil, &PathError{Path: clip(s), Reason: "does not start at root"}
		}
		return &Prefix{text: last}, nil
	}
	nodes, err := SplitPath(head)
	if err != nil {
		return nil, err
	}
	if nodes[0] != "root" {
		return nil, &PathError{Path: clip(s), Reason: "does not start at root"}
	}
	text := JoinPath(nodes...)
	if len(head) < len(s) {
		text += "." + last
	}
	return &Prefix{text: text}, nil
}

// String returns the prefix in normal form.
func (p *Prefix) String() string { return p.text }

// MatchSeries implements Matcher.
func (p *Prefix) MatchSeries(device, measurement string) bool {
	if len(p.text) <= len(device) {
		return strings.HasPrefix(device, p.text)
	}
	rest, ok := strings.CutPrefix(p.text, device)
	return ok && rest[0] == '.' && strings.HasPrefix(measurement, rest[1:])
}

// Device implements Matcher.
func (p *Prefix) Device(device string) Coverage {
	if strings.HasPrefix(device, p.text) {
		return AllSeries
	}
	rest, ok := strings.CutPrefix(p.text, device)
	switch {
	case !ok || rest[0] != '.' || lastNode(rest[1:]) != 0:
		return NoSeries
	case rest == ".":
		return AllSeries
	}
	return SomeSeries
}

// Overlaps implements Matcher.
func (p *Prefix) Overlaps(prefix string) bool {
	if strings.HasPrefix(prefix, p.text) {
		return true
	}
	return strings.HasPrefix(p.text, prefix) && p.text[len(prefix)] == '.'
}
