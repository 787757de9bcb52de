package receiver

import (
	"crypto/sha256"

	"github.com/sluice-gateway/sluice/internal/audit"
)

// door is what the audit log calls this door.
const door = "gate"

// record writes the audit entries of one connection. Where what it speaks of has
// happened already, an error changes nothing: the recorder counts what it cannot
// write, and the next connection or request is refused.
type record struct {
	to   audit.Recorder
	peer string
	user string // of the last accepted handshake
}

func (r *record) entry(c audit.Category, action string, result audit.Result, detail string) error {
	return r.to.Record(audit.Entry{Category: c, Action: action, Result: result, User: r.user, Peer: r.peer, Object: door, Detail: detail})
}

// opened records a connection that is let in; after an error it must not be.
func (r *record) opened() error { return r.entry(audit.Connection, "opened", audit.OK, "") }

// refused records a connection that is not let in.
func (r *record) refused(reason string) { _ = r.entry(audit.Connection, reason, audit.Refused, "") }

// closed records the end of the session.
func (r *record) closed(v verdict) { _ = r.entry(audit.Connection, "closed", audit.OK, v.reason) }

// look returns what the audit log says of a durable request: its length and hash.
func look(v verdict, payload []byte) (e audit.Entry) {
	if v.reason == reasonDurable {
		e = audit.Entry{Category: audit.Request, Action: door, Bytes: uint64(len(payload)), Hash: sha256.Sum256(payload)}
	}
	return e
}

// answered records, in aggregate, a request that was answered OK.
func (r *record) answered(v verdict, e audit.Entry) {
	if v.action == answerOK && v.reason == reasonDurable {
		e.User, e.Peer = r.user, r.peer
		_ = r.to.Record(e)
	}
}

// note records handshakes and what was not answered OK. Ordinary ends are recorded
// with the connection.
func (r *record) note(v verdict, detail error) {
	category, action, result := audit.Exception, v.reason, audit.Failed
	switch v.reason {
	case reasonDurable, "end_between_frames", "idle_timeout", "stopping", "evicted", "line_broken":
		return
	case "handshake_accepted":
		category, action, result = audit.Handshake, "accepted", audit.OK
	case "handshake_refused":
		category, action, result = audit.Handshake, "refused", audit.Refused
	case "probe":
		result = audit.Refused
	}
	if v.action == hold {
		result = audit.Unknown
	}
	why := ""
	if detail != nil {
		why = detail.Error()
	}
	_ = r.entry(category, action, result, why)
}
