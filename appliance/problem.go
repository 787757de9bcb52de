package appliance

import (
	"fmt"
	"sort"
	"strings"
)

// Problem is one thing wrong with the configuration, with its place.
type Problem struct {
	Source     string // file name, "environment" or "command line"
	Line       int    // 1-based; 0 where there are no lines
	Column     int
	Key        string
	Message    string
	Suggestion string // what to write instead; may be empty
}

// String prints the problem as file:line:column: key: message (suggestion).
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Source)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	if p.Key != "" {
		fmt.Fprintf(&b, ": %s", p.Key)
	}
	fmt.Fprintf(&b, ": %s", p.Message)
	if p.Suggestion != "" {
		fmt.Fprintf(&b, " (%s)", p.Suggestion)
	}
	return b.String()
}

// ConfigError is every problem of a configuration at once.
type ConfigError struct{ Problems []Problem }

// Error lists the problems, one a line.
func (e *ConfigError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	noun := "problems"
	if len(lines) == 1 {
		noun = "problem"
	}
	return fmt.Sprintf("configuration: %d %s\n  %s", len(lines), noun, strings.Join(lines, "\n  "))
}

func sortProblems(p []Problem) {
	sort.SliceStable(p, func(i, j int) bool {
		if p[i].Source != p[j].Source {
			return p[i].Source < p[j].Source
		}
		return p[i].Line < p[j].Line
	})
}

// nearest returns the name closest to s, or "" when none is close enough to be
// worth suggesting.
func nearest(s string, names []string) string {
	best, bestDistance := "", len(s)/3+2
	for _, n := range names {
		if d := distance(s, n, bestDistance); d < bestDistance {
			best, bestDistance = n, d
		}
	}
	return best
}

// distance is the number of single-character edits between a and b, or limit if it
// is at least that.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	previous := make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	current := make([]int, len(b)+1)
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(previous[j]+1, current[j-1]+1, previous[j-1]+cost)
		}
		previous, current = current, previous
	}
	return min(previous[len(b)], limit)
}
