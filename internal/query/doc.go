// Package query answers SELECT.
//
//	Request ─► expand: paths ─► series (catalog)
//	        ─► pred: WHERE ─► ranges of time, chunks to skip, rows to keep
//	        ─► rows: one Scan of the store's view per device, joined over time, filtered
//	        ─► agg: windows of GROUP BY, from statistics where they are exact
//	        ─► result.Rows, a block at a time
//
// A query sees the points that were durable when it began, and nothing after; its view of
// the store is released when its rows are closed. Rows are the full outer join of all
// selected series over time; without a condition on values a row without any value does
// not appear.
//
// Columns, their names, types and order, the order of rows and what an empty input gives
// are those of IoTDB 2.0 with two exceptions: wildcards give series by name, and a BLOB
// in SELECT LAST is shown in hexadecimal. Where IoTDB refuses or errs, and the answer is
// clear, it is given: NOT of a condition on values, a constant left of a comparison, a
// whole number compared with a fraction, OR of a condition on time and one on a series
// that has no value in the row.
//
// Memory. What scanners hold and what is copied is counted; above Config.MemoryBytes the
// query ends with status 709. Nothing is held for rows that the client has not asked
// for. Where very many devices are read side by side, those that find a third of the
// memory in use keep copies of a few rows and are looked up again when these are used
// up. GROUP BY computes some windows at a time, so that any number of them streams;
// windows longer than their step are put together of panes. A result has at most 100,000
// columns; SELECT LAST has rows, any number of them.
//
// Time. What the gateway works for a query is counted, waiting for the client not; above
// Config.Timeout it ends with status 720. Running lists the queries whose rows are not
// closed, Kill ends one with status 715.
//
// What it does not do: expressions, functions other than aggregates, HAVING, FILL, INTO,
// windows other than of time.
package query
