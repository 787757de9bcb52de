// Package mask takes the secrets out of a statement before it is written down.
//
//	statement ─► the tokens the parser sees ─► Text (to read), Verb (its first words), Clean (for messages about it)
//
// It reads with the lexer of package scan, so what the parser takes for a value is
// what is masked: there are no quotes, blanks or comments that the two see
// differently. When in doubt it masks: the result is to be read, not repeated.
package mask
