package sender

import "time"

// Policy says when a refused event is given up. One answer bit cannot say
// "never", so both limits must be passed, and the last refusal must have come
// over a connection whose handshake had just been accepted.
type Policy struct {
	MaxAttempts int           // refusals of the smallest part alone; negative: for ever
	MaxTime     time.Duration // since the first refusal; negative: for ever
	InARow      int           // given up one after the other with nothing accepted between; 0 or less: no limit
}

// forEver reports whether nothing is ever given up.
func (p Policy) forEver() bool { return p.MaxAttempts < 0 || p.MaxTime < 0 }

// wholeAfter is how many parts are given up in a row before what is left of an event is
// no longer cut: a target that takes nothing of it needs no letter for every cell.
const wholeAfter = 2

// partAttempts is how many refusals are enough for a part of what was refused long
// enough as a whole.
const partAttempts = 3

// splitAfter is the number of refusals after which a request of several events is
// sent in halves. Two: the second came over a new connection and handshake, so
// the request itself is the likely cause.
const splitAfter = 2

// applyRate is what a slow target is thought to apply of a file, bytes per second.
const applyRate = 4 << 20

// Trial is the history of one request that is not yet delivered.
type Trial struct {
	Attempts int       // refusals so far
	First    time.Time // of the first refusal, zero if there was none
	Last     time.Time
	Detail   string // what the target said of it last, if it can say anything
	fresh    bool   // the last refusal came right after a handshake
	part     bool   // a half of a request that was refused
	silent   int    // attempts that ended without an answer in time
	never    bool   // it cannot be sent at all; Detail says why
}

// Refuse records a refusal; fresh says that it ended the first attempt after an
// accepted handshake.
func (t *Trial) Refuse(now time.Time, fresh bool, detail string) {
	if t.First.IsZero() {
		t.First = now
	}
	t.Last, t.fresh, t.Detail = now, fresh, detail
	t.Attempts++
}

// Patience returns how long to wait for the answer to something that may take
// long to apply. A lost answer looks the same, so the first wait is as short as for
// rows, plus the time a file of that many bytes may need; every attempt that ends
// without an answer doubles it, up to the limit.
func (t *Trial) Patience(rows, limit time.Duration, bytes int64) time.Duration {
	d := rows + time.Duration(min(bytes/applyRate, 1<<20))*time.Second
	for range t.silent {
		if d >= limit {
			break
		}
		d *= 2
	}
	return min(d, limit)
}

// Split reports whether a request of n events should be sent in two halves now.
// The halves of a split request are suspects already and are split at once.
func (t *Trial) Split(n int) bool {
	return n > 1 && (t.Attempts >= splitAfter || t.part && t.Attempts > 0)
}

// Divide reports whether a single event that can be cut should be sent in two parts now.
// given is how many were given up in a row.
func (t *Trial) Divide(p Policy, given int) bool {
	return !p.forEver() && given < wholeAfter && t.Split(2)
}

// Half returns the history a half of the request starts with: the time of the
// first refusal stays, the count starts over.
func (t *Trial) Half() Trial { return Trial{First: t.First, part: true} }

// GiveUp reports whether a single event with this history becomes a dead letter.
func (t *Trial) GiveUp(p Policy) bool {
	if p.forEver() || !t.fresh || t.Attempts == 0 || t.Last.Sub(t.First) < p.MaxTime {
		return false
	}
	need := p.MaxAttempts
	if t.part {
		need = min(need, partAttempts)
	}
	return t.Attempts >= need
}
