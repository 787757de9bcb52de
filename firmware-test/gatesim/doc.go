// Package gatesim is a one-way gate made of software: a TCP proxy between an
// inner and an outer side that enforces what the hardware enforces.
//
//	inner side ──open──► listener │ gate │ dial ──► outer side
//	            requests ═══════► rate, delay, jitter ═══════►
//	            ◄─────── law: 1 byte per request, 00 or ff ◄──
//
// Only the inner side can open a connection. Outwards any byte passes. Back at
// most one byte per request passes, it must be 0x00 or 0xff, and nothing passes
// unasked. A byte that breaks this law is a Violation: it is recorded with its
// connection and time and, unless told otherwise, dropped.
//
// A request is one frame as a sender puts it on the gate; the gate needs only
// its length words:
//
//	[63 bytes of E-language prefix]  L int32  L int32  L bytes  [15 bytes of suffix]
//
// Bytes that cannot be delimited (the two words differ, L < 8 or too large)
// count as one request that lasts until the connection ends.
//
// Faults of real gates are Settings, changeable while traffic flows: rate and
// delay, cuts and resets, answers that vanish, double, invert or come late, bytes
// nobody sent, partitions, refused connections, RST translated to FIN. What the
// gate itself injects is counted as a fault and never as a violation. Random
// faults are drawn per connection from one seed, so a run can be repeated.
//
// The package trusts neither side and shares no code with them: a frame that the
// gateways delimit wrongly is seen here. It does not check checksums, look into
// payloads, or encrypt. Memory is bounded: at most Config.Window bytes per
// direction and connection are held, then the gate stops reading.
package gatesim
