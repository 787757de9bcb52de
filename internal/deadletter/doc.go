// Package deadletter keeps what can never be applied or delivered: durable, whole,
// visible, and ready to be tried again.
//
//	<dir>/letters/ID.letter    one letter per file
//	<dir>/replay/ID.letter     letters to be tried again; the running daemon polls this folder
//	<dir>/parts/ID.N.part      files that belong to a letter (hard links), N from 0
//
//	letter file, big-endian
//	+0    8  magic "SLDEADLT"
//	+8    2  format version, 1
//	+10   2  zero
//	+12   4  h, length of the header
//	+16   8  p, length of the payload
//	+24   h  header, JSON
//	+24+h p  payload, byte for byte as it came
//	 …    8  xxhash64 of everything before
//
// Put returns after the letter and its folder are fsynced: only then may the
// sender be told OK. The same content put twice is kept once. Replay only moves a
// file, so the operator's tool works whether the daemon runs or not.
//
// The package does not decide what is a dead letter and applies nothing: Poll
// hands a letter to a function of its caller. It shows no payload that may hold a
// password.
package deadletter
