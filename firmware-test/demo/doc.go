// Command demo shows a point crossing the gate: it starts both gateways and the gate
// simulator on loopback, runs the quick start, prints what is read outside and the
// verdict of the gate, and stops everything.
//
//	demo -bin bin
//
// It needs about five seconds and leaves nothing behind.
package main
