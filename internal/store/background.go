package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"time"

	"github.com/sluice-gateway/sluice/internal/store/compact"
	"github.com/sluice-gateway/sluice/internal/store/manifest"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Numbers of compaction.
const (
	spillBytes  = 64 << 20 // bytes of inputs from which on index entries are not kept in memory
	idleCheck   = 30 * time.Second
	expireCheck = 10 * time.Minute // reads the index of every file that may have expired
)

// merger is the store as it merges and expires files.
type merger struct{ *Store }

// background merges and expires files until ctx ends.
func (s merger) background(ctx context.Context) {
	tick := time.NewTicker(idleCheck)
	defer tick.Stop()
	checked, said := time.Now(), time.Time{}
	for last := uint64(0); ; {
		s.mu.Lock()
		ticked := false
		for s.flushed == last && !ticked && ctx.Err() == nil {
			ticked = s.waitOr(ctx, tick.C)
		}
		last = s.flushed
		s.mu.Unlock()
		if ctx.Err() != nil {
			return
		}
		adopter{s.Store}.releaseSealed()
		if time.Since(checked) >= expireCheck {
			checked = time.Now()
			if err := s.expire(); err != nil {
				s.cfg.Logger.Warn("files of expired points were not removed", "error", err)
			}
		}
		if s.cfg.Compaction.Off {
			continue
		}
		if err := s.merge(ctx, s.cfg.Compaction.BytesPerSecond, false); err != nil && ctx.Err() == nil && time.Since(said) >= time.Minute {
			said = time.Now()
			s.cfg.Logger.Warn("a compaction failed, the files stay as they are; told once a minute", "error", err)
		}
	}
}

// Compact merges the files of each partition into one, as far as they are neighbours and
// not too large, without a limit of speed. With Compaction.Recompress single files that
// no merge has written are written anew, too.
func (s *Store) Compact(ctx context.Context) error {
	m := merger{s}
	if err := m.expire(); err != nil {
		return err
	}
	return m.merge(ctx, -1, true)
}

// merge merges and cuts files until there is none that is worth it, or all that it can.
func (s merger) merge(ctx context.Context, speed int64, all bool) error {
	s.merging.Lock()
	defer s.merging.Unlock()
	if all {
		s.rest(nil, time.Time{})
	}
	var failed error
	for {
		t := s.pick(all)
		if t == nil {
			return failed
		}
		began := time.Now()
		err := s.mergeRun(ctx, t, speed)
		t.view.Close()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // others may be possible
			s.rest(t.run, time.Now().Add(restTime))
			failed = errors.Join(failed, fmt.Errorf("store: merge of %d files from %s: %w", len(t.run), t.run[0].Name, err))
			continue
		}
		s.counts.merges.Add(1)
		s.counts.mergeNanos.Add(int64(time.Since(began)))
	}
}

// viewOf returns a view of some layers only: a merge takes its time, and shall not hold
// memtables that were flushed meanwhile. mu is held.
func (s merger) viewOf(list []*layer) *View {
	v := newView(&s.cfg, s.shelf, s.applied, s.deleted)
	for _, l := range list {
		v.addLayer(l)
	}
	s.shelf.pin(v.pinned)
	return v
}

// apart returns a view of the same files, opened through another shelf. v stays open as
// long.
func (v *View) apart(sh *shelf) *View {
	w := newView(v.cfg, sh, v.position, v.deleted)
	w.expire, w.now, w.forget = v.expire, v.now, true
	for _, l := range v.pinned {
		w.addLayer(newLayer(l.dir, l.File))
	}
	sh.pin(w.pinned)
	return w
}

// mergeRun replaces files by one, or by one for each partition.
func (s merger) mergeRun(ctx context.Context, t *task, speed int64) error {
	m := &merging{merger: s, task: t, disk: newMetered(ctx, s.cfg.FS, speed),
		head: manifest.File{Flags: t.flags(), From: math.MaxUint64, Clean: t.view.position}}
	apart := t.view.apart(newShelf(m.disk))
	defer apart.Close()
	var err error
	if m.inputs, err = apart.Inputs(math.MinInt64, math.MaxInt64); err != nil {
		return err
	}
	for _, l := range t.run {
		m.head.From, m.head.To = min(m.head.From, l.From), max(m.head.To, l.To)
		m.read += l.Bytes
	}
	free, err := s.cfg.FS.Free(s.cfg.Dir)
	if err != nil || s.cfg.Reserve > 0 && free < m.read+s.cfg.Reserve {
		return errors.Join(err, fmt.Errorf("%d bytes are free, it may need %d and %d are kept for flushes", free, m.read, s.cfg.Reserve))
	}
	for p := t.first; err == nil && p <= t.last; p++ {
		err = m.write(ctx, p)
	}
	if err == nil && len(m.edit.Add) > 0 {
		err = s.cfg.FS.SyncDir(s.cfg.Dir)
	}
	s.counts.mergedBytes.Add(m.disk.moved())
	if err != nil {
		s.discard(m.edit.Add)
		return err
	}
	return s.replace(t.run, m.edit)
}

// merging is a merge that is under way.
type merging struct {
	merger
	*task
	disk   *metered
	inputs []merge.Input
	head   manifest.File // what the outputs have in common
	read   int64         // bytes of the inputs
	edit   manifest.Edit
}

// write writes the output of one partition, or the only one.
func (m *merging) write(ctx context.Context, partition int64) error {
	head := m.head
	var err error
	if head.Name, err = m.free(partition, head.From, head.To); err != nil {
		return err
	}
	out, err := create(m.disk, path.Join(m.cfg.Dir, head.Name))
	if err != nil {
		return err
	}
	c := &m.cfg.Compaction
	opt := compact.Options{Recompress: c.Recompress, Compressor: c.Compressor, Reencode: c.Recompress && c.Compressor == tablet.Zstd}
	if m.first < m.last {
		opt.Range = &merge.Range{}
		opt.Range.Lo, opt.Range.Hi = m.cfg.span(partition)
	}
	if m.read >= spillBytes {
		if opt.Spill, err = out.spill(); err != nil {
			out.abandon()
			return err
		}
	}
	res, err := compact.Write(ctx, m.inputs, out, opt)
	if err != nil || res.Points == 0 {
		out.abandon()
		return err
	}
	if err := out.finish(); err != nil {
		return err
	}
	head.Lo, head.Hi, head.Bytes, head.Sum = res.Lo, res.Hi, out.size, out.sum.Sum64()
	m.edit.Add = append(m.edit.Add, head)
	return nil
}

// free returns the name of a merged file that no other file has: what was merged before
// may still be read.
func (s merger) free(partition int64, from, to uint64) (string, error) {
	for i := 1; ; i++ {
		name := fmt.Sprintf("p%d-%016x-%016x-m%d%s", partition, from, to, i, suffix)
		have, err := vfs.Exists(s.cfg.FS, path.Join(s.cfg.Dir, name))
		if err != nil || !have {
			return name, err
		}
	}
}

// replace makes files part of the store in place of others.
func (s merger) replace(old []*layer, edit manifest.Edit) error {
	s.editing.Lock()
	defer s.editing.Unlock()
	s.mu.Lock()
	for _, l := range old {
		edit.Remove = append(edit.Remove, l.Name)
		if !slices.Contains(s.layers, l) {
			s.mu.Unlock()
			s.discard(edit.Add)
			return nil // expired meanwhile
		}
	}
	edit.Drop = s.needless(edit.Add, old)
	s.mu.Unlock()
	if err := s.edit(edit, edit.Add); err != nil {
		return err
	}
	s.mu.Lock()
	s.without(old)
	for i := range edit.Add {
		s.insert(newLayer(s.cfg.Dir, edit.Add[i]))
	}
	s.drop(edit.Drop)
	s.broadcast()
	s.mu.Unlock()
	if err := s.shelf.retire(old); err != nil {
		s.cfg.Logger.Warn("a merged file was not removed", "error", err)
	}
	return nil
}

// expire removes files of which every point has expired.
func (s merger) expire() error {
	s.mu.Lock()
	v := s.viewOf(s.layers)
	flushed := s.flushed
	s.mu.Unlock()
	defer v.Close()
	var gone []*layer
	for _, l := range v.pinned {
		if l.To > flushed || l.Lo > l.Hi || l.Hi >= v.now {
			continue
		}
		o, err := s.shelf.acquire(l)
		if err != nil {
			continue // a read of it says what is wrong
		}
		all := true
		err = eachDevice(o.r, func(device string, _, hi int64) bool {
			all = hi < v.Bound(device)
			return all
		})
		s.shelf.release(l)
		if err == nil && all {
			gone = append(gone, l)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	err := s.replace(gone, manifest.Edit{})
	if err == nil {
		s.counts.expired.Add(int64(len(gone)))
	}
	return err
}
