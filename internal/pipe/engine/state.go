package engine

// State is what SHOW PIPES calls the state of a pipe.
type State uint8

// The states. Dropped is the end; it is never shown.
const (
	Absent  State = iota // not created yet
	Running              // RUNNING
	Stopped              // STOPPED
	Dropped              // DROPPED
)

// String returns the word of SHOW PIPES.
func (s State) String() string {
	switch s {
	case Running:
		return "RUNNING"
	case Stopped:
		return "STOPPED"
	case Dropped:
		return "DROPPED"
	}
	return "ABSENT"
}

// Reason says why a pipe is stopped.
type Reason uint8

// The reasons.
const (
	NoReason Reason = iota
	ByUser          // STOP PIPE: stays so over a restart
	ByError         // starts again by itself
	ByEnd           // the source has nothing more: stays so
)

// String returns the word that is stored and logged.
func (r Reason) String() string {
	switch r {
	case ByUser:
		return "user"
	case ByError:
		return "error"
	case ByEnd:
		return "done"
	}
	return ""
}

// parseReason is the inverse of String; unknown words are ByUser, which starts nothing.
func parseReason(s string) Reason {
	for _, r := range []Reason{NoReason, ByUser, ByError, ByEnd} {
		if r.String() == s {
			return r
		}
	}
	return ByUser
}

// status is the whole state of a pipe's machine.
type status struct {
	state  State
	reason Reason
}

// input is what can happen to a pipe.
type input uint8

const (
	onCreate input = iota // CREATE PIPE
	onStart               // START PIPE
	onStop                // STOP PIPE
	onDrop                // DROP PIPE
	onFail                // the instance ended with an error
	onFinish              // the source has reached its end and all is acknowledged
	onRetry               // the pause after an error is over
	onOpen                // the daemon starts and finds the pipe in its file
)

// action is what a transition asks for.
type action uint8

const (
	doNothing action = iota
	doLaunch         // start an instance, forget the message
	doHalt           // end the instance
)

// next is the state machine. ok is false if the input makes no sense in the state.
func (s status) next(in input) (to status, do action, ok bool) {
	running := status{state: Running}
	switch s.state {
	case Absent:
		if in == onCreate {
			return running, doLaunch, true
		}
	case Running:
		return s.nextRunning(in)
	case Stopped:
		switch in {
		case onStart:
			return running, doLaunch, true
		case onStop:
			if s.reason == ByEnd {
				return s, doNothing, true
			}
			return status{Stopped, ByUser}, doHalt, true // ends the waiting for a retry
		case onDrop:
			return status{state: Dropped}, doHalt, true
		case onRetry, onOpen:
			if s.reason == ByError {
				return running, doLaunch, true
			}
			return s, doNothing, true
		}
	}
	return s, doNothing, false
}

func (s status) nextRunning(in input) (status, action, bool) {
	switch in {
	case onStart, onRetry:
		return s, doNothing, true
	case onOpen:
		return s, doLaunch, true
	case onStop:
		return status{Stopped, ByUser}, doHalt, true
	case onDrop:
		return status{state: Dropped}, doHalt, true
	case onFail:
		return status{Stopped, ByError}, doNothing, true
	case onFinish:
		return status{Stopped, ByEnd}, doNothing, true
	}
	return s, doNothing, false
}
