// Package sandbox gives rights up for the rest of the life of a process, by seccomp
// and Landlock of Linux. What is given up cannot be taken back by the process,
// whoever controls it by then.
//
//	Daemon   a gateway after all its doors are open
//	  seccomp   everything but: programs (exec, fork), doors (bind, listen, raw
//	            sockets), other processes (ptrace, their memory, their descriptors),
//	            mounts, namespaces, modules, keys, io_uring
//	  Landlock  only the directories that are named; no TCP bind
//
//	Door     the process that holds the sockets of the gate, after it listens
//	  seccomp   only a short list of system calls. Descriptors below the limit are
//	            those it was started with and stay what they are: no close, no dup.
//	            All above are accepted connections:
//	              write(fd >= limit, length == 1)   allowed
//	              any other way to send on them     does not exist
//	            no new sockets, no files, no programs, no executable memory
//	  Landlock  no directory at all; no TCP bind, no TCP connect
//
// A system call that is not allowed fails with EPERM. What seccomp cannot do is
// count: it admits one-byte writes, not one write per request. That the door does in
// its own code (package receiver/door), the gate in hardware, and oneway-prove on
// the cable.
//
// Elsewhere than on Linux, amd64 or arm64, every function returns ErrUnsupported.
package sandbox
