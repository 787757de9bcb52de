// Package gatectl is the operator's tool: passwords, dead letters, the commit log.
// Every command works on the files of a data directory (--data), whether the
// gateway runs or not, and changes nothing that a running gateway would not see:
// a new password and a letter to be replayed are picked up within a second.
//
// It prints what it has before it fails, and never a password.
package gatectl
