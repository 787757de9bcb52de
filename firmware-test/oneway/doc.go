// Package oneway judges captured packets: did anything but one lawful byte per
// request come back through the gate?
//
//	capture.Packet ─► direction ─► connection ─┬─ outwards: sequence numbers ─► frames ─► requests
//	                  (inner/outer)            └─ back: every byte against the law
//	                                            ╲  every header field against its prediction ─► bound of the covert channel
//	everything else: ICMP, fragments, other protocols, connections opened from outside
//
// # The law
//
// Let A be how many outward bytes the acknowledgement number of a returning
// packet covers. A byte at position p (from 0) of the returning stream is lawful
// when at least p+1 requests are complete within these A bytes and its value is
// 00 or ff. The rule needs no order between the two directions and no complete
// returning stream, so neither reordering nor loss can make it wrong: a byte that
// was not captured still moves the position of those behind it.
//
// # The verdict
//
// Passed, failed or not proven. A finding (a broken law) makes it failed. A doubt
// (a hole, a connection whose start was not captured, packets the capturing system
// dropped, traffic whose direction cannot be told) makes it not proven. Only a
// capture with neither has passed, and one without a single request never has.
//
// # The bound
//
// All that varies in returning headers is coded with a fixed prefix code against
// a prediction from what went out and what came before. A sender cannot put more
// information into the headers than the length of that code, so its length in bits,
// divided by the time, bounds every covert channel in them. See meter.go.
//
// The package trusts neither gateway and shares only the constants of package
// framing with them. It knows packets, not files or sockets; its memory depends on
// the connections that are open, not on the length of the capture.
package oneway
