package store

import (
	"slices"
	"time"

	"github.com/sluice-gateway/sluice/internal/store/manifest"
)

// Numbers of the choice of files to merge.
const (
	leastInputs  = 4         // files of about one size that are worth a merge
	firstTier    = 128 << 10 // bytes below which files count as of one size; each tier is four times as large
	largestInput = 1 << 30   // bytes of a file that is merged no more
	fewParts     = 8         // partitions of a long file that is cut whatever its size,
	leastPart    = 32 << 10  // or bytes for each of its partitions
	longInputs   = 4         // times Compaction.Inputs: files of a merge of long files
	restTime     = 10 * time.Minute
)

// task is files that become one, or one for each of several partitions.
type task struct {
	run         []*layer // oldest first
	first, last int64    // partitions; equal: all goes to one file
	view        *View    // of the files
}

// flags returns those of the outputs. What is made of a single file keeps its place among
// those of the same records, whatever else is merged.
func (t *task) flags() manifest.Flags {
	if len(t.run) == 1 {
		return t.run[0].Flags&(manifest.Merged|manifest.Late) | manifest.Rewritten
	}
	return manifest.Merged
}

// rest keeps files, nil: all, out of merges until a time.
func (s merger) rest(list []*layer, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if list == nil {
		list = s.layers
	}
	for _, l := range list {
		l.resting = until
	}
}

// run is files, in the order of layers, that may become one, and their times.
//
// The file that they become stands in the place of the newest of them. So a file that
// lies between two of them and stays must not overlap those before it, and must not end
// with the same record as one behind it: the order of such files is that of their first
// records, and the merged file has another one.
type run struct {
	list   []*layer
	lo, hi int64
	passed uint64 // last record of the newest file that was passed over
}

func (r *run) add(l *layer) {
	if len(r.list) == 0 {
		r.lo, r.hi = l.Lo, l.Hi
	}
	r.list = append(r.list, l)
	r.lo, r.hi = min(r.lo, l.Lo), max(r.hi, l.Hi)
}

func (r *run) overlaps(l *layer) bool { return len(r.list) > 0 && r.lo <= l.Hi && l.Lo <= r.hi }

// pick returns what to do next; nil if there is nothing. The caller closes its view.
func (s merger) pick(all bool) *task {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ready []*layer // something older may still come to the others
	for _, l := range s.layers {
		if l.To > s.flushed {
			break
		}
		if l.Lo <= l.Hi {
			ready = append(ready, l)
		}
	}
	now := time.Now()
	runs := s.runs(ready, now)
	best := s.similar(runs)
	if all {
		best = s.whole(runs)
	}
	t := &task{run: best}
	if best == nil {
		t.first, t.last, t.run = s.long(ready, now, all)
	}
	if best == nil && t.run == nil {
		t.run = s.gathered(ready, now)
	}
	if t.run == nil {
		return nil
	}
	if t.first == t.last {
		t.first = s.cfg.partition(t.run[0].Lo)
		t.last = t.first
	}
	t.view = s.viewOf(t.run)
	t.view.expire = true
	return t
}

// runs returns the runs of each partition. A file that belongs to none, because it is
// large, reaches over several partitions or rests, divides those that it overlaps.
func (s merger) runs(ready []*layer, now time.Time) []*run {
	open := map[int64]*run{}
	var done []*run
	for _, l := range ready {
		from, to := s.cfg.partition(l.Lo), s.cfg.partition(l.Hi)
		if from == to && l.Bytes < largestInput && now.After(l.resting) {
			if r := open[from]; r == nil || r.passed == l.To {
				if r != nil {
					done = append(done, r)
				}
				open[from] = &run{}
			}
			open[from].add(l)
			continue
		}
		for p, r := range open {
			if r.overlaps(l) {
				done = append(done, r)
				delete(open, p)
			}
			r.passed = l.To
		}
	}
	for _, r := range open {
		done = append(done, r)
	}
	slices.SortFunc(done, func(a, b *run) int { return manifest.Compare(a.list[0].File, b.list[0].File) })
	return done
}

// whole returns the first files of a run that can become one; a file alone only if it is
// to be written anew.
func (s merger) whole(runs []*run) []*layer {
	for _, r := range runs {
		if n := min(len(r.list), s.cfg.Compaction.Inputs); n > 1 {
			return r.list[:n]
		}
		if s.cfg.Compaction.Recompress && r.list[0].Flags&(manifest.Merged|manifest.Rewritten) == 0 {
			return r.list
		}
	}
	return nil
}

// similar returns files of a run that are smaller than a tier and follow each other, if
// there are enough; the smallest tier first.
func (s merger) similar(runs []*run) []*layer {
	most := s.cfg.Compaction.Inputs
	for tier := int64(firstTier); tier <= largestInput; tier *= 4 {
		for _, r := range runs {
			for i := 0; i < len(r.list); {
				j := i
				for j < len(r.list) && r.list[j].Bytes < tier && j-i < most {
					j++
				}
				if j-i >= leastInputs || j-i == most && most > 1 {
					return r.list[i:j]
				}
				i = max(j, i+1)
			}
		}
	}
	return nil
}

// parts returns over how many partitions a file reaches, less one.
func (s merger) parts(l *layer) uint64 {
	return uint64(s.cfg.partition(l.Hi)) - uint64(s.cfg.partition(l.Lo))
}

// long returns a file to be cut into one for each of its partitions, because it keeps
// others from being merged. One with too little in a partition is not cut.
func (s merger) long(ready []*layer, now time.Time, all bool) (first, last int64, list []*layer) {
	enough := leastInputs - 1
	if all {
		enough = 1
	}
	for i, l := range ready {
		n := s.parts(l)
		if n == 0 || n >= fewParts && uint64(l.Bytes)/leastPart <= n || !now.After(l.resting) {
			continue
		}
		beside := 0
		for _, o := range ready {
			if o != l && o.Lo <= l.Hi && l.Lo <= o.Hi {
				beside++
			}
		}
		if beside >= enough {
			return s.cfg.partition(l.Lo), s.cfg.partition(l.Hi), ready[i : i+1 : i+1]
		}
	}
	return 0, 0, nil
}

// gathered returns long files of about one size, and small ones between them, that are to
// become one, which may later be large enough to be cut.
func (s merger) gathered(ready []*layer, now time.Time) []*layer {
	for tier := int64(firstTier); tier <= largestInput; tier *= 4 {
		fits := func(l *layer) bool { return l.Bytes < tier && now.After(l.resting) }
		for i, l := range ready {
			if s.parts(l) == 0 || !fits(l) {
				continue
			}
			r := &run{}
			r.add(l)
			end := 1 // behind the last long file
			for _, o := range ready[i+1:] {
				if s.parts(o) == 0 && !r.overlaps(o) {
					r.passed = o.To
					continue
				}
				if !fits(o) || r.passed == o.To || len(r.list) == longInputs*s.cfg.Compaction.Inputs {
					break
				}
				r.add(o)
				if s.parts(o) > 0 {
					end = len(r.list)
				}
			}
			if end >= leastInputs {
				return r.list[:end]
			}
		}
	}
	return nil
}
