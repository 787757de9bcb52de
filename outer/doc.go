// Package outer joins the receiver of the gate to the disk: it is the Committer
// that package receiver declares, on top of package arrival.
//
// It touches no socket and does not know the answer byte.
package outer
