package adopt

import (
	"errors"
	"math"
	"slices"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// fewDevices is up to how many devices are looked up one by one; for more the whole
// index is read once.
const fewDevices = 64

// fileSliceBytes is the least part of a file for a slice: counts in a damaged file may
// claim any number of points.
const fileSliceBytes = 256

// Want is what a query asks of a file.
type Want struct {
	Devices map[string][]string // device in normal form -> measurements
	Hashes  map[uint64]struct{} // tablet.DeviceHash of the devices
	Lo, Hi  int64               // inclusive
	Bytes   int64               // about what a slice may take in memory
}

// Slice is a range of times, inclusive.
type Slice struct{ Lo, Hi int64 }

// Plan is what a file has of a Want. Slices ascend and do not overlap.
type Plan struct {
	Slices  []Slice
	files   *Files
	sealed  *event.Sealed
	devices []planned
}

// planned is a device of a plan.
type planned struct {
	path   string // in normal form
	id     tsfile.DeviceID
	names  []string // as the file spells them
	lo, hi int64
	cuts   []deleted
}

// deleted is a range of one series that the mods take away.
type deleted struct {
	name   string // in normal form
	lo, hi int64
}

// Bytes returns about what the plan takes in memory.
func (p *Plan) Bytes() int64 {
	n := int64(160 + 16*len(p.Slices))
	for i := range p.devices {
		d := &p.devices[i]
		n += int64(200 + 24*len(d.names) + 40*len(d.cuts))
	}
	return n
}

// Plan reads the index of a file; nil if it has nothing of what is wanted or cannot be
// read. The error is one of the disk.
func (f *Files) Plan(s *event.Sealed, w *Want) (*Plan, error) {
	part, _, ok := tsFile(s)
	if !ok {
		return nil, nil
	}
	sum, err := f.finished(s, part.Stored)
	if err != nil || !sum.mayHold(w.Hashes, w.Lo, w.Hi) {
		return nil, err
	}
	x, err := f.acquire(s)
	if err == nil {
		b := planner{x: x, w: w, odd: sum.odd, p: &Plan{files: f, sealed: s}}
		err = b.run()
		x.release()
		if err == nil && len(b.p.devices) > 0 {
			b.p.Slices = cut(b.extents, max(1, w.Bytes), 64+part.Length/fileSliceBytes)
			return b.p, nil
		}
	}
	return nil, f.tolerate(part.Stored, err)
}

// tolerate says once that a file is damaged; other errors come back.
func (f *Files) tolerate(stored string, err error) error {
	var u *unreadable
	if err == nil || !errors.As(err, &u) {
		return err
	}
	s := f.summary(stored)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.said {
		f.logger.Warn("a stored TsFile is damaged; some of its points are not seen by queries", "file", stored, "reason", u.err)
		s.said = true
	}
	return nil
}

// planner makes a plan.
type planner struct {
	x       *File
	w       *Want
	odd     bool
	p       *Plan
	extents []extent
}

func (b *planner) run() error {
	if len(b.w.Devices) <= fewDevices && !b.odd {
		for path, names := range b.w.Devices {
			id, err := b.x.r.DeviceID(path)
			if err != nil {
				return b.x.fault(err)
			}
			d, err := b.x.r.Device(id)
			if err != nil {
				return b.x.fault(err)
			}
			if d == nil {
				continue
			}
			if err := b.add(d, path, names); err != nil {
				return b.x.fault(err)
			}
		}
		return nil
	}
	for d, err := range b.x.r.Devices() {
		if err != nil {
			return b.x.fault(err)
		}
		path := d.ID.String()
		if b.odd {
			if n, err := tablet.Normalize(path); err == nil {
				path = n
			}
		}
		names, ok := b.w.Devices[path]
		if !ok {
			continue
		}
		if err := b.add(d, path, names); err != nil {
			return b.x.fault(err)
		}
	}
	return nil
}

// add takes the wanted series of a device into the plan.
func (b *planner) add(d *tsfile.Device, path string, names []string) error {
	p := planned{path: path, id: d.ID, lo: math.MaxInt64, hi: math.MinInt64}
	var wanted map[string]struct{}
	if len(names) > 8 {
		wanted = make(map[string]struct{}, len(names))
		for _, n := range names {
			wanted[n] = struct{}{}
		}
	}
	var clock *tsfile.Series
	for s, err := range b.x.r.Series(d) {
		if err != nil {
			return err
		}
		if s.Time {
			clock = s
			continue
		}
		name := s.Name
		if b.odd {
			if n, err := tablet.NormalizeMeasurement(name); err == nil {
				name = n
			}
		}
		if _, ok := wanted[name]; !ok && (wanted != nil || !slices.Contains(names, name)) {
			continue
		}
		if s.Stats.Count == 0 || s.Stats.End < b.w.Lo || s.Stats.Start > b.w.Hi {
			continue
		}
		p.names = append(p.names, s.Name)
		p.lo, p.hi = min(p.lo, s.Stats.Start), max(p.hi, s.Stats.End)
		b.extent(s)
		p.cuts = append(p.cuts, b.cuts(path, name, s, clock)...)
	}
	if len(p.names) > 0 {
		b.p.devices = append(b.p.devices, p)
	}
	return nil
}

// extent notes the chunks of a series.
func (b *planner) extent(s *tsfile.Series) {
	size := int64(10) // the time and the null bit, shared or not
	if w := s.Type.Width(); w > 0 {
		size += int64(w)
	} else {
		size += 48
	}
	for i := range s.Chunks {
		st := &s.Chunks[i].Stats
		if lo, hi := max(st.Start, b.w.Lo), min(st.End, b.w.Hi); st.Count > 0 && lo <= hi {
			b.extents = append(b.extents, extent{lo: lo, hi: hi, bytes: size * int64(st.Count)})
		}
	}
}

// cuts returns what the mods delete of a series. A deletion that concerns only chunks
// before an offset ends with the last time of these chunks: chunks of a series follow
// each other in time.
func (b *planner) cuts(path, name string, s, clock *tsfile.Series) []deleted {
	var out []deleted
	for i := range b.x.mods {
		m := &b.x.mods[i]
		if m.hi < s.Stats.Start || m.lo > s.Stats.End || !m.pattern.MatchSeries(path, name) {
			continue
		}
		d := deleted{name: name, lo: m.lo, hi: m.hi}
		chunks := s.Chunks
		if clock != nil {
			chunks = clock.Chunks
		}
		last := int64(math.MinInt64)
		all := true
		for j := range chunks {
			if chunks[j].Offset < m.before {
				last = max(last, chunks[j].Stats.End)
			} else {
				all = false
			}
		}
		if !all {
			d.hi = min(d.hi, last)
		}
		if d.lo <= d.hi {
			out = append(out, d)
		}
	}
	return out
}

// extent is some points that lie evenly between two times, as far as is known.
type extent struct {
	lo, hi int64
	bytes  int64
}

// cut divides the times of the extents into slices of about the given size, or larger
// ones if they were more than most.
func cut(list []extent, size, most int64) []Slice {
	total, lo, hi := int64(0), int64(math.MaxInt64), int64(math.MinInt64)
	for i := range list {
		total += list[i].bytes
		lo, hi = min(lo, list[i].lo), max(hi, list[i].hi)
	}
	if len(list) == 0 {
		return nil
	}
	if total <= size {
		return []Slice{{lo, hi}}
	}
	size = max(size, total/most)
	grain := max(1, size/8)
	fine := make([]extent, 0, len(list))
	for i := range list {
		fine = list[i].divide(fine, grain)
	}
	slices.SortFunc(fine, func(a, b extent) int {
		switch {
		case a.lo < b.lo:
			return -1
		case a.lo > b.lo:
			return 1
		}
		return 0
	})
	out := []Slice{{lo, hi}}
	sum := int64(0)
	for i := range fine {
		if last := &out[len(out)-1]; sum >= size && fine[i].lo > last.Lo {
			last.Hi = fine[i].lo - 1
			out = append(out, Slice{fine[i].lo, hi})
			sum = 0
		}
		sum += fine[i].bytes
	}
	return out
}

// divide appends parts of about the given size.
func (e extent) divide(out []extent, size int64) []extent {
	span := uint64(e.hi) - uint64(e.lo)
	n := uint64(min((e.bytes+size-1)/size, 1<<20))
	n = max(1, min(n, span))
	step := span / n
	for i := range n {
		part := extent{lo: int64(uint64(e.lo) + i*step), hi: e.hi, bytes: e.bytes / int64(n)}
		if i+1 < n {
			part.hi = int64(uint64(e.lo) + (i+1)*step - 1)
		}
		out = append(out, part)
	}
	return out
}
