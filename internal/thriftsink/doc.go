// Package thriftsink sends a pipe to the client port of an IoTDB, or of another
// gateway: the sink iotdb-thrift-sync-sink. One request is away at a time.
//
//	Sink.Write ─► package sender ─► link ─► framed binary thrift: pipeTransfer(version, type, body) ─► TSStatus
//
//	status                        reaction
//	200, 400, 1809                delivered (400 is a hint where to send next time, 1809 says: already there)
//	1808, 600, 606, 611, 709      the target cannot now: repeat for ever, never counted as a refusal
//	1803 with an offset           a file goes on at that offset
//	802, 1811, 1812               shake hands again and repeat
//	anything else                 refused: repeat over a new handshake, split, dead letter (see package sender)
//
// The requests are the ones that cross the gate; what is put into one request,
// when it is repeated and when it is given up is decided by package sender.
//
// What the package does not do: several requests at a time, TLS, the legacy
// protocol of IoTDB 1.1.
package thriftsink
