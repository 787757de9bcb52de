package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/internal/commitlog"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// pastState is kept of a pipe until it is behind its snapshot.
//
//	CREATE ──► snapshot, all items at its position P ──► cursor at P: over
//	             ▲
//	             │ runs again: new generation, Following ends
//	over quota ──┴── the cursor follows the head of the log; deletions and changes of
//	                 schema that it passes are kept in a file of the pipe
//
// Invariant: the cursor is below P until all of the past is delivered, and every
// position after the cursor is kept by the log.
type pastState struct {
	Gen       uint64 `json:"gen"`                 // names the snapshot
	Gap       bool   `json:"gap,omitempty"`       // the log was let go of behind From
	From      uint64 `json:"from,omitempty"`      // everything up to here was delivered then
	Following bool   `json:"following,omitempty"` // the cursor follows the head; there is no snapshot yet
	Mark      string `json:"mark,omitempty"`      // of the snapshot's last item behind which nothing is missing at the target
}

// snapshotPrefix begins the names of the snapshots of pipes.
const snapshotPrefix = cursorPrefix

// snapshotName returns the name of the snapshot the pipe begins with.
func (d *definition) snapshotName() string {
	return fmt.Sprintf("%s%016x-%d", snapshotPrefix, d.ID, d.Past.Gen)
}

// snapshots asks the source whether it begins with a snapshot, and whether it can go on
// with one; neither without a store.
func (p *plan) snapshots(s Snapshots) (begin, gap bool) {
	if s == nil || p.source.decl == nil || p.source.decl.Snapshots == nil {
		return false, false
	}
	return p.source.decl.Snapshots(p.source.values)
}

// ahead returns the definition for a new instance, without the past if the cursor is
// behind it: the watcher may end the past and remove the snapshot at any moment then, and
// a source that asks for it would have one made that holds what came since. The snapshots
// are looked at first: one that is removed in between is not in the definition any more.
func ahead(p *pipe) (definition, error) {
	var have map[string]uint64
	if s := p.e.deps.Snapshots; s != nil {
		var err error
		if have, err = s.Positions(); err != nil {
			return definition{}, fmt.Errorf("snapshots: %w", err)
		}
	}
	def := p.definition()
	if def.Past == nil {
		return def, nil
	}
	if at, ok := have[def.snapshotName()]; ok && !def.Past.Following && p.cursor.Get() >= at {
		def.Past = nil
	}
	return def, nil
}

// startPast lets a new pipe begin with a snapshot. Its cursor stays below the snapshot's
// position, which is not below the head of the log now.
func startPast(p *pipe, c Cursor) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.def.Past = &pastState{Gen: 1}
	c.Set(max(p.def.Head, 1) - 1)
}

// setPast changes what is kept of a pipe's past, durably.
func setPast(p *pipe, to *pastState) error {
	p.e.save.Lock()
	defer p.e.save.Unlock()
	p.mu.Lock()
	old := p.def.Past
	p.def.Past = to
	p.mu.Unlock()
	err := p.e.persist()
	if err != nil {
		p.mu.Lock()
		p.def.Past = old
		p.mu.Unlock()
	}
	return err
}

// noteMark remembers how far the instance of a pipe has come in its snapshot, and reports
// whether that is news.
func noteMark(p *pipe) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inst == nil || p.def.Past == nil {
		return false
	}
	m := p.inst.tracker.marked()
	if m == "" || p.def.Past.Mark == m {
		return false
	}
	to := *p.def.Past // copies of the definition share it
	to.Mark = m
	p.def.Past = &to
	return true
}

// keepMark makes durable what noteMark remembers.
func keepMark(p *pipe) error {
	if p.definition().Past == nil {
		return nil
	}
	p.e.save.Lock()
	defer p.e.save.Unlock()
	return p.e.persist()
}

// stopFollowing holds the log from now on: the pipe is about to take its snapshot.
func stopFollowing(p *pipe) error {
	def := p.definition()
	if def.Past == nil || !def.Past.Following {
		return nil
	}
	to := *def.Past
	to.Following = false
	return setPast(p, &to)
}

// letGo makes a pipe that is over its quota need history. Nothing of it runs.
func letGo(p *pipe) error {
	def := p.definition()
	to := pastState{Gen: 1, Gap: true, From: p.cursor.Get(), Following: true}
	if def.Past != nil {
		to.Gen = def.Past.Gen + 1
		if def.Past.Gap { // the file of changes goes back so far
			to.From = def.Past.From
		}
	}
	return setPast(p, &to)
}

// missedFile is where the changes are kept that the cursor passed without delivering.
func missedFile(p *pipe) string {
	return path.Join(p.e.cfg.Dir, fmt.Sprintf("%016x.missed", p.definition().ID))
}

// maxMissed bounds the file, in bytes.
const maxMissed = 1 << 30

// follow moves the cursor of a pipe that needs history to the head of the log, but one,
// and keeps the plans on the way.
//
//	record: u32 length of payload | u64 position | u64 xxhash64 of position and payload | payload
func follow(ctx context.Context, p *pipe) error {
	head := p.e.deps.Log.Durable()
	from := p.cursor.Get() + 1
	if head == 0 || from >= head {
		return nil
	}
	var out []byte
	skip := func(bad *commitlog.CorruptError) error {
		p.log.Error("a damaged place of the log is passed; deletions in it are not known", "error", bad)
		return nil
	}
	filter := commitlog.Filter{Kinds: 1<<event.Plan | 1<<event.Kept, From: from, To: head - 1, Skip: skip}
	err := p.e.deps.Log.Scan(ctx, filter, func(e commitlog.Entry) error {
		out = appendMissed(out, e.Pos, e.Payload)
		return nil
	})
	if err == nil && len(out) > 0 {
		err = appendFile(p.e.deps.FS, missedFile(p), out)
	}
	if err != nil {
		return fmt.Errorf("keep the changes behind position %d: %w", from-1, err)
	}
	p.cursor.Set(head - 1)
	return p.cursor.Sync()
}

const missedHeader = 4 + 8 + 8

func appendMissed(dst []byte, pos uint64, payload []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(payload)))
	at := len(dst)
	dst = binary.LittleEndian.AppendUint64(dst, pos)
	var h xxhash.Digest
	h.Reset()
	_, _ = h.Write(dst[at:]) // never fails
	_, _ = h.Write(payload)
	dst = binary.LittleEndian.AppendUint64(dst, h.Sum64())
	return append(dst, payload...)
}

// appendFile adds bytes to a file, durably. Remains of an append that a crash cut are
// overwritten: the file ends with its last whole record.
func appendFile(fsys vfs.FS, name string, b []byte) error {
	old, err := vfs.ReadFile(fsys, name, maxMissed)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	end := 0
	_ = eachMissed(old, func(_ uint64, payload []byte) error {
		end += missedHeader + len(payload)
		return nil
	})
	return vfs.WriteFile(fsys, name, append(old[:end:end], b...))
}

// eachMissed calls fn for each whole record.
func eachMissed(b []byte, fn func(pos uint64, payload []byte) error) error {
	for len(b) >= missedHeader {
		n := uint64(binary.LittleEndian.Uint32(b))
		if n > math.MaxInt32 || uint64(len(b)) < missedHeader+n {
			return nil
		}
		pos, payload := binary.LittleEndian.Uint64(b[4:]), b[missedHeader:missedHeader+n]
		var h xxhash.Digest
		h.Reset()
		_, _ = h.Write(b[4:12]) // never fails
		_, _ = h.Write(payload)
		if h.Sum64() != binary.LittleEndian.Uint64(b[12:]) {
			return nil
		}
		if err := fn(pos, payload); err != nil {
			return err
		}
		b = b[missedHeader+n:]
	}
	return nil
}

// missedOf returns what a source calls to get the changes that the log has lost.
func missedOf(p *pipe) func(func(event.Position, *event.Event) error) error {
	def := p.definition()
	name, cursor := missedFile(p), p.cursor.Get()
	return func(fn func(event.Position, *event.Event) error) error {
		b, err := vfs.ReadFile(p.e.deps.FS, name, maxMissed)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		last := def.Past.From
		return eachMissed(b, func(pos uint64, payload []byte) error {
			if pos <= last || pos > cursor { // repeated after a crash, or still in the log
				return nil
			}
			last = pos
			ev, err := event.Decode(payload)
			if err != nil {
				return fmt.Errorf("change at position %d: %w", pos, err)
			}
			return fn(event.Position(pos), ev)
		})
	}
}

// removePast removes what the past of a pipe has on disk, when it is over or the pipe is
// gone. What fails is found again by the watcher or by the next pipe with a past.
func removePast(p *pipe, def *definition) {
	err := p.e.deps.FS.Remove(missedFile(p))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		p.log.Warn("the file of changes stays behind", "error", err)
	}
	if p.e.deps.Snapshots == nil || def.Past == nil {
		return
	}
	if err := p.e.deps.Snapshots.Delete(def.snapshotName()); err != nil {
		p.log.Warn("the snapshot of the pipe is removed later", "error", err)
	}
}
