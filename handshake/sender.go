package handshake

import (
	"errors"
	"fmt"
	"time"
)

// DefaultTimeout is how long a sender waits for a connection and for the answer
// to a handshake (air-gap.handshake-timeout-ms, 5000).
const DefaultTimeout = 5 * time.Second

// Keys says which keys the body of a V2 handshake has; each release of IoTDB added
// some, and every release ignores those it does not know.
type Keys uint8

// The sets of keys.
const (
	Keys8 Keys = iota // 2.0.x: those of Keys6, validateTsFile, markAsPipeRequest; the default
	Keys6             // 1.3.3: those of Keys4, username, password
	Keys4             // 1.3.2: those of Keys2, convertOnTypeMismatch, loadTsFileStrategy
	Keys2             // 1.3.0: clusterID, timestampPrecision
)

// Credentials are a user name and a password.
type Credentials struct {
	User     string
	Password string
	Peer     string // where a receiver got them from, ReceiverConfig.From; senders leave it empty
}

// SenderConfig says what a sender tells of itself. Start from DefaultSender: the
// zero value of a flag is false, which is not the default of IoTDB.
type SenderConfig struct {
	Config    bool   // a connection for config plans: types 50 and 0 instead of 51 and 1
	Precision string // timestamp precision: ms, us or ns
	ClusterID string // own cluster id; a receiver refuses its own
	Keys      Keys
	NoV1      bool // do not fall back to V1

	// Credentials is asked while the V2 request is built and its answer is not
	// kept; nil means root/root. Not asked for Keys4 and Keys2.
	Credentials func() Credentials

	ConvertOnTypeMismatch bool   // the receiver may convert values to the type of an existing series
	ValidateTsFile        bool   // the receiver checks a TsFile against its schema
	MarkAsPipeRequest     bool   // the receiver treats what comes as a pipe's, not as a client's
	LoadTsFileStrategy    string // sync or async

	Timeout time.Duration // for each answer; 0 means DefaultTimeout
}

// DefaultSender returns the settings that IoTDB's own sender has.
func DefaultSender() SenderConfig {
	return SenderConfig{Precision: "ms", ConvertOnTypeMismatch: true, ValidateTsFile: true,
		MarkAsPipeRequest: true, LoadTsFileStrategy: "sync", Timeout: DefaultTimeout}
}

// Validate reports the first setting that no receiver would accept.
func (c *SenderConfig) Validate() error {
	if !validPrecision(c.Precision) {
		return fmt.Errorf("handshake: timestamp precision %q, want ms, us or ns", c.Precision)
	}
	if c.ClusterID == "" {
		return errors.New("handshake: cluster id is empty")
	}
	if c.Keys > Keys2 {
		return fmt.Errorf("handshake: unknown key set %d", c.Keys)
	}
	if c.LoadTsFileStrategy != "sync" && c.LoadTsFileStrategy != "async" {
		return fmt.Errorf("handshake: load strategy %q, want sync or async", c.LoadTsFileStrategy)
	}
	return nil
}

// Event is what happened on the sender's connection.
type Event uint8

// The events.
const (
	Connected  Event = iota // the connection is open; exactly once, first
	AnswerOK                // the answer to the last request was OK
	AnswerFail              // it was FAIL
	BadAnswer               // it was another byte, or more than one
	TimedOut                // no answer before the deadline
	Closed                  // the connection ended, or writing failed
)

// String returns the event in words.
func (e Event) String() string {
	names := [...]string{"connected", "answer ok", "answer fail", "bad answer", "timed out", "closed"}
	if int(e) < len(names) {
		return names[e]
	}
	return fmt.Sprintf("Event(%d)", uint8(e))
}

// Outcome is how a handshake ended.
type Outcome uint8

// The outcomes.
const (
	Pending  Outcome = iota // not ended
	Ready                   // requests may follow
	Refused                 // the receiver answered FAIL to everything offered
	NoAnswer                // nothing came back in time
	Broken                  // the connection ended or the answer was no answer
)

// String returns the outcome in words.
func (o Outcome) String() string {
	names := [...]string{"pending", "ready", "refused", "no answer", "broken"}
	if int(o) < len(names) {
		return names[o]
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// Result is the end of a sender's handshake. Every outcome but Ready means: close
// the connection and try again later, after Refused with a longer pause, because
// IoTDB locks a user after several wrong passwords.
type Result struct {
	Outcome Outcome
	Version int    // 1 or 2 when Ready
	Reason  string // one sentence for a person; what is known and what to look at
}

// Action is what the sender's side has to do next.
type Action struct {
	Payload  []byte    // request to frame and write now; nil: nothing
	Deadline time.Time // report TimedOut if no answer came until then
	Result   Result    // Outcome other than Pending: the machine is at its end
}

// Sender is the machine of the sending side, for one connection.
type Sender struct {
	cfg   SenderConfig
	state senderState
}

type senderState uint8

const (
	senderIdle senderState = iota
	senderV2               // V2 sent, answer owed
	senderV1               // V1 sent, answer owed
	senderDone
)

// NewSender returns a machine for one new connection.
func NewSender(cfg SenderConfig) (*Sender, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	return &Sender{cfg: cfg}, nil
}

// Step takes an event and returns what to do. After the end it repeats Broken: a
// byte that nobody waits for makes a connection useless.
func (s *Sender) Step(ev Event, now time.Time) Action {
	switch {
	case s.state == senderIdle && ev == Connected:
		s.state = senderV2
		return s.ask(s.appendV2(nil), now)
	case s.state == senderV2:
		return s.afterV2(ev, now)
	case s.state == senderV1:
		return s.afterV1(ev)
	}
	return s.end(Broken, 0, fmt.Sprintf("%s was not expected at this point of the handshake", ev))
}

func (s *Sender) afterV2(ev Event, now time.Time) Action {
	switch ev {
	case AnswerOK:
		return s.end(Ready, 2, "handshake V2 accepted")
	case AnswerFail:
		if s.cfg.NoV1 {
			return s.end(Refused, 0, "the receiver refused handshake V2 and V1 is switched off: "+refusalHint)
		}
		s.state = senderV1
		return s.ask(s.appendV1(nil), now)
	case TimedOut:
		return s.end(NoAnswer, 0, "no answer to handshake V2 in time: the gate accepts connections even if nobody listens behind it; look at the receiver, the gate's rules and the handshake time-out")
	}
	return s.broken(ev)
}

func (s *Sender) afterV1(ev Event) Action {
	switch ev {
	case AnswerOK:
		return s.end(Ready, 1, "handshake V2 refused, V1 accepted: the receiver is older than 1.3.0, or it refused for one of these reasons and lets V1 pass: "+refusalHint)
	case AnswerFail:
		return s.end(Refused, 0, "the receiver refused handshake V2 and V1: "+refusalHint)
	case TimedOut:
		return s.end(NoAnswer, 0, "handshake V2 refused, no answer to V1 in time: the receiver may be too old for V2 and have lost its place in the stream")
	}
	return s.broken(ev)
}

// refusalHint lists what one bit cannot tell apart.
const refusalHint = "user or password wrong, timestamp precision differs, both sides have the same cluster id, the receiver answers with the other polarity, or (with a compressor set) the receiver does not know compressed requests"

func (s *Sender) broken(ev Event) Action {
	switch ev {
	case Closed:
		return s.end(Broken, 0, "the connection ended during the handshake")
	case BadAnswer:
		return s.end(Broken, 0, "the answer to the handshake was not one byte of all zeros or all ones: another product listens there, or the polarity is set wrongly")
	}
	return s.end(Broken, 0, fmt.Sprintf("%s was not expected at this point of the handshake", ev))
}

func (s *Sender) ask(payload []byte, now time.Time) Action {
	return Action{Payload: payload, Deadline: now.Add(s.cfg.Timeout)}
}

func (s *Sender) end(o Outcome, version int, reason string) Action {
	s.state = senderDone
	return Action{Result: Result{Outcome: o, Version: version, Reason: reason}}
}
