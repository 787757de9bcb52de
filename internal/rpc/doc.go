// Package rpc is the client door of a gateway: IoTDB's client RPC (thrift service
// IClientRPCService, usually port 6667). The official Go, Python and Java clients,
// IoTDB's CLI and the thrift pipe sink of a data node connect to it unchanged.
//
// What stands on a connection:
//
//	i32 length │ one thrift message: binary or compact protocol │ i32 length │ ...
//
//	first bytes            meaning
//	00..1f ?? ?? ?? 80     framed, binary protocol
//	00..1f ?? ?? ?? 82     framed, compact protocol
//	16                     TLS hello            } named in the log,
//	47 45 54 20, 50 4f ..  HTTP                 } then closed
//	80, 82                 thrift, not framed   }
//
// A session belongs to its connection: the session numbers in requests are not
// looked at, and closing the connection ends the login, its open results and its
// pipe transfer. One connection carries one call at a time.
//
// A call passes through these files:
//
//	server.go   accept, cap of connections, stop
//	detect.go   which protocol a new connection speaks
//	frame.go    one frame in and out, with its caps
//	wire.go     thrift transport and protocol on a frame held in memory
//	conn.go     the loop of a connection: frame, method, reply
//	methods.go  every method by name; refused.go those that are only refused
//	session.go, write.go, schema.go, template.go, query.go, typed.go, pipe.go   what the methods do
//	rows.go, records.go   insert buffers to tablets: typed columns, no value boxed
//	page.go, dataset.go, tsblock.go   results to the V1 and V2 encodings
//	status.go   error to status: the only place
//
// The package decides nothing about data: it turns requests into tablets and
// statements for its Backend and results into bytes. It knows no storage, no engine
// and no pipe. TLS, the table model and the old sync methods are not
// offered; they are refused with a status and a sentence.
package rpc
