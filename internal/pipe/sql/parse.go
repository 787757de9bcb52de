package sql

import (
	"time"

	"github.com/sluice-gateway/sluice/internal/status"
)

// Options is what the meaning of a statement depends on besides its text.
type Options struct {
	Zone      *time.Location // of times written without a zone; nil: UTC
	Now       time.Time      // the value of now(); zero: the statement may not use now()
	Precision Precision      // of timestamps; zero: milliseconds
}

// Precision is the unit of timestamps.
type Precision uint8

// The precisions of timestamps.
const (
	Millisecond Precision = iota // ms
	Microsecond                  // us
	Nanosecond                   // ns
)

// Parse reads one statement, with or without a trailing semicolon. Every error is a
// *status.Error: code 700 with line, column, what was expected and often a
// suggestion; 701 for what is well formed and means nothing. What IoTDB
// can say and a gateway cannot do is a *Unsupported without an error.
func Parse(text string, o Options) (Statement, error) {
	return nil, status.Errorf(status.Unsupported, "SQL is not there yet")
}
