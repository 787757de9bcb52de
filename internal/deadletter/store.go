package deadletter

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// ErrQuota says that the store has reached its size; it is temporary: an operator
// replays or drops letters.
var ErrQuota = errors.New("deadletter: quota reached")

// ErrNotFound says that there is no letter of that ID.
var ErrNotFound = errors.New("deadletter: no such letter")

// ErrLater is wrapped by the error of an apply function that should be asked again
// at the next poll.
var ErrLater = errors.New("deadletter: try again later")

// Config bounds a store. Zero means the default.
type Config struct {
	Quota      int64 // bytes of all letters and parts; default 10 GiB
	MaxPayload int   // bytes of one payload; default 1 GiB
}

// Store is the folder of dead letters. Its methods may be called from several
// goroutines, and List, Get, Drop and Replay also from another process.
type Store struct {
	fs  vfs.FS
	dir string
	cfg Config
	log *slog.Logger
}

// Open returns the store in dir, which is made if missing.
func Open(fs vfs.FS, dir string, cfg Config, logger *slog.Logger) (*Store, error) {
	return &Store{fs: fs, dir: dir, cfg: cfg, log: logger}, nil
}

// Put makes a letter durable and returns its ID. It copies what it keeps; the
// files of the letter are linked and must be fsynced already. A letter with the
// same content and reason as one that is there is not kept again. Errors are
// temporary: the caller must not acknowledge.
func (s *Store) Put(ctx context.Context, l *Letter) (id string, err error) {
	return "", errors.New("deadletter: not built yet")
}

// Summary is one line of List.
type Summary struct {
	ID      string
	Time    time.Time
	Origin  string
	Reason  string
	Content Content
	Type    int16
	Bytes   int64 // of payload and files
	Replay  bool  // waits to be tried again
	Err     error // the file cannot be read; only ID is valid then
}

// List returns all letters, oldest first.
func (s *Store) List() ([]Summary, error) { return nil, nil }

// Get returns one letter whole. ErrNotFound if there is none.
func (s *Store) Get(id string) (*Letter, error) { return nil, ErrNotFound }

// Drop deletes a letter for ever.
func (s *Store) Drop(id string) error { return ErrNotFound }

// Replay puts a letter where the running daemon will find it and try it again.
func (s *Store) Replay(id string) error { return ErrNotFound }

// Poll hands every letter in the replay folder to apply, oldest first. After nil
// the letter is deleted; after an error that wraps ErrLater it stays where it is
// and Poll ends; after any other error it goes back to the letters with the error
// in its history. It returns how many were applied.
func (s *Store) Poll(ctx context.Context, apply func(context.Context, *Letter) error) (int, error) {
	return 0, nil
}
