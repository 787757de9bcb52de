package tablet

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

// MaxPath is the longest path accepted, in bytes.
const MaxPath = 1 << 16

// PathError says why a text is not a path.
type PathError struct {
	Path   string
	Reason string
}

// Error quotes the path and gives the reason.
func (e *PathError) Error() string { return fmt.Sprintf("path %q: %s", e.Path, e.Reason) }

// SplitPath splits a path at the dots outside back-quotes and returns its nodes in
// normal form: a node keeps its back-quotes only if it needs them (see Quote), so
// that equal nodes are equal strings. Wildcards are refused. The path need not start
// at root. Errors are *PathError.
func SplitPath(s string) ([]string, error) { return splitPath(s, false) }

// SplitPattern is SplitPath that also accepts the nodes * and ** and nodes with a *
// at either end or inside, for instance s*.
func SplitPattern(s string) ([]string, error) { return splitPath(s, true) }

func splitPath(s string, wild bool) ([]string, error) {
	if len(s) > MaxPath {
		return nil, &PathError{Path: s[:64], Reason: fmt.Sprintf("longer than %d bytes", MaxPath)}
	}
	nodes := make([]string, 0, strings.Count(s, ".")+1)
	for rest := s; ; {
		node, n, err := cutNode(rest, wild)
		if err != "" {
			return nil, &PathError{Path: s, Reason: err}
		}
		nodes = append(nodes, node)
		if n == len(rest) {
			return nodes, nil
		}
		rest = rest[n+1:]
	}
}

// cutNode returns the first node of s in normal form and the bytes it takes; what
// follows is the end or a dot.
func cutNode(s string, wild bool) (node string, n int, err string) {
	if strings.HasPrefix(s, "`") {
		return cutQuoted(s)
	}
	n = strings.IndexByte(s, '.')
	if n < 0 {
		n = len(s)
	}
	node = s[:n]
	if node == "" {
		return "", 0, "empty node"
	}
	stars := false
	for _, c := range node {
		switch {
		case c == '*' && wild:
			stars = true
		case !plainRune(c):
			return "", 0, fmt.Sprintf("%q needs back-quotes around its node", c)
		}
	}
	if stars {
		return node, n, ""
	}
	if numberLike(node) {
		return "", 0, fmt.Sprintf("%s reads as a number and needs back-quotes", node)
	}
	return node, n, ""
}

func cutQuoted(s string) (node string, n int, err string) {
	for n = 1; n < len(s); n++ {
		if s[n] != '`' {
			continue
		}
		if n+1 < len(s) && s[n+1] == '`' {
			n++
			continue
		}
		break
	}
	if n >= len(s) {
		return "", 0, "back-quote is not closed"
	}
	inner := s[1:n]
	n++
	switch {
	case n < len(s) && s[n] != '.':
		return "", 0, "text after a closing back-quote"
	case inner == "":
		return "", 0, "empty node"
	case !utf8.ValidString(inner):
		return "", 0, "not valid UTF-8"
	}
	for _, c := range inner {
		if unicode.IsControl(c) {
			return "", 0, fmt.Sprintf("control character %q", c)
		}
	}
	if identifier(inner) {
		return inner, n, ""
	}
	return s[:n], n, ""
}

// plainRune reports whether c may stand in a node without back-quotes. Beyond ASCII
// the parser of IoTDB takes U+2E80 to U+9FFF; every letter, digit and mark is taken
// here.
func plainRune(c rune) bool {
	switch {
	case c < utf8.RuneSelf:
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			strings.ContainsRune("_:@#${}", c)
	case c == utf8.RuneError:
		return false
	}
	return 0x2e80 <= c && c <= 0x9fff || unicode.IsLetter(c) || unicode.IsNumber(c) || unicode.IsMark(c)
}

// identifier reports whether back-quotes around s say nothing: IoTDB removes them
// from letters, digits, underscores and U+2E80 to U+9FFF that do not read as a number
// (PathVisitor.parseNodeName), and from nothing else: `a@b` keeps them.
func identifier(s string) bool {
	for _, c := range s {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || 0x2e80 <= c && c <= 0x9fff) {
			return false
		}
	}
	return s != "" && !numberLike(s)
}

// numberLike reports whether IoTDB takes an identifier for a number: after leading
// zeros are dropped, digits with an optional exponent and an optional suffix d or f,
// or digits and the suffix l; zeros alone too (PathVisitor.isRealNumber).
func numberLike(s string) bool {
	t := strings.TrimLeft(s, "0")
	if t == "" {
		return s != ""
	}
	i := digits(t, 0)
	if i == 0 {
		return false
	}
	if i == len(t) || i+1 == len(t) && strings.IndexByte("dDfFlL", t[i]) >= 0 {
		return true
	}
	if t[i] != 'e' && t[i] != 'E' {
		return false
	}
	j := digits(t, i+1)
	return j > i+1 && (j == len(t) || j+1 == len(t) && strings.IndexByte("dDfF", t[j]) >= 0)
}

func digits(s string, i int) int {
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return i
}

// JoinPath joins nodes in normal form with dots.
func JoinPath(nodes ...string) string { return strings.Join(nodes, ".") }

// Quote turns a raw name into a node: back-quoted, with back-quotes inside doubled,
// unless it is letters, digits, underscores or U+2E80 to U+9FFF and does not read as
// a number.
func Quote(name string) string {
	if identifier(name) {
		return name
	}
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// Unquote is the inverse of Quote: the name that a node stands for.
func Unquote(node string) string {
	if len(node) < 2 || node[0] != '`' || node[len(node)-1] != '`' {
		return node
	}
	return strings.ReplaceAll(node[1:len(node)-1], "``", "`")
}

// Normalize returns a full path (it must start at root and have no wildcard) with
// every node in normal form. A path that is normal already is returned as it is,
// without allocating.
func Normalize(path string) (string, error) {
	if !strings.HasPrefix(path, "root.") && path != "root" {
		return "", &PathError{Path: clip(path), Reason: "does not start at root"}
	}
	if len(path) > MaxPath {
		return "", &PathError{Path: clip(path), Reason: fmt.Sprintf("longer than %d bytes", MaxPath)}
	}
	same := true
	for rest := path; ; {
		node, n, err := cutNode(rest, false)
		if err != "" {
			return "", &PathError{Path: path, Reason: err}
		}
		same = same && len(node) == n
		if n == len(rest) {
			break
		}
		rest = rest[n+1:]
	}
	if same {
		return path, nil
	}
	nodes, err := SplitPath(path)
	if err != nil {
		return "", err
	}
	return JoinPath(nodes...), nil
}

// NormalizeMeasurement returns the normal form of a measurement name, which is a
// single node. TIME, TIMESTAMP and ROOT are reserved.
func NormalizeMeasurement(name string) (string, error) {
	node, n, reason := cutNode(name, false)
	switch {
	case reason != "":
		return "", &PathError{Path: clip(name), Reason: reason}
	case n != len(name):
		return "", &PathError{Path: clip(name), Reason: "a measurement is a single node"}
	case equalFold("TIME", node) || equalFold("TIMESTAMP", node) || equalFold("ROOT", node):
		return "", &PathError{Path: clip(name), Reason: "reserved word"}
	}
	return node, nil
}

// SplitSeries cuts the full name of a series into device and measurement, both in
// normal form.
func SplitSeries(path string) (device, measurement string, err error) {
	path, err = Normalize(path)
	if err != nil {
		return "", "", err
	}
	i := lastNode(path)
	if i == 0 {
		return "", "", &PathError{Path: path, Reason: "has no measurement"}
	}
	return path[:i-1], path[i:], nil
}

// lastNode returns the offset of the last node of a normal path.
func lastNode(path string) int {
	last, quoted := 0, false
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '`':
			quoted = !quoted
		case path[i] == '.' && !quoted:
			last = i + 1
		}
	}
	return last
}

// DeviceHash is the key of a device in log labels and lanes: xxhash64 of its normal
// form, never 0. A text that is no path (a table name) is hashed as it is.
func DeviceHash(device string) uint64 {
	if n, err := Normalize(device); err == nil {
		device = n
	}
	if h := xxhash.Sum64String(device); h != 0 {
		return h
	}
	return 1
}

func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "..."
	}
	return s
}
