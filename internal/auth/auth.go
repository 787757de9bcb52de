package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Limits of what is accepted and read.
const (
	MaxName      = 64 // bytes of a user name
	MaxPassword  = 72 // bytes of a password: bcrypt uses no more
	maxFileBytes = 1 << 20
	fileVersion  = 1
	wrongFor     = time.Second // how long a wrong password is remembered
	maxWrong     = 4096        // wrong passwords remembered at once
)

// firstUser is who may log in to a new data directory, and with what.
const firstUser, firstPassword = "root", "root"

// Config tunes a Store. Zero means the default.
type Config struct {
	Cost int // bcrypt cost, default 10
}

// Store is the users file of one gateway, open. All methods may be called from
// several goroutines.
type Store struct {
	fs   vfs.FS
	path string
	cost int
	log  *slog.Logger
	key  [32]byte // of the keyed hashes below, new at every Open
	slow chan struct{}

	mu      sync.Mutex
	users   []user
	read    time.Time // time of the file when it was read
	right   map[[32]byte]struct{}
	wrong   map[[32]byte]time.Time
	initial bool // root has the first password
}

type user struct {
	Name string `json:"name"`
	Hash string `json:"hash"`
}

type file struct {
	Version int    `json:"version"`
	Users   []user `json:"users"`
}

// Open reads the users file; a missing one is made with root/root.
func Open(fsys vfs.FS, path string, cfg Config, logger *slog.Logger) (*Store, error) {
	if cfg.Cost == 0 {
		cfg.Cost = bcrypt.DefaultCost
	}
	s := &Store{fs: fsys, path: path, cost: cfg.Cost, log: logger, slow: make(chan struct{}, 1)}
	if _, err := rand.Read(s.key[:]); err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	s.forget()
	err := s.load()
	if errors.Is(err, fs.ErrNotExist) {
		err = s.SetPassword(firstUser, firstPassword)
	}
	if err != nil {
		return nil, fmt.Errorf("auth: %s: %w", path, err)
	}
	return s, nil
}

// load reads the file. The caller has mu or is the only one.
func (s *Store) load() error {
	info, err := s.fs.Stat(s.path)
	if err != nil {
		return err
	}
	text, err := vfs.ReadFile(s.fs, s.path, maxFileBytes)
	if err != nil {
		return err
	}
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return err
	}
	if f.Version != fileVersion {
		return fmt.Errorf("version %d, this program knows version %d", f.Version, fileVersion)
	}
	s.users, s.read = f.Users, info.Time
	s.forget()
	i := slices.IndexFunc(s.users, func(u user) bool { return u.Name == firstUser })
	s.initial = i >= 0 && bcrypt.CompareHashAndPassword([]byte(s.users[i].Hash), []byte(firstPassword)) == nil
	return nil
}

func (s *Store) forget() {
	s.right, s.wrong = map[[32]byte]struct{}{}, map[[32]byte]time.Time{}
}

// refresh reads the file again when somebody changed it. A file that cannot be read
// leaves the users as they were.
func (s *Store) refresh() {
	info, err := s.fs.Stat(s.path)
	if err == nil && !info.Time.Equal(s.read) {
		err = s.load()
	}
	if err != nil {
		s.log.Warn("the users file cannot be read; the users stay as they were", "path", s.path, "error", err)
	}
}

// Verify checks a name and a password. A refusal is status.WrongPassword whatever
// was wrong, so that names cannot be guessed.
func (s *Store) Verify(name, password string) error {
	token := s.token(name, password)
	s.mu.Lock()
	s.refresh()
	_, ok := s.right[token]
	at, bad := s.wrong[token]
	hash := s.hashOf(name)
	s.mu.Unlock()
	switch {
	case ok:
		return nil
	case bad && time.Since(at) < wrongFor:
		return refused()
	}
	s.slow <- struct{}{} // one at a time: guessing must not take all cores
	err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	<-s.slow
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || s.hashOf(name) != hash {
		s.remember(token)
		return refused()
	}
	s.right[token] = struct{}{}
	return nil
}

func refused() error {
	return status.Errorf(status.WrongPassword, "Authentication failed: wrong user name or password.")
}

// remember keeps a wrong guess for a while. The caller has mu.
func (s *Store) remember(token [32]byte) {
	if len(s.wrong) >= maxWrong {
		s.wrong = map[[32]byte]time.Time{}
	}
	s.wrong[token] = time.Now()
}

// nobody is compared with for unknown names, so that they take as long; it is the
// hash of nothing that can be typed.
const nobody = "$2a$10$................................................-----"

// hashOf returns the hash of a user, or one that matches nothing. The caller has mu.
func (s *Store) hashOf(name string) string {
	for _, u := range s.users {
		if u.Name == name {
			return u.Hash
		}
	}
	return nobody
}

func (s *Store) token(name, password string) (t [32]byte) {
	h := hmac.New(sha256.New, s.key[:])
	fmt.Fprintf(h, "%d:%s%s", len(name), name, password)
	h.Sum(t[:0])
	return t
}

// SetPassword changes a user's password durably, or makes the user.
func (s *Store) SetPassword(name, password string) error {
	if name == "" || len(name) > MaxName || password == "" || len(password) > MaxPassword {
		return status.Errorf(status.IllegalParameter, "A user name has 1 to %d bytes and a password 1 to %d.", MaxName, MaxPassword)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), s.cost)
	if err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users != nil {
		s.refresh() // another process may have changed the file
	}
	users := slices.Clone(s.users)
	if i := slices.IndexFunc(users, func(u user) bool { return u.Name == name }); i >= 0 {
		users[i].Hash = string(hash)
	} else {
		users = append(users, user{Name: name, Hash: string(hash)})
	}
	text, err := json.MarshalIndent(file{fileVersion, users}, "", "  ")
	if err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	if err := vfs.WriteFile(s.fs, s.path, append(text, '\n')); err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	return s.load()
}

// DefaultPassword reports whether root still has the password root.
func (s *Store) DefaultPassword() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refresh()
	return s.initial
}
