// Package inner is the sending side of the gate: the sink iotdb-air-gap-sink. It
// opens TCP connections outwards, writes one request frame at a time and reads at
// most one byte for each. It never listens.
//
//	engine ─► Sink.Write ─► lanes (package sender) ─► link ═ frame ═►│gate│═► receiver
//	                                                     ◄═ 1 byte ══│    │
//
//	link: one TCP connection, one goroutine that reads
//	  idle     any byte              close, "stray_byte"
//	  waiting  exactly one byte      all zeros or all ones by polarity: the answer
//	           another value         close, "bad_answer"
//	           two bytes at once     close, "stray_byte"
//	           end, reset, time-out  close; the request is sent again over a new connection
//
// A real receiver of an older release writes a byte that nobody asked for after 15
// minutes of silence, and a sender that took it for the answer to its next request
// would from then on acknowledge what was never stored. So the reader goroutine
// runs while nothing is in flight too, and a connection is renewed before such a
// silence (idle-reconnect-ms).
//
// A frame is built in one buffer and written with one write, because a 1.2.2
// receiver takes a length word that is split over two segments for a wrong one.
// Nothing is sent before the answer to the frame before it: real receivers throw
// away what they have read ahead.
//
// What the package does not do: decide the order or the content of requests, wait
// between tries, judge a refusal (all package sender); apply, store or listen.
package inner
