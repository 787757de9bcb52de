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
