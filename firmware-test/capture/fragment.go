package capture

import (
	"net/netip"
	"slices"
)

// Bounds of the reassembly of IP fragments.
const (
	MaxFragmentSets   = 256     // packets being put together at the same time
	MaxFragmentPacket = 1 << 16 // bytes of one packet
	FragmentTimeout   = 30e9    // nanoseconds of capture time
)

// FragmentStats counts what became of fragments.
type FragmentStats struct {
	Fragments  int64 `json:"fragments"`
	Rebuilt    int64 `json:"rebuilt"`
	Incomplete int64 `json:"incomplete"` // packets of which a part never came
	Conflicts  int64 `json:"conflicts"`  // overlaps with different bytes
}

// Plus returns the sums of both.
func (a FragmentStats) Plus(b FragmentStats) FragmentStats {
	return FragmentStats{a.Fragments + b.Fragments, a.Rebuilt + b.Rebuilt, a.Incomplete + b.Incomplete, a.Conflicts + b.Conflicts}
}

type fragmentKey struct {
	src, dst netip.Addr
	id       uint32
	proto    uint8
	cable    int
}

type fragmentSet struct {
	data  []byte
	have  []span
	total int // -1 until the last fragment came
	since int64
}

type span struct{ from, to int }

// Fragments puts fragmented IP packets together. The zero value is ready.
type Fragments struct {
	sets  map[fragmentKey]*fragmentSet
	Stats FragmentStats
}

// Add takes a fragment. When it completes its packet, Add fills ip as if the
// packet had never been cut up, and returns true; the payload is then the
// caller's. conflict says that this fragment overlaps another one and differs.
func (f *Fragments) Add(cable int, now int64, ip *IP) (whole, conflict bool) {
	f.Stats.Fragments++
	f.expire(now)
	if f.sets == nil {
		f.sets = map[fragmentKey]*fragmentSet{}
	}
	key := fragmentKey{ip.Src, ip.Dst, ip.ID, ip.Proto, cable}
	set := f.sets[key]
	if set == nil {
		if len(f.sets) >= MaxFragmentSets {
			f.dropOldest()
		}
		set = &fragmentSet{total: -1, since: now}
		f.sets[key] = set
	}
	from, to := ip.Offset, ip.Offset+len(ip.Payload)
	if to > MaxFragmentPacket || ip.Missing > 0 {
		delete(f.sets, key)
		f.Stats.Incomplete++
		return false, false
	}
	conflict = set.add(from, to, ip.Payload)
	if conflict {
		f.Stats.Conflicts++
	}
	if !ip.More {
		set.total = to
	}
	if set.total < 0 || len(set.have) != 1 || set.have[0] != (span{0, set.total}) {
		return false, conflict
	}
	delete(f.sets, key)
	f.Stats.Rebuilt++
	ip.Payload, ip.Offset, ip.More = set.data[:set.total], 0, false
	return true, conflict
}

// add stores bytes; the first copy of a byte wins. It reports a difference.
func (s *fragmentSet) add(from, to int, b []byte) (conflict bool) {
	if need := to - len(s.data); need > 0 {
		s.data = append(s.data, make([]byte, need)...)
	}
	fresh := []span{{from, to}}
	for _, h := range s.have {
		lo, hi := max(h.from, from), min(h.to, to)
		if lo >= hi {
			continue
		}
		if !slices.Equal(s.data[lo:hi], b[lo-from:hi-from]) {
			conflict = true
		}
		fresh = subtract(fresh, h)
	}
	for _, p := range fresh {
		copy(s.data[p.from:p.to], b[p.from-from:p.to-from])
	}
	s.have = join(append(s.have, span{from, to}))
	return conflict
}

func subtract(list []span, h span) []span {
	var out []span
	for _, p := range list {
		if lo := (span{p.from, min(p.to, h.from)}); lo.from < lo.to {
			out = append(out, lo)
		}
		if hi := (span{max(p.from, h.to), p.to}); hi.from < hi.to {
			out = append(out, hi)
		}
	}
	return out
}

func join(list []span) []span {
	slices.SortFunc(list, func(a, b span) int { return a.from - b.from })
	out := list[:1]
	for _, p := range list[1:] {
		if last := &out[len(out)-1]; p.from <= last.to {
			last.to = max(last.to, p.to)
		} else {
			out = append(out, p)
		}
	}
	return out
}

func (f *Fragments) expire(now int64) {
	for k, s := range f.sets {
		if now-s.since > FragmentTimeout {
			delete(f.sets, k)
			f.Stats.Incomplete++
		}
	}
}

func (f *Fragments) dropOldest() {
	var oldest fragmentKey
	since := int64(1<<63 - 1)
	for k, s := range f.sets {
		if s.since < since {
			oldest, since = k, s.since
		}
	}
	delete(f.sets, oldest)
	f.Stats.Incomplete++
}

// Finish counts what is still incomplete at the end of the capture.
func (f *Fragments) Finish() {
	f.Stats.Incomplete += int64(len(f.sets))
	clear(f.sets)
}
