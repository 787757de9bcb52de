package builtin

import (
	"strings"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// area is a set of series written as pattern nodes. It answers what a tablet.Matcher
// cannot: how one pattern relates to another. Both answers err to the safe side:
// covers may be false although it is true, touches may be true although it is false.
type area []string

func newArea(pattern string) (area, error) {
	nodes, err := tablet.SplitPattern(pattern)
	return area(nodes), err
}

// String returns the pattern.
func (a area) String() string { return tablet.JoinPath(a...) }

// prefixAreas returns the patterns that together select what a prefix of IoTDB 1.2
// selects: root.a.1 is root.a.1* and root.a.1*.**.
func prefixAreas(prefix string) ([]area, error) {
	p, err := tablet.CompilePrefix(prefix)
	if err != nil {
		return nil, err
	}
	text := p.String()
	if base, ok := strings.CutSuffix(text, "."); ok {
		a, err := newArea(base + ".**")
		return []area{a}, err
	}
	if strings.HasPrefix("root", text) {
		return []area{{"root", "**"}}, nil
	}
	if !strings.HasSuffix(text, "`") {
		text += "*"
	}
	one, err := newArea(text)
	if err != nil {
		return nil, err
	}
	return []area{one, append(one[:len(one):len(one)], "**")}, nil
}

// covers reports whether everything b selects is selected by a, as far as that can be
// seen node by node.
func (a area) covers(b area) bool {
	return a.relate(b, func(x, y string) bool { return y != "**" && nodeCovers(x, y) }, false)
}

// touches reports whether some series may be selected by both.
func (a area) touches(b area) bool { return a.relate(b, nodesTouch, true) }

// relate compares node by node, in time len(a) x len(b); ** takes one node or more.
// both says that ** of b is as free as ** of a, not a node to be covered.
//
//	table[j] is whether a[i:] and b[j:] relate; it is filled from the ends
func (a area) relate(b area, nodes func(x, y string) bool, both bool) bool {
	next := make([]bool, len(b)+1) // for i+1
	next[len(b)] = true
	for i := len(a) - 1; i >= 0; i-- {
		table := make([]bool, len(b)+1)
		for j := len(b) - 1; j >= 0; j-- {
			freeA, freeB := a[i] == "**", both && b[j] == "**"
			switch {
			case freeA || freeB:
				table[j] = next[j+1] || freeA && table[j+1] || freeB && next[j]
			default:
				table[j] = next[j+1] && nodes(a[i], b[j])
			}
		}
		next = table
	}
	return next[0]
}

func starred(node string) bool { return !strings.HasPrefix(node, "`") && strings.Contains(node, "*") }

// nodeCovers reports whether every name that matches b matches a.
func nodeCovers(a, b string) bool {
	if a == "*" || a == b {
		return true
	}
	if !starred(a) {
		return false
	}
	if !starred(b) {
		return nodeMatch(a, b)
	}
	head, isPrefix := strings.CutSuffix(a, "*")
	return isPrefix && !starred(head) && strings.HasPrefix(b, head) // d* covers d1* and d*x
}

// nodesTouch reports whether some name may match both.
func nodesTouch(a, b string) bool {
	switch {
	case a == b || a == "*" || b == "*":
		return true
	case starred(a) && starred(b):
		headA, _, _ := strings.Cut(a, "*")
		headB, _, _ := strings.Cut(b, "*")
		return strings.HasPrefix(headA, headB) || strings.HasPrefix(headB, headA)
	case starred(a):
		return nodeMatch(a, b)
	case starred(b):
		return nodeMatch(b, a)
	}
	return false
}

// nodeMatch matches one name against a node with stars.
func nodeMatch(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(name, parts[0]) {
		return false
	}
	name = name[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name = name[i+len(part):]
	}
	return strings.HasSuffix(name, parts[len(parts)-1])
}

// verdict says what becomes of something that only a part of the data is about.
type verdict uint8

const (
	passIt verdict = iota // all of it is selected
	cutIt                 // a smaller one, made from the areas returned, is
	skipIt                // nothing of it is selected
	leakIt                // it cannot be cut: passing it would leak, skipping it would lose
)

// patterns relates patterns (of a deletion) to what the filter selects: the patterns
// to use instead, and what to do.
func (f *filter) patterns(in []string) ([]string, verdict) {
	var out []string
	changed := false
	for _, text := range in {
		a, err := newArea(text)
		if err != nil {
			return nil, leakIt
		}
		parts, ok := f.cut(a)
		if !ok {
			return nil, leakIt
		}
		changed = changed || len(parts) != 1 || parts[0] != text
		out = append(out, parts...)
	}
	switch {
	case len(out) == 0:
		return nil, skipIt
	case changed:
		return out, cutIt
	}
	return in, passIt
}

// cut returns the selected part of an area as patterns; false if it is not a set of
// patterns or cannot be told.
func (f *filter) cut(a area) ([]string, bool) {
	for _, n := range f.not {
		if n.covers(a) {
			return nil, true
		}
		if n.touches(a) {
			return nil, false
		}
	}
	if f.include == nil {
		return []string{a.String()}, true
	}
	var out []string
	for _, i := range f.areas {
		switch {
		case i.covers(a):
			return []string{a.String()}, true
		case a.covers(i):
			if f.excluded(i) {
				return nil, false
			}
			out = append(out, i.String())
		case i.touches(a):
			return nil, false
		}
	}
	return out, true
}

func (f *filter) excluded(a area) bool {
	for _, n := range f.not {
		if n.touches(a) {
			return true
		}
	}
	return false
}
