package inner

import (
	"fmt"

	"github.com/sluice-gateway/sluice/framing"
	"github.com/sluice-gateway/sluice/internal/audit"
)

// gateDoor is what the audit log calls this way out.
const gateDoor = "gate"

// record writes the audit entries of one connection to the gate. The peer of an
// exception is the gate; of requests, which are counted by connection, it is this
// end's own address: the one the receiver sees, if the gate does not change it. What
// is recorded has happened, so an error changes nothing: the recorder counts what it
// cannot write.
type record struct {
	to          audit.Recorder
	gate, local string
}

func (r *record) entry(c audit.Category, action string, err error) {
	e := audit.Entry{Category: c, Action: action, Peer: r.gate, Object: gateDoor}
	if r.local != "" {
		e.Detail = "from " + r.local
	}
	if err != nil {
		e.Result, e.Detail = audit.Failed, e.Detail+": "+err.Error()
	}
	_ = r.to.Record(e)
}

// closed records the end of the connection, which is no failure by itself.
func (r *record) closed(why error) {
	_ = r.to.Record(audit.Entry{Category: audit.Connection, Action: "closed", Peer: r.gate, Object: gateDoor, Detail: fmt.Sprintf("from %s: %v", r.local, why)})
}

// answered records a request that the receiver answered.
func (r *record) answered(reply framing.Reply, bytes int, sum audit.Hash) {
	if reply == framing.OK {
		_ = r.to.Record(audit.Entry{Category: audit.Request, Action: gateDoor, Peer: r.local, Bytes: uint64(bytes), Hash: sum})
		return
	}
	_ = r.to.Record(audit.Entry{Category: audit.Exception, Action: "answered FAIL", Result: audit.Refused, Peer: r.gate, Object: gateDoor, Bytes: uint64(bytes), Hash: sum})
}
