// Package store is the time-series store of a gateway: TsFiles that it writes from the
// commit log, and TsFiles that came sealed and are served as they are.
//
//	commit log ──► reader ──► memtable ──rotate──► memtables that wait ──flush──► TsFile
//	  record: tablet │ deletion │ sealed file                                  manifest edit
//	                     │           └──── hard link ────────────────────────► TsFile (adopted)
//	                     └─ tombstone for older layers
//
// The log is the truth; the store is one of its readers, with the cursor "store". There
// is no second write-ahead log: recovery reads the manifest and then the log from the
// position up to which everything was flushed.
//
// # Layers
//
// Every source of points is a layer with a range of log positions. Layers are ordered by
// their last position, and where two have a value for the same time of a series, the
// later layer wins:
//
//	file [1,80] in order │ file [1,80] out of order │ adopted [91,91] │ file [81,120] │ memtable [121,…]
//
// The two files of one flush hold no point twice. A memtable may contain records from
// before and after an adopted file, if nothing that it held at that moment overlaps the
// file; otherwise it is rotated first. A tombstone is a deletion and its position: it
// hides points of every layer that ends before it, and is dropped when no such layer is
// left, or when later ones of the same paths hide as much. A memtable applies the
// deletions within its own range itself.
//
// A merge makes one file of several of a partition, in the place of the newest: what lies
// between them and stays does not overlap the older ones. A file that reaches over several
// partitions and lies between others is cut into one for each (pick.go).
//
// # What is promised
//
//   - A View contains every record that was durable when it was asked for, and stays as
//     it is, whatever is flushed, compacted, deleted or adopted meanwhile.
//   - A file is written, synced, renamed and its directory synced before the manifest
//     names it; the manifest is synced before the cursor moves; a file is removed after
//     the manifest no longer names it and no View uses it. docs/format/store.md has the
//     manifest, testdata/*.transcript the order of operations.
//   - What cannot be flushed (full disk) stays in memory and in the log and is tried
//     again; then the reader stops, the log keeps everything, and views wait.
//   - Points that have expired are hidden at once. A file goes when all of its points have,
//     which is looked for every ten minutes, and a merge leaves expired points out; what is
//     not gone yet is seen again when the TTL is lifted.
//   - Files the store cannot read are linked into aside/ and stay until an operator
//     removes them.
//
// # What it does not do
//
// It does not accept writes (package ingest), does not know the wire, evaluates no
// expressions (package query), and shares nothing with the pipes but snapshots.
package store
