package vfs

// Mem is the in-memory twin of OS. See NewMem.
type Mem struct{ FS }

// NewMem returns an empty in-memory file system. The seed chooses how much of a
// write that fails has happened all the same.
func NewMem(seed uint64) *Mem { return &Mem{FS: nil} }
