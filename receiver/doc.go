// Package receiver is the outer end of the gate: it listens, reads frames, and
// answers each complete request with exactly one byte.
package receiver
