package core

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/pipe/sql/mask"
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

// unavailable is what a client is told while nothing can be recorded. That it was
// told is counted, and recorded as soon as something can be.
func (b recordedBackend) unavailable(user, peer string) error {
	err := b.log.Refusing()
	if err == nil {
		return nil
	}
	_ = b.log.Record(audit.Entry{Category: audit.Exception, Action: "refused without audit", Result: audit.Refused, User: user, Peer: peer})
	return status.Errorf(status.DiskSpace, "Nothing is accepted: %w", err)
}

// Login implements rpc.Backend.
func (b recordedBackend) Login(ctx context.Context, c rpc.Credentials) (rpc.User, error) {
	if err := b.unavailable(c.User, c.Peer); err != nil {
		return rpc.User{}, err
	}
	u, err := b.Backend.Login(ctx, c)
	e := audit.Entry{Category: audit.Login, Action: "client", User: c.User, Peer: c.Peer}
	if err != nil {
		e.Result, e.Detail = audit.Refused, err.Error()
	}
	if unwritten := b.log.Record(e); unwritten != nil && err == nil {
		return rpc.User{}, b.unavailable(c.User, c.Peer)
	}
	return u, err
}

// Execute implements rpc.Backend. What a statement did is recorded before the client
// is told.
func (b recordedBackend) Execute(ctx context.Context, s *rpc.Session, st sql.Statement, text string) (*result.Result, error) {
	if reads(st, text) {
		return b.Backend.Execute(ctx, s, st, text)
	}
	if err := b.unavailable(s.User.Name, s.Peer); err != nil {
		return nil, err
	}
	res, err := b.Backend.Execute(ctx, s, st, text)
	_ = b.log.Record(executed(s, st, text, err)) // what is done is done; the next one is refused if this was not written
	return res, err
}

// executed is the entry of a statement with what came of it. Of an INSERT there are
// only length and hash: the points are not the audit log's business.
func executed(s *rpc.Session, st sql.Statement, text string, err error) audit.Entry {
	e := audit.Entry{Category: audit.Statement, User: s.User.Name, Peer: s.Peer}
	if _, insert := st.(*sql.Insert); insert {
		e.Category, e.Action, e.Bytes, e.Hash = audit.Request, "insert statement", uint64(len(text)), sha256.Sum256([]byte(text))
		if err != nil {
			e.Category, e.Result, e.Detail = audit.Exception, audit.Failed, err.Error()
		}
		return e
	}
	name := ""
	if text == "" { // a call of its own, not a statement
		text, name = sql.Print(st), strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", st), "*sql."))
	}
	m := mask.Of(text)
	e.Object, e.Action = m.Text, cmp.Or(name, m.Verb)
	if err != nil {
		e.Result, e.Detail = audit.Failed, m.Clean(err.Error())
	}
	return e
}

// reads reports whether a statement changes nothing.
func reads(st sql.Statement, text string) bool {
	switch st.(type) {
	case *sql.Select, *sql.Unsupported:
		return true
	case *sql.Insert:
		return false
	}
	word, _, _ := strings.Cut(mask.Of(cmp.Or(text, sql.Print(st))).Verb, " ")
	switch word {
	case "show", "count", "list", "desc", "describe", "explain", "select":
		return true
	}
	return false
}

// Insert implements rpc.Backend.
func (b recordedBackend) Insert(ctx context.Context, s *rpc.Session, tablets []*tablet.Tablet) []error {
	if err := b.unavailable(s.User.Name, s.Peer); err != nil {
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
