package store

import (
	"context"

	"fmt"
	"math"
	"path"
	"slices"
	"sort"
	"time"

	"github.com/sluice-gateway/sluice/internal/store/manifest"
	"github.com/sluice-gateway/sluice/internal/store/memtable"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// ageCheck is how often the age of the active memtable is looked at.
const ageCheck = 10 * time.Second

// flusher is the store as it writes memtables to files; one goroutine.
type flusher struct{ *Store }

// flushes writes memtables to files as they come, oldest first.
func (s flusher) flushes(ctx context.Context) {
	tick := time.NewTicker(ageCheck)
	defer tick.Stop()
	for {
		s.mu.Lock()
		for len(s.waiting) == 0 && ctx.Err() == nil {
			if s.due(time.Now()) {
				s.rotate()
				break
			}
			s.waitOr(ctx, tick.C)
		}
		var m *memory
		if len(s.waiting) > 0 {
			m = s.waiting[0]
		}
		s.mu.Unlock()
		if ctx.Err() != nil {
			return
		}
		if m != nil {
			s.flushUntil(ctx, m)
		}
	}
}

// waitOr is wait that also ends at a tick, and says so. mu is held.
func (st *state) waitOr(ctx context.Context, tick <-chan time.Time) (ticked bool) {
	if st.changed == nil {
		st.changed = make(chan struct{})
	}
	ch := st.changed
	st.mu.Unlock()
	defer st.mu.Lock()
	select {
	case <-ch:
	case <-tick:
		return true
	case <-ctx.Done():
	}
	return false
}

// flushUntil writes a memtable and tries again until it is durable.
func (s flusher) flushUntil(ctx context.Context, m *memory) {
	began := time.Now()
	var made *flushed
	_ = s.again(ctx, "a flush failed, its points stay in memory and in the log", func() error {
		var err error
		if made == nil {
			if made, err = s.write(ctx, m); err != nil {
				made = nil
			}
		}
		if err == nil {
			err = s.publish(m, made)
		}
		s.mu.Lock()
		if s.failure = err; err != nil && ctx.Err() == nil {
			s.failed++
		}
		s.broadcast()
		s.mu.Unlock()
		return err
	})
	if ctx.Err() == nil {
		s.counts.flushes.Add(1)
		s.counts.flushNanos.Add(int64(time.Since(began)))
	}
}

// flushed is the outcome of writing a memtable: files that no manifest names yet.
type flushed struct {
	files  []manifest.File
	newest map[string]int64
}

// write writes the files of a memtable and makes them durable. After an error none is
// left.
func (s flusher) write(ctx context.Context, m *memory) (made *flushed, err error) {
	v := m.Table.View()
	made = &flushed{newest: map[string]int64{}}
	defer func() {
		if err != nil {
			s.discard(made.files)
		}
	}()
	for _, p := range v.Buckets(s.cfg.partition) {
		if err := s.writePartition(ctx, m, v, p, made); err != nil {
			return made, err
		}
	}
	if len(made.files) > 0 {
		err = s.cfg.FS.SyncDir(s.cfg.Dir)
	}
	return made, err
}

// discard removes files that did not come to be used.
func (s *Store) discard(files []manifest.File) {
	for i := range files {
		if err := s.cfg.FS.Remove(path.Join(s.cfg.Dir, files[i].Name)); err != nil {
			s.cfg.Logger.Warn("an unfinished file was not removed", "error", err)
		}
	}
}

// span returns the times of a partition.
func (c *Config) span(p int64) (lo, hi int64) {
	size := max(1, c.ticks(c.Partition))
	lo, hi = math.MinInt64, math.MaxInt64
	if p >= math.MinInt64/size {
		lo = p * size
	}
	if p < math.MaxInt64/size {
		hi = (p+1)*size - 1
	}
	return lo, hi
}

// writePartition writes what a memtable has of one partition: points behind everything
// that is in files to one file, late ones to another.
func (s flusher) writePartition(ctx context.Context, m *memory, v *memtable.View, p int64, made *flushed) (err error) {
	name := func(kind string, part int) string {
		return fmt.Sprintf("p%d-%016x-%016x-%s%d%s", p, m.from, m.to, kind, part, suffix)
	}
	head := manifest.File{From: m.from, To: m.to, Clean: m.to}
	many := m.Len() >= manyDevices
	order := &output{s: s.Store, many: many, head: head, name: func(i int) string { return name("a", i) }}
	head.Flags = manifest.Late
	behind := &output{s: s.Store, many: many, head: head, name: func(i int) string { return name("b", i) }}
	defer func() {
		for _, o := range []*output{order, behind} {
			if e := o.end(err != nil); err == nil {
				err = e
			}
			made.files = append(made.files, o.files...)
		}
	}()
	lo, hi := s.cfg.span(p)
	for device := range v.Devices() {
		if a, b := v.Span(device); a > hi || b < lo {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		tabs := v.Within(device, lo, hi)
		if len(tabs) == 0 {
			continue
		}
		widen(tabs)
		bound := s.late.boundOf(&s.cfg, p, device)
		for _, t := range tabs {
			n := sort.Search(len(t.Times), func(i int) bool { return t.Times[i] > bound })
			if n > 0 {
				if err := behind.write(slicing(t, 0, n)); err != nil {
					return err
				}
			}
			if n < len(t.Times) {
				if err := order.write(slicing(t, n, len(t.Times))); err != nil {
					return err
				}
			}
		}
		last := tabs[len(tabs)-1]
		if end := last.Times[len(last.Times)-1]; end > bound {
			if old, ok := made.newest[device]; !ok || end > old {
				made.newest[device] = end
			}
		}
	}
	return nil
}

func slicing(t *tablet.Tablet, from, to int) *tablet.Tablet {
	if from == 0 && to == len(t.Times) {
		return t
	}
	return t.Slice(from, to)
}

// widen gives the tablets of an aligned device all the columns that one of them has: a
// file wants them all in its first chunk group.
func widen(tabs []*tablet.Tablet) {
	if !tabs[0].Aligned || len(tabs) == 1 {
		return
	}
	have := map[string]int{}
	var all []tablet.Schema
	same := true
	for _, t := range tabs {
		same = same && len(t.Columns) == len(tabs[0].Columns)
		for i := range t.Columns {
			if _, ok := have[t.Columns[i].Name]; !ok {
				have[t.Columns[i].Name] = len(all)
				all = append(all, t.Columns[i].Schema)
			}
		}
	}
	if same && len(all) == len(tabs[0].Columns) {
		return
	}
	for k, t := range tabs {
		w := &tablet.Tablet{Device: t.Device, Aligned: true, Times: t.Times, Columns: slices.Clone(t.Columns)}
		for _, c := range all {
			if !slices.ContainsFunc(t.Columns, func(x tablet.Column) bool { return x.Name == c.Name }) {
				w.Columns = append(w.Columns, empty(c, len(t.Times)))
			}
		}
		tabs[k] = w
	}
}

// empty returns a column of nulls.
func empty(c tablet.Schema, rows int) tablet.Column {
	out := tablet.Column{Schema: c, Category: tablet.Field}
	out.PadNulls(rows)
	return out
}

// boundOf is bound under the lock.
func (l *late) boundOf(c *Config, partition int64, device string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bound(c, partition, device)
}

// publish makes the files of a memtable part of the store in one edit, then moves the
// cursor. After an error the files stay: the edit may be durable all the same.
func (s flusher) publish(m *memory, made *flushed) error {
	s.editing.Lock()
	defer s.editing.Unlock()
	edit := manifest.Edit{Add: made.files, Flushed: m.to}
	s.mu.Lock()
	before := s.flushed
	drop := s.needlessUpTo(m.to, made.files)
	if s.deleted.After(before).Len() > 0 { // new ones may stand for old ones
		drop = append(drop, s.deleted.Covered(m.to)...)
		slices.Sort(drop)
		drop = slices.Compact(drop)
	}
	for i := range s.deleted.Len() {
		d := s.deleted.At(i)
		if d.Pos > before && d.Pos <= m.to && !contains(drop, d.Pos) {
			edit.Deleted = append(edit.Deleted, manifest.Tombstone{Pos: d.Pos, Plan: d.Plan})
		}
	}
	s.mu.Unlock()
	for _, pos := range drop {
		if pos <= before {
			edit.Drop = append(edit.Drop, pos)
		}
	}
	if err := s.edit(edit, nil); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = slices.Clone(s.waiting[1:])
	s.flushed = m.to
	add := make([]*layer, len(made.files))
	for i := range made.files {
		add[i] = newLayer(s.cfg.Dir, made.files[i])
	}
	s.insert(add...)
	s.drop(drop)
	s.late.merge(&s.cfg, made)
	s.cursor.Set(m.to)
	s.broadcast()
	return nil
}

func contains(sorted []uint64, pos uint64) bool {
	_, ok := slices.BinarySearch(sorted, pos)
	return ok
}

// needlessUpTo is needless as if everything up to pos were flushed. mu is held.
func (s flusher) needlessUpTo(pos uint64, add []manifest.File) []uint64 {
	old := s.flushed
	s.flushed = pos
	defer func() { s.flushed = old }()
	return s.needless(add, nil)
}

// merge notes what a flush made durable.
func (l *late) merge(c *Config, made *flushed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for device, t := range made.newest {
		if old, ok := l.newest[device]; !ok || t > old {
			l.newest[device] = t
		}
	}
	for i := range made.files {
		l.note(c, made.files[i].Hi)
	}
}

// Flush writes everything that was durable at the call to files. The error is that of
// the first attempt that failed; the flush is tried again in the background.
func (s *Store) Flush(ctx context.Context) error {
	target := s.cfg.Log.Durable()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.until(ctx, func() bool { return s.applied >= target }); err != nil {
		return fmt.Errorf("store: flush: %w", err)
	}
	s.rotate()
	failed := s.failed
	err := s.until(ctx, func() bool { return s.flushed >= target || s.failed > failed })
	if err == nil && s.flushed < target {
		err = s.failure
	}
	if err != nil {
		return fmt.Errorf("store: flush: %w", err)
	}
	return nil
}
