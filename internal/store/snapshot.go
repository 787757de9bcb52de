package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/sluice-gateway/sluice/internal/store/erase"
	"github.com/sluice-gateway/sluice/internal/store/manifest"
	"github.com/sluice-gateway/sluice/internal/tsfile/mods"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Snapshot is a named, durable state of the store: everything up to Position, in files.
// It survives restarts and whatever the store does, until Delete.
//
//	snapshots/NAME/…     links of the files
//	snapshots/NAME/manifest    written last: without it the folder is removed at the next start
type Snapshot struct {
	s     *Store
	dir   string
	state manifest.State
}

// SnapshotFile is one TsFile of a snapshot.
type SnapshotFile struct {
	Path     string // in the file system of the store
	ModsPath string // the deletions that came with it; empty: none
	Size     int64  // bytes
	Sum      uint64 // xxhash64 of the content
	Lo, Hi   int64  // times
	From, To uint64 // positions of the log
	Adopted  bool   // it came sealed
	clean    uint64
}

// goodName reports whether a snapshot may have this name.
func goodName(name string) bool {
	return name != "" && len(name) <= 200 && name[0] != '.' &&
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == ""
}

// Snapshot returns the snapshot of that name, or flushes and makes it. The name is of
// letters, digits, "-", "_" and ".", at most 200 bytes, and does not begin with a dot.
// Who goes on with the log behind Position holds a cursor of the log before calling.
func (s *Store) Snapshot(ctx context.Context, name string) (*Snapshot, error) {
	if !goodName(name) {
		return nil, fmt.Errorf("store: %.300q cannot be the name of a snapshot", name)
	}
	s.snapshots.Lock()
	defer s.snapshots.Unlock()
	dir := path.Join(s.cfg.Dir, SnapshotsDir, name)
	if n, err := (keeper{s}).openSnapshot(dir); n != nil || err != nil {
		return n, err
	}
	if err := s.Flush(ctx); err != nil {
		return nil, err
	}
	n := &Snapshot{s: s, dir: dir}
	if err := n.make(); err != nil {
		err = fmt.Errorf("store: snapshot %s: %w", name, err)
		return nil, errors.Join(err, vfs.RemoveAll(s.cfg.FS, dir))
	}
	return n, nil
}

// Find returns the snapshot of that name; nil if there is none.
func Find(s *Store, name string) (*Snapshot, error) {
	if !goodName(name) {
		return nil, nil
	}
	s.snapshots.Lock()
	defer s.snapshots.Unlock()
	return (keeper{s}).openSnapshot(path.Join(s.cfg.Dir, SnapshotsDir, name))
}

// keeper is the store as it finds its snapshots again.
type keeper struct{ *Store }

// openSnapshot reads a snapshot; nil if it is not there or not finished.
func (s keeper) openSnapshot(dir string) (*Snapshot, error) {
	state, _, err := manifest.Read(s.cfg.FS, dir)
	if err != nil {
		return nil, fmt.Errorf("store: snapshot: %w", err)
	}
	have, err := vfs.Exists(s.cfg.FS, path.Join(dir, manifest.Name))
	if err != nil || !have {
		return nil, err
	}
	return &Snapshot{s: s.Store, dir: dir, state: state}, nil
}

func (n *Snapshot) make() error {
	s := n.s
	fsys := s.cfg.FS
	if err := vfs.RemoveAll(fsys, n.dir); err != nil {
		return err
	}
	if err := fsys.MkdirAll(n.dir); err != nil {
		return err
	}
	s.mu.Lock()
	v := s.view()
	n.state.Flushed = s.flushed
	s.mu.Unlock()
	defer v.Close()
	for _, l := range v.pinned {
		if l.To > n.state.Flushed {
			continue
		}
		n.state.Files = append(n.state.Files, l.File)
		for _, name := range []string{l.Name, l.Mods} {
			if name == "" {
				continue
			}
			if err := fsys.Link(path.Join(l.dir, name), path.Join(n.dir, name)); err != nil {
				return err
			}
		}
	}
	for i := range v.deleted.Len() {
		if d := v.deleted.At(i); d.Pos <= n.state.Flushed {
			n.state.Tombstones = append(n.state.Tombstones, manifest.Tombstone{Pos: d.Pos, Plan: d.Plan})
		}
	}
	if err := fsys.SyncDir(n.dir); err != nil {
		return err
	}
	m, _, err := manifest.Open(fsys, n.dir)
	if err != nil {
		return err
	}
	err = m.Apply(manifest.Edit{Add: n.state.Files, Deleted: n.state.Tombstones, Flushed: n.state.Flushed})
	return errors.Join(err, m.Close(), fsys.SyncDir(path.Dir(n.dir)))
}

// clearSnapshots removes what was not finished.
func (s keeper) clearSnapshots() error {
	names, err := s.Snapshots()
	if err != nil {
		return err
	}
	all, err := s.cfg.FS.List(path.Join(s.cfg.Dir, SnapshotsDir))
	if err != nil {
		return err
	}
	for _, n := range all {
		if !slices.Contains(names, n) {
			if err := vfs.RemoveAll(s.cfg.FS, path.Join(s.cfg.Dir, SnapshotsDir, n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Snapshots returns the names of the snapshots.
func (s *Store) Snapshots() ([]string, error) {
	all, err := s.cfg.FS.List(path.Join(s.cfg.Dir, SnapshotsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for _, n := range all {
		ok, err := vfs.Exists(s.cfg.FS, path.Join(s.cfg.Dir, SnapshotsDir, n, manifest.Name))
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, n)
		}
	}
	return out, nil
}

// Position returns the position of the log up to which the snapshot has everything.
func (n *Snapshot) Position() uint64 { return n.state.Flushed }

// Files returns the files, oldest first. Where two have a value for the same time of a
// series, the later one wins.
func (n *Snapshot) Files() []SnapshotFile {
	out := make([]SnapshotFile, 0, len(n.state.Files))
	for i := range n.state.Files {
		f := &n.state.Files[i]
		sf := SnapshotFile{Path: path.Join(n.dir, f.Name), Size: f.Bytes, Sum: f.Sum, Lo: f.Lo, Hi: f.Hi,
			From: f.From, To: f.To, Adopted: f.Flags&manifest.Adopted != 0, clean: f.Clean}
		if f.Mods != "" {
			sf.ModsPath = path.Join(n.dir, f.Mods)
		}
		out = append(out, sf)
	}
	return out
}

// Mods returns what is deleted in a file: its own mods and later deletions. Points that
// their TTL has ended are not listed.
func (n *Snapshot) Mods(f SnapshotFile) ([]mods.Deletion, error) {
	var out []mods.Deletion
	if f.ModsPath != "" {
		list, err := deletions(n.s.cfg.FS, f.ModsPath)
		if err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
		out = list
	}
	set := n.deleted().After(f.clean).Within(f.Lo, f.Hi)
	for k := range set.Len() {
		d := set.At(k)
		if lo, hi := d.Hull(); lo > f.Hi || hi < f.Lo {
			continue
		}
		for i := range d.Parts {
			out = append(out, mods.Deletion{Path: d.Parts[i].What.String(), Start: d.Parts[i].Lo, End: d.Parts[i].Hi, Offset: -1})
		}
	}
	return out, nil
}

func (n *Snapshot) deleted() erase.Set {
	var set erase.Set
	for i := range n.state.Tombstones {
		if d, ok := erase.Of(n.state.Tombstones[i].Pos, n.state.Tombstones[i].Plan); ok {
			set = set.With(d)
		}
	}
	return set
}

// View reads a snapshot as View reads the store, without the files of some names. The
// caller closes it.
func (n *Snapshot) View(without ...string) (*View, error) {
	v := newView(&n.s.cfg, n.s.shelf, n.state.Flushed, n.deleted())
	for i := range n.state.Files {
		if !slices.Contains(without, n.state.Files[i].Name) {
			v.addLayer(newLayer(n.dir, n.state.Files[i]))
		}
	}
	v.shelf.pin(v.pinned)
	v.forget = true
	return v, nil
}

// Delete removes the snapshot. Views of it must be closed.
func (n *Snapshot) Delete() error {
	n.s.snapshots.Lock()
	defer n.s.snapshots.Unlock()
	fsys := n.s.cfg.FS
	err := fsys.Remove(path.Join(n.dir, manifest.Name)) // from here on it is unfinished
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err == nil {
		err = vfs.RemoveAll(fsys, n.dir)
	}
	if err == nil {
		err = fsys.SyncDir(path.Dir(n.dir))
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}
