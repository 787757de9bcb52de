package vfs

import (
	"io"
	"time"
)

// FS is a file system. Names use the slash or the system's separator; a relative
// name is relative to the working directory (of Mem: to its root). Errors are
// *fs.PathError or *os.LinkError and answer errors.Is with fs.ErrNotExist and
// fs.ErrExist; a full disk answers IsNoSpace. All methods may be called from
// several goroutines.
//
// It is put together from four small interfaces; a consumer that needs less may
// ask for less.
type FS interface {
	Opener
	Namer
	Dirs
	Volume
}

// Opener opens files.
type Opener interface {
	// Create makes an empty file for reading and writing; what was there under
	// that name is truncated. The name is durable after SyncDir.
	Create(name string) (File, error)
	// Open opens an existing file for reading.
	Open(name string) (File, error)
	// OpenReadWrite opens an existing file for reading and writing at the start.
	OpenReadWrite(name string) (File, error)
	// OpenAppend opens a file, made if missing, whose Write goes to the end.
	// WriteAt on it is an error.
	OpenAppend(name string) (File, error)
}

// Namer changes names. A change is durable after SyncDir of the directories of
// all names involved.
type Namer interface {
	// Rename gives a file another name on the same volume; what had the new name
	// is replaced in one step.
	Rename(from, to string) error
	// Link gives a file a second name; an existing new name is fs.ErrExist.
	Link(from, to string) error
	// Remove removes a file's name or an empty directory.
	Remove(name string) error
}

// Dirs is what can be done with directories.
type Dirs interface {
	// MkdirAll makes a directory and its missing parents and makes their names
	// durable. An existing directory is no error.
	MkdirAll(dir string) error
	// List returns the names in a directory, sorted.
	List(dir string) ([]string, error)
	// Stat describes a file or directory.
	Stat(name string) (Info, error)
	// Resolve returns the path of a file or directory without symbolic links.
	Resolve(name string) (string, error)
	// SyncDir makes the names in a directory durable.
	SyncDir(dir string) error
}

// Volume is what concerns the whole disk.
type Volume interface {
	// Free returns the bytes that an ordinary user can still write on the volume
	// of the directory.
	Free(dir string) (int64, error)
	// Lock makes the file (if missing) and takes an exclusive lock on it without
	// waiting: a lock held elsewhere, in this process or another, is ErrLocked.
	// Closing releases it; so does the end of the process. The file stays.
	Lock(name string) (io.Closer, error)
}

// Info describes a file or directory.
type Info struct {
	Name string // last element
	Size int64  // bytes; 0 for a directory
	Dir  bool
	Time time.Time // last change of the content
}

// File is an open file. ReadAt and WriteAt may be called from several goroutines
// at once, the others not.
type File interface {
	io.ReadWriteCloser
	io.ReaderAt
	io.WriterAt
	Content
}

// Content is what concerns the whole content of a File.
type Content interface {
	// Sync returns when all that was written before is on stable storage. After
	// an error nothing is known about it, and a repeated Sync tells nothing
	// either: give the file up.
	Sync() error
	// Truncate sets the length in bytes; the change is durable after Sync.
	Truncate(size int64) error
	// Size returns the length in bytes.
	Size() (int64, error)
}
