// Package spec describes settings once: name, type, default, range, meaning. From
// that one description come strict parsing, the list of all problems of an input
// at once, suggestions for misspelt keys, masking of secrets and the generated
// reference (docs/reference).
//
//	[]Field + []Input ──Parse──► *Values        typed access by name
//	                        └──► []Problem      each with a place and a suggestion
//
// A key may carry a prefix (pipe attributes: "sink.", "connector."): the prefix is
// compared without regard to letter case, the rest exactly. A key given twice with
// different values, in whatever spelling, is a problem; nothing is picked silently.
// An unknown key is a problem unless Options.Lenient is set.
//
// The package reads no file and imports no configured package; who reads a file or
// a statement turns it into Inputs.
package spec
