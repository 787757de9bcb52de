package receiver

import "time"

// happening is what came of waiting for a request or of handling one.
type happening uint8

const (
	// handled requests
	handshakeAccepted happening = iota
	handshakeRefused
	probed          // the probe of the extension, which this release does not speak
	committed       // durable, as data or as a dead letter
	notNow          // the committer cannot at present: disk full, log closed
	outOfStep       // repeating the request on this connection cannot help
	beforeHandshake // a request before any accepted handshake

	// frames that did not become requests
	corruptFrame // the stream lost its framing
	noMemory     // a whole frame is announced, memory for it is taken
	slowFrame    // not whole in time
	endInside    // the sender ended inside a frame
	lineBroken   // reset by the sender, or another network error

	// between frames
	endBetween    // the sender ended between frames
	idleTooLong   // nothing for the idle time-out
	noHandshake   // no accepted handshake in time
	evicted       // made room for a new connection
	answerNotSent // the answer could not be written

	stopping // this side stops
	happenings
)

// action is what a verdict makes the session do.
type action uint8

const (
	answerOK action = iota
	answerFail
	hold        // ask again in a moment; the sender keeps waiting for its byte
	resetLater  // reset after the delay, no byte
	resetNow    // reset, no byte
	endSilently // the sender has ended; nothing is owed
)

// String returns the label of the action in metrics.
func (a action) String() string {
	return [...]string{"ok", "fail", "hold", "reset_later", "reset", "end"}[a]
}

// verdict says what to do and why; the reason is a label in metrics and logs.
type verdict struct {
	action action
	reason string
}

// judge is the one place that decides what a sender gets. held is how long the
// answer to this request has been held already, limit how long it may be.
//
// The rules, and why:
//
//   - OK only for what is durable: the data, or the dead letter that holds a
//     request which can never be applied.
//   - FAIL only for handshakes and the probe. To an IoTDB sender FAIL on data is a
//     conflict: it drops the event after 60 seconds. So is the end of the stream by
//     FIN. A reset is not.
//   - Data is never refused for a temporary cause: the answer is held, then the
//     connection reset, and the sender sends the request again.
//   - No byte for anything that was not a complete frame, and none unasked.
//   - A stream that lost its framing cannot be used again; the delay keeps a sender
//     that repeats the same broken frame from doing so in a tight loop.
func judge(h happening, held, limit time.Duration) verdict {
	switch h {
	case handshakeAccepted:
		return verdict{answerOK, "handshake_accepted"}
	case handshakeRefused:
		return verdict{answerFail, "handshake_refused"}
	case probed:
		return verdict{answerFail, "probe"}
	case committed:
		return verdict{answerOK, reasonDurable}
	case notNow:
		return holdUntil("temporary", held, limit)
	case beforeHandshake:
		return holdUntil("data_before_handshake", held, limit)
	case noMemory:
		return holdUntil("memory", held, limit)
	case outOfStep:
		return verdict{resetLater, "out_of_step"}
	case corruptFrame:
		return verdict{resetLater, "corrupt_frame"}
	}
	return judgeEnd(h)
}

// judgeEnd decides where no complete request is at hand.
func judgeEnd(h happening) verdict {
	switch h {
	case slowFrame:
		return verdict{resetNow, "frame_timeout"}
	case endInside:
		return verdict{resetNow, "end_inside_frame"}
	case endBetween:
		return verdict{endSilently, "end_between_frames"}
	case idleTooLong:
		return verdict{resetNow, "idle_timeout"}
	case noHandshake:
		return verdict{resetNow, "no_handshake"}
	case evicted:
		return verdict{resetNow, "evicted"}
	case answerNotSent:
		return verdict{resetNow, "answer_not_sent"}
	case stopping:
		return verdict{resetNow, "stopping"}
	}
	return verdict{resetNow, "line_broken"}
}

// reasonDurable is the reason of an OK for a request.
const reasonDurable = "durable"

func holdUntil(cause string, held, limit time.Duration) verdict {
	if held < limit {
		return verdict{hold, cause}
	}
	return verdict{resetNow, cause + "_too_long"}
}
