// Package handshake holds the two sides of opening a session on a connection
// through the gate, as state machines without input or output: an event and the
// time go in, what to do comes out.
//
//	sender                                     receiver
//	Connected ─► send V2 (type 51, or 50)      V2: cluster id, precision, login ─► OK | FAIL
//	  OK      ─► Ready, version 2              V1: precision                    ─► OK | FAIL
//	  Fail    ─► send V1 (type 1, or 0)        (V1 after a refused V2: FAIL; V1 can be
//	  Timeout ─► NoAnswer, no V1                switched off)
//	    OK    ─► Ready, version 1
//	    Fail  ─► Refused
//
// V1 carries the timestamp precision only: no password and no cluster id. A sender
// that was refused with V2 and then lets V1 pass would get around both, so the
// receiver remembers a refusal for as long as the connection lives.
//
// A handshake may come at any time on a connection and any number of times; the
// last one counts, and a refused one leaves no session behind.
//
// The package is pure. It performs none of its actions, starts no timer, and asks
// for credentials only while it builds or checks a request.
package handshake
