package store

import (
	"io"
	"sync"
)

// Sizes of a near.
const (
	nearAhead = 32 << 10 // is read at once where reads follow each other
	nearSmall = 4 << 10  // larger reads are not looked at
	nearPlace = 4        // where reads may follow each other: index nodes, index entries, chunks
)

// near reads a file that does not change. Devices that are asked for in the order of the
// file have small pieces that lie side by side in a few places: a small read close
// behind another one reads ahead. It holds at most nearPlace times nearAhead bytes.
type near struct {
	f    io.ReaderAt
	size int64

	mu     sync.Mutex
	places [nearPlace]place
	clock  uint64
}

// place is the last bytes read somewhere.
type place struct {
	off  int64
	b    []byte // nil: they were handed out only, up to end
	end  int64
	used uint64
}

// ReadAt implements io.ReaderAt.
func (n *near) ReadAt(p []byte, off int64) (int, error) {
	end := off + int64(len(p))
	if len(p) > nearSmall || off < 0 || end > n.size {
		return n.f.ReadAt(p, off)
	}
	ahead, done := n.look(p, off)
	if done {
		return len(p), nil
	}
	if !ahead {
		return n.f.ReadAt(p, off)
	}
	b := make([]byte, min(nearAhead, n.size-off))
	if _, err := n.f.ReadAt(b, off); err != nil && err != io.EOF {
		return n.f.ReadAt(p, off)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.put(place{off: off, b: b, end: off + int64(len(b))})
	return copy(p, b), nil
}

// look fills p if its bytes are there, or says whether it is worth reading ahead.
func (n *near) look(p []byte, off int64) (ahead, done bool) {
	end := off + int64(len(p))
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range n.places {
		a := &n.places[i]
		if off < a.off || off > a.end+nearSmall || a.end == 0 {
			continue
		}
		if a.b != nil && end <= a.end {
			n.clock++
			a.used = n.clock
			copy(p, a.b[off-a.off:])
			return false, true
		}
		ahead = true
	}
	if !ahead {
		n.put(place{off: off, end: end})
	}
	return ahead, false
}

// put remembers a place instead of the one that it goes on from, or of the one that was
// not used for longest. mu is held.
func (n *near) put(a place) {
	at := 0
	for i := range n.places {
		if o := &n.places[i]; o.end > 0 && a.off >= o.off && a.off <= o.end+nearSmall {
			at = i
			break
		}
		if n.places[i].used < n.places[at].used {
			at = i
		}
	}
	n.clock++
	a.used = n.clock
	n.places[at] = a
}
