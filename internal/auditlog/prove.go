package auditlog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog/heads"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Proof shows to somebody who has nothing but the public key that a record stands
// in a log: the record, the signed head, and the hashes between the two.
type Proof struct {
	Head   string      `json:"head"` // signed note
	Index  int64       `json:"index"`
	Data   []byte      `json:"data"` // what is hashed: kind, index, check of the record before, entry
	Hashes []tlog.Hash `json:"hashes"`
	Keys   []string    `json:"keys,omitempty"` // changes of the key, signed by the ones before
}

// Growth shows that a log whose head is New begins with all that Old signs.
type Growth struct {
	Old    string      `json:"old"`
	New    string      `json:"new"`
	Hashes []tlog.Hash `json:"hashes"`
	Keys   []string    `json:"keys,omitempty"` // as in Proof
}

// walk calls each for every record of a tree, with the state before it. It stops
// with an error at the first fault: Verify says more.
func walk(ctx context.Context, fsys vfs.FS, dir string, start func(*frontier), each func(*frame) error) error {
	list, err := places(fsys, dir)
	if err != nil {
		return err
	}
	v := verification{fs: fsys, dir: dir}
	limits, err := v.limits(list)
	if err != nil {
		return err
	}
	n := int64(-1)
	for i, p := range list {
		s, err := openSegment(fsys, dir, p)
		if fromDisk(err) {
			return err
		}
		if err != nil {
			continue // without a header: nothing in it, or the next gap shows it
		}
		err = walkSegment(ctx, s, func(h *header) {
			if n < 0 {
				n = h.state.n
				start(&h.state.frontier)
			}
		}, func(f *frame) error {
			if f.kind != kindRecord || limits[i].n >= 0 && n >= limits[i].n {
				return nil
			}
			if f.index != n {
				return fmt.Errorf("record %d stands in the place of %d: verify the log", f.index, n)
			}
			n++
			return each(f)
		})
		s.close()
		if err != nil {
			return fmt.Errorf("segment %s: %w", p.name, err)
		}
	}
	return nil
}

func walkSegment(ctx context.Context, s *scanner, start func(*header), each func(*frame) error) error {
	start(&s.header)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := s.next()
		if err != nil {
			if err == io.EOF || !fromDisk(err) {
				return nil // unfinished, or the next gap shows it
			}
			return err
		}
		if err := each(&f); err != nil {
			return err
		}
	}
}

// hashes reads the stored hashes of a tree, as package tlog numbers them, in one
// pass over the records.
type hashes struct {
	ctx  context.Context
	fs   vfs.FS
	dir  string
	size int64
	also func(f *frame) // sees every record
}

// ReadHashes implements tlog.HashReader.
func (r *hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	want := make(map[int64]tlog.Hash, len(indexes))
	for _, i := range indexes {
		want[i] = tlog.Hash{}
	}
	found := 0
	made := func(level int, n int64, h tlog.Hash) {
		i := tlog.StoredHashIndex(level, n)
		if _, ok := want[i]; ok {
			want[i] = h
			found++
		}
	}
	var t frontier
	err := walk(r.ctx, r.fs, r.dir, func(f *frontier) {
		t = f.clone()
		t.each(made)
	}, func(f *frame) error {
		if t.n < r.size {
			if r.also != nil {
				r.also(f)
			}
			t.add(f.hash, made)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if found < len(want) {
		return nil, errors.New("auditlog: records that are needed for the proof are not kept any more")
	}
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		out[i] = want[at]
	}
	return out, nil
}

// lastHead returns the head file of a tree, with its signature checked, and the
// notes of its changes of the key.
func lastHead(fsys vfs.FS, dir, key string) (heads.Head, []string, error) {
	ring, broken, err := treeRing(fsys, dir, strings.Fields(key))
	if err = cmp.Or(err, broken); err != nil {
		return heads.Head{}, nil, err
	}
	var notes []string
	for _, s := range ring.Changes {
		notes = append(notes, s.Text)
	}
	h, err := readHead(fsys, dir, &ring)
	return h, notes, err
}

// proofRing are the keys of a proof, of which key must be one.
func proofRing(key string, notes []string) (heads.Ring, error) {
	return heads.RingOf(strings.Fields(key), "", notes)
}

// Prove makes the proof of a record of the last tree in an audit folder, under the
// last signed head. key is the public key as text.
func Prove(ctx context.Context, fsys vfs.FS, dir, key string, index int64) (*Proof, error) {
	dir, err := lastTree(fsys, dir)
	if err != nil {
		return nil, err
	}
	head, notes, err := lastHead(fsys, dir, key)
	if err != nil {
		return nil, fmt.Errorf("auditlog: %w", err)
	}
	if head.Size == 0 {
		return nil, errors.New("auditlog: no record is under a signed head yet")
	}
	if index < 0 || index >= head.Size {
		return nil, fmt.Errorf("auditlog: the last signed head covers records 0 to %d, not %d", head.Size-1, index)
	}
	p := &Proof{Head: string(head.Note), Keys: notes, Index: index}
	r := &hashes{ctx: ctx, fs: fsys, dir: dir, size: head.Size, also: func(f *frame) {
		if f.index == index {
			p.Data = append([]byte(nil), f.data...)
		}
	}}
	if head.Size == 1 { // no hash is needed: nobody would ask for one
		if _, err := r.ReadHashes(nil); err != nil {
			return nil, err
		}
	}
	if p.Hashes, err = tlog.ProveRecord(head.Size, index, r); err != nil {
		return nil, err
	}
	if p.Data == nil {
		return nil, fmt.Errorf("auditlog: record %d is not kept any more", index)
	}
	_, err = p.Check(key)
	return p, err
}

// Check verifies a proof with a public key and returns the entry it proves.
func (p *Proof) Check(key string) (audit.Entry, error) {
	ring, err := proofRing(key, p.Keys)
	if err != nil {
		return audit.Entry{}, err
	}
	head, err := ring.Parse([]byte(p.Head))
	if err != nil {
		return audit.Entry{}, err
	}
	if err := tlog.CheckRecord(p.Hashes, head.Size, head.Root, p.Index, tlog.RecordHash(p.Data)); err != nil {
		return audit.Entry{}, fmt.Errorf("auditlog: the record does not stand under this head: %w", err)
	}
	if len(p.Data) < dataHead || p.Data[0] != kindRecord {
		return audit.Entry{}, errFrame
	}
	return DecodeEntry(p.Data[dataHead:])
}

// ProveGrowth shows that the last tree begins with all that an older head signs.
func ProveGrowth(ctx context.Context, fsys vfs.FS, dir, key string, old []byte) (*Growth, error) {
	dir, err := lastTree(fsys, dir)
	if err != nil {
		return nil, err
	}
	head, notes, err := lastHead(fsys, dir, key)
	if err != nil {
		return nil, fmt.Errorf("auditlog: %w", err)
	}
	g := &Growth{Old: string(old), New: string(head.Note), Keys: notes}
	ring, err := proofRing(key, notes)
	if err != nil {
		return nil, err
	}
	before, err := ring.Parse(old)
	if err != nil {
		return nil, err
	}
	if before.Size > 0 && before.Size <= head.Size {
		r := &hashes{ctx: ctx, fs: fsys, dir: dir, size: head.Size}
		if g.Hashes, err = tlog.ProveTree(head.Size, before.Size, r); err != nil {
			return nil, err
		}
	}
	return g, g.Check(key)
}

// Check verifies that New continues Old, with nothing but the public key.
func (g *Growth) Check(key string) error {
	ring, err := proofRing(key, g.Keys)
	if err != nil {
		return err
	}
	before, err := ring.Parse([]byte(g.Old))
	if err != nil {
		return fmt.Errorf("the older head: %w", err)
	}
	after, err := ring.Parse([]byte(g.New))
	if err != nil {
		return fmt.Errorf("the newer head: %w", err)
	}
	switch {
	case before.Origin != after.Origin:
		return fmt.Errorf("auditlog: the heads are of two logs, %s and %s", before.Origin, after.Origin)
	case before.Size > after.Size:
		return fmt.Errorf("auditlog: the older head signs %d records, the newer %d: the log was put back", before.Size, after.Size)
	case before.Size == 0:
		return nil
	}
	if err := tlog.CheckTree(g.Hashes, after.Size, after.Root, before.Size, before.Root); err != nil {
		return fmt.Errorf("auditlog: the newer head does not continue the older one: %w", err)
	}
	return nil
}

func lastTree(fsys vfs.FS, dir string) (string, error) {
	known, err := trees(fsys, dir)
	if err != nil {
		return "", fmt.Errorf("auditlog: %w", err)
	}
	if len(known) == 0 {
		return "", fmt.Errorf("auditlog: %s holds no audit log", dir)
	}
	return treeDir(dir, known[len(known)-1]), nil
}

// PublicKey returns the key of the last tree that signs now, by what lies in its folder,
// and the last signed head as it stands there, unchecked.
func PublicKey(fsys vfs.FS, dir string) (key string, head []byte, err error) {
	tree, err := lastTree(fsys, dir)
	if err != nil {
		return "", nil, err
	}
	ring, broken, err := treeRing(fsys, tree, nil)
	if err = cmp.Or(err, broken); err != nil {
		return "", nil, fmt.Errorf("auditlog: %w", err)
	}
	head, err = vfs.ReadFile(fsys, headPath(tree), heads.MaxBytes)
	if err != nil {
		return "", nil, fmt.Errorf("auditlog: %w", err)
	}
	return ring.Last().Text, head, nil
}
