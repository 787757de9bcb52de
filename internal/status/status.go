// Package status names the status codes of IoTDB's client RPC and carries one of
// them in an error, so that a cause keeps its code from where it is found to the
// door that answers (RPC, pipeTransfer, log). It is a leaf: it imports nothing of
// this project and decides nothing.
package status

import (
	"errors"
	"fmt"
)

// Code is the numeric status of a TSStatus. The numbers are those of IoTDB's
// TSStatusCode (service-rpc); clients branch on them.
type Code int32

// The codes a gateway sends.
const (
	Success              Code = 200
	IncompatibleVersion  Code = 201
	UnsupportedDialect   Code = 205
	Unsupported          Code = 300
	ExecuteStatement     Code = 301
	Multiple             Code = 302
	IllegalParameter     Code = 303
	Internal             Code = 305
	DatabaseNotExist     Code = 500
	DatabaseExists       Code = 501
	TimeseriesExists     Code = 503
	AliasExists          Code = 505
	TemplateNotSet       Code = 513
	TemplateNotExist     Code = 514
	TemplateInUse        Code = 515
	TemplateClash        Code = 516
	TemplateNotActivated Code = 524
	TemplateMeasurement  Code = 527
	PathExists           Code = 506
	Metadata             Code = 507
	PathNotExist         Code = 508
	IllegalPath          Code = 509
	ReadOnly             Code = 600
	StorageEngine        Code = 601
	WriteProcess         Code = 605
	WriteReject          Code = 606
	OutOfTTL             Code = 607
	AlignedTimeseries    Code = 609
	DiskSpace            Code = 611
	TypeMismatch         Code = 614
	SQLParse             Code = 700
	Semantic             Code = 701
	TimeZone             Code = 702
	SetTimeZone          Code = 703
	QueryNotAllowed      Code = 704
	QueryProcess         Code = 708
	QueryMemory          Code = 709
	NoSuchQuery          Code = 714
	QueryTimeout         Code = 720
	InitAuth             Code = 800
	WrongPassword        Code = 801
	NotLogin             Code = 802
	NoPermission         Code = 803
	UserNotExist         Code = 804
	UserExists           Code = 805
	UserHasRole          Code = 806
	UserHasNotRole       Code = 807
	RoleNotExist         Code = 808
	RoleExists           Code = 809
	NotHasPrivilege      Code = 811
	NoGrantOption        Code = 817
	LoadFile             Code = 1100
	Pipe                 Code = 1107
	PipeVersion          Code = 1800
	PipeType             Code = 1801
	PipeHandshake        Code = 1802
	PipeOffsetReset      Code = 1803
	PipeFile             Code = 1804
	PipeExecute          Code = 1805
	PipeTemporary        Code = 1808
	PipeIdempotent       Code = 1809
	PipeUserConflict     Code = 1810
	PipeConfigHandshake  Code = 1811
	PipeSliceOutOfOrder  Code = 1812
)

// Error is a cause with the code a client sees. Message is a whole sentence for a
// person; it is never empty (clients dereference it).
type Error struct {
	Code    Code
	Message string
	Err     error // the cause, may be nil
}

// Error returns the code and the message as IoTDB's clients print them.
func (e *Error) Error() string { return fmt.Sprintf("%d: %s", e.Code, e.Message) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error; a cause given with %w stays reachable for errors.Is.
func Errorf(c Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: c, Message: err.Error(), Err: errors.Unwrap(err)}
}

// Of returns the code an error carries: Success for nil, Internal if it has none.
func Of(err error) Code {
	if err == nil {
		return Success
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// Message returns the sentence for a client; never empty for a non-nil error.
func Message(err error) string {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) && e.Message != "" {
		return e.Message
	}
	return err.Error()
}
