package vfs

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// CrashClone returns what a machine that stopped now could find after its
// restart: all that was synced, and of the rest a share chosen by the seed.
// share 0 keeps nothing of the rest, 1 all of it. In between each unsynced write
// is kept whole with that probability, else dropped or torn: some run of its
// bytes is there and the others are what was there before (zeros beyond the
// old end). Unsynced names are kept or not one by one, a rename as a whole.
//
// The clone has no locks, faults or open files. The original is not changed and
// goes on; files open on it never reach the clone.
func (m *Mem) CrashClone(seed uint64, share float64) *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := &cloner{
		rng:   rand.New(rand.NewPCG(seed, 0x637261736878)),
		share: share,
		made:  map[*node]*node{},
		dirs:  map[*node]map[string]*node{},
	}
	c.namesOf(m)
	clone := NewMem(seed)
	clone.root = c.node(m.root)
	clone.now = m.now
	return clone
}

// cloner builds a crash clone.
type cloner struct {
	rng   *rand.Rand
	share float64
	made  map[*node]*node            // by original
	dirs  map[*node]map[string]*node // names after the crash, of directories with uncertain ones
}

// namesOf settles which of the uncertain names are there.
func (c *cloner) namesOf(m *Mem) {
	table := func(dir *node) map[string]*node {
		t := c.dirs[dir]
		if t == nil {
			t = map[string]*node{}
			for name, n := range dir.entries {
				t[name] = n
			}
			c.dirs[dir] = t
		}
		return t
	}
	set := func(dir *node, name string, n *node) {
		if t := table(dir); n == nil {
			delete(t, name)
		} else {
			t[name] = n
		}
	}
	for i := len(m.names.list) - 1; i >= 0; i-- {
		ch := m.names.list[i]
		for j := len(ch.sets) - 1; j >= 0; j-- {
			set(ch.sets[j].dir, ch.sets[j].name, ch.old[j])
		}
	}
	for _, ch := range m.names.list {
		if ch.kept || c.rng.Float64() < c.share {
			for _, s := range ch.sets {
				set(s.dir, s.name, s.n)
			}
		}
	}
}

// node clones a node with what survives of it.
func (c *cloner) node(n *node) *node {
	if done := c.made[n]; done != nil {
		done.links++
		return done
	}
	out := &node{mod: n.mod, links: 1}
	c.made[n] = out
	if n.entries == nil {
		out.data = c.content(n)
		return out
	}
	names := c.dirs[n]
	if names == nil {
		names = n.entries
	}
	out.entries = make(map[string]*node, len(names))
	for _, name := range slices.Sorted(maps.Keys(names)) {
		out.entries[name] = c.node(names[name])
	}
	return out
}

// content undoes the uncertain changes and does those that survive again.
func (c *cloner) content(n *node) []byte {
	data := append([]byte(nil), n.data...)
	for i := len(n.changes) - 1; i >= 0; i-- {
		data = n.changes[i].undo(data)
	}
	for i := range n.changes {
		ch := &n.changes[i]
		switch {
		case ch.fate == synced || c.rng.Float64() < c.share:
			data = ch.apply(data)
		case ch.cut || c.share <= 0 || len(ch.data) == 0 || c.rng.IntN(2) == 0:
			// lost
		default:
			from := c.rng.IntN(len(ch.data))
			if c.rng.IntN(2) == 0 {
				from = 0 // a torn write most often keeps its front
			}
			to := from + 1 + c.rng.IntN(len(ch.data)-from)
			part := change{off: ch.off + int64(from), data: ch.data[from:to]}
			data = part.apply(data)
		}
	}
	return data
}
