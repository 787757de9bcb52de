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

	"github.com/sluice-gateway/sluice/internal/audit"
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
		ids, err := s.at.ids(sub)
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
		ids, err := s.at.ids(sub)
		if err != nil {
			return 0, err
		}
		n += len(ids)
	}
	return n, nil
}

func (s *Store) summary(sub, id string) Summary {
	out := Summary{ID: id, Replay: sub == replay}
	l, err := s.at.read(sub, id)
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
	l, err := s.at.read(letters, id)
	if errors.Is(err, ErrNotFound) {
		return s.at.read(replay, id)
	}
	return l, err
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
	if err := s.at.fs.Remove(s.at.name(sub, id)); err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	if err := s.at.fs.SyncDir(path.Join(s.at.dir, sub)); err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	s.dropParts(id, s.at.countParts(id))
	s.mu.Lock()
	defer s.mu.Unlock()
	if size, err := s.at.measure(); err == nil {
		s.bytes = size
	}
	return nil
}

// Replay puts a letter where the running daemon will find it and try it again. What
// the letter holds may overwrite newer data: it is applied as if it came now.
func (s *Store) Replay(id string) error {
	if !validID(id) {
		return fmt.Errorf("%w: %q", ErrNotFound, id)
	}
	return s.at.move(letters, replay, id)
}

// Poll hands every letter in the replay folder to apply, oldest first. After nil
// the letter is deleted; after an error that wraps ErrLater it stays where it is
// and Poll ends; after any other error it goes back to the letters with the error
// in its history. It returns how many were applied.
func (s *Store) Poll(ctx context.Context, apply func(context.Context, *Letter) error) (int, error) {
	ids, err := s.at.ids(replay)
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
	l, err := s.at.read(replay, id)
	if err != nil {
		s.log.Error("dead letter cannot be read, put back", "id", id, "error", err)
		return false, s.at.move(replay, letters, id)
	}
	switch err := apply(ctx, l); {
	case err == nil:
		s.log.Info("dead letter applied", "id", id, "origin", l.Origin)
		s.record("replayed", l, audit.OK, "")
		return true, s.remove(replay, id)
	case errors.Is(err, ErrLater) || ctx.Err() != nil:
		return false, err
	default:
		s.log.Warn("dead letter failed again, put back", "id", id, "error", err)
		s.record("replayed", l, audit.Failed, err.Error())
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
	if err := vfs.WriteFile(s.at.fs, s.at.name(letters, l.ID), file); err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	if err := s.at.fs.Remove(s.at.name(replay, l.ID)); err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	if err := s.at.fs.SyncDir(path.Join(s.at.dir, replay)); err != nil {
		return fmt.Errorf("deadletter: %w", err)
	}
	return nil
}
