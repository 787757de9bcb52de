// Package oldkernel lets a process and its children live with a kernel that lacks
// system calls, for tests of what a program says and does there.
package oldkernel
