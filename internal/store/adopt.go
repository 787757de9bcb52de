package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"sync"
	"time"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/store/manifest"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Request types of the seals of a TsFile.
const (
	sealPlain    = 5
	sealWithMods = 9
)

// Waits between attempts at something that failed.
const (
	firstRetry = 200 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// again calls f until it succeeds or ctx ends; it says once what is wrong.
func (s *Store) again(ctx context.Context, what string, f func() error) error {
	wait := firstRetry
	for {
		err := f()
		if err == nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if wait == firstRetry {
			s.cfg.Logger.Warn(what+"; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait = min(2*wait, lastRetry)
	}
}

// adopter is the store as it takes sealed files over.
type adopter struct{ *Store }

// adopt makes a sealed TsFile a layer: linked into the store's folder, then named by the
// manifest. It returns nil for what is no TsFile or cannot be read. If the active
// memtable overlaps the file, it is rotated first.
func (s adopter) adopt(ctx context.Context, pos uint64, ev *event.Sealed) (*layer, error) {
	s.sealed.note(pos, ev)
	file, beside := tsFile(ev)
	if file == nil {
		return nil, nil
	}
	if l, known := s.adopted(pos); known {
		if l != nil {
			s.separate(pos, l)
			return nil, nil // it is a layer since the start
		}
		return nil, nil
	}
	var l *layer
	err := s.again(ctx, "a sealed file cannot be taken over", func() (err error) {
		l, err = s.take(pos, file, beside)
		return err
	})
	if err != nil || l == nil {
		return nil, err
	}
	s.separate(pos, l)
	return l, nil
}

// tsFile returns the TsFile of a transfer and the mods beside it, nil if there are none.
func tsFile(ev *event.Sealed) (file, beside *event.Part) {
	n := len(ev.Parts)
	if ev.Type != sealPlain && ev.Type != sealWithMods || n == 0 || ev.Parts[n-1].Absent || ev.Parts[n-1].Stored == "" {
		return nil, nil
	}
	if ev.Type == sealWithMods && n > 1 && !ev.Parts[n-2].Absent {
		beside = &ev.Parts[n-2]
	}
	return &ev.Parts[n-1], beside
}

// adopted reports whether the file of a record is in the manifest already, because the
// log is read again; the layer is nil if it is aside or was merged with others.
func (s adopter) adopted(pos uint64) (*layer, bool) {
	name := adoptedName(pos)
	s.mu.Lock()
	for _, l := range s.layers {
		if l.Name == name {
			s.mu.Unlock()
			return l, true
		}
	}
	s.mu.Unlock()
	for _, f := range s.man.State().Files {
		if f.Name == path.Join(asideDir, name) {
			return nil, true
		}
	}
	return nil, false
}

func adoptedName(pos uint64) string { return fmt.Sprintf("adopted-%016x%s", pos, suffix) }

// take links a file and makes an edit of it; nil if it cannot be read.
func (s adopter) take(pos uint64, file, beside *event.Part) (*layer, error) {
	f := manifest.File{Name: adoptedName(pos), Flags: manifest.Adopted, From: pos, To: pos, Clean: pos,
		Bytes: file.Length, Sum: file.Sum, Lo: math.MaxInt64, Hi: math.MinInt64}
	if beside != nil {
		f.Mods, f.Extra = f.Name+modsSuffix, beside.Length
	}
	probe := &layer{File: manifest.File{Name: file.Stored, Bytes: file.Length}, dir: s.cfg.FilesDir}
	if beside != nil {
		probe.Mods = beside.Stored
	}
	odd, why := s.extent(probe, &f)
	var bad *unreadable
	switch {
	case errors.Is(why, fs.ErrNotExist):
		s.cfg.Logger.Error("the file of a record is gone", "position", pos, "file", file.Stored, "error", why)
		s.counts.damaged.Add(1)
		return nil, nil
	case errors.As(why, &bad):
		s.cfg.Logger.Warn("a TsFile cannot be read; it is kept aside", "position", pos, "name", file.Name, "file", path.Join(asideDir, f.Name), "reason", bad.err)
		f.Flags |= manifest.Aside
		f.Name = path.Join(asideDir, f.Name)
		if f.Mods != "" {
			f.Mods = f.Name + modsSuffix
		}
	case why != nil:
		return nil, why
	}
	if err := s.place(&f, odd, probe); err != nil {
		return nil, err
	}
	if err := s.cfg.FS.SyncDir(path.Dir(path.Join(s.cfg.Dir, f.Name))); err != nil {
		return nil, err
	}
	s.editing.Lock()
	defer s.editing.Unlock()
	if err := s.edit(manifest.Edit{Add: []manifest.File{f}}, nil); err != nil {
		return nil, err
	}
	if f.Flags&manifest.Aside != 0 {
		s.counts.aside.Add(1)
		return nil, nil
	}
	s.counts.adopted.Add(1)
	return newLayer(s.cfg.Dir, f), nil
}

// place makes the file of an entry: a link, or a copy with names in normal form.
func (s adopter) place(f *manifest.File, odd bool, from *layer) error {
	if odd && f.Flags&manifest.Aside == 0 {
		return s.respell(f, from)
	}
	err := s.link(from.Name, f.Name)
	if err == nil && f.Mods != "" {
		err = s.link(from.Mods, f.Mods)
	}
	return err
}

func (s adopter) link(stored, name string) error {
	err := s.cfg.FS.Link(path.Join(s.cfg.FilesDir, stored), path.Join(s.cfg.Dir, name))
	if errors.Is(err, fs.ErrExist) {
		return nil // of an attempt before this one
	}
	return err
}

// unreadable says that a file cannot be read, now and later.
type unreadable struct{ err error }

// Error returns the reason.
func (u *unreadable) Error() string { return u.err.Error() }

// Unwrap returns the cause.
func (u *unreadable) Unwrap() error { return u.err }

// extent opens a file that came and notes the times of its points, and whether a name is
// not in normal form. Errors are *unreadable or of the disk.
func (s adopter) extent(l *layer, f *manifest.File) (odd bool, err error) {
	disk := &watched{FS: s.cfg.FS}
	o, err := openFile(disk, l)
	if err == nil {
		defer o.f.Close()
		odd, err = walk(o.r, func(_ string, lo, hi int64) bool {
			f.Lo, f.Hi = min(f.Lo, lo), max(f.Hi, hi)
			return true
		})
	}
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return odd, err
	case disk.failed() != nil:
		return odd, disk.failed()
	}
	return odd, &unreadable{err}
}

// eachDevice calls fn with the devices of a file and their times until it returns false.
// Names must be legal, as the catalogue wants them.
func eachDevice(r *tsfile.Reader, fn func(device string, lo, hi int64) bool) error {
	_, err := walk(r, fn)
	return err
}

// walk is eachDevice that also reports whether a name is not in normal form.
func walk(r *tsfile.Reader, fn func(device string, lo, hi int64) bool) (odd bool, err error) {
	if len(r.Footer().Tables) > 0 {
		return false, errors.New("it is of the table model")
	}
	for d, err := range r.Devices() {
		if err != nil {
			return odd, err
		}
		name, err := tablet.Normalize(d.ID.String())
		if err != nil {
			return odd, fmt.Errorf("device %.300q: %w", d.ID.String(), err)
		}
		if name == "root" {
			return odd, errors.New("it has a device root")
		}
		odd = odd || name != d.ID.String()
		lo, hi := int64(math.MaxInt64), int64(math.MinInt64)
		for s, err := range r.Series(d) {
			if err != nil {
				return odd, err
			}
			if s.Time || s.Stats.Count == 0 && s.Type.Valid() {
				continue
			}
			if !s.Type.Valid() {
				return odd, fmt.Errorf("series %.300q has the type %d", s.Name, uint8(s.Type))
			}
			normal, err := tablet.NormalizeMeasurement(s.Name)
			if err != nil {
				return odd, fmt.Errorf("series %.300q: %w", s.Name, err)
			}
			odd = odd || normal != s.Name
			lo, hi = min(lo, s.Stats.Start), max(hi, s.Stats.End)
		}
		if lo <= hi && !fn(name, lo, hi) {
			return odd, nil
		}
	}
	return odd, nil
}

// separate rotates the active memtable if it has points of a device and time that a file
// has too: what was written before the file must not win over it.
func (s adopter) separate(pos uint64, l *layer) {
	s.mu.Lock()
	active := s.active
	s.mu.Unlock()
	if lo, hi := active.Times(); lo > l.Hi || hi < l.Lo {
		return
	}
	overlap := false
	o, err := s.shelf.acquire(l)
	if err == nil {
		err = eachDevice(o.r, func(device string, lo, hi int64) bool {
			overlap = active.Overlaps(device, lo, hi)
			return !overlap
		})
		s.shelf.release(l)
	}
	if err == nil && !overlap {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active == active { // applied is the record before pos
		s.rotate()
	}
}

// watched notices errors of the disk, which are no damage of a file.
type watched struct {
	vfs.FS
	mu  sync.Mutex
	err error
}

// Open implements vfs.Opener.
func (w *watched) Open(name string) (vfs.File, error) {
	f, err := w.FS.Open(name)
	if err != nil {
		w.note(err)
		return nil, err
	}
	return &watchedFile{File: f, w: w}, nil
}

func (w *watched) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
}

func (w *watched) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

type watchedFile struct {
	vfs.File
	w *watched
}

// ReadAt implements io.ReaderAt.
func (f *watchedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		f.w.note(err)
	}
	return n, err
}
