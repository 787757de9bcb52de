// Package lint holds the house rules of this repository as tests: which package
// may import which, how large a file, function, type or interface may grow, and
// that every exported name says what it is. It has no production code.
//
// A rule's message names the replacement, not only the fault. An exception is one
// line in exceptions_test.go with its reason; a rule that names a package checks
// that the package exists, so that a rename cannot disarm it.
//
// `make report` prints the figures that are read rather than enforced (medians,
// percentiles, comment and test ratios).
package lint
