package appliance

import (
	"fmt"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxConfigBytes bounds a configuration file before it is read.
const maxConfigBytes = 1 << 20

// assignment is one key of a file with its place.
type assignment struct {
	key, value   string
	line, column int
}

// parseFile reads YAML (.yaml, .yml) or IoTDB-style properties (any other name).
func parseFile(name string, text []byte) ([]assignment, []Problem) {
	if len(text) > maxConfigBytes {
		return nil, []Problem{{Source: name, Message: fmt.Sprintf("the file is larger than %d bytes", maxConfigBytes)}}
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml":
		return parseYAML(name, text)
	}
	return parseProperties(name, text)
}

// parseYAML accepts a mapping; a nested mapping joins its keys with "_", so that
// "air_gap: {listen: ..}" is air_gap_listen.
func parseYAML(name string, text []byte) ([]assignment, []Problem) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, []Problem{{Source: name, Message: strings.TrimPrefix(err.Error(), "yaml: "), Suggestion: "a setting is written as key: value"}}
	}
	if doc.Kind == 0 {
		return nil, nil
	}
	var out []assignment
	var problems []Problem
	walkYAML(name, "", doc.Content[0], &out, &problems)
	return out, problems
}

func walkYAML(name, prefix string, n *yaml.Node, out *[]assignment, problems *[]Problem) {
	if n.Kind != yaml.MappingNode {
		*problems = append(*problems, Problem{Source: name, Line: n.Line, Column: n.Column, Key: strings.TrimSuffix(prefix, "_"),
			Message: "a mapping of settings is expected here"})
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		key := prefix + k.Value
		switch v.Kind {
		case yaml.MappingNode:
			walkYAML(name, key+"_", v, out, problems)
		case yaml.ScalarNode:
			*out = append(*out, assignment{key, v.Value, k.Line, k.Column})
		case yaml.SequenceNode:
			*out = append(*out, assignment{key, joinSequence(v), k.Line, k.Column})
		default:
			*problems = append(*problems, Problem{Source: name, Line: k.Line, Column: k.Column, Key: key, Message: "anchors and aliases are not supported here"})
		}
	}
}

func joinSequence(n *yaml.Node) string {
	parts := make([]string, 0, len(n.Content))
	for _, c := range n.Content {
		parts = append(parts, c.Value)
	}
	return strings.Join(parts, ",")
}

// parseProperties reads key=value lines as IoTDB's own files have them: "#" and
// "!" start a comment line, a trailing backslash continues the line.
func parseProperties(name string, text []byte) ([]assignment, []Problem) {
	var out []assignment
	var problems []Problem
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line, first := lines[i], i
		column := len(line) - len(strings.TrimLeft(line, " \t")) + 1
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		for strings.HasSuffix(line, `\`) && i+1 < len(lines) {
			i++
			line = strings.TrimSuffix(line, `\`) + strings.TrimSpace(lines[i])
		}
		at := strings.IndexAny(line, "=:")
		if at < 0 {
			problems = append(problems, Problem{Source: name, Line: first + 1, Column: column, Message: fmt.Sprintf("%q is not key=value", clip(line))})
			continue
		}
		out = append(out, assignment{strings.TrimSpace(line[:at]), strings.TrimSpace(line[at+1:]), first + 1, column})
	}
	return out, problems
}

func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}
