package vfs

import "time"

// node is a file (entries nil) or a directory of Mem.
type node struct {
	data    []byte
	changes []change // of the content, since the oldest one that is not certain
	entries map[string]*node
	links   int
	mod     time.Time
}

// fate says what a crash may do to a change.
type fate uint8

const (
	unsynced fate = iota // may be lost, whole or in part
	doubtful             // the same, for ever: a Sync after it failed
	synced               // survives; kept in the list only because a doubtful one precedes it
)

// change is one write or truncation of a file, with what undoes it. All sizes
// and offsets are bytes.
type change struct {
	fate    fate
	cut     bool   // truncation to off; else a write of data at off
	off     int64  // where
	data    []byte // what was written
	old     []byte // what it replaced: for a cut, the bytes after off
	oldSize int64  // length before
}

// nameSet is one assignment in a directory; n nil removes the name.
type nameSet struct {
	dir  *node
	name string
	n    *node
}

// nameChange is a set of assignments that survive a crash together or not at all.
type nameChange struct {
	sets []nameSet
	old  []*node // what the names meant before, by set
	kept bool    // a SyncDir of one of the directories has covered it
}

func newDir() *node { return &node{entries: map[string]*node{}} }

func (c *nameChange) touches(dir *node) bool {
	for _, s := range c.sets {
		if s.dir == dir {
			return true
		}
	}
	return false
}

// nameLog is the changes of directories since the oldest one that is not certain.
type nameLog struct{ list []*nameChange }

// change applies assignments and remembers them until they are certain.
func (l *nameLog) change(sets ...nameSet) {
	c := &nameChange{sets: sets}
	for _, s := range sets {
		old := s.dir.entries[s.name]
		c.old = append(c.old, old)
		assign(s.dir, s.name, s.n)
		if s.n != nil {
			s.n.links++
		}
		if old != nil {
			old.links--
		}
	}
	l.list = append(l.list, c)
}

func assign(dir *node, name string, n *node) {
	if n == nil {
		delete(dir.entries, name)
	} else {
		dir.entries[name] = n
	}
}

// keep makes the newest change certain.
func (l *nameLog) keep() { l.list[len(l.list)-1].kept = true }

// sync makes the changes of a directory certain.
func (l *nameLog) sync(dir *node) {
	for _, c := range l.list {
		c.kept = c.kept || c.touches(dir)
	}
	l.prune()
}

// prune forgets the certain changes at the front of the list.
func (l *nameLog) prune() {
	i := 0
	for i < len(l.list) && l.list[i].kept {
		i++
	}
	l.list = l.list[i:]
}

// write puts b at off, growing the file with zeros before it if needed.
func (n *node) write(off int64, b []byte) {
	size := int64(len(n.data))
	c := change{off: off, data: append([]byte(nil), b...), oldSize: size}
	if off < size {
		c.old = append([]byte(nil), n.data[off:min(size, off+int64(len(b)))]...)
	}
	n.changes = append(n.changes, c)
	n.data = c.apply(n.data)
}

// truncate sets the length and returns the bytes that became free (negative if
// the file grew).
func (n *node) truncate(to int64) int64 {
	size := int64(len(n.data))
	c := change{cut: true, off: to, oldSize: size}
	if to < size {
		c.old = append([]byte(nil), n.data[to:]...)
	}
	n.changes = append(n.changes, c)
	n.data = c.apply(n.data)
	return size - to
}

// sync settles the changes so far. After a failed one they are doubtful for ever,
// and later certain ones stay in the list so that they are replayed over them.
func (n *node) sync(ok bool) {
	clean := true
	for i := range n.changes {
		c := &n.changes[i]
		if c.fate == unsynced {
			c.fate = doubtful
			if ok {
				c.fate = synced
			}
		}
		clean = clean && c.fate == synced
	}
	if clean {
		n.changes = nil
	}
}

// apply does a change to a content and returns the new one.
func (c *change) apply(data []byte) []byte {
	if c.cut {
		return resize(data, c.off)
	}
	if end := c.off + int64(len(c.data)); end > int64(len(data)) {
		data = resize(data, end)
	}
	copy(data[c.off:], c.data)
	return data
}

// undo reverts a change.
func (c *change) undo(data []byte) []byte {
	data = resize(data, c.oldSize)
	copy(data[min(c.off, c.oldSize):], c.old)
	return data
}

// resize cuts or zero-extends, with room to grow.
func resize(data []byte, size int64) []byte {
	if size <= int64(len(data)) {
		return data[:size]
	}
	n := len(data)
	if int64(cap(data)) < size {
		grown := make([]byte, n, max(size, int64(2*cap(data))))
		copy(grown, data)
		data = grown
	}
	data = data[:size]
	clear(data[n:])
	return data
}
