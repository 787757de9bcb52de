package vfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"syscall"
)

// ErrLocked is returned by FS.Lock when somebody else holds the lock.
var ErrLocked = errors.New("vfs: locked by another process")

// ErrTooLarge is returned by ReadFile for a file longer than the caller's cap.
var ErrTooLarge = errors.New("vfs: file is larger than allowed")

// TempSuffix ends the names of files that WriteFile has not finished. Who finds
// one at start-up may remove it.
const TempSuffix = ".tmp"

// IsNoSpace reports whether an error means that the disk or the user's share of
// it is full.
func IsNoSpace(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// ReadFile returns the whole content of a file of at most limit bytes, or
// ErrTooLarge.
func ReadFile(fsys FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, fmt.Errorf("%w: %s has %d bytes, cap %d", ErrTooLarge, name, size, limit)
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, size), b); err != nil {
		return nil, fmt.Errorf("vfs: read %s: %w", name, err)
	}
	return b, nil
}

// WriteFile replaces a file by the given content in one durable step: a crash at
// any point leaves the old content or the new one, whole. The order is: write
// name+TempSuffix, fsync, rename, fsync the directory. Two callers must not
// write the same name at once.
func WriteFile(fsys FS, name string, content []byte) error {
	temp := name + TempSuffix
	if err := writeTemp(fsys, temp, content); err != nil {
		_ = fsys.Remove(temp) // best effort: the caller gets the first error
		return err
	}
	if err := fsys.Rename(temp, name); err != nil {
		_ = fsys.Remove(temp)
		return err
	}
	return fsys.SyncDir(filepath.Dir(name))
}

// writeTemp writes and fsyncs a new file.
func writeTemp(fsys FS, name string, content []byte) error {
	f, err := fsys.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// Exists reports whether a name is there. An error other than fs.ErrNotExist is
// returned.
func Exists(fsys FS, name string) (bool, error) {
	_, err := fsys.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// RemoveAll removes a file, or a directory with all it holds. A missing name is
// no error.
func RemoveAll(fsys FS, name string) error {
	info, err := fsys.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Dir {
		names, err := fsys.List(name)
		if err != nil {
			return err
		}
		for _, n := range names {
			if err := RemoveAll(fsys, filepath.Join(name, n)); err != nil {
				return err
			}
		}
	}
	return fsys.Remove(name)
}
