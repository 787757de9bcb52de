package store

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/sluice-gateway/sluice/internal/store/erase"
	"github.com/sluice-gateway/sluice/internal/store/manifest"
	"github.com/sluice-gateway/sluice/internal/store/memtable"
)

// state is what a View is taken of. mu guards all of it.
//
// Invariant: every point of the positions 1 to applied, not deleted and not expired, is
// in layers, waiting or active; layers are sorted (manifest.Compare), waiting by time.
type state struct {
	mu      sync.Mutex
	applied uint64 // last position read
	flushed uint64 // last position that is in files
	active  *memory
	waiting []*memory // rotated, not flushed
	layers  []*layer
	deleted erase.Set // that some older layer may still need
	changed chan struct{}
	dead    error // why nothing goes on
	failure error // of the last flush; nil after a success
	failed  int   // number of failed flushes
	stalled bool  // nothing is read until a flush succeeds
}

// memory is a memtable with its range of positions.
type memory struct {
	*memtable.Table
	from, to uint64 // to is set by the rotation
}

func (st *state) begin(m *manifest.State) {
	st.applied, st.flushed = m.Flushed, m.Flushed
	for i := range m.Tombstones {
		if d, ok := erase.Of(m.Tombstones[i].Pos, m.Tombstones[i].Plan); ok {
			st.deleted = st.deleted.With(d)
		}
	}
	st.active = &memory{Table: memtable.New(), from: st.applied + 1}
}

// skipTo goes on behind a position that the log does not have any more.
func (st *state) skipTo(pos uint64) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.applied = max(st.applied, pos)
	st.broadcast()
}

// broadcast wakes who waits. mu is held.
func (st *state) broadcast() {
	if st.changed != nil {
		close(st.changed)
		st.changed = nil
	}
}

// wait waits for a change. mu is held, and held again when it returns.
func (st *state) wait(ctx context.Context) error {
	if st.changed == nil {
		st.changed = make(chan struct{})
	}
	ch := st.changed
	st.mu.Unlock()
	defer st.mu.Lock()
	select {
	case <-ch:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// until waits for a condition. mu is held, and held again when it returns.
func (st *state) until(ctx context.Context, done func() bool) error {
	for !done() {
		if st.dead != nil {
			return st.dead
		}
		if err := st.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (st *state) fail(err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.dead == nil {
		st.dead = err
	}
	st.broadcast()
}

// rotate makes the active memtable wait for its flush. mu is held.
func (st *state) rotate() {
	if st.applied < st.active.from {
		return // nothing was read since the last one
	}
	st.active.to = st.applied
	st.waiting = append(st.waiting, st.active)
	st.active = &memory{Table: memtable.New(), from: st.applied + 1}
	st.broadcast()
}

// Position returns the last position of the log that the store has read.
func (s *Store) Position() uint64 { s.mu.Lock(); defer s.mu.Unlock(); return s.applied }

// Flushed returns the position up to which everything is in files.
func (s *Store) Flushed() uint64 { s.mu.Lock(); defer s.mu.Unlock(); return s.flushed }

// insert puts layers into their place. mu is held.
func (st *state) insert(add ...*layer) {
	st.layers = append(slices.Clone(st.layers), add...)
	slices.SortStableFunc(st.layers, func(a, b *layer) int { return manifest.Compare(a.File, b.File) })
}

// without removes layers. mu is held.
func (st *state) without(old []*layer) {
	st.layers = slices.DeleteFunc(slices.Clone(st.layers), func(l *layer) bool { return slices.Contains(old, l) })
}

// needless returns the deletions up to the flushed position that hide nothing any more,
// once remove is gone and add is there. mu is held.
func (st *state) needless(add []manifest.File, remove []*layer) []uint64 {
	var drop []uint64
	var last *layer // that needed one: often it needs the next, too
	for i := range st.deleted.Len() {
		d := st.deleted.At(i)
		if last != nil && older(&last.File, d) {
			continue
		}
		needed, l := st.needed(d, add, remove)
		if last = l; !needed {
			drop = append(drop, d.Pos)
		}
	}
	return drop
}

// older reports whether a file may have points that a deletion hides.
func older(f *manifest.File, d *erase.Deletion) bool {
	lo, hi := d.Hull()
	return f.Clean < d.Pos && f.Lo <= hi && f.Hi >= lo
}

// needed reports whether a deletion is, and because of which layer if it is one of those
// that stay.
func (st *state) needed(d *erase.Deletion, add []manifest.File, remove []*layer) (bool, *layer) {
	if d.Pos > st.flushed {
		return true, nil
	}
	for i := range add {
		if older(&add[i], d) {
			return true, nil
		}
	}
	for _, l := range st.layers {
		if older(&l.File, d) && !slices.Contains(remove, l) {
			return true, l
		}
	}
	for _, m := range st.waiting {
		if m.to < d.Pos {
			return true, nil
		}
	}
	return false, nil
}

// drop forgets deletions, whose positions ascend. mu is held.
func (st *state) drop(list []uint64) {
	if len(list) == 0 {
		return
	}
	st.deleted = st.deleted.Without(list)
}

// late tells points that come in the order of time from those that do not, for each
// device: the times behind which nothing is in files.
type late struct {
	mu     sync.Mutex
	newest map[string]int64 // by device, since the start
	seeded map[int64]int64  // by partition: the newest time found at the start
}

func (l *late) seed(c *Config, layers []*layer) {
	l.newest, l.seeded = map[string]int64{}, map[int64]int64{}
	for _, f := range layers {
		l.note(c, f.Hi)
	}
}

func (l *late) note(c *Config, hi int64) {
	p := c.partition(hi)
	if t, ok := l.seeded[p]; !ok || t < hi {
		l.seeded[p] = hi
	}
}

// bound returns the time behind which points of a device are in order in a partition.
func (l *late) bound(c *Config, partition int64, device string) int64 {
	t, ok := l.newest[device]
	if ok && c.partition(t) == partition {
		return t
	}
	if ok && c.partition(t) < partition {
		return math.MinInt64
	}
	if t, ok := l.seeded[partition]; ok {
		return t
	}
	return math.MinInt64
}

// Many devices with few rows each make poor files: until they have fewRows, a memtable
// may take several times the memory.
const (
	fewRows = 16
	stretch = 3
)

// full reports whether the active memtable takes no more. mu is held.
func (s *Store) full() bool {
	n := s.active.Bytes()
	if n < s.cfg.Memory {
		return false
	}
	return n >= stretch*s.cfg.Memory || s.active.Rows() >= fewRows*int64(s.active.Len())
}

// due reports whether the active memtable is to be flushed. mu is held.
func (s *Store) due(now time.Time) bool {
	if s.full() {
		return true
	}
	since := s.active.Since()
	return s.cfg.Age > 0 && !since.IsZero() && now.Sub(since) >= s.cfg.Age
}
