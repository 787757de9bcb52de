package arrival

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/sluice-gateway/sluice/internal/deadletter"
	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// sealOf reads a seal into an event whose parts have no sum and no place yet.
func sealOf(r *request.SealV1) *event.Sealed {
	return &event.Sealed{Type: int16(request.TypeFileSeal), Parts: []event.Part{{Name: r.Name, Length: r.Length}}}
}

func sealOfV2(r *request.SealV2) *event.Sealed {
	ev := &event.Sealed{Type: int16(r.Kind)}
	for i, name := range r.Names {
		if name == nil {
			ev.Parts = append(ev.Parts, event.Part{Absent: true})
			continue
		}
		ev.Parts = append(ev.Parts, event.Part{Name: *name, Length: r.Lengths[i]})
	}
	for _, p := range r.Params {
		ev.Params = append(ev.Params, event.Param{Key: p.Key, Value: p.Value})
	}
	return ev
}

// seal completes a transfer: every file is there with its length and durable, a
// TsFile looks like one, and the writer has taken them over. A temporary failure
// leaves the staged files for the next attempt; a bad seal drops them, and the
// sender starts again.
func (s *Session) seal(ctx context.Context, ev *event.Sealed) error {
	if f := checkSeal(ev); f != nil {
		return f
	}
	if err := s.stage.match(ev); err != nil {
		return err
	}
	if err := s.stage.shelve(); err != nil {
		return err
	}
	for i := range ev.Parts {
		if p := &ev.Parts[i]; !p.Absent {
			sum, err := s.stage.checksum(s.stage.files[p.Name])
			if err != nil {
				return s.stage.giveUp(err)
			}
			p.Sum = sum
		}
	}
	if f := s.checkTsFile(ev); f != nil {
		return f
	}
	if err := s.handOver(ctx, ev, s.stage.pathOf); err != nil {
		if f := asFailure(err); f.class == Kept {
			f.files = s.stage.lettersOf(ev)
			return f
		}
		return err
	}
	if err := s.stage.drop(); err != nil {
		s.a.log.Warn("staged files not removed", "error", err)
	}
	return nil
}

// checkSeal refuses what no sender means: names that are no file names, a name
// twice, no TsFile.
func checkSeal(ev *event.Sealed) *failure {
	bad := func(format string, args ...any) *failure {
		return &failure{class: Kept, code: status.PipeFile, reason: "seal: " + fmt.Sprintf(format, args...)}
	}
	seen := map[string]bool{}
	for _, p := range ev.Parts {
		if p.Absent {
			continue
		}
		if !safeName(p.Name) {
			return bad("%q is not the name of a file in one folder", clip(p.Name))
		}
		if seen[p.Name] {
			return bad("%q is named twice", clip(p.Name))
		}
		seen[p.Name] = true
	}
	if len(seen) == 0 {
		return bad("no file is named")
	}
	if isTsFile(ev) && ev.Parts[len(ev.Parts)-1].Absent {
		return bad("the TsFile is absent")
	}
	return nil
}

func isTsFile(ev *event.Sealed) bool {
	t := request.Type(ev.Type)
	return t == request.TypeFileSeal || t == request.TypeFileSealWithMod
}

// match compares a seal with what is staged. After a mismatch everything is dropped.
func (g *stage) match(ev *event.Sealed) error {
	for _, p := range ev.Parts {
		if p.Absent {
			continue
		}
		st := g.files[p.Name]
		if st != nil && st.size == p.Length {
			continue
		}
		have := "is not here"
		if st != nil {
			have = fmt.Sprintf("has %d bytes", st.size)
		}
		if err := g.drop(); err != nil {
			g.a.log.Warn("staged files not removed", "error", err)
		}
		return &failure{class: OutOfStep, code: status.PipeFile, reason: fmt.Sprintf("seal of %q with %d bytes, the file %s", clip(p.Name), p.Length, have)}
	}
	return nil
}

func (g *stage) pathOf(p *event.Part) string { return g.files[p.Name].path }

// checksum returns the sum of a shelved file: kept up while pieces came in order,
// computed anew after a rewind.
func (g *stage) checksum(st *staged) (uint64, error) {
	if st.summed == st.size {
		return st.sum.Sum64(), nil
	}
	f, err := g.a.fs.Open(st.path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	st.sum.Reset()
	n, err := io.CopyBuffer(st.sum, io.NewSectionReader(f, 0, st.size), make([]byte, 128<<10))
	if err == nil && n != st.size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return 0, err
	}
	st.summed = st.size
	return st.sum.Sum64(), nil
}

// checkTsFile refuses a TsFile that no reader would open. The dead letter gets the
// files.
func (s *Session) checkTsFile(ev *event.Sealed) *failure {
	if !isTsFile(ev) {
		return nil
	}
	last := ev.Parts[len(ev.Parts)-1]
	err := looksLikeTsFile(s.a.fs, s.stage.files[last.Name].path, last.Length)
	var damaged *damage
	switch {
	case err == nil:
		return nil
	case errors.As(err, &damaged):
		return &failure{class: Kept, code: status.PipeUserConflict, reason: fmt.Sprintf("%q: %v", clip(last.Name), err), files: s.stage.lettersOf(ev)}
	}
	return failed(err, "TsFile cannot be read")
}

func (g *stage) lettersOf(ev *event.Sealed) []deadletter.File {
	var files []deadletter.File
	for i := range ev.Parts {
		if p := &ev.Parts[i]; !p.Absent {
			files = append(files, deadletter.File{Name: p.Name, Length: p.Length, Sum: p.Sum, Path: g.pathOf(p)})
		}
	}
	return files
}

// damage says that a file is not a TsFile.
type damage struct{ what string }

// Error returns what is wrong.
func (d *damage) Error() string { return "not a TsFile: " + d.what }

// tsMagic begins and ends every TsFile; the version, 3 or 4, follows the first one.
const tsMagic = "TsFile"

// looksLikeTsFile checks both ends of a file.
func looksLikeTsFile(fsys vfs.FS, name string, size int64) error {
	const least = 2*len(tsMagic) + 1
	if size < int64(least) {
		return &damage{fmt.Sprintf("%d bytes", size)}
	}
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	head, tail := make([]byte, len(tsMagic)+1), make([]byte, len(tsMagic))
	if _, err := f.ReadAt(head, 0); err != nil {
		return err
	}
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return err
	}
	switch v := head[len(tsMagic)]; {
	case string(head[:len(tsMagic)]) != tsMagic:
		return &damage{"it does not begin with the magic string"}
	case v != 3 && v != 4:
		return &damage{fmt.Sprintf("format version %d", v)}
	case string(tail) != tsMagic:
		return &damage{"it does not end with the magic string"}
	}
	return nil
}

// handOver links the parts of a seal into the files folder and lets the writer
// record them. from tells where a part lies. After a temporary error the record may
// still become durable, so the links stay, and the next attempt uses them again.
func (s *Session) handOver(ctx context.Context, ev *event.Sealed, from func(*event.Part) string) error {
	if applied, err := s.applySnapshot(ctx, ev, from); applied || err != nil {
		if err == nil {
			s.stage.unlink() // of a replayed letter
		}
		return err
	}
	dir := path.Join(s.a.cfg.Dir, filesDir)
	first := len(s.stage.linked) == 0
	for i := range ev.Parts {
		p := &ev.Parts[i]
		if p.Absent {
			continue
		}
		src := from(p)
		if p.Stored = s.stage.linked[src]; p.Stored != "" {
			continue
		}
		p.Stored = s.a.storedName(p.Name)
		if err := s.a.fs.Link(src, path.Join(dir, p.Stored)); err != nil {
			return failed(err, "sealed file cannot be stored")
		}
		s.stage.noteLink(src, p.Stored)
	}
	if err := s.a.fs.SyncDir(dir); err != nil {
		return failed(err, "sealed file is not durable")
	}
	err := s.a.w.File(ctx, s.origin, ev)
	known := errors.Is(err, ErrKnown)
	if first && (known || Classify(err) == Kept) { // else the record of an earlier attempt may name the links
		s.stage.unlink()
	}
	if err != nil && !known {
		return failed(err, "sealed file not taken over")
	}
	s.stage.linked = nil // they belong to the writer now
	return nil
}

// noteLink remembers under which name a staged file is in the files folder.
func (g *stage) noteLink(src, stored string) {
	if g.linked == nil {
		g.linked = map[string]string{}
	}
	g.linked[src] = stored
}

// unlink removes the links that no record names.
func (g *stage) unlink() {
	for src, stored := range g.linked {
		p := path.Join(g.a.cfg.Dir, filesDir, stored)
		if err := g.a.fs.Remove(p); err != nil {
			g.a.log.Warn("file of a refused seal not removed", "file", p, "error", err)
		}
		delete(g.linked, src)
	}
}

// storedName makes a name that no other file of this data directory has: the time,
// a number of this run, and the sender's extension.
func (a *Arrivals) storedName(name string) string {
	return fmt.Sprintf("%016x-%08x%s", uint64(time.Now().UnixNano()), a.serial.Add(1), extension(name))
}

// extension returns the extension of a peer's file name if it is a harmless one.
func extension(name string) string {
	ext := path.Ext(name)
	if len(ext) < 2 || len(ext) > 10 || strings.Trim(ext[1:], "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return ""
	}
	return ext
}
