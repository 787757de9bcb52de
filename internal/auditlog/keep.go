package auditlog

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/sluice-gateway/sluice/internal/audit"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// ActionRemoved is the action of the entry that is written before old segments are
// removed; its count is the index of the first record that stays.
const ActionRemoved = "removed"

// keeper packs closed segments and removes those that are old enough, in a
// goroutine of its own.
type keeper struct {
	l    *Log
	dir  string
	wake chan struct{}
	ctx  context.Context
	stop context.CancelFunc
	done chan struct{}
}

func newKeeper(l *Log, dir string) *keeper {
	ctx, stop := context.WithCancel(context.Background())
	return &keeper{l: l, dir: dir, wake: make(chan struct{}, 1), ctx: ctx, stop: stop, done: make(chan struct{})}
}

// look makes the keeper look for work; it never blocks.
func (k *keeper) look() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *keeper) close() error {
	k.stop()
	<-k.done
	return nil
}

func (k *keeper) run() {
	defer close(k.done)
	tick := time.NewTicker(housekeeping)
	defer tick.Stop()
	for {
		select {
		case <-k.wake:
		case <-tick.C:
		case <-k.ctx.Done():
			return
		}
		if err := k.work(time.Now()); err != nil && k.ctx.Err() == nil {
			k.l.cfg.Logger.Warn("closed segments of the audit log could not be packed or removed; tried again within the hour", "error", err)
		}
	}
}

// work packs what is closed and removes what is old.
func (k *keeper) work(now time.Time) error {
	list, err := places(k.l.cfg.FS, k.dir)
	if err != nil {
		return err
	}
	open := k.l.w.number.Load() // this one and later ones are the writer's
	for _, p := range list {
		if p.number >= open || k.ctx.Err() != nil {
			break
		}
		if p.packed || !whole(k.l.cfg.FS, k.dir, p) {
			continue
		}
		if err := pack(k.l.cfg.FS, k.dir, p); err != nil {
			return fmt.Errorf("pack %s: %w", p.name, err)
		}
	}
	return k.remove(list, open, now)
}

// whole reports whether a segment has a header. One without is left as it is: it
// holds nothing, or it is evidence.
func whole(fsys vfs.FS, dir string, p place) bool {
	s, err := openSegment(fsys, dir, p)
	if err != nil {
		return false
	}
	s.close()
	return true
}

// remove takes away segments whose successor is older than the time to keep: then
// every record in them is. First that is said in the log, durably.
func (k *keeper) remove(list []place, open uint64, now time.Time) error {
	cut := 0
	var next header
	for i := 0; i+1 < len(list) && list[i+1].number <= open; i++ {
		s, err := openSegment(k.l.cfg.FS, k.dir, list[i+1])
		if fromDisk(err) {
			return err
		}
		if err != nil {
			continue // without a header: the one behind it says
		}
		h := s.header
		s.close()
		if now.Sub(h.made) < k.l.cfg.Keep {
			break
		}
		cut, next = i+1, h
	}
	if cut == 0 {
		return nil
	}
	e := audit.Entry{Category: audit.Retention, Action: ActionRemoved, Object: retentionObject, Count: uint64(next.state.n), Hash: audit.Hash(next.state.root()),
		Detail: fmt.Sprintf("%d segments with records before %d, older than %v", cut, next.state.n, k.l.cfg.Keep)}
	if err := k.l.Record(e); err != nil {
		return err
	}
	if err := k.l.Flush(k.ctx); err != nil {
		return err
	}
	for _, p := range list[:cut] {
		for _, suffix := range []string{plainSuffix, packedSuffix} {
			if err := k.l.cfg.FS.Remove(path.Join(k.dir, segmentName(p.number, suffix))); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return k.l.cfg.FS.SyncDir(k.dir)
}

// pack writes the packed form of a segment, checks that it gives the plain form
// back, and removes the plain form.
func pack(fsys vfs.FS, dir string, p place) error {
	plain := path.Join(dir, p.name)
	packed := path.Join(dir, segmentName(p.number, packedSuffix))
	temp := packed + vfs.TempSuffix
	sum, err := packInto(fsys, plain, temp)
	if err != nil {
		_ = fsys.Remove(temp) // best effort: the caller gets the first error
		return err
	}
	again, err := unpackedSum(fsys, dir, place{number: p.number, name: path.Base(temp), packed: true})
	if err == nil && again != sum {
		err = errors.New("the packed form does not give the segment back")
	}
	if err != nil {
		return errors.Join(err, fsys.Remove(temp))
	}
	if err := fsys.Rename(temp, packed); err != nil {
		return err
	}
	if err := fsys.SyncDir(dir); err != nil {
		return err
	}
	if err := fsys.Remove(plain); err != nil {
		return err
	}
	return fsys.SyncDir(dir)
}

func packInto(fsys vfs.FS, from, to string) (plain [sha256.Size]byte, err error) {
	in, err := fsys.Open(from)
	if err != nil {
		return plain, err
	}
	defer in.Close()
	size, err := in.Size()
	if err != nil {
		return plain, err
	}
	out, err := fsys.Create(to)
	if err != nil {
		return plain, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	read, written := sha256.New(), sha256.New()
	sink := io.MultiWriter(out, written)
	if _, err := io.WriteString(sink, packedMagic); err != nil {
		return plain, err
	}
	z, err := zstd.NewWriter(sink, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return plain, err
	}
	_, err = io.Copy(z, io.TeeReader(io.NewSectionReader(in, 0, size), read))
	if err = errors.Join(err, z.Close()); err != nil {
		return plain, err
	}
	if _, err := out.Write(written.Sum(nil)); err != nil {
		return plain, err
	}
	read.Sum(plain[:0])
	return plain, out.Sync()
}

// unpackedSum is the SHA-256 of the plain form in a packed segment.
func unpackedSum(fsys vfs.FS, dir string, p place) (sum [sha256.Size]byte, err error) {
	f, err := fsys.Open(path.Join(dir, p.name))
	if err != nil {
		return sum, err
	}
	s := &scanner{file: f}
	defer s.close()
	if s.size, err = f.Size(); err != nil {
		return sum, err
	}
	if err := s.unpack(); err != nil {
		return sum, err
	}
	h := sha256.New()
	if _, err := io.Copy(h, s.in); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, s.seal()
}
