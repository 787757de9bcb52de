package builtin

import (
	"context"
	"iter"
	"path"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/store"
	"github.com/sluice-gateway/sluice/internal/store/merge"
)

// FromStore makes a History of the store.
func FromStore(s *store.Store) History { return storeHistory{s} }

type storeHistory struct{ s *store.Store }

// Snapshot implements History.
func (h storeHistory) Snapshot(ctx context.Context, name string) (Snapshot, error) {
	n, err := h.s.Snapshot(ctx, name)
	if err != nil {
		return nil, err
	}
	v, err := n.View()
	if err != nil {
		return nil, err
	}
	return &storeSnapshot{name: name, n: n, v: v}, nil
}

type storeSnapshot struct {
	name string
	n    *store.Snapshot
	v    *store.View
	rest *store.View // of the files whose points are read; nil: not yet
}

// Position implements Snapshot.
func (s *storeSnapshot) Position() uint64 { return s.n.Position() }

// Files implements Snapshot.
func (s *storeSnapshot) Files() []HistoryFile {
	var out []HistoryFile
	for _, f := range s.n.Files() {
		out = append(out, HistoryFile{
			Part: event.Part{Length: f.Size, Sum: f.Sum, Stored: path.Join(store.SnapshotsDir, s.name, path.Base(f.Path))},
			Lo:   f.Lo, Hi: f.Hi, To: f.To,
			Intact: func() (bool, error) { return s.v.Intact(path.Base(f.Path)) },
		})
	}
	return out
}

// Points implements Snapshot.
func (s *storeSnapshot) Points(without func(i int) bool) (Points, error) {
	var names []string
	for i, f := range s.n.Files() {
		if without(i) {
			names = append(names, path.Base(f.Path))
		}
	}
	v, err := s.n.View(names...)
	if err != nil {
		return nil, err
	}
	s.rest = v
	return storePoints{v}, nil
}

type storePoints struct{ v *store.View }

// Devices implements Points.
func (s storePoints) Devices(lo, hi int64) iter.Seq2[merge.Device, error] {
	inputs, err := s.v.Inputs(lo, hi)
	if err != nil {
		return func(yield func(merge.Device, error) bool) { yield(merge.Device{}, err) }
	}
	return merge.Devices(inputs)
}

// Scan implements Points.
func (s storePoints) Scan(ctx context.Context, q merge.Query) (Rows, error) {
	return s.v.Scan(ctx, q)
}

// Close implements Snapshot.
func (s *storeSnapshot) Close() error {
	s.v.Close()
	if s.rest != nil {
		s.rest.Close()
	}
	return nil
}

// StoreSnapshots lists and removes the snapshots of a store; it is an engine.Snapshots.
type StoreSnapshots struct{ Store *store.Store }

// Positions returns the position of the log of each snapshot, by name.
func (s StoreSnapshots) Positions() (map[string]uint64, error) {
	names, err := s.Store.Snapshots()
	if err != nil || len(names) == 0 {
		return nil, err
	}
	out := make(map[string]uint64, len(names))
	for _, name := range names {
		n, err := store.Find(s.Store, name)
		if err != nil {
			return nil, err
		}
		if n != nil { // it was not removed meanwhile
			out[name] = n.Position()
		}
	}
	return out, nil
}

// Delete removes a snapshot; a name that is not there is no error.
func (s StoreSnapshots) Delete(name string) error {
	n, err := store.Find(s.Store, name)
	if err != nil || n == nil {
		return err
	}
	return n.Delete()
}
