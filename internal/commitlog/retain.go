package commitlog

import (
	"errors"
	"io/fs"
	"log/slog"
)

const (
	alarmOn  = 80 // percent of the quota
	alarmOff = 75
)

// retain removes the oldest segments while the log is larger than Config.Retain
// and every cursor's durable position is past them. The newest one stays. While
// writes are refused for want of room nothing is kept that nobody needs.
func (l *Log) retain() {
	keep := l.cfg.Retain
	if keep == 0 {
		return
	}
	if IsTemporary(l.Refusing()) {
		keep = 0
	}
	slowest, any := l.cursors.slowest()
	var gone Removed
	defer func() {
		if gone.Segments > 0 && l.cfg.Removed != nil {
			l.cfg.Removed(gone)
		}
	}()
	for {
		seg := l.shelf.oldest(keep)
		if seg == nil || any && seg.last > slowest {
			return
		}
		if err := l.remove(seg); err != nil {
			l.logger.Warn("a segment that is no longer needed could not be removed", "segment", seg.num, "err", err)
			return
		}
		if gone.Segments == 0 {
			gone.First = seg.first
		}
		gone.Last, gone.Segments, gone.Bytes = seg.last, gone.Segments+1, gone.Bytes+seg.disk
		l.logger.Info("segment removed by retention", "segment", seg.num, "first", seg.first, "last", seg.last)
	}
}

// oldest returns the oldest segment if it is sealed and all together are more
// than keep bytes; else nil.
func (s *shelf) oldest(keep int64) *segment {
	total, count := s.bytes()
	if count < 2 || total <= keep {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.segs[0].sealed {
		return nil
	}
	return s.segs[0]
}

// remove takes a segment out of sight, then removes its files. The log file goes
// first: an index without its segment is removed by the next Open.
func (l *Log) remove(seg *segment) error {
	l.removing.Lock()
	defer l.removing.Unlock()
	if !l.shelf.drop(seg) {
		return nil
	}
	if err := l.fs.Remove(l.logName(seg.num)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := l.fs.Remove(l.idxName(seg.num)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return l.fs.SyncDir(l.dir)
}

// watch sets the alarm and logs when the quota is nearly used up, and when it no
// longer is.
func (m *meter) watch(used, quota int64, log *slog.Logger) {
	if quota == 0 {
		return
	}
	switch percent := used * 100 / quota; {
	case percent >= alarmOn && m.alarm(true):
		log.Warn("the log is nearly full", "used", used, "quota", quota)
	case percent < alarmOff && m.alarm(false):
		log.Info("the log has room again", "used", used, "quota", quota)
	}
}
