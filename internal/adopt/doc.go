// Package adopt reads the points of TsFiles that were sealed into the files folder,
// where they are, for the catalogue and for queries.
//
//	event.Sealed ─► Schema: devices, series, types          (once, at arrival and at replay)
//	             ─► Plan: what a query wants of it, cut into slices of time
//	             ─► Read: the points of one slice, without those the mods file deletes
//
// A file is read lazily: the plan takes only the index, a slice only the chunks and
// pages whose statistics reach into it. Of every file a summary stays in memory (its
// times and the hashes of its devices), so that a query opens only files that may
// hold something for it. Up to 64 files stay open.
//
// A file that cannot be read (damaged, encrypted, of the table model, with a mods
// file that cannot be read) is no error: it is said once in the log, has no schema and
// no points here, and stays stored and relayed as it came. Damage that shows only when
// points are read ends the reading of that device in that slice. Errors of the disk
// are errors.
//
// What it does not do: write, know positions of the log, or decide which of two values
// wins.
package adopt
