package auditlog

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/auditlog/heads"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Open opens the audit log of a gateway, or makes one. What a crash left unfinished
// behind the last record is passed over. A tree that cannot be continued (what its
// signed head covers is not all there, or not what was signed) is left as it is and
// a new one is begun beside it; Found says so.
func Open(cfg Config) (*Log, error) {
	cfg = cfg.withDefaults()
	if err := cfg.FS.MkdirAll(cfg.Dir); err != nil {
		return nil, fmt.Errorf("auditlog: %w", err)
	}
	lock, err := cfg.FS.Lock(path.Join(cfg.Dir, "LOCK"))
	if err != nil {
		return nil, fmt.Errorf("auditlog: %w", err)
	}
	l, err := open(cfg)
	if err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("auditlog: %w", err)
	}
	l.lock = lock
	go l.w.run()
	go l.w.keeper.run()
	l.w.keeper.look()
	return l, nil
}

func open(cfg Config) (*Log, error) {
	ring, err := heads.RingOf(nil, cfg.Public, nil)
	if err != nil {
		return nil, err
	}
	known, err := trees(cfg.FS, cfg.Dir)
	if err != nil {
		return nil, err
	}
	l := &Log{cfg: cfg, began: time.Now(), thin: thinner{singly: cfg.Singly, keys: map[thinKey]*tally{}}}
	l.room.L = &l.mu
	k, at := 1, resumed{}
	if len(known) > 0 {
		k = known[len(known)-1]
		if ring, err = ownRing(cfg, treeDir(cfg.Dir, k)); err != nil {
			return nil, err
		}
		at, err = resume(cfg.FS, treeDir(cfg.Dir, k), &ring)
		if err != nil {
			return nil, err
		}
		if at.damage != nil {
			l.found.Damage, l.found.Before = at.damage, string(at.head.Note)
			at = resumed{damage: at.damage}
			ring.Changes = nil
			k++
		}
	}
	dir := treeDir(cfg.Dir, k)
	if err := prepare(cfg, dir, len(ring.Changes) > 0); err != nil {
		return nil, err
	}
	if at.id == (ID{}) {
		if at.id, err = plant(cfg, dir); err != nil {
			return nil, err
		}
		l.found.New = true
	}
	l.id, l.tail = at.id, at.state
	l.found.Clean, l.found.Last, l.found.Records, l.found.Dropped, l.found.Size = at.clean, at.last, at.state.n, at.dropped, at.size
	l.w = newWriter(l, dir, at.state.clone(), at.number)
	l.w.loose = at.dropped > 0
	if at.state.n == 0 { // else what was found is signed at once
		l.w.times.sign = time.Now()
	}
	l.w.keeper = newKeeper(l, dir)
	before, err := counted(cfg, dir, l.Origin(), ring.Verifiers())
	if err != nil {
		return nil, err
	}
	if e, ok := unrecorded(&ring, &at); ok {
		before = append(before, e)
	}
	for _, e := range before {
		l.appendLocked(&e) // nobody else has the log yet
	}
	return l, nil
}

// prepare makes the folder of a tree with its first public key in it.
func prepare(cfg Config, dir string, changed bool) error {
	if err := cfg.FS.MkdirAll(dir); err != nil {
		return err
	}
	name := path.Join(dir, KeyFile)
	there, err := vfs.ReadFile(cfg.FS, name, maxKey)
	if err == nil && (changed || string(there) == cfg.Public+"\n") {
		return nil
	}
	return vfs.WriteFile(cfg.FS, name, []byte(cfg.Public+"\n"))
}

// plant begins a tree: it gets its ID, and a head over no records in the head file.
// From then on the head file is never absent, not even after a crash, so that its
// absence is a finding.
func plant(cfg Config, dir string) (id ID, err error) {
	if _, err := rand.Read(id[:]); err != nil {
		return id, err
	}
	h, err := heads.Sign(cfg.Signer, originOf(cfg.Signer.Name(), id), 0, (&frontier{}).root(), time.Now())
	if err != nil {
		return id, err
	}
	return id, vfs.WriteFile(cfg.FS, headPath(dir), h.Note)
}

// resumed is where a tree ends.
type resumed struct {
	id      ID
	state   state
	number  uint64 // of the last segment
	clean   bool
	last    time.Time
	dropped int64
	size    int64
	head    heads.Head
	told    string // the change of the key that a record of the last segment tells of
	damage  error
}

// resume finds the end of a tree. Damage that forbids going on is in the result;
// the error is that of the disk.
func resume(fsys vfs.FS, dir string, v *heads.Ring) (resumed, error) {
	var r resumed
	list, err := places(fsys, dir)
	if err != nil {
		return r, err
	}
	head, err := readHead(fsys, dir, v)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if len(list) > 0 { // it is there before the first segment: somebody took it
			r.damage = errors.New("the head file is gone")
			return r, nil
		}
	case errors.Is(err, errHeadFile):
		r.damage = err
		return r, nil
	case err != nil:
		return r, err
	}
	r.head = head
	for _, p := range list {
		r.number = p.number
		r.size += p.size
	}
	for i := len(list) - 1; i >= 0; i-- {
		again, err := r.segment(fsys, dir, list[i], v)
		if err != nil {
			return r, err
		}
		if !again {
			break
		}
	}
	if r.damage == nil && head.Size > r.state.n {
		r.damage = fmt.Errorf("records %d to %d were signed and are missing at the end", r.state.n, head.Size-1)
	}
	return r, nil
}

// segment reads the last segment. again means that it holds nothing, not even a
// header, as a crash while it was made leaves it: the one before is the last.
func (r *resumed) segment(fsys vfs.FS, dir string, p place, v *heads.Ring) (again bool, err error) {
	s, err := openSegment(fsys, dir, p)
	var broken *brokenError
	if errors.As(err, &broken) && !fromDisk(err) {
		r.dropped += p.size
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer s.close()
	r.id, r.state = s.header.id, s.header.state
	r.last = s.header.made
	if r.matches() != nil {
		return false, nil
	}
	for {
		f, err := s.next()
		if err == io.EOF {
			return false, nil
		}
		if errors.As(err, &broken) && !fromDisk(err) {
			r.dropped += s.size - broken.offset
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if !r.frame(&f, v) {
			return false, nil
		}
	}
}

// frame takes one frame; false after one that cannot follow.
func (r *resumed) frame(f *frame, v *heads.Ring) bool {
	if f.index != r.state.n || f.prev != r.state.prev {
		r.damage = fmt.Errorf("record %d does not follow the one before it", f.index)
		return false
	}
	if f.kind == kindHead {
		h, err := v.Parse(f.body())
		if err == nil && (h.Root != r.state.root() || h.Size != r.state.n) {
			err = errors.New("it signs other records than those that are there")
		}
		if err != nil {
			r.damage = fmt.Errorf("signed head over %d records: %w", f.index, err)
		}
		return err == nil
	}
	if e, err := DecodeEntry(f.body()); err == nil {
		r.last = e.Time
		if e.Category == audit.Log && e.Action == actionKey {
			r.told = e.Object
		}
		r.clean = e.Category == audit.Lifecycle && e.Action == ActionStop
	}
	r.state.add(f.hash, nil)
	r.state.prev = f.check
	return r.matches() == nil
}

// ActionStop is the action of the last entry of an orderly stop.
const ActionStop = "stop"

// matches compares with the head file where the tree has its size.
func (r *resumed) matches() error {
	if r.head.Note != nil && r.head.Size == r.state.n && r.head.Root != r.state.root() {
		r.damage = fmt.Errorf("the first %d records are not those that were signed", r.head.Size)
	}
	return r.damage
}

var errHeadFile = errors.New("the head file is damaged")

// readHead reads the last signed head of a tree.
func readHead(fsys vfs.FS, dir string, v *heads.Ring) (heads.Head, error) {
	text, err := vfs.ReadFile(fsys, headPath(dir), heads.MaxBytes)
	if errors.Is(err, vfs.ErrTooLarge) {
		return heads.Head{}, errHeadFile
	}
	if err != nil {
		return heads.Head{}, err
	}
	h, err := v.Parse(text)
	if err != nil {
		return heads.Head{}, fmt.Errorf("%w: %w", errHeadFile, err)
	}
	return h, nil
}

// fromDisk tells an error of the disk from a fault of the content.
func fromDisk(err error) bool {
	var p *fs.PathError
	return errors.As(err, &p)
}
