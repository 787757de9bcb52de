// Package builtin holds the plugins every gateway has: the log source, processors
// and sinks that need nothing but the gateway itself.
//
//	iotdb-source          reads the commit log from a pipe's cursor: history, then what comes
//	do-nothing-processor  passes everything
//	do-nothing-sink       acknowledges and forgets
//	store-sink            writes into this gateway (write-back)
//
// The source decides what a pipe sees, in this order: the pipe flag (forwarding), the
// event class (inclusion), root.__system never, then path and time. A tablet is cut to
// the selected columns and rows; a deletion is cut to the selected paths and times.
// A TsFile of which a part is selected is read page by page and sent as tablets that all
// have the position of the file. What cannot be cut (a deletion whose paths only partly
// lie inside, a file that cannot be read) becomes a dead letter: neither leaked nor lost.
//
// Each plugin is declared once, with its parameters; docs/reference/plugins.md is
// generated from the declarations. The package opens no socket and no file.
package builtin
