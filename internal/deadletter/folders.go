package deadletter

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// folders is where the files of a store are.
type folders struct {
	fs   vfs.FS
	dir  string
	most int64 // bytes of one letter file
}

func (f *folders) ids(sub string) ([]string, error) {
	names, err := f.fs.List(path.Join(f.dir, sub))
	if err != nil {
		return nil, fmt.Errorf("deadletter: %w", err)
	}
	var ids []string
	for _, n := range names {
		if id, ok := strings.CutSuffix(n, suffix); ok {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (f *folders) read(sub, id string) (*Letter, error) {
	if !validID(id) {
		return nil, fmt.Errorf("%w: %q", ErrNotFound, id)
	}
	b, err := vfs.ReadFile(f.fs, f.name(sub, id), f.most)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	if err != nil {
		return nil, fmt.Errorf("deadletter: %w", err)
	}
	l, err := decode(b)
	if err != nil {
		return nil, fmt.Errorf("deadletter: %s: %w", id, err)
	}
	l.ID = id
	for i := range l.Files {
		l.Files[i].Path = f.part(id, i)
	}
	return l, nil
}

func (f *folders) countParts(id string) int {
	for i := 0; ; i++ {
		if _, err := f.fs.Stat(f.part(id, i)); err != nil {
			return i
		}
	}
}

func (f *folders) move(from, to, id string) error {
	err := f.fs.Rename(f.name(from, id), f.name(to, id))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	if err == nil {
		err = errors.Join(f.fs.SyncDir(path.Join(f.dir, to)), f.fs.SyncDir(path.Join(f.dir, from)))
	}
	if err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	return nil
}

// measure returns the bytes of all files.
func (f *folders) measure() (int64, error) {
	var sum int64
	for _, sub := range []string{letters, replay, parts} {
		names, err := f.fs.List(path.Join(f.dir, sub))
		if err != nil {
			return 0, err
		}
		for _, n := range names {
			info, err := f.fs.Stat(path.Join(f.dir, sub, n))
			if errors.Is(err, fs.ErrNotExist) {
				continue // taken away by another process
			}
			if err != nil {
				return 0, err
			}
			sum += info.Size
		}
	}
	return sum, nil
}

func (f *folders) name(sub, id string) string { return path.Join(f.dir, sub, id+suffix) }

func (f *folders) part(id string, i int) string {
	return path.Join(f.dir, parts, fmt.Sprintf("%s.%d.part", id, i))
}

// validID accepts what Put makes: 16 hexadecimal digits, a dash, 16 more.
func validID(id string) bool {
	if len(id) != 33 || id[16] != '-' {
		return false
	}
	for i, c := range []byte(id) {
		if i != 16 && !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}
