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
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Numbers of compaction.
const (
	leastInputs  = 4         // files of about one size that are worth a merge
	firstTier    = 128 << 10 // bytes below which files count as of one size; each tier is four times as large
	spillBytes   = 64 << 20  // bytes of inputs from which on index entries are not kept in memory
	largestInput = 1 << 30   // bytes of a file that is merged no more
	idleCheck    = 30 * time.Second
	expireCheck  = 10 * time.Minute // reads the index of every file that may have expired
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

// merge merges runs of files until there is none that is worth it, or all that it can.
func (s merger) merge(ctx context.Context, speed int64, all bool) error {
	s.merging.Lock()
	defer s.merging.Unlock()
	for {
		run, v := s.pick(all)
		if run == nil {
			return nil
		}
		began := time.Now()
		err := s.mergeRun(ctx, run, v, speed)
		v.Close()
		if err != nil {
			return fmt.Errorf("store: merge of %d files from %s: %w", len(run), run[0].Name, err)
		}
		s.counts.merges.Add(1)
		s.counts.mergeNanos.Add(int64(time.Since(began)))
	}
}

// pick returns files to merge, oldest first, and a view that has them; nil if there are
// none. Only neighbours in the order of layers may be merged, in one partition; a file
// that reaches over several partitions divides those before it from those behind it.
func (s merger) pick(all bool) ([]*layer, *View) {
	s.mu.Lock()
	defer s.mu.Unlock()
	runs := map[int64][]*layer{}
	var ready [][]*layer
	for _, l := range s.layers {
		if l.To > s.flushed { // something older may still come to a file
			break
		}
		if l.Lo > l.Hi {
			continue
		}
		from, to := s.cfg.partition(l.Lo), s.cfg.partition(l.Hi)
		if from == to && l.Bytes < largestInput {
			runs[from] = append(runs[from], l)
			continue
		}
		for p, r := range runs {
			if p >= from && p <= to {
				ready = append(ready, r)
				delete(runs, p)
			}
		}
	}
	for _, r := range runs {
		ready = append(ready, r)
	}
	slices.SortFunc(ready, func(a, b []*layer) int { return manifest.Compare(a[0].File, b[0].File) })
	choose := func(best []*layer) ([]*layer, *View) {
		v := s.viewOf(best)
		v.expire = true
		return best, v
	}
	if all {
		for _, r := range ready {
			if best := s.whole(r); best != nil {
				return choose(best)
			}
		}
		return nil, nil
	}
	for tier := int64(firstTier); tier <= largestInput; tier *= 4 {
		for _, r := range ready {
			if best := similar(r, tier, s.cfg.Compaction.Inputs); best != nil {
				return choose(best)
			}
		}
	}
	return nil, nil
}

// whole returns the first neighbours of a run that can become one file; a file alone only
// if it is to be written anew.
func (s merger) whole(r []*layer) []*layer {
	if n := min(len(r), s.cfg.Compaction.Inputs); n > 1 {
		return r[:n]
	}
	if len(r) == 1 && s.cfg.Compaction.Recompress && r[0].Flags&manifest.Merged == 0 {
		return r
	}
	return nil
}

// similar returns neighbours smaller than a tier, if there are enough.
func similar(r []*layer, tier int64, most int) []*layer {
	for i := 0; i < len(r); {
		j := i
		for j < len(r) && r[j].Bytes < tier && j-i < most {
			j++
		}
		if j-i >= leastInputs || j-i == most && most > 1 {
			return r[i:j]
		}
		i = max(j, i+1)
	}
	return nil
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

// mergeRun replaces files by one.
func (s merger) mergeRun(ctx context.Context, run []*layer, v *View, speed int64) error {
	head := manifest.File{Flags: manifest.Merged, From: math.MaxUint64, Clean: v.position, Lo: math.MaxInt64, Hi: math.MinInt64}
	read := int64(0)
	disk := newMetered(ctx, s.cfg.FS, speed)
	apart := v.apart(newShelf(disk))
	defer apart.Close()
	inputs, err := apart.Inputs(math.MinInt64, math.MaxInt64)
	if err != nil {
		return err
	}
	for _, l := range run {
		head.From, head.To = min(head.From, l.From), max(head.To, l.To)
		read += l.Bytes
	}
	free, err := s.cfg.FS.Free(s.cfg.Dir)
	if err != nil || s.cfg.Reserve > 0 && free < read+s.cfg.Reserve {
		return errors.Join(err, fmt.Errorf("%d bytes are free, it may need %d and %d are kept for flushes", free, read, s.cfg.Reserve))
	}
	if head.Name, err = s.free(s.cfg.partition(run[0].Lo), head.From, head.To); err != nil {
		return err
	}
	out, err := create(disk, path.Join(s.cfg.Dir, head.Name))
	if err != nil {
		return err
	}
	c := &s.cfg.Compaction
	opt := compact.Options{Recompress: c.Recompress, Compressor: c.Compressor, Reencode: c.Recompress && c.Compressor == tablet.Zstd}
	if read >= spillBytes {
		if opt.Spill, err = out.spill(); err != nil {
			out.abandon()
			return err
		}
	}
	res, err := compact.Write(ctx, inputs, out, opt)
	if err != nil {
		out.abandon()
		return err
	}
	edit := manifest.Edit{}
	if res.Points > 0 {
		if err := out.finish(); err != nil {
			return err
		}
		if err := s.cfg.FS.SyncDir(s.cfg.Dir); err != nil {
			s.discard([]manifest.File{head})
			return err
		}
		head.Lo, head.Hi, head.Bytes, head.Sum = res.Lo, res.Hi, out.size, out.sum.Sum64()
		edit.Add = []manifest.File{head}
	} else {
		out.abandon()
	}
	s.counts.mergedBytes.Add(disk.moved())
	return s.replace(run, edit)
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
