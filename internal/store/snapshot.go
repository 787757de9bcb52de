package store

import (
	"context"

	"github.com/sluice-gateway/sluice/internal/tsfile/mods"
)

// Snapshot is a named, durable state of the store: everything up to Position, in files.
// It survives restarts and whatever the store does, until Delete.
type Snapshot struct{}

// SnapshotFile is one TsFile of a snapshot.
type SnapshotFile struct {
	Path     string // in the file system of the store
	Size     int64  // bytes
	Sum      uint64 // xxhash64 of the content; 0: not known
	Lo, Hi   int64  // times
	From, To uint64 // positions of the log
	Adopted  bool   // it came sealed
}

// Snapshot returns the snapshot of that name, or flushes and makes it. The name is of
// letters, digits, "-", "_" and ".", at most 200 bytes.
func (s *Store) Snapshot(ctx context.Context, name string) (*Snapshot, error) {
	return &Snapshot{}, nil
}

// Snapshots returns the names of the snapshots.
func (s *Store) Snapshots() ([]string, error) { return nil, nil }

// Position returns the position of the log up to which the snapshot has everything.
func (n *Snapshot) Position() uint64 { return 0 }

// Files returns the files, oldest first. Where two have a value for the same time of a
// series, the later one wins.
func (n *Snapshot) Files() []SnapshotFile { return nil }

// Mods returns what is deleted in a file: its own mods and later deletions. Points that
// their TTL has ended are not listed.
func (n *Snapshot) Mods(f SnapshotFile) ([]mods.Deletion, error) { return nil, nil }

// View reads a snapshot as View reads the store. The caller closes it.
func (n *Snapshot) View() (*View, error) { return &View{}, nil }

// Delete removes the snapshot. Views of it go on until they are closed.
func (n *Snapshot) Delete() error { return nil }
