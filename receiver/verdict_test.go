package receiver

import (
	"testing"
	"time"
)

// TestJudge is the table of what a sender gets. The comments give the rule.
func TestJudge(t *testing.T) {
	const limit = 45 * time.Second
	tests := []struct {
		what   happening
		held   time.Duration
		action action
		reason string
	}{
		// OK leaves only after the event is fsynced; for what can never be applied only
		// after the dead letter that holds it whole is.
		{committed, 0, answerOK, "durable"},
		{committed, time.Hour, answerOK, "durable"},

		// FAIL is for handshakes, and for the probe of an extension not spoken here.
		{handshakeAccepted, 0, answerOK, "handshake_accepted"},
		{handshakeRefused, 0, answerFail, "handshake_refused"},
		{probed, 0, answerFail, "probe"},

		// Data is never refused for a temporary cause: held up to the limit, then reset.
		{notNow, 0, hold, "temporary"},
		{notNow, limit - 1, hold, "temporary"},
		{notNow, limit, resetNow, "temporary_too_long"},
		{beforeHandshake, 0, hold, "data_before_handshake"},
		{beforeHandshake, limit, resetNow, "data_before_handshake_too_long"},
		{noMemory, 0, hold, "memory"},
		{noMemory, limit, resetNow, "memory_too_long"},

		// A piece with a gap or a short seal is temporary, but only a new connection,
		// on which the sender starts at 0, can help.
		{outOfStep, 0, resetLater, "out_of_step"},

		// A stream that lost its framing gets a reset after a second and no byte.
		{corruptFrame, 0, resetLater, "corrupt_frame"},

		// Half a frame: no byte, and never FIN.
		{slowFrame, 0, resetNow, "frame_timeout"},
		{endInside, 0, resetNow, "end_inside_frame"},
		{lineBroken, 0, resetNow, "line_broken"},

		// The sender ended and nothing is owed.
		{endBetween, 0, endSilently, "end_between_frames"},

		// Nothing unasked: silence ends without a byte, and never with FIN.
		{idleTooLong, 0, resetNow, "idle_timeout"},
		{noHandshake, 0, resetNow, "no_handshake"},
		{evicted, 0, resetNow, "evicted"},
		{answerNotSent, 0, resetNow, "answer_not_sent"},
		{stopping, 0, resetNow, "stopping"},
	}
	seen := map[happening]bool{}
	for _, tt := range tests {
		seen[tt.what] = true
		if v := judge(tt.what, tt.held, limit); v.action != tt.action || v.reason != tt.reason {
			t.Errorf("happening %d held %v: %v %q, want %v %q", tt.what, tt.held, v.action, v.reason, tt.action, tt.reason)
		}
	}
	for h := range happenings {
		if !seen[h] {
			t.Errorf("happening %d has no line in the table", h)
		}
	}
}
