package arrival

import (
	"errors"

	"github.com/sluice-gateway/sluice/internal/deadletter"
	"github.com/sluice-gateway/sluice/internal/status"
)

// Class says what a door may do with a request that was handled.
type Class uint8

// The classes.
const (
	Done      Class = iota // durable, or a piece that was taken, or known already
	Kept                   // durable as a dead letter: it can never be applied
	Temporary              // not durable; the same request may succeed later
	OutOfStep              // not durable, and repeating it on this connection cannot help
)

// String returns the class in words.
func (c Class) String() string {
	names := [...]string{"done", "kept as a dead letter", "temporary", "out of step"}
	if int(c) < len(names) {
		return names[c]
	}
	return "unknown"
}

// Outcome is the result of one request.
type Outcome struct {
	Class   Class
	Code    status.Code // what a thrift sender is told
	Message string      // one sentence, never empty
	Body    []byte      // body of a thrift answer: the file length after a piece; nil if none
}

// failure is why a request was not applied. Its class is Kept for "never": it
// becomes a dead letter.
type failure struct {
	class  Class
	code   status.Code
	reason string
	body   []byte            // of a thrift answer
	files  []deadletter.File // what the dead letter must hold besides the request
	err    error             // the cause, may be nil
}

// Error returns the reason.
func (f *failure) Error() string { return f.reason }

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.err }

// Classify says whether what a Writer refused may succeed later: Done for nil, Kept
// for what can never succeed, Temporary for everything else, unknown causes
// included: a request is rather held too long than given up wrongly.
func Classify(err error) Class {
	if err == nil {
		return Done
	}
	var f *failure
	if errors.As(err, &f) {
		return f.class
	}
	switch status.Of(err) {
	case status.UnsupportedDialect, status.Unsupported, status.ExecuteStatement, status.IllegalParameter,
		status.DatabaseNotExist, status.DatabaseExists, status.TimeseriesExists, status.AliasExists, status.PathExists,
		status.Metadata, status.PathNotExist, status.IllegalPath, status.WriteProcess, status.OutOfTTL,
		status.AlignedTimeseries, status.TypeMismatch, status.SQLParse, status.Semantic, status.NoPermission,
		status.LoadFile, status.PipeType, status.PipeUserConflict:
		return Kept
	}
	return Temporary
}
