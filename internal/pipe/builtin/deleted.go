package builtin

import (
	"context"
	"math"
	"slices"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/unpack"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// deletion is one removal of points in the history of a pipe.
type deletion struct {
	at     event.Position
	what   []tablet.Matcher
	lo, hi int64 // event times, both included
}

// deletions are the removals that lie in the history and that the pipe does not carry
// itself, in log order. A tablet of the history is sent without the points that a
// later one of them removed: history is what was there when the pipe was made, not
// what had been deleted by then. What the pipe carries is not listed, because the
// target then deletes in its own order.
type deletions []deletion

// loadDeletions reads them with the log's index; it looks at plans only.
func (s *logSource) loadDeletions(ctx context.Context, log Log) error {
	first, last := uint64(s.seen)+1, uint64(s.c.Created)
	if s.carries.has("data.delete") && s.carries.has("schema.timeseries.ordinary.drop") && s.carries.has("schema.database.drop") || first > last {
		return nil
	}
	return log.Scan(ctx, commitlog.Filter{Kinds: 1 << event.Plan, From: first, To: last, Skip: s.damagedPlan}, func(e commitlog.Entry) error {
		ev, err := event.Decode(e.Payload)
		if err != nil || ev.Kind != event.Plan || s.carries.has(classOf(ev)) {
			return nil // Next meets an unreadable record again and makes it a dead letter
		}
		changes, _, err := request.EventChanges(ev.Request, request.Options{})
		if err != nil {
			return nil // the same
		}
		for i := range changes {
			if d, ok := deletionOf(&changes[i]); ok {
				d.at = event.Position(e.Pos)
				s.deleted = append(s.deleted, d)
			}
		}
		return nil
	})
}

// damagedPlan lets the reader, which comes to the same place, decide.
func (s *logSource) damagedPlan(bad *commitlog.CorruptError) error {
	s.c.Logger.Warn("deletions in a damaged place of the log are not known", "error", bad)
	return nil
}

// deletionOf returns what a change removes; false for every other change.
func deletionOf(c *request.Change) (deletion, bool) {
	d := deletion{lo: math.MinInt64, hi: math.MaxInt64}
	paths := c.Paths
	switch c.Kind {
	case request.ChangeDeleteData:
		d.lo, d.hi = c.Start, c.End
	case request.ChangeDeleteSeries:
	case request.ChangeDeleteDatabase:
		if c.Path != "" {
			paths = append(slices.Clone(paths), c.Path)
		}
		paths = slices.Clone(paths)
		for i := range paths {
			paths[i] += ".**"
		}
	default:
		return d, false
	}
	for _, p := range paths {
		if m, err := tablet.CompilePattern(p); err == nil {
			d.what = append(d.what, m)
		}
	}
	return d, len(d.what) > 0
}

// apply returns a tablet of position at without what was deleted later; nil if nothing
// is left. The input is returned untouched if nothing of it was deleted.
func (all deletions) apply(t *tablet.Tablet, at event.Position) (*tablet.Tablet, error) {
	changed := false
	for i := all.after(at); i < len(all); i++ {
		d := &all[i]
		if !d.touches(t.Device) {
			continue
		}
		for c := range t.Columns {
			if !d.matches(t.Device, t.Columns[c].Name) {
				continue
			}
			if !changed && d.anyOf(t.Times) {
				t, changed = t.Clone(), true
			}
			if changed {
				unpack.Clear(t, c, d.lo, d.hi)
			}
		}
	}
	if !changed {
		return t, nil
	}
	return unpack.Dense(t)
}

func (d *deletion) touches(device string) bool {
	return slices.ContainsFunc(d.what, func(m tablet.Matcher) bool { return m.Device(device) != tablet.NoSeries })
}

func (d *deletion) matches(device, measurement string) bool {
	return slices.ContainsFunc(d.what, func(m tablet.Matcher) bool { return m.MatchSeries(device, measurement) })
}

func (d *deletion) anyOf(times []int64) bool {
	return slices.ContainsFunc(times, func(t int64) bool { return t >= d.lo && t <= d.hi })
}

// after returns the index of the first deletion behind a position.
func (all deletions) after(at event.Position) int {
	i, _ := slices.BinarySearchFunc(all, at+1, func(d deletion, p event.Position) int {
		if d.at < p {
			return -1
		}
		return 1
	})
	return i
}
