package auditlog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/internal/audit"
)

// thinPeriod is how long entries are counted together.
const thinPeriod = time.Minute

// maxKeys bounds the memory of the thinner; above it peers are counted together.
const maxKeys = 8192

// thinner keeps what a peer can provoke as often as it likes from filling the log.
//
//	requests       never singly: count, bytes and hash by connection and minute
//	connections, handshakes, exceptions, logins, dead letters, statements that failed
//	               singly up to a number per minute, kind and host, then counted
//	all others     always singly
//
// It has no clock and no goroutine. Nothing is left out without being counted.
type thinner struct {
	singly int
	keys   map[thinKey]*tally
	fresh  bool      // something was counted since saved
	saved  time.Time // when it was last written down, see countsDue
}

// thinKey is what is counted together. Of an exception the peer is the host, of
// requests the connection.
type thinKey struct {
	category           audit.Category
	result             audit.Result
	action, user, peer string
}

// tally is what came of one key in one period.
type tally struct {
	from, to time.Time
	seen     int // written singly
	held     uint64
	bytes    uint64
	hash     audit.Hash
	merged   bool // of several connections: the order between them says nothing, so there is no hash
}

// many stands for the peers of a key that is counted together because there are
// too many.
const many = "(many)"

// take decides about an entry: true means that it is to be written now, false that
// it is counted.
func (t *thinner) take(e *audit.Entry, now time.Time) bool {
	if !thinned(e) || e.Count > 1 {
		return true
	}
	k, merged := t.key(e)
	n := t.keys[k]
	if n == nil {
		n = &tally{from: now, merged: merged}
		t.keys[k] = n
	}
	n.to = now
	if e.Category != audit.Request && n.seen < t.singly {
		n.seen++
		return true
	}
	n.held++
	t.fresh = true
	n.bytes += e.Bytes
	if !n.merged && e.Hash != (audit.Hash{}) {
		n.hash = n.hash.Chain(e.Hash)
	}
	return false
}

func thinned(e *audit.Entry) bool {
	switch e.Category {
	case audit.Statement:
		return e.Result != audit.OK
	case audit.Connection, audit.Handshake, audit.Request, audit.Exception, audit.Login, audit.DeadLetter:
		return true
	}
	return false
}

// key returns what an entry is counted under. When there is no room for its peer
// it is counted by host, then with all others of its kind.
func (t *thinner) key(e *audit.Entry) (k thinKey, merged bool) {
	k = thinKey{category: e.Category, result: e.Result, action: clip(e.Action, 64), peer: clip(e.Peer, 128)}
	if e.Result == audit.OK || e.Category == audit.Statement {
		k.user = clip(e.User, 128) // checked: nobody can make up names
	}
	if e.Category != audit.Request {
		k.peer = audit.Host(k.peer)
	}
	if _, ok := t.keys[k]; ok || len(t.keys) < maxKeys {
		return k, false
	}
	k.peer = audit.Host(k.peer)
	if _, ok := t.keys[k]; ok || len(t.keys) < 2*maxKeys {
		return k, true
	}
	k.peer, k.user = many, ""
	return k, true
}

func clip(s string, n int) string { return s[:min(n, len(s))] }

// due calls write with what was counted under keys whose minute is over; all of
// them if now is the zero time.
func (t *thinner) due(now time.Time, write func(*audit.Entry)) {
	var over []thinKey
	for k, n := range t.keys {
		if now.IsZero() || now.Sub(n.from) >= thinPeriod || now.Before(n.from) {
			over = append(over, k)
		}
	}
	slices.SortFunc(over, func(a, b thinKey) int {
		return cmpOr(t.keys[a].from.Compare(t.keys[b].from), int(a.category)-int(b.category), strings.Compare(a.peer, b.peer), strings.Compare(a.action, b.action))
	})
	for _, k := range over {
		n := t.keys[k]
		delete(t.keys, k)
		if n.held == 0 {
			continue
		}
		t.fresh = true
		e := n.entry(k)
		if !now.IsZero() {
			e.Time = now
		}
		write(&e)
	}
}

// each calls visit for all that is being counted, in no order.
func (t *thinner) each(visit func(thinKey, *tally)) {
	for k, n := range t.keys {
		visit(k, n)
	}
}

// entry is the record of what was counted, at the time of the last of it.
func (n *tally) entry(k thinKey) audit.Entry {
	e := audit.Entry{Time: n.to, Category: k.category, Action: k.action, Result: k.result, User: k.user, Peer: k.peer,
		Count: n.held, Bytes: n.bytes, From: n.from, To: n.to}
	if k.category != audit.Request {
		e.Detail = fmt.Sprintf("%d more of this kind, after %d that are listed singly", n.held, n.seen)
	} else if !n.merged {
		e.Hash = n.hash
	}
	return e
}

func cmpOr(v ...int) int {
	for _, c := range v {
		if c != 0 {
			return c
		}
	}
	return 0
}
