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
	"maps"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/crypto/bcrypt"

	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Names and limits.
const (
	DefaultUser     = "root"
	DefaultPassword = "root"
	maxFile         = 16 << 20 // bytes of the users file
	maxName         = 256      // bytes
	maxPassword     = 72       // bytes: bcrypt looks at no more
	maxRefused      = 1024     // refusals remembered
	fileVersion     = 2        // 1 has no roles and grants; it is read
)

// Config tunes a Store. Zero means the default.
type Config struct {
	// Cost is the bcrypt cost of passwords that are set from now on, 4 to 31; each
	// step doubles the time of a first login. The default is 10: 50 to 100 ms.
	Cost int
}

// Store is the users file of one gateway, open. All methods may be called from
// several goroutines.
type Store struct {
	fs     vfs.FS
	path   string
	cost   int
	match  func(hash, password []byte) error // bcrypt's comparison
	key    [32]byte                          // of the hashes below; new at every start
	log    *slog.Logger
	slow   sync.Mutex // one bcrypt at a time; guards decoy
	decoy  []byte     // hash that nobody has, for unknown users; made when first needed
	mu     sync.Mutex // guards what follows
	seen   vfs.Info   // the file that users came from
	users  map[string]user
	roles  map[string]grants
	known  map[string]mac   // by name: the password that was verified
	failed map[mac]struct{} // refused pairs
	order  []mac            // of failed, oldest first
}

type mac [sha256.Size]byte

type user struct {
	Hash    string `json:"bcrypt"`
	Changed bool   `json:"changed"` // false: still the password of a new installation
	grants
	Roles []string `json:"roles,omitempty"` // sorted
}

type file struct {
	Version int               `json:"version"`
	Users   map[string]user   `json:"users"`
	Roles   map[string]grants `json:"roles,omitempty"`
}

// errWrong is what every refusal says: not whether the name or the password is wrong.
func errWrong() error {
	return status.Errorf(status.WrongPassword, "Wrong login name or password.")
}

// Open reads the users file; a missing one is made with root/root.
func Open(fsys vfs.FS, path string, cfg Config, logger *slog.Logger) (*Store, error) {
	s := &Store{fs: fsys, path: path, cost: cfg.Cost, match: bcrypt.CompareHashAndPassword, log: logger,
		users: map[string]user{}, known: map[string]mac{}, failed: map[mac]struct{}{}}
	if s.cost == 0 {
		s.cost = bcrypt.DefaultCost
	}
	if s.cost < bcrypt.MinCost || s.cost > bcrypt.MaxCost {
		return nil, fmt.Errorf("auth: a hash cost of %d; it is %d to %d", s.cost, bcrypt.MinCost, bcrypt.MaxCost)
	}
	if _, err := rand.Read(s.key[:]); err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	if err := s.load(); err != nil {
		return nil, err
	}
	if len(s.users) == 0 {
		logger.Info("auth: new users file with root/root", "path", path)
		if err := s.set(DefaultUser, DefaultPassword, false); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Store) load() error {
	info, err := s.fs.Stat(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return s.fs.MkdirAll(filepath.Dir(s.path))
	}
	if err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	s.seen = info
	b, err := vfs.ReadFile(s.fs, s.path, maxFile)
	if err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	var f file
	if err := json.Unmarshal(b, &f); err != nil {
		return fmt.Errorf("auth: users file %s is damaged (remove it to start again with root/root): %w", s.path, err)
	}
	if f.Version < 1 || f.Version > fileVersion {
		return fmt.Errorf("auth: users file %s has version %d, this release reads 1 to %d", s.path, f.Version, fileVersion)
	}
	if len(f.Users) == 0 {
		return fmt.Errorf("auth: users file %s has no user; remove it to start again with root/root", s.path)
	}
	s.replace(f)
	return nil
}

// refresh reads the file again if somebody else (gatectl) replaced it. What cannot
// be read leaves the users as they are.
func (s *Store) refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := s.fs.Stat(s.path)
	if err != nil || info == s.seen {
		return
	}
	if err := s.load(); err != nil {
		s.log.Error("auth: the changed users file is not taken", "path", s.path, "error", err)
		return
	}
	s.log.Info("auth: users file read again", "path", s.path)
}

// replace installs other users. No verdict about a changed user survives.
func (s *Store) replace(next file) {
	for name := range s.known {
		if next.Users[name].Hash != s.users[name].Hash {
			delete(s.known, name)
		}
	}
	s.users, s.roles = next.Users, next.Roles
	clear(s.failed)
	s.order = s.order[:0]
}

// Verify checks a name and a password; a refusal is status.WrongPassword.
func (s *Store) Verify(name, password string) error {
	s.refresh()
	m := s.mac(name, password)
	u, ok, done := s.recall(name, m)
	if done {
		return okOr(ok)
	}
	s.slow.Lock()
	defer s.slow.Unlock()
	if u, ok, done = s.recall(name, m); done { // somebody asked the same meanwhile
		return okOr(ok)
	}
	hash, err := s.hashOf(u)
	if err != nil {
		return err
	}
	ok = s.match(hash, []byte(password)) == nil && u != nil && len(password) <= maxPassword
	s.remember(name, m, ok, u)
	return okOr(ok)
}

// hashOf returns the hash to compare with. The caller holds slow.
func (s *Store) hashOf(u *user) ([]byte, error) {
	if u != nil {
		return []byte(u.Hash), nil
	}
	if s.decoy == nil {
		var err error
		if s.decoy, err = bcrypt.GenerateFromPassword(s.key[:], s.cost); err != nil {
			return nil, fmt.Errorf("auth: %w", err)
		}
	}
	return s.decoy, nil
}

func okOr(ok bool) error {
	if ok {
		return nil
	}
	return errWrong()
}

// mac is a keyed hash of a pair; the length keeps pairs apart.
func (s *Store) mac(name, password string) mac {
	h := hmac.New(sha256.New, s.key[:])
	fmt.Fprintf(h, "%d:%s%s", len(name), name, password)
	var m mac
	h.Sum(m[:0])
	return m
}

// recall returns the user, and the verdict if it is remembered.
func (s *Store) recall(name string, m mac) (u *user, ok, done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if have, exists := s.users[name]; exists {
		u = &have
		if good, known := s.known[name]; known && hmac.Equal(good[:], m[:]) {
			return u, true, true
		}
	}
	_, bad := s.failed[m]
	return u, false, bad
}

func (s *Store) remember(name string, m mac, ok bool, u *user) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ok {
		if now, exists := s.users[name]; exists && now.Hash == u.Hash { // not changed meanwhile
			s.known[name] = m
		}
		return
	}
	if now, exists := s.users[name]; exists != (u != nil) || exists && now.Hash != u.Hash {
		return
	}
	if len(s.order) >= maxRefused {
		delete(s.failed, s.order[0])
		s.order = append(s.order[:0], s.order[1:]...)
	}
	s.failed[m] = struct{}{}
	s.order = append(s.order, m)
}

// SetPassword changes a user's password durably, or makes the user.
func (s *Store) SetPassword(name, password string) error {
	switch {
	case name == "" || len(name) > maxName:
		return status.Errorf(status.IllegalParameter, "A user name has 1 to %d bytes.", maxName)
	case password == "" || len(password) > maxPassword:
		return status.Errorf(status.IllegalParameter, "A password has 1 to %d bytes.", maxPassword)
	}
	return s.set(name, password, name != DefaultUser || password != DefaultPassword)
}

func (s *Store) set(name, password string, changed bool) error {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), s.cost)
	if err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := maps.Clone(s.users)
	u := next[name]
	u.Hash, u.Changed = string(hash), changed
	next[name] = u
	return s.write(file{Version: fileVersion, Users: next, Roles: s.roles})
}

// write makes a file durable and then its content the present one. The caller holds mu.
func (s *Store) write(next file) error {
	b, err := json.MarshalIndent(next, "", "  ")
	if err != nil {
		return fmt.Errorf("auth: %w", err)
	}
	if err := vfs.WriteFile(s.fs, s.path, append(b, '\n')); err != nil {
		return fmt.Errorf("auth: write users: %w", err)
	}
	s.replace(next)
	if s.seen, err = s.fs.Stat(s.path); err != nil { // read again at the next login
		s.seen = vfs.Info{}
	}
	return nil
}

// DefaultPassword reports whether root still has the password root.
func (s *Store) DefaultPassword() bool {
	s.refresh()
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[DefaultUser]
	return ok && !u.Changed
}

// Users returns the names, sorted.
func (s *Store) Users() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.users))
}
