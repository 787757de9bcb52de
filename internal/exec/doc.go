// Package exec executes statements: it is the rpc.Backend of a gateway.
//
//	CREATE/DELETE ..., SET TTL, DELETE FROM  ─► a plan in the wire form of IoTDB ─► ingest.Plan
//	INSERT, insert methods of RPC            ─► tablets ─► ingest.InsertEach
//	SELECT                                   ─► query
//	SHOW, COUNT                              ─► the catalog, or constants of a node that stands alone
//	pipe statements                          ─► Pipes (the engine)
//
// Every statement and every insert is checked against the rights of the user
// (allow.go): what it may not do is refused with status 803, what it may not see is left
// out of results.
//
// Schema changes travel as plans because pipes carry them so: what is typed here
// reaches a real IoTDB in the bytes that another IoTDB would send.
//
// Column names, types and order of SHOW statements are those of IoTDB 1.3. What a
// node that stands alone has no answer for is answered as an IoTDB of one config
// node and one data node would; what is not supported is refused with status 300 and
// a sentence that names it.
//
// What it does not do: parse, or know thrift.
package exec
