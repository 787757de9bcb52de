package arrival

import (
	"fmt"
	"path"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// stage holds the unfinished files of one session. Their names on the disk are
// numbers: what a peer calls a file never becomes a path.
type stage struct {
	a      *Arrivals
	door   Door
	files  map[string]*staged // by the sender's name
	open   *staged            // the one whose file is open, if any
	linked map[string]string  // links in the files folder by path, while a seal is tried again
}

// staged is one unfinished file.
type staged struct {
	path   string
	f      vfs.File // nil while another file of the session is open
	size   int64
	sum    *xxhash.Digest
	summed int64 // bytes that went into sum; not size after a rewind
}

// maxNameBytes is the longest name a file system takes.
const maxNameBytes = 255

// safeName accepts a single path element.
func safeName(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= maxNameBytes &&
		!strings.ContainsAny(name, "/\\:\x00")
}

// singleFile reports whether a piece of this type ends the transfer of any other
// file: only transfers with mods, and snapshots, have several.
func singleFile(t request.Type) bool { return t == request.TypeFilePiece }

// piece appends to a staged file.
//
//	offset = length   appended
//	offset < length   gate: cut there and appended (a lost answer, a restart); thrift: 1803
//	offset > length   gate: out of step; thrift: 1803
//
// With 1803 a file that is not a TsFile is emptied first, as in IoTDB: such names are
// used again for other content.
func (s *Session) piece(p *request.FilePiece) (Outcome, error) {
	if !safeName(p.Name) {
		return Outcome{}, &failure{class: Kept, code: status.PipeFile, body: request.AppendFileResponse(nil, -1),
			reason: fmt.Sprintf("%q is not the name of a file in one folder", clip(p.Name))}
	}
	g := &s.stage
	st, err := g.use(p.Name, singleFile(p.Kind))
	if err != nil {
		return Outcome{}, err
	}
	if p.Offset != st.size {
		if s.door == Thrift {
			return Outcome{}, g.reset(p, st)
		}
		if p.Offset > st.size {
			return Outcome{}, &failure{class: OutOfStep, code: status.PipeOffsetReset,
				reason: fmt.Sprintf("piece of %q at %d, the file has %d bytes", clip(p.Name), p.Offset, st.size)}
		}
		if err := st.truncate(p.Offset); err != nil {
			return Outcome{}, failed(err, "file cannot be rewound")
		}
	}
	if err := g.append(st, p.Data); err != nil {
		return Outcome{}, err
	}
	return Outcome{Class: Done, Code: status.Success, Message: "piece taken", Body: request.AppendFileResponse(nil, st.size)}, nil
}

// reset answers a thrift piece at a wrong offset.
func (g *stage) reset(p *request.FilePiece, st *staged) error {
	if !strings.HasSuffix(p.Name, ".tsfile") {
		if err := st.truncate(0); err != nil {
			return failed(err, "file cannot be emptied")
		}
	}
	return &failure{class: OutOfStep, code: status.PipeOffsetReset, body: request.AppendFileResponse(nil, st.size),
		reason: fmt.Sprintf("piece of %q at %d, the file has %d bytes", clip(p.Name), p.Offset, st.size)}
}

// use makes the file of a name the open one.
func (g *stage) use(name string, single bool) (*staged, error) {
	st := g.files[name]
	if st != nil && st == g.open {
		return st, nil
	}
	if single && (len(g.files) > 1 || st == nil && len(g.files) > 0) {
		if err := g.drop(); err != nil {
			return nil, failed(err, "files of an earlier transfer cannot be removed")
		}
		st = nil
	}
	if err := g.shelve(); err != nil {
		return nil, err
	}
	if st != nil {
		f, err := g.a.fs.OpenReadWrite(st.path)
		if err != nil {
			return nil, failed(err, "file cannot be opened")
		}
		st.f, g.open = f, st
		return st, nil
	}
	if len(g.files) >= g.a.cfg.MaxFiles {
		return nil, &failure{class: OutOfStep, code: status.PipeFile, reason: fmt.Sprintf("more than %d files in one transfer", g.a.cfg.MaxFiles)}
	}
	return g.create(name)
}

func (g *stage) create(name string) (*staged, error) {
	p := path.Join(g.a.cfg.Dir, stagingDir, fmt.Sprintf("%016x.part", g.a.serial.Add(1)))
	f, err := g.a.fs.Create(p)
	if err != nil {
		return nil, failed(err, "file cannot be made")
	}
	st := &staged{path: p, f: f, sum: xxhash.New()}
	if g.files == nil {
		g.files = map[string]*staged{}
	}
	g.files[name], g.open = st, st
	return st, nil
}

// shelve closes the open file, durable: nobody may fsync it later through another
// handle and be told that all is well.
func (g *stage) shelve() error {
	st := g.open
	if st == nil {
		return nil
	}
	g.open = nil
	err := st.f.Sync()
	if e := st.f.Close(); err == nil {
		err = e
	}
	st.f = nil
	if err != nil {
		return g.giveUp(err)
	}
	return nil
}

// giveUp drops everything after a failed fsync: what the disk has is not known, and
// the sender starts again.
func (g *stage) giveUp(cause error) error {
	if err := g.drop(); err != nil {
		g.a.log.Warn("staged files not removed", "error", err)
	}
	return &failure{class: OutOfStep, code: status.PipeFile, reason: "staged file is not durable: " + cause.Error(), err: cause}
}

// append writes a piece. A piece that was written in part leaves the length as it
// was, so that it can be repeated.
func (g *stage) append(st *staged, data []byte) error {
	if st.size+int64(len(data)) > g.a.cfg.MaxFile {
		return &failure{class: OutOfStep, code: status.PipeFile, reason: fmt.Sprintf("file of more than %d bytes", g.a.cfg.MaxFile)}
	}
	dir := path.Join(g.a.cfg.Dir, stagingDir)
	free, err := g.a.fs.Free(dir)
	if err == nil && free < g.a.cfg.Reserve+int64(len(data)) {
		return &failure{class: Temporary, code: status.PipeTemporary, reason: fmt.Sprintf("%d bytes free, %d are kept in reserve", free, g.a.cfg.Reserve)}
	}
	if err == nil {
		_, err = st.f.WriteAt(data, st.size)
	}
	if err != nil {
		return &failure{class: Temporary, code: status.PipeTemporary, reason: "piece not written: " + err.Error(), err: err}
	}
	if st.summed == st.size {
		_, _ = st.sum.Write(data) // a hash does not fail
		st.summed += int64(len(data))
	}
	st.size += int64(len(data))
	return nil
}

// truncate cuts the open file.
func (st *staged) truncate(size int64) error {
	if err := st.f.Truncate(size); err != nil {
		return err
	}
	st.size = size
	switch {
	case size == 0:
		st.sum.Reset()
		st.summed = 0
	case st.summed > size:
		st.summed = -1 // the sum must be computed anew at the seal
	}
	return nil
}

// drop removes all files of the session. Links in the files folder stay: a record
// may name them.
func (g *stage) drop() error {
	var first error
	g.linked = nil
	if g.open != nil {
		first = g.open.f.Close()
		g.open = nil
	}
	for name, st := range g.files {
		if err := g.a.fs.Remove(st.path); err != nil && first == nil {
			first = err
		}
		delete(g.files, name)
	}
	return first
}
