// Package merge reads one device out of many layers at once. A layer is a TsFile or the
// content of a memtable; layers are ordered by age.
//
//	layer 0   |--chunk--|--chunk--|          file, oldest
//	layer 1        |-chunk-|                 file
//	layer 2                 |-tablet-|       memtable, newest
//	          ------------------------> time
//	rows      each time once; per series the newest layer that has a value there
//
// A null never hides a value of an older layer. What a layer's Deleted names is null in
// that layer. Rows are joined over the wanted columns, of aligned devices and of others;
// rows without any value are left out.
//
// Scan opens chunks and pages lazily: only those whose statistics reach into the time
// range, and only when their turn comes. A layer whose times are known (Input.Bounds) is
// not even asked for the device before. Where nothing overlaps, pages are handed through
// without copying, and statistics may stand for the points (Query.Stats). Memory is one
// page of each wanted column of each layer that is open.
//
// The package is pure: it knows no manifest, no file names, no schema tree, no TTL.
package merge
