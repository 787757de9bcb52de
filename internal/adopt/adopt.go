package adopt

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path"
	"sync"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/tsfile/mods"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// maxMods bounds a mods file, in bytes.
const maxMods = 64 << 20

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

	mu  sync.Mutex
	bad map[string]struct{} // stored names of what cannot be read and was said to be so
}

// New returns a reader of the files under dir.
func New(fsys vfs.FS, dir string, logger *slog.Logger) *Files {
	return &Files{fs: fsys, dir: dir, logger: logger, bad: map[string]struct{}{}}
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

// Schema returns the devices and series of a sealed transfer, in file order and in
// normal form; false if it holds no TsFile that can be read. The error is one of the
// disk; the next use tries again.
func (f *Files) Schema(s *event.Sealed) ([]catalog.FileDevice, bool, error) {
	part, beside, ok := tsFile(s)
	if !ok || f.isBad(part.Stored) {
		return nil, false, nil
	}
	out, err := f.read(part, beside)
	var u *unreadable
	if errors.As(err, &u) {
		f.say(part, u)
		return nil, false, nil
	}
	return out, err == nil, err
}

func (f *Files) isBad(stored string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, bad := f.bad[stored]
	return bad
}

// say reports a file that cannot be read, once.
func (f *Files) say(part *event.Part, u *unreadable) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, bad := f.bad[part.Stored]; bad {
		return
	}
	f.bad[part.Stored] = struct{}{}
	f.logger.Warn("a TsFile cannot be read here; it stays stored and is relayed", "name", part.Name, "file", part.Stored, "reason", u.err)
}

// read opens a stored TsFile and reads its index. Errors are *unreadable or of the disk.
func (f *Files) read(part, beside *event.Part) ([]catalog.FileDevice, error) {
	file, err := f.fs.Open(path.Join(f.dir, part.Stored))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &unreadable{err: err}
	}
	if err != nil {
		return nil, err
	}
	src := &source{f: file}
	defer func() { _ = file.Close() }()
	out, err := schema(src, part.Length)
	if err == nil && beside != nil {
		err = f.checkMods(beside)
	}
	var u *unreadable
	switch {
	case err == nil:
		return out, nil
	case src.failed != nil:
		return nil, fmt.Errorf("file %s: %w", part.Stored, src.failed)
	case errors.As(err, &u), errors.Is(err, errDisk):
		return nil, err
	}
	return nil, &unreadable{err: err}
}

// schema reads the index of a file.
func schema(src io.ReaderAt, size int64) ([]catalog.FileDevice, error) {
	r, err := tsfile.Open(src, size, tsfile.Limits{})
	if err != nil {
		return nil, err
	}
	if len(r.Footer().Tables) > 0 {
		return nil, errors.New("it is of the table model")
	}
	var out []catalog.FileDevice
	for d, err := range r.Devices() {
		if err != nil {
			return nil, err
		}
		one, err := device(r, d)
		if err != nil {
			return nil, err
		}
		if len(one.Series) > 0 {
			out = append(out, one)
		}
	}
	return out, nil
}

// device reads the series of one device.
func device(r *tsfile.Reader, d *tsfile.Device) (catalog.FileDevice, error) {
	var out catalog.FileDevice
	var err error
	name := d.ID.String()
	if out.Path, err = tablet.Normalize(name); err != nil {
		return out, fmt.Errorf("device %.300q: %w", name, err)
	}
	if out.Path == "root" {
		return out, errors.New("it has a device root")
	}
	for s, err := range r.Series(d) {
		if err != nil {
			return out, err
		}
		if s.Time {
			out.Aligned = true
			continue
		}
		if !s.Type.Valid() {
			return out, fmt.Errorf("series %.300q has the type %d", s.Name, uint8(s.Type))
		}
		c := tablet.Schema{Type: s.Type, Encoding: tablet.DefaultEncoding(s.Type), Compressor: tablet.LZ4}
		if c.Name, err = tablet.NormalizeMeasurement(s.Name); err != nil {
			return out, fmt.Errorf("series %.300q: %w", s.Name, err)
		}
		out.Series = append(out.Series, c)
	}
	return out, nil
}

// source is the file below a reader. It remembers an error of the disk, which is no
// damage of the file.
type source struct {
	f      vfs.File
	failed error
}

// ReadAt implements io.ReaderAt.
func (s *source) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.f.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		s.failed = err
	}
	return n, err
}

// unreadable says that a file cannot be read, now and later.
type unreadable struct{ err error }

// Error returns the reason.
func (u *unreadable) Error() string { return u.err.Error() }

// Unwrap returns the cause.
func (u *unreadable) Unwrap() error { return u.err }

// errDisk marks an error of the disk beside the file itself.
var errDisk = errors.New("the disk failed")

// checkMods reports what keeps the deletions beside a file from being read.
func (f *Files) checkMods(p *event.Part) error {
	b, err := vfs.ReadFile(f.fs, path.Join(f.dir, p.Stored), maxMods)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, vfs.ErrTooLarge) {
		return &unreadable{err: fmt.Errorf("its mods: %w", err)}
	}
	if err != nil {
		return fmt.Errorf("%w: its mods: %w", errDisk, err)
	}
	read := mods.ReadText
	if len(b) > 0 && b[0] <= 1 { // the kinds of the binary form
		read = mods.ReadBinary
	}
	list, err := read(b)
	if err != nil {
		return &unreadable{err: fmt.Errorf("its mods: %w", err)}
	}
	for i := range list {
		if list[i].Table != "" {
			continue
		}
		if _, err := tablet.CompilePattern(list[i].Path); err != nil {
			return &unreadable{err: fmt.Errorf("its mods: %w", err)}
		}
	}
	return nil
}
