// Package replay plays recorded sessions of real senders against a receiver.
//
//	cNNN.up, cNNN.log ─► Load ─► Run (requests in the recorded order over all connections)
//	                              └─► Play: send one request, wait for its answer, next
//	sender.txt, receiver-timeseries.txt ─► Points: what the sender held at the end
//
// A run is either of the air gap (frames, one byte back) or of thrift (framed
// binary protocol, one status back). It shares no code with the gateways.
package replay
