// Package pred decides which rows of a query match its WHERE.
//
//	sql.Expr ──Compile──► Predicate ──Times──► ranges of time to be read
//	                          │────────Skip──► chunks whose statistics exclude a match
//	                          └──────Filter──► the rows of a tablet that match
//
// Three values: a comparison with a series that has no value in a row is unknown, NOT
// keeps unknown, AND takes the least and OR the greatest of false < unknown < true; a row
// matches where the whole is true. IS NULL is never unknown.
//
// A path that stands for several series stands for the condition on each of them,
// joined by AND. A condition on series that do not exist is nothing: nothing AND x is
// nothing, nothing OR x is x, and a WHERE that is nothing gives an empty result (None).
//
// Rows are judged a column at a time, one byte a row; literals are converted to the type
// of the series once. The package reads nothing and knows no schema: the caller resolves
// paths.
package pred
