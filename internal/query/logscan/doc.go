// Package logscan answers raw and count queries by scanning the commit log.
//
//	Select ─► expand the paths against the catalog ─► first scan: labels only
//	                                                   │ chunks: runs of records with their hull of times
//	                                                   │ deletions, with their positions
//	          rows ◄─ merge one window ◄─ sweep over time, loading a chunk when its hull begins
//
// What counts is the order of the log. A cell is the value of the last record that
// wrote its (series, time) and was not followed by a deletion (of data, series or
// database) that covers it. A null never hides a value. Rows are the full outer join
// of all selected series over time; a row without any value does not appear.
//
// Memory. A chunk is about 1 MiB of consecutive log. Only chunks whose hulls reach
// into the present window are in memory, so data that arrived in time order streams
// whatever its amount, and a small LIMIT reads little. Data that arrived in random
// order needs the chunks that overlap all at once; above Config.MemoryBytes the query
// ends with status 709. Counting materialises a window only where runs overlap or a
// deletion covers them.
//
// A query sees the log up to the position that was durable when it began: everything
// acknowledged before it, and nothing after.
//
// Sealed TsFiles (package adopt) take part with the position of their record: each is
// one chunk per slice of time of about 4 MiB, read from the file when its time has
// come, without the points that its own mods file deletes. What of a file cannot be
// read is left out.
//
// What it does not do: evaluate expressions, or change anything.
package logscan
