// Package framing holds the bytes that cross the gate: one request frame
// outwards, one answer byte back. It is the transport of IoTDB's air-gap
// connector, version by version the same since 1.2.0.
//
//	plain frame                           big-endian
//	+0   4  L    8 + length of the payload
//	+4   4  L    the same number again
//	+8   8  C    CRC-32 (IEEE) of the payload, high 32 bits zero
//	+16  n  payload, L-8 bytes
//
//	E-language frame (gates that pass only text-like streams; not known to IoTDB 1.2.2)
//	prefix, 63 bytes of text | plain frame | suffix, 15 bytes of text
//
//	answer   one byte, all bits 0 or all bits 1; which of them means OK is the Polarity
//
// A receiver sees which of the two forms a frame has from its first eight bytes,
// per frame. As IoTDB does, it compares those eight only; the rest of the prefix
// and the suffix may be any text. A second prefix inside the first is refused.
//
// The package is pure: it opens nothing, starts nothing, knows no time and not
// what a payload means. It has no opinion about an answer that is late or a frame
// that stops half-way: that is for the two ends (packages inner and receiver).
//
// The byte tables and worked examples are in docs/format/frame.md; the tests of
// this package execute them.
package framing
