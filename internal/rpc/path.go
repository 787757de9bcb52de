package rpc

import (
	"strings"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// splitPath turns the text of a path or pattern into the nodes of a statement,
// which are names without back-quotes.
func splitPath(text string) (sql.Path, error) {
	nodes, err := tablet.SplitPattern(text)
	if err != nil {
		return sql.Path{}, illegalPath(text, err)
	}
	p := sql.Path{Nodes: nodes}
	for i, node := range nodes {
		if !strings.HasPrefix(node, "`") {
			continue
		}
		if p.Quoted == nil {
			p.Quoted = make([]bool, len(nodes))
		}
		p.Nodes[i], p.Quoted[i] = tablet.Unquote(node), true
	}
	return p, nil
}

// splitPaths is splitPath for several; the first error ends it.
func splitPaths(texts []string) ([]sql.Path, error) {
	if len(texts) == 0 {
		return nil, illegal("A list of paths is empty.")
	}
	paths := make([]sql.Path, len(texts))
	for i, t := range texts {
		var err error
		if paths[i], err = splitPath(t); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// splitName is the name a measurement stands for in a statement.
func splitName(text string) (string, error) {
	node, err := measurement(text)
	return tablet.Unquote(node), err
}

// device is the normal form of a device path, as tablets have it.
func device(text string) (string, error) {
	p, err := tablet.Normalize(text)
	if err != nil {
		return "", illegalPath(text, err)
	}
	return p, nil
}

// measurement is the normal form of a measurement, as columns have it.
func measurement(text string) (string, error) {
	m, err := tablet.NormalizeMeasurement(text)
	if err != nil {
		return "", illegalPath(text, err)
	}
	return m, nil
}

func illegalPath(text string, cause error) error {
	return &status.Error{Code: status.IllegalPath, Message: clip(text) + " is not a legal path: " + cause.Error(), Err: cause}
}
