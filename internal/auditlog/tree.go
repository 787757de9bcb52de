package auditlog

import (
	"crypto/sha256"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// frontier is a Merkle tree of which only the right edge is kept: the hashes of the
// perfect subtrees that its n records divide into, the largest first. There is one
// for every bit that is set in n. Adding a record and computing the root need
// nothing else.
type frontier struct {
	n      int64
	hashes []tlog.Hash
}

// add appends a record's hash. made, if not nil, is called for every subtree that
// became complete, the record itself included: level 0 is a record, index counts
// the subtrees of that level.
func (f *frontier) add(h tlog.Hash, made func(level int, index int64, h tlog.Hash)) {
	if made != nil {
		made(0, f.n, h)
	}
	for level := 0; f.n>>level&1 == 1; level++ {
		last := len(f.hashes) - 1
		h = tlog.NodeHash(f.hashes[last], h)
		f.hashes = f.hashes[:last]
		if made != nil {
			made(level+1, f.n>>(level+1), h)
		}
	}
	f.hashes = append(f.hashes, h)
	f.n++
}

// root is the hash of the whole tree.
func (f *frontier) root() tlog.Hash {
	if f.n == 0 {
		return sha256.Sum256(nil)
	}
	h := f.hashes[len(f.hashes)-1]
	for i := len(f.hashes) - 2; i >= 0; i-- {
		h = tlog.NodeHash(f.hashes[i], h)
	}
	return h
}

func (f *frontier) clone() frontier { return frontier{n: f.n, hashes: slices.Clone(f.hashes)} }

// each calls made for the subtrees the frontier consists of.
func (f *frontier) each(made func(level int, index int64, h tlog.Hash)) {
	i, at := 0, int64(0)
	for level := 62; level >= 0; level-- {
		if f.n>>level&1 == 1 {
			made(level, at>>level, f.hashes[i])
			at += 1 << level
			i++
		}
	}
}

// edges is how many hashes a frontier of n records has.
func edges(n int64) int { return bits.OnesCount64(uint64(n)) }

// check is the short form of a hash that stands in front of a record and in the
// record behind it.
type check [8]byte

func checkOf(h tlog.Hash) check { return check(h[:8]) }

// state is all that is needed to go on after a record.
type state struct {
	frontier
	prev check // of the last record
}

func (s *state) clone() state { return state{s.frontier.clone(), s.prev} }
