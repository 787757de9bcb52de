package store

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"sync"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
)

// sealed knows which names in the folder of sealed files belong to records of the log.
// They go when retention has removed the record; the store's own links stay.
type sealed struct {
	mu    sync.Mutex
	files map[string]uint64 // position by stored name
	first uint64            // of the log, when it was looked at last
}

// note takes the files of a record into account.
func (e *sealed) note(pos uint64, ev *event.Sealed) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range ev.Parts {
		if p := &ev.Parts[i]; !p.Absent && p.Stored != "" {
			e.files[p.Stored] = pos
		}
	}
}

// loadSealed reads which files the log names, and removes those that it does not: they
// were linked by a transfer whose record was never made. Nothing arrives meanwhile.
func (s adopter) loadSealed(ctx context.Context) error {
	s.sealed.files = map[string]uint64{}
	if s.cfg.FilesDir == "" {
		return nil
	}
	s.sealed.first = s.cfg.Log.First()
	whole := true
	filter := commitlog.Filter{Kinds: 1 << event.File, Skip: func(*commitlog.CorruptError) error { whole = false; return nil }}
	err := s.cfg.Log.Scan(ctx, filter, func(e commitlog.Entry) error {
		ev, err := event.Decode(e.Payload)
		if err != nil || ev.File == nil {
			whole = false
			return nil
		}
		s.sealed.note(e.Pos, ev.File)
		return nil
	})
	if err != nil {
		return err
	}
	names, err := s.cfg.FS.List(s.cfg.FilesDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || !whole { // a record that cannot be read may name any file
		return err
	}
	for _, n := range names {
		if _, ok := s.sealed.files[n]; ok {
			continue
		}
		if err := s.cfg.FS.Remove(path.Join(s.cfg.FilesDir, n)); err != nil {
			return err
		}
		s.counts.orphans.Add(1)
	}
	return nil
}

// releaseSealed removes the files whose records retention has removed.
func (s adopter) releaseSealed() {
	first := s.cfg.Log.First()
	e := &s.sealed
	e.mu.Lock()
	defer e.mu.Unlock()
	if first == e.first {
		return
	}
	e.first = first
	for name, pos := range e.files {
		if pos >= first {
			continue
		}
		if err := s.cfg.FS.Remove(path.Join(s.cfg.FilesDir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.cfg.Logger.Warn("a sealed file that the log no longer names was not removed", "file", name, "error", err)
			continue
		}
		delete(e.files, name)
	}
}
