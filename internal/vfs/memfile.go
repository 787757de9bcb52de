package vfs

import (
	"io"
	"io/fs"
	"syscall"
)

// memFile is an open file of Mem.
type memFile struct {
	m        *memFS
	n        *node
	name     string
	pos      int64
	writable bool
	atEnd    bool // Write goes to the end
	closed   bool
}

func (m *memFS) handle(name string, n *node, writable, atEnd bool) *memFile {
	m.handles++
	return &memFile{m: m, n: n, name: name, writable: writable, atEnd: atEnd}
}

// do runs one numbered operation on an open file.
func (f *memFile) do(op Op, work func() error) error {
	op.Path = f.name
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if f.closed {
		return pathError(op.Kind, f.name, fs.ErrClosed)
	}
	err := f.m.begin(&op)
	if err == nil {
		err = work()
	} else {
		f.failed(op)
	}
	f.m.script.add(op, err)
	return pathError(op.Kind, f.name, err)
}

// failed does what an operation that failed may have done all the same.
func (f *memFile) failed(op Op) {
	switch op.Kind {
	case OpSync:
		f.n.sync(false)
	case OpWrite:
		if part := op.data[:f.m.rng.IntN(len(op.data)+1)]; len(part) > 0 && f.writable {
			f.put(op.Off, part)
		}
	}
}

// put writes what there is space for.
func (f *memFile) put(off int64, b []byte) (int, error) {
	grow := max(0, off+int64(len(b))-max(off, int64(len(f.n.data))))
	var err error
	if short := f.m.faults.take(grow); short > 0 {
		b = b[:int64(len(b))-short]
		err = syscall.ENOSPC
	}
	if len(b) > 0 {
		f.n.write(off, b)
		f.n.mod = f.m.now()
	}
	return len(b), err
}

func (f *memFile) Read(b []byte) (n int, err error) {
	n, err = f.read(b, f.pos)
	f.pos += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

func (f *memFile) ReadAt(b []byte, off int64) (int, error) { return f.read(b, off) }

func (f *memFile) read(b []byte, off int64) (n int, err error) {
	end := false
	err = f.do(Op{Kind: OpRead, Off: off, Len: len(b)}, func() error {
		if off < 0 {
			return syscall.EINVAL
		}
		if off < int64(len(f.n.data)) {
			n = copy(b, f.n.data[off:])
		}
		end = n < len(b)
		return nil
	})
	if err == nil && end {
		err = io.EOF
	}
	return n, err
}

func (f *memFile) Write(b []byte) (int, error) {
	off := f.pos
	if f.atEnd {
		off = -1
	}
	n, err := f.write(b, off)
	f.pos += int64(n)
	return n, err
}

func (f *memFile) WriteAt(b []byte, off int64) (int, error) {
	if f.atEnd || off < 0 {
		return 0, pathError(OpWrite, f.name, syscall.EINVAL)
	}
	return f.write(b, off)
}

// write writes at off, or at the end if off is negative.
func (f *memFile) write(b []byte, off int64) (n int, err error) {
	if off < 0 {
		f.m.mu.Lock()
		off = int64(len(f.n.data))
		f.m.mu.Unlock()
	}
	err = f.do(Op{Kind: OpWrite, Off: off, Len: len(b), data: b}, func() error {
		if !f.writable {
			return syscall.EBADF
		}
		n, err = f.put(off, b)
		return err
	})
	return n, err
}

func (f *memFile) Sync() error {
	return f.do(Op{Kind: OpSync}, func() error {
		f.n.sync(true)
		return nil
	})
}

func (f *memFile) Truncate(size int64) error {
	return f.do(Op{Kind: OpTruncate, Off: size}, func() error {
		switch {
		case !f.writable:
			return syscall.EBADF
		case size < 0:
			return syscall.EINVAL
		}
		if grow := size - int64(len(f.n.data)); grow > 0 && f.m.faults.take(grow) > 0 {
			return syscall.ENOSPC
		}
		if freed := f.n.truncate(size); freed > 0 {
			f.m.faults.give(freed)
		}
		f.n.mod = f.m.now()
		return nil
	})
}

func (f *memFile) Size() (int64, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if f.closed {
		return 0, pathError(OpStat, f.name, fs.ErrClosed)
	}
	return int64(len(f.n.data)), nil
}

func (f *memFile) Close() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if f.closed {
		return pathError("close", f.name, fs.ErrClosed)
	}
	f.closed = true
	f.m.handles--
	return nil
}
