package core

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/rpc"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// recordedBackend records logins, statements that change anything, and writes in
// aggregate. While the audit log cannot be written it refuses all three.
type recordedBackend struct {
	rpc.Backend
	log *auditlog.Log
}

// unavailable is what a client is told while nothing can be recorded.
func (b recordedBackend) unavailable() error {
	if err := b.log.Refusing(); err != nil {
		return status.Errorf(status.DiskSpace, "Nothing is accepted: %w", err)
	}
	return nil
}

// Login implements rpc.Backend.
func (b recordedBackend) Login(ctx context.Context, c rpc.Credentials) (rpc.User, error) {
	if err := b.unavailable(); err != nil {
		return rpc.User{}, err
	}
	u, err := b.Backend.Login(ctx, c)
	e := audit.Entry{Category: audit.Login, Action: "client", User: c.User, Peer: c.Peer}
	if err != nil {
		e.Result, e.Detail = audit.Refused, err.Error()
	}
	if unwritten := b.log.Record(e); unwritten != nil && err == nil {
		return rpc.User{}, b.unavailable()
	}
	return u, err
}

// Execute implements rpc.Backend. What a statement did is recorded before the client
// is told.
func (b recordedBackend) Execute(ctx context.Context, s *rpc.Session, st sql.Statement, text string) (*result.Result, error) {
	if reads(st, text) {
		return b.Backend.Execute(ctx, s, st, text)
	}
	if err := b.unavailable(); err != nil {
		return nil, err
	}
	res, err := b.Backend.Execute(ctx, s, st, text)
	e := audit.Entry{Category: audit.Statement, Action: verb(st, text), User: s.User.Name, Peer: s.Peer, Object: audit.MaskSQL(text)}
	if text == "" {
		e.Object = audit.MaskSQL(sql.Print(st)) // a call of its own, not a statement
	}
	if _, insert := st.(*sql.Insert); insert && err == nil {
		e = audit.Entry{Category: audit.Request, Action: "insert statement", User: s.User.Name, Peer: s.Peer, Bytes: uint64(len(text)), Hash: sha256.Sum256([]byte(text))}
	}
	if err != nil {
		e.Result, e.Detail = audit.Failed, err.Error()
	}
	_ = b.log.Record(e) // what is done is done; the next one is refused if this was not written
	return res, err
}

// reads reports whether a statement changes nothing.
func reads(st sql.Statement, text string) bool {
	switch st.(type) {
	case *sql.Select, *sql.Unsupported:
		return true
	}
	word, _, _ := strings.Cut(verb(st, text), " ")
	switch word {
	case "show", "count", "list", "desc", "describe", "explain", "select":
		return true
	}
	return text == "" && (strings.HasPrefix(word, "show") || strings.HasPrefix(word, "count"))
}

// verb names the kind of a statement: its first two words, or its type when there is
// no text.
func verb(st sql.Statement, text string) string {
	if words := strings.Fields(audit.MaskSQL(text[:min(len(text), 200)])); len(words) > 0 {
		return strings.ToLower(strings.Join(words[:min(2, len(words))], " "))
	}
	name := fmt.Sprintf("%T", st)
	return strings.ToLower(name[strings.LastIndexByte(name, '.')+1:])
}

// Insert implements rpc.Backend.
func (b recordedBackend) Insert(ctx context.Context, s *rpc.Session, tablets []*tablet.Tablet) []error {
	if err := b.unavailable(); err != nil {
		out := make([]error, len(tablets))
		for i := range out {
			out[i] = err
		}
		return out
	}
	size := 0
	for _, t := range tablets {
		size += t.MemSize()
	}
	errs := b.Backend.Insert(ctx, s, tablets)
	e := audit.Entry{Category: audit.Request, Action: "insert", User: s.User.Name, Peer: s.Peer, Bytes: uint64(size)}
	if err := errors.Join(errs...); err != nil {
		e = audit.Entry{Category: audit.Exception, Action: "insert", Result: audit.Failed, User: s.User.Name, Peer: s.Peer, Detail: err.Error()}
	}
	_ = b.log.Record(e) // as in Execute
	return errs
}

// recordedTransfers records what a pipe of another node sends.
type recordedTransfers struct {
	rpc.PipeSession
	log  *auditlog.Log
	peer string
}

// Transfer implements rpc.PipeSession.
func (t recordedTransfers) Transfer(ctx context.Context, version int8, typ int16, body []byte) rpc.Answer {
	if err := t.log.Refusing(); err != nil {
		return rpc.Answer{Code: status.PipeTemporary, Message: err.Error()}
	}
	sum, size := sha256.Sum256(body), len(body)
	answer := t.PipeSession.Transfer(ctx, version, typ, body)
	e := audit.Entry{Category: audit.Request, Action: "pipe transfer", Peer: t.peer, Bytes: uint64(size), Hash: sum}
	ok := answer.Code == status.Success
	switch {
	case request.Type(typ).IsHandshake():
		e = audit.Entry{Category: audit.Handshake, Action: "pipe transfer", Peer: t.peer}
		if !ok {
			e.Result, e.Detail = audit.Refused, answer.Message
		}
	case !ok:
		e = audit.Entry{Category: audit.Exception, Action: "pipe transfer", Result: audit.Failed, Peer: t.peer, Detail: fmt.Sprintf("%d %s", answer.Code, answer.Message)}
	}
	_ = t.log.Record(e) // as in Execute of the backend
	return answer
}
