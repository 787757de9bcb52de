// Package encoding turns the values of one TsFile page into bytes and back.
//
//	page body (non-aligned) = uv length of times | TS_2DIFF times | values
//	page body (value page)  = int32 rows | bitmap | values present
//	values                  = what Encode writes, what Decode reads
//
// Encode and Decode know the encodings PLAIN, DICTIONARY, RLE, TS_2DIFF, GORILLA_V1,
// GORILLA, ZIGZAG, CHIMP, SPRINTZ and RLBE for the types they exist for; Allowed
// says which. Numbers pass through a buffer of 64-bit words: the raw bits of the
// value, zero-extended, so that one implementation serves 32 and 64 bits, integers
// and floats.
//
// The number of values is never taken from the bytes: the caller knows it from the
// timestamps. What the bytes claim is checked against it before memory is taken.
//
// Differences to the Java encoders, all readable by the Java decoders: SPRINTZ blocks
// whose differences would overflow upstream are written in the block form that does
// not (upstream damages them), and RLBE starts a new block where the sum of float
// differences would not give the value back. FLOAT and DOUBLE under RLE and TS_2DIFF
// are decimal fixed point by definition and lose digits: Lossless says so.
//
// A Codec keeps its buffers between calls and is not safe for concurrent use.
package encoding
