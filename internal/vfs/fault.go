package vfs

import (
	"errors"
	"strings"
)

// ErrInjected is the error of an operation that was told to fail.
var ErrInjected = errors.New("vfs: injected fault")

// OpKind names an operation of Mem.
type OpKind string

// The operations. Those above the line change something and are in the
// transcript. Closing and asking for the size are not operations.
const (
	OpCreate   OpKind = "create"
	OpAppend   OpKind = "open-append"
	OpOpenRW   OpKind = "open-rw"
	OpWrite    OpKind = "write"
	OpTruncate OpKind = "truncate"
	OpSync     OpKind = "sync"
	OpSyncDir  OpKind = "sync-dir"
	OpRename   OpKind = "rename"
	OpLink     OpKind = "link"
	OpRemove   OpKind = "remove"
	OpMkdir    OpKind = "mkdir"
	OpLock     OpKind = "lock"
	// ----
	OpOpen OpKind = "open"
	OpRead OpKind = "read"
	OpStat OpKind = "stat"
	OpList OpKind = "list"
	OpFree OpKind = "free"
)

// Changes reports whether operations of this kind change something.
func (k OpKind) Changes() bool {
	switch k {
	case OpOpen, OpRead, OpStat, OpList, OpFree:
		return false
	}
	return true
}

// Op is one operation, as a fault sees it.
type Op struct {
	N    int // number, from 1
	Kind OpKind
	Path string // as the caller spelled it
	To   string // second name of rename and link
	Off  int64  // of read, write; new length of truncate
	Len  int    // bytes of read, write

	data []byte
}

// faults is what Mem has been told to do wrong.
type faults struct {
	fail  func(Op) error
	space int64 // bytes that can still be written; -1 = no limit
}

// take uses up space and returns by how much it falls short.
func (f *faults) take(n int64) (short int64) {
	if f.space < 0 {
		return 0
	}
	if n > f.space {
		short = n - f.space
		f.space = 0
		return short
	}
	f.space -= n
	return 0
}

// give returns space.
func (f *faults) give(n int64) {
	if f.space >= 0 {
		f.space += n
	}
}

// release gives back the space of a node that lost a name, once it has none.
func (f *faults) release(n *node) {
	if n != nil && n.links <= 0 {
		f.give(int64(len(n.data)))
	}
}

// begin numbers an operation and asks whether it is to fail.
func (m *memFS) begin(op *Op) error {
	m.ops++
	op.N = m.ops
	if m.faults.fail == nil {
		return nil
	}
	return m.faults.fail(*op)
}

// Ops returns the number of operations so far.
func (m *Mem) Ops() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ops
}

// Fail lets a function decide about every operation from now on: a non-nil
// error makes it fail with that error. nil ends it. The function must not call
// the file system. A write that fails has written a part chosen by the seed; a
// Sync that fails makes what it should have covered doubtful for ever; all
// others have not happened.
func (m *Mem) Fail(f func(Op) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults.fail = f
}

// FailOp makes the k-th operation from now (k from 1) fail with ErrInjected,
// and returns a function that reports whether it was reached.
func (m *Mem) FailOp(k int) (reached func() bool) { return m.failRange(k, k) }

// FailFrom makes the k-th operation from now and all later ones fail: the disk
// is gone.
func (m *Mem) FailFrom(k int) (reached func() bool) { return m.failRange(k, int(^uint(0)>>1)) }

func (m *Mem) failRange(from, to int) func() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	base, hit := m.ops, false
	m.faults.fail = func(op Op) error {
		if k := op.N - base; k < from || k > to {
			return nil
		}
		hit = true
		return ErrInjected
	}
	return func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return hit
	}
}

// FailSync makes the next n Syncs of files whose name contains part fail.
func (m *Mem) FailSync(part string, n int) {
	m.Fail(func(op Op) error {
		if op.Kind == OpSync && n > 0 && strings.Contains(op.Path, part) {
			n--
			return ErrInjected
		}
		return nil
	})
}

// NoSpaceAfter lets files grow by n more bytes in all; what removing and
// truncating frees is added. A write beyond writes what fits and fails with
// ENOSPC. Negative: no limit.
func (m *Mem) NoSpaceAfter(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults.space = max(n, -1)
}
