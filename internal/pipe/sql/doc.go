// Package sql reads and prints the statements a gateway understands: the pipe
// statements of IoTDB 1.2 to 2.0 and the part of its tree dialect that clients and
// tools need to write, read and look around.
//
//	text ──lexer──► tokens ──parser──► Statement ──Print──► text
//
// Print gives one spelling of a statement, and Parse of it gives the statement back
// (positions apart). Keywords are read in any letter case; -- and /* */ comments, a
// comma before a closing bracket and one final semicolon are accepted everywhere.
//
// Every place is exact: line and column in characters, and byte offset. All that is
// wrong with the attributes of a pipe, the options of LOAD, the privileges of GRANT and
// the types and encodings of new series is reported at once; elsewhere reading stops at
// the first mistake. What IoTDB can say and a gateway cannot do
// parses to *Unsupported, by its leading words.
//
// Memory and time are linear in the text, which is at most MaxBytes long; nesting is
// at most scan.MaxDepth. The package executes nothing and knows no clock.
package sql
