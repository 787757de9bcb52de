package adopt

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"path"
	"sync"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/tsfile/mods"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Limits.
const (
	maxOpen  = 64       // files that stay open between uses
	maxMods  = 64 << 20 // bytes of a mods file
	maxPage  = 64 << 20 // bytes of a page, compressed or not
	maxKnown = 1 << 16  // devices of a file whose hashes stay in memory
)

// Request types of the seals of a TsFile.
const (
	sealPlain    = 5
	sealWithMods = 9
)

// Files reads the TsFiles under one folder. All methods may be called from several
// goroutines.
type Files struct {
	fs     vfs.FS
	dir    string
	logger *slog.Logger

	mu    sync.Mutex
	known map[string]*summary // by stored name
	open  map[string]*File    // by stored name
	idle  []*File             // open and not in use, longest idle first
}

// New returns a reader of the files under dir.
func New(fsys vfs.FS, dir string, logger *slog.Logger) *Files {
	return &Files{fs: fsys, dir: dir, logger: logger, known: map[string]*summary{}, open: map[string]*File{}}
}

// Close closes what is open. Nothing may be in use.
func (f *Files) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var err error
	for _, x := range f.idle {
		err = errors.Join(err, x.close())
	}
	f.idle = nil
	return err
}

// File is an open TsFile with its deletions. The caller releases it.
type File struct {
	of     *Files
	stored string
	src    *source
	r      *tsfile.Reader
	mods   []mod
	users  int // guarded by Files.mu
}

// tsFile returns the parts of a seal that matter: the TsFile and the mods beside it,
// which may be nil; ok is false for what holds no TsFile.
func tsFile(s *event.Sealed) (file, beside *event.Part, ok bool) {
	if s == nil || s.Type != sealPlain && s.Type != sealWithMods || len(s.Parts) == 0 {
		return nil, nil, false
	}
	file = &s.Parts[len(s.Parts)-1]
	if n := len(s.Parts); s.Type == sealWithMods && n > 1 && !s.Parts[n-2].Absent {
		beside = &s.Parts[n-2]
	}
	return file, beside, !file.Absent && file.Stored != ""
}

// acquire opens a file or takes the open one. Errors are *unreadable or of the disk.
func (f *Files) acquire(s *event.Sealed) (*File, error) {
	part, beside, ok := tsFile(s)
	if !ok {
		return nil, &unreadable{err: errors.New("the transfer holds no TsFile")}
	}
	if x := f.take(part.Stored); x != nil {
		return x, nil
	}
	x, err := f.read(part, beside)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if other := f.open[part.Stored]; other != nil { // somebody was faster
		_ = x.close()
		f.use(other)
		return other, nil
	}
	x.users = 1
	f.open[part.Stored] = x
	return x, nil
}

func (f *Files) take(stored string) *File {
	f.mu.Lock()
	defer f.mu.Unlock()
	x := f.open[stored]
	if x != nil {
		f.use(x)
	}
	return x
}

// use counts a user. The caller holds mu.
func (f *Files) use(x *File) {
	x.users++
	for i := range f.idle {
		if f.idle[i] == x {
			f.idle = append(f.idle[:i], f.idle[i+1:]...)
			return
		}
	}
}

// release ends a use.
func (x *File) release() {
	f := x.of
	f.mu.Lock()
	defer f.mu.Unlock()
	if x.users--; x.users > 0 {
		return
	}
	if x.src.failed() != nil { // open it anew the next time
		delete(f.open, x.stored)
		_ = x.close()
		return
	}
	f.idle = append(f.idle, x)
	for len(f.open) > maxOpen && len(f.idle) > 0 {
		old := f.idle[0]
		f.idle = f.idle[1:]
		delete(f.open, old.stored)
		_ = old.close()
	}
}

func (x *File) close() error { return x.src.f.Close() }

// read opens a stored TsFile and reads its footer and its mods.
func (f *Files) read(part, beside *event.Part) (*File, error) {
	file, err := f.fs.Open(path.Join(f.dir, part.Stored))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &unreadable{err: err}
	}
	if err != nil {
		return nil, err
	}
	x := &File{of: f, stored: part.Stored, src: &source{f: file}}
	x.r, err = tsfile.Open(x.src, part.Length, tsfile.Limits{PageBytes: maxPage})
	if err == nil && len(x.r.Footer().Tables) > 0 {
		err = errors.New("it is of the table model")
	}
	if err == nil && beside != nil {
		x.mods, err = f.readMods(beside)
	}
	if err != nil {
		err = x.fault(err)
		_ = x.close()
		return nil, err
	}
	return x, nil
}

// source is the file below a reader. It remembers an error of the disk, which is no
// damage of the file.
type source struct {
	f   vfs.File
	mu  sync.Mutex
	err error
}

// ReadAt implements io.ReaderAt.
func (s *source) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.f.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
	}
	return n, err
}

func (s *source) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// unreadable says that a file cannot be read, now and later.
type unreadable struct{ err error }

// Error returns the reason.
func (u *unreadable) Error() string { return u.err.Error() }

// Unwrap returns the cause.
func (u *unreadable) Unwrap() error { return u.err }

// fault tells an error of the disk from damage.
func (x *File) fault(err error) error {
	var u *unreadable
	switch disk := x.src.failed(); {
	case disk != nil:
		return fmt.Errorf("file %s: %w", x.stored, disk)
	case errors.As(err, &u):
		return err
	}
	return &unreadable{err: err}
}

// mod is one deletion of a mods file.
type mod struct {
	pattern pattern
	lo, hi  int64
	before  int64 // only chunks that begin before this offset are meant
}

// readMods reads the deletions beside a file.
func (f *Files) readMods(p *event.Part) ([]mod, error) {
	b, err := vfs.ReadFile(f.fs, path.Join(f.dir, p.Stored), maxMods)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, vfs.ErrTooLarge) {
		return nil, &unreadable{err: fmt.Errorf("its mods: %w", err)}
	}
	if err != nil {
		return nil, err
	}
	read := mods.ReadText
	if len(b) > 0 && b[0] <= 1 { // the kinds of the binary form
		read = mods.ReadBinary
	}
	list, err := read(b)
	if err != nil {
		return nil, &unreadable{err: fmt.Errorf("its mods: %w", err)}
	}
	out := make([]mod, 0, len(list))
	for i := range list {
		d := &list[i]
		if d.Table != "" {
			continue
		}
		m := mod{lo: d.Start, hi: d.End, before: d.Offset}
		if m.before < 0 {
			m.before = math.MaxInt64
		}
		if m.pattern, err = compile(d.Path); err != nil {
			return nil, &unreadable{err: fmt.Errorf("its mods: %w", err)}
		}
		out = append(out, m)
	}
	return out, nil
}
