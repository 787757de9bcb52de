// Package rows makes the rows of a query out of the devices of a view.
//
//	View ──Scan──► Device ─┐
//	View ──Scan──► Device ─┼─► Join ─► Filter ─► rows in blocks
//	View ──Scan──► Device ─┘
//
// A Stream yields tablets: rows in order of time, each time once, columns side by side. A
// tablet is valid until the next call. Device reads the wanted columns of one device
// over some ranges of time; Batch does so for one of very many; Join is the full outer join over time of several streams;
// Filter keeps the rows that a predicate selects, and puts columns in order.
//
// Join hands the columns through without copying where the times of its streams are
// equal, or where one stream is alone for a while; else it copies cell by cell.
//
// Memory is what the scanners hold and one block of a Join and a Filter; a Budget counts
// it and ends the query with status 709. The package evaluates nothing but the predicate
// and knows no schema.
package rows
