// Package wirebuf reads and writes the big-endian primitives of IoTDB's pipe
// payloads: integers, floats, length-prefixed strings, blobs and var-ints.
//
//	int32 length | bytes            string, blob; a string of length -1 is null
//	int32 count  | elements         list, map
//	7 bits per byte, low group first, high bit = more     unsigned var-int
//
// Reader is a cursor with a sticky error: after the first failure every read
// returns a zero value, so a decoder checks Err once at the end of a section. No
// count or length is trusted: Count and Blob compare it with a cap and with the
// bytes that are left before anything is allocated.
//
// Writing is plain appending: the functions named Append return the extended
// slice, like append.
//
// The package knows no format; the layouts are in package request.
package wirebuf
