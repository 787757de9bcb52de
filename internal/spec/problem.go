package spec

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with an input: where, what, and what to do.
type Problem struct {
	Path       string // key as written, perhaps with the section in front; empty: the whole
	Line       int    // 1-based; 0: not known
	Column     int    // 1-based, in characters; 0: not known
	Message    string // a sentence without a full stop
	Suggestion string // a sentence without a full stop; may be empty
}

// String returns "line 3, column 5: sink.prot: unknown key; did you mean sink.port?".
func (p Problem) String() string {
	var b strings.Builder
	switch {
	case p.Line > 0 && p.Column > 0:
		fmt.Fprintf(&b, "line %d, column %d: ", p.Line, p.Column)
	case p.Line > 0:
		fmt.Fprintf(&b, "line %d: ", p.Line)
	}
	if p.Path != "" {
		b.WriteString(p.Path)
		b.WriteString(": ")
	}
	b.WriteString(p.Message)
	if p.Suggestion != "" {
		b.WriteString("; ")
		b.WriteString(p.Suggestion)
	}
	return b.String()
}

// Problems is a list of problems as one error. An empty list must not be used as
// an error: see Err.
type Problems []Problem

// Error returns all problems, separated by "; " and numbered when there are several.
func (ps Problems) Error() string {
	if len(ps) == 1 {
		return ps[0].String()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d problems: ", len(ps))
	for i, p := range ps {
		if i > 0 {
			b.WriteString(" ")
		}
		fmt.Fprintf(&b, "(%d) %s", i+1, p)
	}
	return b.String()
}

// Err returns nil for an empty list.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// maxSuggestLength bounds the words Suggest compares: the distance costs the
// product of the lengths, and an unknown key comes from outside.
const maxSuggestLength = 128

// Suggest returns the candidate closest to word, or "" if none is close: at most two
// letters or a quarter of them differ, or one is the end of the other.
func Suggest(word string, candidates []string) string {
	if word == "" || len(word) > maxSuggestLength {
		return ""
	}
	best, bestDistance := "", 1<<30
	for _, c := range candidates {
		if c == "" || len(c) > maxSuggestLength {
			continue
		}
		d := distance(strings.ToLower(word), strings.ToLower(c))
		if strings.HasSuffix(c, "."+word) || strings.HasSuffix(word, "."+c) {
			d = min(d, 1)
		}
		if d < bestDistance {
			best, bestDistance = c, d
		}
	}
	longer := max(len(word), len(best))
	tolerated := max(2, longer/4)
	if longer <= 2 {
		tolerated = 1
	}
	if best == "" || bestDistance > tolerated {
		return ""
	}
	return best
}

// distance is the number of insertions, deletions, replacements and swaps of
// neighbours that turn a into b.
func distance(a, b string) int {
	prev2, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], prev2[j-2]+1)
			}
		}
		prev2, prev, cur = prev, cur, prev2
	}
	return prev[len(b)]
}
