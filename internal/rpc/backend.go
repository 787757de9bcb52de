package rpc

import (
	"context"
	"time"

	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Backend does what clients ask for. All methods may be called from many
// goroutines at once; the calls of one session never overlap. Errors carry their
// status code (package status); an error without one is answered 305.
type Backend interface {
	// Login checks a name and a password. Refusals are status.WrongPassword (801),
	// status.UserNotExist (804) or status.InitAuth (800).
	Login(ctx context.Context, c Credentials) (User, error)

	// Execute runs one statement. Queries and SHOW statements return a Result, which
	// the server closes; all other statements return nil. text is the statement as
	// the client wrote it, empty when it came as an RPC method of its own.
	//
	// ctx ends when the client's time-out has passed, when the client of a query goes
	// away, and when the server has waited long enough at its stop. Rows of the Result
	// get the context of each fetch instead.
	Execute(ctx context.Context, s *Session, st sql.Statement, text string) (*result.Result, error)

	// Insert makes tablets durable. The answer has exactly one error per tablet, nil
	// when all its rows are durable. The tablets are validated, belong to the backend
	// afterwards and alias nothing.
	Insert(ctx context.Context, s *Session, tablets []*tablet.Tablet) []error
}

// Credentials are what openSession brings.
type Credentials struct {
	User, Password string
	Peer           string // host:port of the client
}

// User is who logged in.
type User struct {
	Name string
}

// Session is one login: it belongs to a connection and ends with it. The fields do
// not change while a Backend method runs.
type Session struct {
	ID       int64
	User     User
	ZoneName string         // as the client sent it
	Zone     *time.Location // never nil
	Peer     string         // host:port of the client
	Local    string         // host:port the client reached, for SHOW DATANODES
	Since    time.Time      // of the login
}

// Pipes receives what thrift pipe sinks of other nodes send (method pipeTransfer).
type Pipes interface {
	// NewSession is called at the first pipeTransfer of a connection. peer is the
	// sender's host:port.
	NewSession(peer string) PipeSession
}

// PipeSession is the receiving end of one connection. Calls do not overlap.
type PipeSession interface {
	// Transfer takes one request: the protocol version (1), the request type and its
	// body. The answer must not be Success before the content is durable. body is the
	// callee's to keep. A message is required for every code; respBody may be nil.
	Transfer(ctx context.Context, version int8, typ int16, body []byte) Answer
	// Close drops what is unfinished. It is called once, when the connection ends.
	Close()
}

// Answer is the response to one pipe request.
type Answer struct {
	Code    status.Code
	Message string
	Body    []byte // field 2 of TPipeTransferResp; nil: not sent
}

// Parser turns the text of one statement (a trailing semicolon allowed) into a
// Statement. Errors without a status code are answered 700 (SQL_PARSE_ERROR).
type Parser func(text string, s *Session) (sql.Statement, error)
