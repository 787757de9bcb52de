package vfs

import (
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Mem is the in-memory twin of OS. Beyond FS it numbers every operation, fails
// the ones it is told to (fault.go), writes a transcript (transcript.go) and
// makes crash clones (crash.go).
type Mem struct{ memFS }

// memFS is the file system itself.
//
// Invariant: undoing names from the end and each node's changes from the end
// gives what is on the imagined disk for certain.
type memFS struct {
	mu      sync.Mutex
	rng     *rand.Rand
	root    *node
	names   nameLog
	locks   map[string]bool
	handles int // open files
	ops     int // operations so far
	faults  faults
	script  transcript
	now     func() time.Time
}

// NewMem returns an empty in-memory file system. The seed chooses how much of a
// write that fails has happened all the same.
func NewMem(seed uint64) *Mem {
	return &Mem{memFS{
		rng:    rand.New(rand.NewPCG(seed, 0x766673)),
		root:   newDir(),
		locks:  map[string]bool{},
		faults: faults{space: -1},
		now:    time.Now,
	}}
}

var _ FS = (*Mem)(nil)

// OpenFiles returns the number of files opened and not closed, so that a test
// can find a forgotten Close.
func (m *Mem) OpenFiles() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.handles
}

// split cuts a name into its elements; the root has none.
func split(name string) []string {
	name = strings.Trim(filepath.ToSlash(filepath.Clean(name)), "/")
	if name == "" || name == "." {
		return nil
	}
	return strings.Split(name, "/")
}

// find returns the node of a name below n, or ENOENT or ENOTDIR.
func (n *node) find(name string) (*node, error) {
	for _, e := range split(name) {
		if n.entries == nil {
			return nil, syscall.ENOTDIR
		}
		next := n.entries[e]
		if next == nil {
			return nil, syscall.ENOENT
		}
		n = next
	}
	return n, nil
}

// parent returns the directory below n that holds a name, and the name's last
// element.
func (n *node) parent(name string) (*node, string, error) {
	elems := split(name)
	if len(elems) == 0 {
		return nil, "", syscall.EINVAL
	}
	last := len(elems) - 1
	dir, err := n.find(strings.Join(elems[:last], "/"))
	if err != nil {
		return nil, "", err
	}
	if dir.entries == nil {
		return nil, "", syscall.ENOTDIR
	}
	return dir, elems[last], nil
}

// pathError wraps an error of an operation on a name.
func pathError(kind OpKind, name string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: string(kind), Path: name, Err: err}
}

// do runs one numbered operation under the lock: the fault first, then the
// work, then the line of the transcript.
func (m *memFS) do(op Op, work func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.begin(&op)
	if err == nil {
		err = work()
	}
	m.script.add(op, err)
	return pathError(op.Kind, op.Path, err)
}

// Create makes or truncates a file.
func (m *memFS) Create(name string) (f File, err error) {
	err = m.do(Op{Kind: OpCreate, Path: name}, func() error {
		f, err = m.createLocked(name, true, false)
		return err
	})
	return f, err
}

// OpenAppend opens a file for writing at its end, made if missing.
func (m *memFS) OpenAppend(name string) (f File, err error) {
	err = m.do(Op{Kind: OpAppend, Path: name}, func() error {
		f, err = m.createLocked(name, false, true)
		return err
	})
	return f, err
}

func (m *memFS) createLocked(name string, truncate, atEnd bool) (File, error) {
	dir, last, err := m.root.parent(name)
	if err != nil {
		return nil, err
	}
	n := dir.entries[last]
	switch {
	case n == nil:
		n = &node{mod: m.now()}
		m.names.change(nameSet{dir, last, n})
	case n.entries != nil:
		return nil, syscall.EISDIR
	case truncate && len(n.data) > 0:
		m.faults.give(n.truncate(0))
		n.mod = m.now()
	}
	return m.handle(name, n, true, atEnd), nil
}

// Open opens a file for reading.
func (m *memFS) Open(name string) (File, error) { return m.openExisting(OpOpen, name, false) }

// OpenReadWrite opens a file for reading and writing.
func (m *memFS) OpenReadWrite(name string) (File, error) {
	return m.openExisting(OpOpenRW, name, true)
}

func (m *memFS) openExisting(kind OpKind, name string, writable bool) (f File, err error) {
	err = m.do(Op{Kind: kind, Path: name}, func() error {
		n, err := m.root.find(name)
		if err != nil {
			return err
		}
		if n.entries != nil {
			return syscall.EISDIR
		}
		f = m.handle(name, n, writable, false)
		return nil
	})
	return f, err
}

// Rename moves a name, replacing what has the new one.
func (m *memFS) Rename(from, to string) error {
	return m.do(Op{Kind: OpRename, Path: from, To: to}, func() error {
		src, a, err := m.root.parent(from)
		if err != nil {
			return err
		}
		dst, b, err := m.root.parent(to)
		if err != nil {
			return err
		}
		n := src.entries[a]
		if n == nil {
			return syscall.ENOENT
		}
		old := dst.entries[b]
		switch {
		case old == n:
			return nil
		case old != nil && old.entries != nil && (n.entries == nil || len(old.entries) > 0):
			return syscall.EEXIST
		}
		m.names.change(nameSet{src, a, nil}, nameSet{dst, b, n})
		m.faults.release(old)
		return nil
	})
}

// Link gives a file a second name.
func (m *memFS) Link(from, to string) error {
	return m.do(Op{Kind: OpLink, Path: from, To: to}, func() error {
		n, err := m.root.find(from)
		if err != nil {
			return err
		}
		if n.entries != nil {
			return syscall.EPERM
		}
		dst, b, err := m.root.parent(to)
		if err != nil {
			return err
		}
		if dst.entries[b] != nil {
			return syscall.EEXIST
		}
		m.names.change(nameSet{dst, b, n})
		return nil
	})
}

// Remove removes a file's name or an empty directory.
func (m *memFS) Remove(name string) error {
	return m.do(Op{Kind: OpRemove, Path: name}, func() error {
		dir, last, err := m.root.parent(name)
		if err != nil {
			return err
		}
		n := dir.entries[last]
		if n == nil {
			return syscall.ENOENT
		}
		if len(n.entries) > 0 {
			return syscall.ENOTEMPTY
		}
		m.names.change(nameSet{dir, last, nil})
		m.faults.release(n)
		return nil
	})
}

// MkdirAll makes a directory and its parents, durably.
func (m *memFS) MkdirAll(dir string) error {
	return m.do(Op{Kind: OpMkdir, Path: dir}, func() error {
		n := m.root
		for _, e := range split(dir) {
			if n.entries == nil {
				return syscall.ENOTDIR
			}
			if n.entries[e] == nil {
				m.names.change(nameSet{n, e, newDir()})
				m.names.keep()
			}
			n = n.entries[e]
		}
		if n.entries == nil {
			return syscall.ENOTDIR
		}
		m.names.prune()
		return nil
	})
}

// List returns the names in a directory, sorted.
func (m *memFS) List(dir string) (names []string, err error) {
	err = m.do(Op{Kind: OpList, Path: dir}, func() error {
		n, err := m.root.find(dir)
		if err != nil {
			return err
		}
		if n.entries == nil {
			return syscall.ENOTDIR
		}
		for name := range n.entries {
			names = append(names, name)
		}
		slices.Sort(names)
		return nil
	})
	return names, err
}

// Stat describes a file or directory.
func (m *memFS) Stat(name string) (info Info, err error) {
	err = m.do(Op{Kind: OpStat, Path: name}, func() error {
		n, err := m.root.find(name)
		if err != nil {
			return err
		}
		info = Info{Name: filepath.Base(name), Size: int64(len(n.data)), Dir: n.entries != nil, Time: n.mod}
		return nil
	})
	return info, err
}

// Resolve checks that a name exists: there are no links.
func (m *memFS) Resolve(name string) (string, error) {
	_, err := m.Stat(name)
	return filepath.Clean(name), err
}

// SyncDir makes the names in a directory durable.
func (m *memFS) SyncDir(dir string) error {
	return m.do(Op{Kind: OpSyncDir, Path: dir}, func() error {
		n, err := m.root.find(dir)
		if err != nil {
			return err
		}
		m.names.sync(n)
		return nil
	})
}

// Free returns what NoSpaceAfter left, or a large number.
func (m *memFS) Free(dir string) (free int64, err error) {
	err = m.do(Op{Kind: OpFree, Path: dir}, func() error {
		free = m.faults.space
		if free < 0 {
			free = 1 << 50
		}
		return nil
	})
	return free, err
}

// Lock takes an exclusive lock on a name.
func (m *memFS) Lock(name string) (c io.Closer, err error) {
	key := strings.Join(split(name), "/")
	err = m.do(Op{Kind: OpLock, Path: name}, func() error {
		if m.locks[key] {
			return ErrLocked
		}
		dir, last, err := m.root.parent(name)
		if err != nil {
			return err
		}
		if dir.entries[last] == nil {
			m.names.change(nameSet{dir, last, &node{mod: m.now()}})
		}
		m.locks[key] = true
		c = &memLock{m: m, key: key}
		return nil
	})
	return c, err
}

// memLock releases a lock once.
type memLock struct {
	m    *memFS
	key  string
	once sync.Once
}

// Close releases the lock.
func (l *memLock) Close() error {
	l.once.Do(func() {
		l.m.mu.Lock()
		defer l.m.mu.Unlock()
		delete(l.m.locks, l.key)
	})
	return nil
}
