// Package compact writes the layers that package merge reads as one TsFile: a flush of a
// memtable, a compaction of files, or both.
//
//	layers (files, memtables) ── merge ──► device by device ──► one TsFile
//	        └─ chunks that nothing overlaps are copied as they are ─┘
//
// Memory is bounded whatever the size of the inputs, see Write. The package opens, names
// and removes no files.
package compact
