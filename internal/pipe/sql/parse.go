package sql

import (
	"github.com/sluice-gateway/sluice/internal/pipe/sql/grant"
	"github.com/sluice-gateway/sluice/internal/pipe/sql/scan"
	"github.com/sluice-gateway/sluice/internal/pipe/sql/timestamp"
)

// MaxBytes is the length of the longest statement.
const MaxBytes = scan.MaxBytes

// Times in statements, see package timestamp.
type (
	// Options is what the meaning of a statement depends on besides its text.
	Options = timestamp.Options
	// Precision is the unit of timestamps.
	Precision = timestamp.Precision
)

// The precisions of timestamps.
const (
	Millisecond = timestamp.Millisecond // ms
	Microsecond = timestamp.Microsecond // us
	Nanosecond  = timestamp.Nanosecond  // ns
)

// ParseTime reads a point in time, see timestamp.Parse.
func ParseTime(text string, o Options) (int64, error) { return timestamp.Parse(text, o) }

// parser is the place in a statement that is being read.
type parser = scan.Cursor

// Parse reads one statement, with or without a trailing semicolon. Every error is a
// *status.Error: code 700 with line, column, what was expected and often a
// suggestion (as spec.Problems in its chain); 300 for what IoTDB can do inside a
// statement and a gateway cannot. A statement that IoTDB has and a gateway has not is
// a *Unsupported without an error.
func Parse(text string, o Options) (Statement, error) {
	p := scan.New(text, o)
	if err := p.Err(); err != nil {
		return nil, err
	}
	s := readStatement(p)
	if _, ok := s.(*Unsupported); ok && !p.Dead {
		return s, nil
	}
	p.End(beginsStatement)
	if err := p.Err(); err != nil {
		return nil, err
	}
	return s, nil
}

// IsQuery tells whether a statement answers with rows.
func IsQuery(st Statement) bool {
	switch st := st.(type) {
	case *Select, *Count, *Show, *ShowPipes, *ShowPipePlugins, *ShowDatabases, *ShowDevices, *ShowTimeseries,
		*ShowTemplates, *ShowChild, *ShowTTL:
		return true
	case *grant.Statement:
		return st.Query()
	}
	return false
}
