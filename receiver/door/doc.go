// Package door is the small process between the gate and the outer gateway: the only
// one that holds the gate's sockets.
//
//	gate ══TCP══► door ══pipe══► gateway          one pipe per connection
//	     ◄═1 byte═     ◄═orders═                   one pipe for all
//
// The door accepts, passes bytes on as they come, and answers on command. It counts
// requests by their length words and sends a byte only if it is 00 or ff and a
// request without an answer is complete: a gateway that is in somebody else's hands
// cannot make it send a second byte. The process itself runs under a filter of the
// kernel that lets nothing but single bytes out (package sandbox), so that whoever
// gets hold of the door cannot send more at a time either; how often, only its own
// code and the gate decide.
//
// On the pipe of a connection, from the door:
//
//	+0  1  kind   1 opened: the peer's address as text   2 data   3 ended by FIN   4 broken   5 released
//	+1  3  n      length of what follows, big-endian
//	+4  n
//
// and from the gateway, four bytes each:
//
//	+0  2  number of the pipe, big-endian
//	+2  1  1 answer with byte b   2 close the connection by RST   3 close it by FIN
//	+3  1  b
//
// Of a long request the door reads the beginning, with its length. The rest the kernel
// moves from the socket into the pipe (splice), so that its only copy is the one that
// the gateway makes by reading.
//
// A pipe serves one connection after the other: opened, data…, ended, released.
// "released" comes when the socket is closed and ends what belongs to the connection.
//
// The package knows no checksums, payloads, sessions or files.
package door
