// Package wire holds what all bodies of pipe requests share: the numbers of the
// request types, the layouts of the releases, the limits, and a cursor that reads the
// elements they are made of.
//
//	name      int32 length, UTF-8      pairs     int32 n, n x (key, nullable value)
//	schema    name, type, encoding, compressor, pairs
//	optional  00 | 01 name             plan end  name id, int32 0
//
// Package request and its plans are built on it; others use those.
package wire
