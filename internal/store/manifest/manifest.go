package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sync"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// rewriteBytes is from which size on a manifest that is mostly history is replaced.
const rewriteBytes = 1 << 20

// State is what the edits add up to.
type State struct {
	Files      []File // as layers: by To, then From, then Name
	Tombstones []Tombstone
	Flushed    uint64 // everything up to this position of the log is in files
}

// apply changes the state. Applying an edit twice is harmless.
func (s *State) apply(e *Edit) {
	for _, name := range e.Remove {
		s.Files = slices.DeleteFunc(s.Files, func(f File) bool { return f.Name == name })
	}
	for _, f := range e.Add {
		s.Files = slices.DeleteFunc(s.Files, func(o File) bool { return o.Name == f.Name })
		s.Files = append(s.Files, f)
	}
	for _, t := range e.Deleted {
		if i, ok := s.find(t.Pos); !ok {
			s.Tombstones = slices.Insert(s.Tombstones, i, t)
		}
	}
	for _, pos := range e.Drop {
		if i, ok := s.find(pos); ok {
			s.Tombstones = slices.Delete(s.Tombstones, i, i+1)
		}
	}
	s.Flushed = max(s.Flushed, e.Flushed)
	if len(e.Add) > 0 {
		slices.SortStableFunc(s.Files, Compare)
	}
}

func (s *State) find(pos uint64) (int, bool) {
	return slices.BinarySearchFunc(s.Tombstones, pos, func(t Tombstone, p uint64) int { return cmp.Compare(t.Pos, p) })
}

// Compare orders files as layers, oldest first. A merged file may have taken in one file
// of a flush and what came before it, while another file of that flush is still there:
// that one is newer.
func Compare(a, b File) int {
	return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.From, b.From), cmp.Compare(b.Flags&Merged, a.Flags&Merged), cmp.Compare(a.Name, b.Name))
}

// clone copies what apply changes in place.
func (s *State) clone() State {
	return State{Files: slices.Clone(s.Files), Tombstones: slices.Clone(s.Tombstones), Flushed: s.Flushed}
}

// Report is how a manifest was found.
type Report struct {
	Edits int
	Bytes int64 // of valid edits and the head
	Torn  int64 // bytes of an unfinished edit behind them
}

// Read reads the manifest of a folder without changing it. A missing one is an empty
// state. Errors: *CorruptError, ErrVersion, of the disk.
func Read(fsys vfs.FS, dir string) (State, Report, error) {
	var s State
	var r Report
	b, err := vfs.ReadFile(fsys, path.Join(dir, Name), maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return s, r, nil
	}
	if err != nil {
		return s, r, err
	}
	switch {
	case len(b) < len(magic) || string(b[:5]) != magic[:5]:
		return s, r, &CorruptError{0, "it does not begin with SLMAN"}
	case string(b[:len(magic)]) != magic:
		return s, r, ErrVersion
	}
	at, last := len(magic), uint64(0)
	for at < len(b) {
		e, number, n, err := readEdit(b[at:])
		if err == nil && number != last+1 && last != 0 {
			err = fmt.Errorf("edit %d follows %d", number, last)
		}
		if err != nil {
			if validBehind(b[at+1:], last) {
				return s, r, &CorruptError{int64(at), err.Error()}
			}
			r.Torn = int64(len(b) - at)
			break
		}
		s.apply(&e)
		last = number
		at += n
		r.Edits++
	}
	r.Bytes = int64(at)
	return s, r, nil
}

// validBehind reports whether some later edit begins in b: then the damage before it is
// no unfinished write.
func validBehind(b []byte, last uint64) bool {
	for i := 0; i+headerSize <= len(b); i++ {
		if b[i+8] != 0 || b[i+9] != 0 { // no number is that large
			continue
		}
		if _, number, _, err := readEdit(b[i:]); err == nil && number > last {
			return true
		}
	}
	return false
}

// Manifest is an open manifest. Its methods may be called from several goroutines.
type Manifest struct {
	fs  vfs.FS
	dir string

	mu     sync.Mutex
	state  State
	file   vfs.File // nil: the next edit replaces the whole file
	number uint64
	size   int64
	whole  int64 // size after the last replacement
}

// Open reads the manifest of a folder; a missing one is made with the first edit.
func Open(fsys vfs.FS, dir string) (*Manifest, Report, error) {
	s, r, err := Read(fsys, dir)
	if err != nil {
		return nil, r, err
	}
	return &Manifest{fs: fsys, dir: dir, state: s}, r, nil
}

// Close closes the file.
func (m *Manifest) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.file == nil {
		return nil
	}
	err := m.file.Close()
	m.file = nil
	return err
}

// State returns the present state. It is not changed later.
func (m *Manifest) State() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state.clone()
}

// Size returns the bytes of the file.
func (m *Manifest) Size() int64 { m.mu.Lock(); defer m.mu.Unlock(); return m.size }

// Apply makes an edit durable. After an error the edit may be found by the next Open all
// the same; what it adds and removes must stay until a later Apply has succeeded.
func (m *Manifest) Apply(e Edit) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := m.state.clone()
	next.apply(&e)
	var err error
	if m.file == nil || m.size > rewriteBytes && m.size > 4*m.whole {
		err = m.replace(&next)
	} else {
		err = m.append(&e)
	}
	if err != nil {
		if m.file != nil {
			_ = m.file.Close() // what it holds is not known: the next edit replaces it
			m.file = nil
		}
		return fmt.Errorf("manifest: %w", err)
	}
	m.state = next
	return nil
}

func (m *Manifest) append(e *Edit) error {
	b := appendEdit(nil, m.number+1, e)
	if len(b) > maxEdit {
		return fmt.Errorf("an edit of %d bytes", len(b))
	}
	if _, err := m.file.Write(b); err != nil {
		return err
	}
	if err := m.file.Sync(); err != nil {
		return err
	}
	m.number++
	m.size += int64(len(b))
	return nil
}

// replace writes the whole state as a new file.
func (m *Manifest) replace(s *State) error {
	name := path.Join(m.dir, Name)
	if m.file != nil {
		_ = m.file.Close()
		m.file = nil
	}
	b := []byte(magic)
	number := uint64(0)
	add := func(e *Edit) { number++; b = appendEdit(b, number, e) }
	add(&Edit{Flushed: s.Flushed})
	for part := range slices.Chunk(s.Files, 1024) {
		add(&Edit{Add: part})
	}
	for part := range slices.Chunk(s.Tombstones, 1) {
		add(&Edit{Deleted: part})
	}
	if err := vfs.WriteFile(m.fs, name, b); err != nil {
		return err
	}
	f, err := m.fs.OpenAppend(name)
	if err != nil {
		return err
	}
	m.file, m.number, m.size, m.whole = f, number, int64(len(b)), int64(len(b))
	return nil
}
