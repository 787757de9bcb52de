// Package receiver is the outer end of the gate: it listens, divides what comes
// into frames, and answers each complete request with exactly one byte.
//
//	accept ── network allowed? room? ──► one session per connection
//
//	      ┌────────────────────────────────────────────────────────────┐
//	      ▼                                                            │
//	wait for a byte ─► header ─► memory ─► body ─► unwrap ─► handshake machine │ probe │ Commit
//	      │ idle, end      │ broken    │ none     │ broken, slow                │
//	      └────────────────┴───────────┴──────────┴──► judge (verdict.go) ◄─────┘
//	                                                    │
//	                          OK, FAIL ─► answer.go: one byte, after Commit returned
//	                          hold     ─► try again, at most Hold in all
//	                          reset    ─► close with RST, no byte
//
// What a sender gets is decided by one pure function, judge. The byte is written by
// one function, answer. Nothing is written unasked and nothing after a close.
//
// Connections end by RST (SO_LINGER 0 from the moment they are accepted), so that
// even a killed process does not send FIN: an IoTDB sender takes FIN for a FAIL and
// drops the event it waits for. Only when the sender itself ended between two
// frames, and nothing is owed, is the connection closed in the ordinary way.
//
// The package reaches no disk: a Committer, handed in, makes requests durable. It
// does not decide what a request means. It is the only package on this side of the
// gate that listens.
package receiver
