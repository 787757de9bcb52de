package gatesim

// Kind names a way to break the law of the gate.
type Kind string

// The violations.
const (
	// Alphabet: the byte answers a request, but is neither 0x00 nor 0xff.
	Alphabet Kind = "alphabet"
	// Unasked: no request was ever sent on this connection.
	Unasked Kind = "unasked"
	// Second: every request has its answer already and nothing new was asked.
	Second Kind = "second-byte"
	// Early: a request has begun and is not complete, so it cannot be answered.
	Early Kind = "early"
	// OpenedOutside: the outer side tried to open a connection.
	OpenedOutside Kind = "opened-outside"
)

// law judges one connection. It is pure: bytes in, verdict out.
type law struct {
	meter    meter
	requests int64 // complete requests that went outwards
	waiting  int64 // of these, not answered yet
}

// out accounts bytes that are about to reach the outer side. It returns how many
// requests they complete, and whether one of them overtook an answer: a second
// request was complete while an earlier one still waited.
func (l *law) out(p []byte) (completed int, overtook bool) {
	completed = l.meter.feed(p)
	l.requests += int64(completed)
	l.waiting += int64(completed)
	return completed, completed > 0 && l.waiting > 1
}

// back judges one byte from the outer side. An empty Kind means that it may pass.
func (l *law) back(b byte) Kind {
	switch {
	case l.waiting > 0:
		l.waiting--
		if b != 0x00 && b != 0xff {
			return Alphabet
		}
		return ""
	case !l.meter.between() && l.meter.state != lost:
		return Early
	case l.requests == 0:
		return Unasked
	}
	return Second
}
