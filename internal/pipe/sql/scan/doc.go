// Package scan cuts statements into tokens and reads what all of them are made of:
// names, paths, numbers, literals and times.
//
//	text ──lexer──► Token ──Cursor──► keywords, Path, Literal; Problems with line and column
//
// Package sql reads statements with it. Time and memory are linear in the text. It knows
// no statement.
package scan
