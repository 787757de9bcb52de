package deadletter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

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
	Err     error // the file cannot be read; only ID and Replay are valid then
}

// List returns all letters, oldest first. A letter that cannot be read is listed
// with its error.
func (s *Store) List() ([]Summary, error) {
	var all []Summary
	for _, sub := range []string{letters, replay} {
		ids, err := s.ids(sub)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			all = append(all, s.summary(sub, id))
		}
	}
	slices.SortFunc(all, func(a, b Summary) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

// Count returns how many letters there are, without reading them.
func (s *Store) Count() (int, error) {
	n := 0
	for _, sub := range []string{letters, replay} {
		ids, err := s.ids(sub)
		if err != nil {
			return 0, err
		}
		n += len(ids)
	}
	return n, nil
}

func (s *Store) ids(sub string) ([]string, error) {
	names, err := s.fs.List(path.Join(s.dir, sub))
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

func (s *Store) summary(sub, id string) Summary {
	out := Summary{ID: id, Replay: sub == replay}
	l, err := s.read(sub, id)
	if err != nil {
		out.Err = err
		return out
	}
	out.Time, out.Origin, out.Reason, out.Content, out.Type = l.Time, l.Origin, l.Reason, l.Content, l.Type
	out.Bytes = int64(len(l.Payload))
	for _, f := range l.Files {
		out.Bytes += f.Length
	}
	return out
}

// Get returns one letter whole. ErrNotFound if there is none. The payload may hold
// a password (plans about users do): it is for applying, not for showing.
func (s *Store) Get(id string) (*Letter, error) {
	l, err := s.read(letters, id)
	if errors.Is(err, ErrNotFound) {
		return s.read(replay, id)
	}
	return l, err
}

func (s *Store) read(sub, id string) (*Letter, error) {
	if !validID(id) {
		return nil, fmt.Errorf("%w: %q", ErrNotFound, id)
	}
	b, err := vfs.ReadFile(s.fs, s.name(sub, id), s.cfg.MaxPayload)
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
		l.Files[i].Path = s.part(id, i)
	}
	return l, nil
}

// Drop deletes a letter for ever, also one that cannot be read.
func (s *Store) Drop(id string) error {
	if !validID(id) {
		return fmt.Errorf("%w: %q", ErrNotFound, id)
	}
	found := false
	for _, sub := range []string{letters, replay} {
		err := s.remove(sub, id)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		found = found || err == nil
	}
	if !found {
		return fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	return nil
}

// remove takes a letter away and then its parts.
func (s *Store) remove(sub, id string) error {
	if err := s.fs.Remove(s.name(sub, id)); err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	if err := s.fs.SyncDir(path.Join(s.dir, sub)); err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	s.dropParts(id, s.countParts(id))
	s.mu.Lock()
	defer s.mu.Unlock()
	if size, err := s.measure(); err == nil {
		s.bytes = size
	}
	return nil
}

func (s *Store) countParts(id string) int {
	for i := 0; ; i++ {
		if _, err := s.fs.Stat(s.part(id, i)); err != nil {
			return i
		}
	}
}

// Replay puts a letter where the running daemon will find it and try it again. What
// the letter holds may overwrite newer data: it is applied as if it came now.
func (s *Store) Replay(id string) error {
	if !validID(id) {
		return fmt.Errorf("%w: %q", ErrNotFound, id)
	}
	return s.move(letters, replay, id)
}

func (s *Store) move(from, to, id string) error {
	err := s.fs.Rename(s.name(from, id), s.name(to, id))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	if err == nil {
		err = errors.Join(s.fs.SyncDir(path.Join(s.dir, to)), s.fs.SyncDir(path.Join(s.dir, from)))
	}
	if err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	return nil
}

// Poll hands every letter in the replay folder to apply, oldest first. After nil
// the letter is deleted; after an error that wraps ErrLater it stays where it is
// and Poll ends; after any other error it goes back to the letters with the error
// in its history. It returns how many were applied.
func (s *Store) Poll(ctx context.Context, apply func(context.Context, *Letter) error) (int, error) {
	ids, err := s.ids(replay)
	if err != nil {
		return 0, err
	}
	applied := 0
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return applied, err
		}
		ok, err := s.pollOne(ctx, id, apply)
		if err != nil {
			return applied, err
		}
		if ok {
			applied++
		}
	}
	return applied, nil
}

func (s *Store) pollOne(ctx context.Context, id string, apply func(context.Context, *Letter) error) (bool, error) {
	l, err := s.read(replay, id)
	if err != nil {
		s.log.Error("dead letter cannot be read, put back", "id", id, "error", err)
		return false, s.move(replay, letters, id)
	}
	switch err := apply(ctx, l); {
	case err == nil:
		s.log.Info("dead letter applied", "id", id, "origin", l.Origin)
		return true, s.remove(replay, id)
	case errors.Is(err, ErrLater) || ctx.Err() != nil:
		return false, err
	default:
		s.log.Warn("dead letter failed again, put back", "id", id, "error", err)
		return false, s.putBack(l, err)
	}
}

// maxHistory bounds the history of a letter; the oldest lines go first.
const maxHistory = 100

// putBack writes a letter that failed again into the letters folder, with its new
// history, and then takes it out of the replay folder. A crash in between leaves it
// in both: the next poll tries it once more.
func (s *Store) putBack(l *Letter, cause error) error {
	now := time.Now()
	l.Attempts++
	l.Last = now
	l.History = append(l.History, now.UTC().Format(time.RFC3339)+" replayed: "+cause.Error())
	l.History = l.History[max(0, len(l.History)-maxHistory):]
	file, err := encode(l)
	if err != nil {
		return err
	}
	if err := vfs.WriteFile(s.fs, s.name(letters, l.ID), file); err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	if err := s.fs.Remove(s.name(replay, l.ID)); err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	if err := s.fs.SyncDir(path.Join(s.dir, replay)); err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	return nil
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
