// Package sqldiff makes statements and compares the answers of two servers to them,
// cell by cell:
//
//	Corpus(seed) ─► statement ─┬─► IoTDB   ─► Answer ─┐
//	                           └─► gateway ─► Answer ─┴─► Compare ─► "" or what differs
//	                                                       Known.Explains? ◄─ docs/sql-differences.md
//
// A statement is first in the list of testdata/corpus.sql, which names what people
// write, or comes from a seeded generator, which combines it: devices with and
// without alignment, six types, writes in and out of order, deletes, and queries of
// every kind that the gateway has.
//
// What IoTDB leaves open is not compared: the order of the columns of a wildcard,
// and of the rows of SHOW, COUNT and LAST. Messages are not compared either. The
// package runs nothing and decides nothing: make interop does.
package sqldiff
