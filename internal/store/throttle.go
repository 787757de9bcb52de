package store

import (
	"context"
	"sync"
	"time"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// metered is a file system whose files keep to a number of bytes per second on average,
// all together, read and written; 0 or less: no limit. Its files end early when the
// context does.
type metered struct {
	vfs.FS
	ctx   context.Context
	speed int64
	began time.Time

	mu    sync.Mutex
	bytes int64
}

func newMetered(ctx context.Context, fsys vfs.FS, speed int64) *metered {
	return &metered{FS: fsys, ctx: ctx, speed: speed, began: time.Now()}
}

// moved returns the bytes read and written so far.
func (m *metered) moved() int64 { m.mu.Lock(); defer m.mu.Unlock(); return m.bytes }

// count counts n bytes and waits until that many were allowed.
func (m *metered) count(n int, err error) (int, error) {
	m.mu.Lock()
	m.bytes += int64(n)
	bytes := m.bytes
	m.mu.Unlock()
	if err != nil || m.speed <= 0 {
		return n, err
	}
	due := time.Duration(float64(bytes) / float64(m.speed) * float64(time.Second))
	if ahead := due - time.Since(m.began); ahead > time.Millisecond {
		select {
		case <-time.After(ahead):
		case <-m.ctx.Done():
			return n, m.ctx.Err()
		}
	}
	return n, nil
}

// Open implements vfs.Opener.
func (m *metered) Open(name string) (vfs.File, error) { return m.file(m.FS.Open(name)) }

// Create implements vfs.Opener.
func (m *metered) Create(name string) (vfs.File, error) { return m.file(m.FS.Create(name)) }

func (m *metered) file(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return &meteredFile{File: f, m: m}, nil
}

type meteredFile struct {
	vfs.File
	m *metered
}

// Read implements io.Reader.
func (f *meteredFile) Read(b []byte) (int, error) { return f.m.count(f.File.Read(b)) }

// ReadAt implements io.ReaderAt.
func (f *meteredFile) ReadAt(b []byte, off int64) (int, error) {
	return f.m.count(f.File.ReadAt(b, off))
}

// Write implements io.Writer.
func (f *meteredFile) Write(b []byte) (int, error) { return f.m.count(f.File.Write(b)) }

// WriteAt implements io.WriterAt.
func (f *meteredFile) WriteAt(b []byte, off int64) (int, error) {
	return f.m.count(f.File.WriteAt(b, off))
}
