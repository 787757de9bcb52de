package commitlog

const (
	blockBytes = 64 << 10 // a block is closed when it has this many bytes
	blockKeys  = 8        // keys a block can name
)

// Flags of an extent.
const (
	flagUntimed = 1 << iota // a record without event times is in it
	flagAnyKey              // a record with key 0, or more keys than it can name
	flagDamaged             // a part could not be read: it matches everything
	extentFlags = 1<<iota - 1
)

// extent says which labels occur in a run of records.
type extent struct {
	lo, hi int64 // event times of the records that have some; lo > hi = none has
	kinds  uint64
	flags  uint8
	nkeys  uint8
	keys   [blockKeys]uint64
}

func emptyExtent() extent { return extent{lo: 1, hi: 0} }

// add takes a record's label in.
func (x *extent) add(l *Label) {
	x.kinds |= 1 << l.Kind
	if l.Lo > l.Hi {
		x.flags |= flagUntimed
	} else {
		x.span(l.Lo, l.Hi)
	}
	x.key(l.Key)
}

func (x *extent) span(lo, hi int64) {
	if x.lo > x.hi {
		x.lo, x.hi = lo, hi
		return
	}
	x.lo, x.hi = min(x.lo, lo), max(x.hi, hi)
}

func (x *extent) key(k uint64) {
	if x.flags&flagAnyKey != 0 {
		return
	}
	for _, have := range x.keys[:x.nkeys] {
		if have == k {
			return
		}
	}
	if k == 0 || x.nkeys == blockKeys {
		x.flags |= flagAnyKey
		x.nkeys, x.keys = 0, [blockKeys]uint64{}
		return
	}
	x.keys[x.nkeys] = k
	x.nkeys++
}

// merge takes another extent in.
func (x *extent) merge(y *extent) {
	x.kinds |= y.kinds
	if y.lo <= y.hi {
		x.span(y.lo, y.hi)
	}
	if y.flags&flagAnyKey != 0 {
		x.key(0)
	}
	x.flags |= y.flags
	for _, k := range y.keys[:y.nkeys] {
		x.key(k)
	}
}

// block is one entry of the sparse index: a run of records of about 64 KiB.
type block struct {
	off   int64  // of its first record in the segment file
	first uint64 // position of its first record
	extent
}

// index is the sparse index of one segment. Closed blocks never change, so a
// reader may keep a slice of them while more are appended.
type index struct {
	blocks []block
	open   block // the one being filled, if used
	used   bool
	bytes  int64 // in the open block
}

// add takes the record at off in.
func (ix *index) add(off int64, h *header) {
	ix.start(off, h.pos)
	ix.open.add(&h.Label)
	ix.bytes += h.size()
	if ix.bytes >= blockBytes {
		ix.cut()
	}
}

// damage says that the bytes from off on, where pos was expected, are unreadable.
func (ix *index) damage(off int64, pos uint64) {
	ix.start(off, pos)
	ix.open.flags |= flagDamaged
}

func (ix *index) start(off int64, pos uint64) {
	if ix.used {
		return
	}
	ix.open = block{off: off, first: pos, extent: emptyExtent()}
	ix.used = true
}

// cut closes the open block.
func (ix *index) cut() {
	if ix.used {
		ix.blocks = append(ix.blocks, ix.open)
	}
	ix.open, ix.used, ix.bytes = block{}, false, 0
}

// snapshot returns all blocks, the open one included, for reading.
func (ix *index) snapshot() []block {
	n := len(ix.blocks)
	if !ix.used {
		return ix.blocks[:n:n]
	}
	return append(ix.blocks[:n:n], ix.open)
}

// total is the extent of all blocks.
func (ix *index) total() extent {
	x := emptyExtent()
	for i := range ix.blocks {
		x.merge(&ix.blocks[i].extent)
	}
	if ix.used {
		x.merge(&ix.open.extent)
	}
	return x
}

// seek returns where to start reading for a position: the offset and the
// position of the block that holds it. Blocks must not be empty.
func seek(blocks []block, pos uint64) (off int64, first uint64) {
	lo, hi := 0, len(blocks)
	for lo+1 < hi {
		if mid := (lo + hi) / 2; blocks[mid].first <= pos {
			lo = mid
		} else {
			hi = mid
		}
	}
	return blocks[lo].off, blocks[lo].first
}
