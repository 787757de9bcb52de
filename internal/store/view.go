package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"github.com/sluice-gateway/sluice/internal/store/erase"
	"github.com/sluice-gateway/sluice/internal/store/memtable"
	"github.com/sluice-gateway/sluice/internal/store/merge"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// View is an unchanging state of a store. It may be used by several goroutines; what
// it returned is valid until Close.
type View struct {
	cfg      *Config
	shelf    *shelf
	position uint64
	now      int64
	deleted  erase.Set
	sources  []source // oldest first
	pinned   []*layer
	expire   bool // in Inputs too, by TTL and retention
	forget   bool // close the files at once: nobody else has these layers

	mu     sync.Mutex
	inputs map[*layer]merge.Input
	closed bool
}

// source is a layer or the content of a memtable.
type source struct {
	layer  *layer
	mem    *memtable.View
	to     uint64
	clean  uint64
	lo, hi int64
}

// View returns the state of the store once it has read what was durable at the call. The
// caller closes it. Errors are the context's, ErrClosed, and that of a flush that fails
// for so long that memory has no room for what must be read.
func (s *Store) View(ctx context.Context) (*View, error) {
	target := s.cfg.Log.Durable()
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.until(ctx, func() bool { return s.applied >= target || s.stalled && s.failure != nil })
	if err == nil && s.applied < target {
		err = s.failure
	}
	if err != nil {
		return nil, fmt.Errorf("store: the log is read up to position %d of %d: %w", s.applied, target, err)
	}
	return s.view(), nil
}

// view is View of now. mu is held.
func (s *Store) view() *View {
	v := newView(&s.cfg, s.shelf, s.applied, s.deleted)
	for _, l := range s.layers {
		v.addLayer(l)
	}
	for _, m := range s.waiting {
		v.addMemory(m, m.to)
	}
	v.addMemory(s.active, math.MaxUint64)
	slices.SortStableFunc(v.sources, func(a, b source) int { return cmp.Compare(a.to, b.to) })
	s.shelf.pin(v.pinned)
	return v
}

func newView(cfg *Config, sh *shelf, position uint64, deleted erase.Set) *View {
	return &View{cfg: cfg, shelf: sh, position: position, deleted: deleted, now: cfg.now(), inputs: map[*layer]merge.Input{}}
}

func (v *View) addLayer(l *layer) {
	v.pinned = append(v.pinned, l)
	v.sources = append(v.sources, source{layer: l, to: l.To, clean: l.Clean, lo: l.Lo, hi: l.Hi})
}

func (v *View) addMemory(m *memory, to uint64) {
	if m.Empty() {
		return
	}
	c := m.Table.View()
	lo, hi := c.Times()
	v.sources = append(v.sources, source{mem: c, to: to, clean: to, lo: lo, hi: hi})
}

// Close releases the files.
func (v *View) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return
	}
	v.closed = true
	for l := range v.inputs {
		v.shelf.release(l)
		if v.forget {
			v.shelf.discard(l)
		}
	}
	if err := v.shelf.unpin(v.pinned); err != nil {
		v.cfg.Logger.Warn("a file that is no longer needed was not removed", "error", err)
	}
}

// Position returns the last position of the log that the view contains.
func (v *View) Position() uint64 { return v.position }

// Bound returns the time before which points of a device have expired, by its TTL or the
// retention; the smallest time if they never do.
func (v *View) Bound(device string) int64 {
	lo := int64(math.MinInt64)
	if v.cfg.Retention > 0 {
		lo = v.now - v.cfg.ticks(v.cfg.Retention)
	}
	if v.cfg.Schema != nil {
		if ms := v.cfg.Schema.TTL(device); ms > 0 {
			perMs := max(1, int64(1e6/v.cfg.Precision))
			if ms <= (math.MaxInt64/2)/perMs {
				lo = max(lo, v.now-ms*perMs)
			}
		}
	}
	return lo
}

// Scan reads rows of one device. The TTL of the device cuts the range of q from below.
func (v *View) Scan(ctx context.Context, q merge.Query) (*merge.Scanner, error) {
	q.Lo = max(q.Lo, v.Bound(q.Device))
	inputs, err := v.layers(q.Lo, q.Hi, true)
	if err != nil {
		return nil, err
	}
	return merge.Scan(ctx, inputs, q)
}

// Point is the newest point of a series.
type Point struct {
	Time  int64
	Value tablet.Column // one cell
	OK    bool          // there is one
}

// Last returns the newest point of each column of a device.
func (v *View) Last(ctx context.Context, device string, columns []tablet.Schema) ([]Point, error) {
	out := make([]Point, len(columns))
	if err := v.newest(ctx, device, columns, func(i int) *Point { return &out[i] }); err != nil {
		return nil, err
	}
	for i := range columns { // those that the newest row lacks
		if out[i].OK || len(columns) == 1 {
			continue
		}
		if err := v.newest(ctx, device, columns[i:i+1], func(int) *Point { return &out[i] }); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// newest takes the points of the newest row.
func (v *View) newest(ctx context.Context, device string, columns []tablet.Schema, at func(int) *Point) error {
	rows, err := v.Scan(ctx, merge.Query{Device: device, Columns: columns, Lo: math.MinInt64, Hi: math.MaxInt64, Desc: true, Rows: 1})
	if err != nil {
		return err
	}
	t, err := rows.Next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil || t.Rows() == 0 {
		return err
	}
	one := t.Slice(0, 1).Clone()
	for i := range one.Columns {
		if !one.Columns[i].Nulls.Get(0) {
			*at(i) = Point{Time: one.Times[0], Value: one.Columns[i], OK: true}
		}
	}
	return nil
}

// Inputs returns the layers that may have points within lo to hi, oldest first, with what
// is deleted in each. TTLs are not applied.
func (v *View) Inputs(lo, hi int64) ([]merge.Input, error) { return v.layers(lo, hi, false) }

// layers is Inputs. With bounds a scan looks for its device in a layer only when it gets
// there; its errors come then.
func (v *View) layers(lo, hi int64, bounds bool) ([]merge.Input, error) {
	out := make([]merge.Input, 0, len(v.sources))
	for i := range v.sources {
		src := &v.sources[i]
		if src.lo > hi || src.hi < lo || src.lo > src.hi {
			continue
		}
		if src.mem != nil {
			out = append(out, merge.Input{Mem: src.mem, Deleted: v.hides(v.deleted.After(src.clean).Within(src.lo, src.hi), nil)})
			continue
		}
		in, err := v.input(src)
		if err != nil {
			return nil, err
		}
		if bounds {
			in.Bounds = &merge.Range{Lo: src.lo, Hi: src.hi}
		}
		out = append(out, in)
	}
	return out, nil
}

// input opens a file of the view, once.
func (v *View) input(src *source) (merge.Input, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return merge.Input{}, errors.New("store: the view is closed")
	}
	if in, ok := v.inputs[src.layer]; ok {
		return in, nil
	}
	o, err := v.shelf.acquire(src.layer)
	if err != nil {
		return merge.Input{}, err
	}
	in := merge.Input{File: o.r, Deleted: v.hides(v.deleted.After(src.clean).Within(src.lo, src.hi), o)}
	v.inputs[src.layer] = in
	return in, nil
}

// Intact reports whether every point of a file, by its name, is there to be read: no
// deletion concerns it and no TTL or retention has ended it. What newer files have for the
// same times does not count.
func (v *View) Intact(name string) (bool, error) {
	i := slices.IndexFunc(v.sources, func(s source) bool { return s.layer != nil && s.layer.Name == name })
	if i < 0 {
		return false, nil
	}
	src := &v.sources[i]
	o, err := v.shelf.acquire(src.layer)
	if err != nil {
		return false, err
	}
	defer func() {
		v.shelf.release(src.layer)
		if v.forget {
			v.shelf.discard(src.layer)
		}
	}()
	hidden := v.hides(v.deleted.After(src.clean).Within(src.lo, src.hi), o)
	for d, err := range o.r.Devices() {
		if err != nil {
			return false, err
		}
		device := d.ID.String()
		if v.Bound(device) > src.lo {
			return false, nil
		}
		if hidden == nil {
			continue
		}
		for s, err := range o.r.Series(d) {
			if err != nil {
				return false, err
			}
			for _, r := range hidden(device, s.Name) {
				if r.Lo <= s.Stats.End && r.Hi >= s.Stats.Start {
					return false, nil
				}
			}
		}
	}
	return true, nil
}

// hides returns what deletions and the mods of a file take away; nil if there are none.
func (v *View) hides(set erase.Set, o *opened) func(device, measurement string) []merge.Range {
	if set.Len() == 0 && (o == nil || o.mods.Len() == 0 && len(o.early) == 0) && !v.expire {
		return nil
	}
	return func(device, measurement string) []merge.Range {
		out := set.Ranges(nil, device, measurement)
		if o != nil {
			out = o.ranges(out, device, measurement, func(before int64) int64 { return o.end(device, measurement, before) })
		}
		if v.expire {
			if b := v.Bound(device); b > math.MinInt64 {
				out = append(out, merge.Range{Lo: math.MinInt64, Hi: b - 1})
			}
		}
		return erase.Normalize(out)
	}
}

// ranges appends what the mods of a file take from a series. A deletion that concerns
// only chunks before an offset ends with the last time of these chunks, which end tells:
// chunks of a series follow each other in time.
func (o *opened) ranges(dst []merge.Range, device, measurement string, end func(before int64) int64) []merge.Range {
	dst = o.mods.Ranges(dst, device, measurement)
	for i := range o.early {
		m := &o.early[i]
		if !m.What.MatchSeries(device, measurement) {
			continue
		}
		if hi := min(m.Hi, end(m.before)); m.Lo <= hi {
			dst = append(dst, merge.Range{Lo: m.Lo, Hi: hi})
		}
	}
	return dst
}

// end returns the last time of the chunks of a series that begin before an offset. If
// that cannot be read, the scan that follows says why.
func (o *opened) end(device, measurement string, before int64) int64 {
	last := int64(math.MinInt64)
	id, err := o.r.DeviceID(device)
	if err != nil {
		return last
	}
	d, err := o.r.Device(id)
	if err != nil || d == nil {
		return last
	}
	s, err := o.r.Find(d, measurement)
	if err != nil || s == nil {
		return last
	}
	for i := range s.Chunks {
		if s.Chunks[i].Offset < before {
			last = max(last, s.Chunks[i].Stats.End)
		}
	}
	return last
}
