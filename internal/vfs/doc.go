// Package vfs is the one door to the disk. Every other package reaches files
// through the interface FS, so that a test can put the in-memory twin Mem in
// its place and see what happens when operation k fails, when the disk is full,
// when an fsync fails or when the machine stops.
//
//	            ┌──────────► OS   the operating system's files
//	caller ─► FS┤
//	            └──────────► Mem  memory: numbered operations, faults, crash clones, transcript
//
// What makes a change durable is the same on both:
//
//	content of a file       File.Sync
//	a new, renamed or       FS.SyncDir of the directory that holds the name
//	removed name
//
// A File.Sync that failed proves nothing, and neither does a later one that
// succeeds: the kernel may have dropped the pages and marked them clean. Mem
// models that: what was written before a failed Sync stays doubtful for ever.
//
// Files are created with mode 0600 and directories with 0700.
//
// The package does not know the names or formats of anybody's files, keeps no
// caches, and offers no buffering.
package vfs
