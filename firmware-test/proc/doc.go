// Package proc runs other programs for tests: it starts them, reads what they
// print, ends them gently or with kill -9, and never leaves one behind.
//
//	Start ─► reads stdout line by line ─► Await("ready ") ─► Stop (SIGTERM) | Kill (SIGKILL)
//
// Output goes to the log file of the process, whole, so that a failed run can be
// looked at. A process dies with its parent where the kernel offers that (Linux).
package proc
