// Package request reads and writes the requests that IoTDB pipes send: the
// envelope of the gate and the bodies of all request types, in the layouts of
// IoTDB 1.2, 1.3 and 2.0.
//
//	payload = version(1) = 01 | type(int16) | body         what one frame carries
//
//	1, 0 / 51, 50      HandshakeV1 / HandshakeV2
//	3, 11              TabletRaw      a client tablet (column category byte in 2.0 only)
//	2, 10              InsertNode     one plan node: row, tablet, rows, rows of one device, tablets
//	7, 12              WALEntry       the same in the form of the write-ahead log
//	6, 13              Batch          WAL entries, nodes and tablets
//	4, 8, 101, 201     FilePiece      5: SealV1     9, 102, 202: SealV2
//	100                plan nodes     schema changes, deletions: see package plan
//	200                config plans   databases, TTL, users, templates, tables: see package plan
//	300 / 400          Compressed / Slice
//
// Split, Unwrap and Decode go from bytes to a Request; every Request encodes
// itself again with AppendBody. What a decoder reads but the data model has no
// place for (bitmap sizes, contents of null slots, caches of paths) is kept beside
// it, so that decoding and encoding a request of a real sender gives its bytes
// back. AppendTabletNode, AppendTabletRaw and AppendBatch write tablets without
// building a Request.
//
// Trailing bytes: the air-gap writers of IoTDB append the unused rest of a buffer
// to types 2, 100 and 200, and zeros to WAL entries. It is ignored unless
// Options.Strict is set. Type 5 may always have a rest (a development version of 2.0
// put a database there); everywhere else the whole body must be consumed.
//
// Every count and length is checked against Options and against the bytes left
// before memory is allocated. A decoded request may alias the body it came from.
//
// The package does not decide what a request means or whether it is allowed; it
// opens nothing, logs nothing and keeps no state, except Assembler, which joins the
// slices of one connection.
package request
