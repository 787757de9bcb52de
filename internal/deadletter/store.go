package deadletter

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/logsum"
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

// Defaults of Config.
const (
	DefaultQuota      = 10 << 30
	DefaultMaxPayload = 1 << 30
)

// Config bounds a store. Zero means the default.
type Config struct {
	Quota      int64 // bytes of all letters and parts; default 10 GiB
	MaxPayload int64 // bytes of one letter file; default 1 GiB

	Audit audit.Recorder // nil: nothing is recorded
}

// Store is the folder of dead letters. Its methods may be called from several
// goroutines, and List, Get, Drop and Replay also from another process.
type Store struct {
	at  folders
	cfg Config
	log *slog.Logger
	sum *logsum.Logger // for what a peer can cause

	mu    sync.Mutex        // one Put at a time
	bytes int64             // of all files, as far as this process knows
	last  int64             // time in the ID given last
	index map[uint64]string // ID by content
}

// The folders of a store.
const (
	letters = "letters"
	replay  = "replay"
	parts   = "parts"
	suffix  = ".letter"
)

// Open returns the store in dir, which is made if missing.
func Open(fsys vfs.FS, dir string, cfg Config, logger *slog.Logger) (*Store, error) {
	cfg.Quota = cmp.Or(cfg.Quota, DefaultQuota)
	cfg.MaxPayload = cmp.Or(cfg.MaxPayload, DefaultMaxPayload)
	cfg.Audit = audit.Or(cfg.Audit)
	s := &Store{at: folders{fs: fsys, dir: dir, most: cfg.MaxPayload}, cfg: cfg, log: logger, sum: logsum.New(logger, 0)}
	for _, sub := range []string{letters, replay, parts} {
		if err := fsys.MkdirAll(path.Join(dir, sub)); err != nil {
			return nil, fmt.Errorf("deadletter: %w", err)
		}
	}
	size, err := s.at.measure()
	if err != nil {
		return nil, fmt.Errorf("deadletter: %w", err)
	}
	s.bytes = size
	return s, s.fillIndex()
}

// fillIndex reads the content keys out of the names of all letters.
func (s *Store) fillIndex() error {
	s.index = map[uint64]string{}
	for _, sub := range []string{letters, replay} {
		ids, err := s.at.ids(sub)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if !validID(id) {
				continue
			}
			if key, err := strconv.ParseUint(id[17:], 16, 64); err == nil {
				s.index[key] = id
			}
		}
	}
	return nil
}

// Put makes a letter durable and returns its ID. It copies what it keeps; the
// files of the letter are linked and must be fsynced already. A letter with the
// same content as one that is there is not kept again, whatever its reason. Errors
// are temporary: the caller must not acknowledge.
func (s *Store) Put(ctx context.Context, l *Letter) (id string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := contentKey(l)
	if id, ok, err := s.findLocked(key); err != nil || ok {
		return id, err
	}
	kept := *l
	if kept.Time.IsZero() {
		kept.Time = time.Now()
	}
	s.last = max(s.last+1, kept.Time.UnixNano())
	kept.ID = fmt.Sprintf("%016x-%016x", uint64(s.last), key)
	file, err := encode(&kept)
	if err != nil {
		return "", err
	}
	size := int64(len(file))
	for _, f := range kept.Files {
		size += f.Length
	}
	if err := s.admitLocked(int64(len(file)), size); err != nil {
		return "", err
	}
	if err := s.write(&kept, file); err != nil {
		return "", err
	}
	s.bytes += size
	s.index[key] = kept.ID
	s.sum.Log(ctx, slog.LevelWarn, fmt.Sprintf("%d %s", kept.Type, door(kept.Origin)), "dead letter kept", slog.String("id", kept.ID),
		slog.String("origin", kept.Origin), slog.Int("type", int(kept.Type)), slog.Int64("bytes", size), slog.String("reason", kept.Reason))
	s.record("kept", &kept, audit.OK, kept.Reason)
	return kept.ID, nil
}

// record notes in the audit log what became of a letter. It has happened, so an
// error changes nothing: the recorder counts what it cannot write.
func (s *Store) record(action string, l *Letter, r audit.Result, detail string) {
	_ = s.cfg.Audit.Record(audit.Entry{Category: audit.DeadLetter, Action: action, Result: r, Peer: door(l.Origin), Object: l.ID, Detail: detail, Bytes: uint64(len(l.Payload))})
}

// Bytes returns what letters and parts take, as far as this process knows.
func (s *Store) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
}

// admitLocked checks the caps. Before it says no it measures again: an operator may
// have dropped letters from another process.
func (s *Store) admitLocked(file, all int64) error {
	if file > s.cfg.MaxPayload {
		return fmt.Errorf("%w: one letter of %d bytes, the most is %d", ErrQuota, file, s.cfg.MaxPayload)
	}
	if s.bytes+all <= s.cfg.Quota {
		return nil
	}
	size, err := s.at.measure()
	if err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	s.bytes = size
	if size+all > s.cfg.Quota {
		return fmt.Errorf("%w: %d of %d bytes are used, %d more are needed", ErrQuota, size, s.cfg.Quota, all)
	}
	return nil
}

// write makes parts and letter durable. The letter comes last: while it is not
// there, its parts belong to nobody.
func (s *Store) write(l *Letter, file []byte) error {
	for i, f := range l.Files {
		if err := s.at.fs.Link(f.Path, s.at.part(l.ID, i)); err != nil {
			s.dropParts(l.ID, i)
			return fmt.Errorf("deadletter: %w", err)
		}
	}
	if len(l.Files) > 0 {
		if err := s.at.fs.SyncDir(path.Join(s.at.dir, parts)); err != nil {
			s.dropParts(l.ID, len(l.Files))
			return fmt.Errorf("deadletter: %w", err)
		}
	}
	if err := vfs.WriteFile(s.at.fs, s.at.name(letters, l.ID), file); err != nil {
		// The name may be there and only not durable: a letter keeps its parts.
		if e := s.at.fs.Remove(s.at.name(letters, l.ID)); e == nil || errors.Is(e, fs.ErrNotExist) {
			s.dropParts(l.ID, len(l.Files))
		}
		return fmt.Errorf("deadletter: %w", err)
	}
	return nil
}

// dropParts removes the first n parts of a letter that is not or no longer there.
func (s *Store) dropParts(id string, n int) {
	for i := range n {
		if err := s.at.fs.Remove(s.at.part(id, i)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.log.Warn("part of a dead letter not removed", "part", s.at.part(id, i), "error", err)
		}
	}
}

// findLocked looks for a letter with the same content. The index may name letters
// that another process has dropped.
func (s *Store) findLocked(key uint64) (string, bool, error) {
	id, ok := s.index[key]
	if !ok {
		return "", false, nil
	}
	for _, sub := range []string{letters, replay} {
		_, err := s.at.fs.Stat(s.at.name(sub, id))
		if err == nil {
			return id, true, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", false, fmt.Errorf("deadletter: %w", err)
		}
	}
	delete(s.index, key)
	return "", false, nil
}

// contentKey identifies what a letter holds, whatever the circumstances.
func contentKey(l *Letter) uint64 {
	d := xxhash.New()
	var word [8]byte
	number := func(v uint64) {
		binary.BigEndian.PutUint64(word[:], v)
		_, _ = d.Write(word[:]) // a hash does not fail
	}
	_, _ = d.WriteString(string(l.Content))
	number(uint64(l.Type))
	number(uint64(len(l.Payload)))
	_, _ = d.Write(l.Payload)
	for _, f := range l.Files {
		number(f.Sum)
		number(uint64(f.Length))
	}
	return d.Sum64()
}

// door is an origin without its last colon and what follows: a peer without port.
func door(origin string) string {
	if i := strings.LastIndexByte(origin, ':'); i >= 0 {
		return origin[:i]
	}
	return origin
}
