// Package replay plays recorded sessions of real senders against a receiver.
//
//	cNNN.up, cNNN.down, cNNN.log ─► Load ─► Run: the requests of all connections as one sequence
//	                                         └─► Play: send one request, wait for its answer, next
//	sender.txt, receiver.txt     ─► Rows, Listing: what the two nodes held at the end
//
// A run is either of the air gap (frames, one byte back) or of thrift (framed
// binary protocol, one status back). It shares no code with the gateways.
//
// An IoTDB spreads the events of a pipe over several connections, and requests on
// different connections were under way at the same time. Which of them took effect
// first is known only in part: neither before it was sent nor after it was answered.
// Played BySent, a deletion that was sent after a file acts on that file. Played
// ByAnswered, requests take effect in the order in which the recorded receiver was
// done with them, and whoever applies them one after the other holds what it held.
package replay
