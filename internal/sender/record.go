package sender

import (
	"crypto/sha256"
	"fmt"

	"github.com/sluice-gateway/sluice/internal/audit"
)

// Record writes the audit entries of one connection to a target. The peer of an
// exception is the target; of requests, which are counted by connection, it is this
// end's own address: the one the receiver sees, if nothing on the way changes it. What
// is recorded has happened, so an error changes nothing: the recorder counts what it
// cannot write.
type Record struct {
	To     audit.Recorder // nil: nothing is recorded
	Door   string         // what the log calls this way out
	Target string
	Local  string // empty: not connected
}

func (r *Record) entry(c audit.Category, action string, result audit.Result, why any) {
	e := audit.Entry{Category: c, Action: action, Result: result, Peer: r.Target, Object: r.Door}
	if r.Local != "" {
		e.Detail = "from " + r.Local
	}
	if why != nil {
		e.Detail += fmt.Sprintf(": %v", why)
	}
	_ = audit.Or(r.To).Record(e)
}

// Opened records a connection, or that there is none.
func (r *Record) Opened(err error) {
	if err != nil {
		r.entry(audit.Connection, "not opened", audit.Failed, err)
		return
	}
	r.entry(audit.Connection, "opened", audit.OK, nil)
}

// Shaken records a handshake.
func (r *Record) Shaken(class Class, err error) {
	if err != nil {
		r.entry(audit.Handshake, class.String(), audit.Failed, err)
		return
	}
	r.entry(audit.Handshake, class.String(), audit.OK, nil)
}

// Closed records the end of the connection, which is no failure by itself.
func (r *Record) Closed(why error) { r.entry(audit.Connection, "closed", audit.OK, why) }

// Sum is the hash of a request for Answered; nothing is computed when nothing is
// recorded.
func (r *Record) Sum(payload []byte) audit.Hash {
	if r.To == nil {
		return audit.Hash{}
	}
	return sha256.Sum256(payload)
}

// Answered records a request that the target took, in aggregate, or did not take.
func (r *Record) Answered(a Answer, bytes int, sum audit.Hash) {
	if a.Verdict == OK {
		_ = audit.Or(r.To).Record(audit.Entry{Category: audit.Request, Action: r.Door, Peer: r.Local, Bytes: uint64(bytes), Hash: sum})
		return
	}
	_ = audit.Or(r.To).Record(audit.Entry{Category: audit.Exception, Action: "answered " + a.Verdict.String(), Result: audit.Refused, Peer: r.Target, Object: r.Door,
		Detail: a.Detail, Bytes: uint64(bytes), Hash: sum})
}
