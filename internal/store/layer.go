package store

import (
	"errors"
	"fmt"
	"path"
	"sync"
	"time"

	"github.com/sluice-gateway/sluice/internal/store/erase"
	"github.com/sluice-gateway/sluice/internal/store/manifest"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/tsfile/mods"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Limits of files.
const (
	maxOpen = 256      // files that stay open while nobody reads them
	maxMods = 64 << 20 // bytes of a mods file
	maxPage = 64 << 20 // bytes of a page, compressed or not
)

// layer is one TsFile.
type layer struct {
	manifest.File
	dir string

	resting time.Time // no merge takes it before; guarded by Store.mu

	// guarded by shelf.mu
	pins int  // views that may read it
	gone bool // remove it with the last pin
	uses int  // readers that were handed out
	open *opened
}

// opened is an open TsFile with its mods.
type opened struct {
	f     vfs.File
	r     *tsfile.Reader
	mods  erase.Set // that are about the whole file
	early []mod     // the others
}

// mod is a deletion that came with a file and is only about its first chunks.
type mod struct {
	erase.Part
	before int64 // chunks that begin before it are meant
}

func newLayer(dir string, f manifest.File) *layer { return &layer{File: f, dir: dir} }

func (l *layer) path() string { return path.Join(l.dir, l.Name) }

// shelf keeps files open and removes those that are no longer needed.
type shelf struct {
	fs   vfs.FS
	mu   sync.Mutex
	idle []*layer // open and not in use, longest idle first
}

func newShelf(fsys vfs.FS) *shelf { return &shelf{fs: fsys} }

func (s *shelf) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for _, l := range s.idle {
		err = errors.Join(err, l.open.f.Close())
		l.open = nil
	}
	s.idle = nil
	return err
}

func (s *shelf) pin(list []*layer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range list {
		l.pins++
	}
}

// unpin ends the use of layers and removes the files that nobody needs.
func (s *shelf) unpin(list []*layer) error {
	return s.drop(list, func(l *layer) bool { l.pins--; return l.pins == 0 && l.gone })
}

// retire removes the files of layers that no view will see again, now or later.
func (s *shelf) retire(list []*layer) error {
	return s.drop(list, func(l *layer) bool { l.gone = true; return l.pins == 0 })
}

func (s *shelf) drop(list []*layer, dead func(*layer) bool) error {
	var remove []*layer
	s.mu.Lock()
	for _, l := range list {
		if dead(l) {
			remove = append(remove, l)
			s.forget(l)
		}
	}
	s.mu.Unlock()
	var err error
	for _, l := range remove {
		err = errors.Join(err, s.fs.Remove(l.path()))
		if l.Mods != "" {
			err = errors.Join(err, s.fs.Remove(path.Join(l.dir, l.Mods)))
		}
	}
	return err
}

// forget closes a layer that nobody uses. mu is held.
func (s *shelf) forget(l *layer) {
	for i := range s.idle {
		if s.idle[i] == l {
			s.idle = append(s.idle[:i], s.idle[i+1:]...)
			break
		}
	}
	if l.open != nil && l.uses == 0 {
		_ = l.open.f.Close() // it was only read
		l.open = nil
	}
}

// acquire opens a layer or takes it as it is. The caller releases it.
func (s *shelf) acquire(l *layer) (*opened, error) {
	s.mu.Lock()
	if l.open != nil {
		s.use(l)
		o := l.open
		s.mu.Unlock()
		return o, nil
	}
	s.mu.Unlock()
	o, err := openFile(s.fs, l)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.open != nil { // somebody was faster
		_ = o.f.Close()
	} else {
		l.open = o
	}
	s.use(l)
	return l.open, nil
}

// use counts a user. mu is held.
func (s *shelf) use(l *layer) {
	l.uses++
	for i := range s.idle {
		if s.idle[i] == l {
			s.idle = append(s.idle[:i], s.idle[i+1:]...)
			return
		}
	}
}

func (s *shelf) release(l *layer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.uses--; l.uses > 0 {
		return
	}
	s.idle = append(s.idle, l)
	for len(s.idle) > maxOpen {
		s.forget(s.idle[0])
	}
}

// discard closes a layer that nobody will use again.
func (s *shelf) discard(l *layer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(l)
}

func openFile(fsys vfs.FS, l *layer) (*opened, error) {
	f, err := fsys.Open(l.path())
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	o := &opened{f: f}
	o.r, err = tsfile.Open(&near{f: f, size: l.Bytes}, l.Bytes, tsfile.Limits{PageBytes: maxPage})
	if err == nil && l.Mods != "" {
		err = o.readMods(fsys, path.Join(l.dir, l.Mods))
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("store: file %s: %w", l.Name, err)
	}
	return o, nil
}

// deletions reads a mods file of either form.
func deletions(fsys vfs.FS, name string) ([]mods.Deletion, error) {
	b, err := vfs.ReadFile(fsys, name, maxMods)
	if err != nil {
		return nil, err
	}
	read := mods.ReadText
	if len(b) > 0 && b[0] <= 1 { // the kinds of the binary form
		read = mods.ReadBinary
	}
	list, err := read(b)
	if err != nil {
		return nil, fmt.Errorf("its mods: %w", err)
	}
	return list, nil
}

func (o *opened) readMods(fsys vfs.FS, name string) error {
	list, err := deletions(fsys, name)
	if err != nil {
		return err
	}
	var whole []erase.Part
	for i := range list {
		d := &list[i]
		if d.Table != "" {
			continue
		}
		p, err := tablet.CompilePattern(d.Path)
		if err != nil {
			return fmt.Errorf("its mods: %w", err)
		}
		part := erase.Part{What: p, Lo: d.Start, Hi: d.End}
		if d.Offset >= 0 && d.Offset < o.r.Footer().Separator {
			o.early = append(o.early, mod{part, d.Offset})
			continue
		}
		whole = append(whole, part)
	}
	o.mods = erase.Beside(whole)
	return nil
}
