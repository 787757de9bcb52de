package audit

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
)

// Category is the kind of thing an entry speaks of. The numbers are part of the
// format of the log and never change.
type Category uint8

// The categories.
const (
	Lifecycle     Category = iota + 1 // start, stop, recovery of the gateway
	Configuration                     // its hash, and what changed since the last start
	Connection                        // opened, closed, refused
	Handshake                         // accepted, refused
	Request                           // requests that were answered OK, always in aggregate
	Exception                         // requests and streams that were not answered OK
	Login                             // of clients
	Statement                         // SQL that changes anything
	DeadLetter                        // what can never be applied
	Operator                          // what was done with gatectl
	Clock                             // jumps of the wall clock
	Retention                         // segments of the audit log that were removed, or other data given up
	Log                               // about the audit log itself
	categories
)

// String returns the word for a category.
func (c Category) String() string {
	if c == 0 || c >= categories {
		return fmt.Sprintf("category-%d", uint8(c))
	}
	return [...]string{"", "lifecycle", "configuration", "connection", "handshake", "request", "exception", "login", "statement",
		"deadletter", "operator", "clock", "retention", "log"}[c]
}

// Valid reports whether the category is one of the declared ones.
func (c Category) Valid() bool { return c > 0 && c < categories }

// ParseCategory returns the category of a word.
func ParseCategory(word string) (Category, error) {
	for c := Lifecycle; c < categories; c++ {
		if c.String() == word {
			return c, nil
		}
	}
	return 0, fmt.Errorf("audit: no category %q", word)
}

// Result says how something ended. The numbers are part of the format.
type Result uint8

// The results.
const (
	OK      Result = iota // done, accepted
	Refused               // not allowed
	Failed                // allowed, but not done
	Unknown               // nobody saw the end
	results
)

// String returns the word for a result.
func (r Result) String() string {
	if r >= results {
		return fmt.Sprintf("result-%d", uint8(r))
	}
	return [...]string{"ok", "refused", "failed", "unknown"}[r]
}

// Valid reports whether the result is one of the declared ones.
func (r Result) Valid() bool { return r < results }

// Hash is a SHA-256; all zero means none.
type Hash [sha256.Size]byte

// Chain is the hash of a series of requests: h, followed by one more request whose
// own SHA-256 is next. The first is chained to the zero hash.
//
//	h' = SHA-256(h ‖ next)
func (h Hash) Chain(next Hash) Hash {
	var both [2 * sha256.Size]byte
	copy(both[:], h[:])
	copy(both[sha256.Size:], next[:])
	return sha256.Sum256(both[:])
}

// Entry is one statement of the audit log: who, what, when, from where, with what
// result. Texts are cut at MaxText bytes when they are stored.
type Entry struct {
	Time     time.Time // zero: when it is recorded
	Category Category
	Action   string // one or two words, for instance "opened"; a fixed set per recorder, never from a peer
	Result   Result
	User     string    // empty: nobody, or not known
	Peer     string    // host:port, or what else it came from; empty: this process
	Object   string    // what it was done to: a statement, a pipe, a letter
	Detail   string    // why, in words
	Count    uint64    // how many this entry stands for; 0 is 1
	Bytes    uint64    // of requests
	Hash     Hash      // of requests (see Chain), of a configuration, of a removed part
	From, To time.Time // of an entry that stands for several
}

// MaxText is the most bytes of one text of a stored entry.
const MaxText = 8 << 10

// Recorder takes entries. Record may be called from several goroutines and does
// not wait for a disk. An error means that the audit log cannot be written at
// present: who can refuse what the entry speaks of must refuse it.
type Recorder interface {
	Record(e Entry) error
}

// Discard is a Recorder for tests and tools that need no audit.
type Discard struct{}

// Record implements Recorder.
func (Discard) Record(Entry) error { return nil }

// Or returns r, or Discard when r is nil.
func Or(r Recorder) Recorder {
	if r == nil {
		return Discard{}
	}
	return r
}

// Host returns a peer's address without its port.
func Host(peer string) string {
	i := strings.LastIndexByte(peer, ':')
	if i < 0 || strings.IndexByte(peer, ' ') >= 0 {
		return peer
	}
	h := peer[:i]
	if strings.HasPrefix(h, "[") && strings.HasSuffix(h, "]") {
		return h[1 : len(h)-1]
	}
	if strings.IndexByte(h, ':') >= 0 { // an IPv6 address without a port
		return peer
	}
	return h
}
