package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/rpc"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Limits of LOAD of a directory.
const (
	maxLoadDepth = 16
	maxLoadFiles = 100_000
)

// Loader says where LOAD may read, and where what it read goes.
type Loader struct {
	FS    vfs.FS
	From  string // the only directory that LOAD reads, with all below it
	Files string // the folder of sealed files
}

// load runs LOAD: every TsFile is copied beside the sealed files that arrived and joins
// as one of them.
func (b *Backend) load(ctx context.Context, s *rpc.Session, st *sql.Load) error {
	l := b.Loader
	if l == nil || l.From == "" {
		return unsupported("LOAD")
	}
	name, err := l.place(st.Path)
	if err != nil {
		return err
	}
	list, err := l.find(nil, name, 0)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return status.Errorf(status.LoadFile, "There is no TsFile in %s", clip(st.Path))
	}
	for i, f := range list {
		if err := (&loading{b, l, s, st}).file(ctx, f); err != nil {
			hint := ""
			if c := status.Of(err); !st.Verify && (c == status.TypeMismatch || c == status.AlignedTimeseries) {
				hint = "; verify=false does not help: in a gateway a series has one type and a device one alignment"
			}
			return status.Errorf(status.Of(err), "%s (%d of %d files are loaded): %s%s", filepath.Base(f), i, len(list), status.Message(err), hint)
		}
	}
	return nil
}

// place returns the path of what is to be loaded: below the directory, whatever the
// client wrote.
func (l *Loader) place(path string) (string, error) {
	from := filepath.Clean(l.From)
	name := filepath.Clean(path)
	if !filepath.IsAbs(name) {
		name = filepath.Join(from, name)
	}
	if name != from && !strings.HasPrefix(name, from+string(filepath.Separator)) {
		return "", status.Errorf(status.LoadFile, "%s is not in the directory that LOAD may read: %s (setting load_directory)", clip(path), from)
	}
	if _, err := l.FS.Stat(name); err != nil {
		return "", status.Errorf(status.Semantic, "Can not find %s on this machine, notice that load can only handle files on this machine.", clip(path))
	}
	return name, nil
}

// resolve follows symbolic links, which must not lead out of the directory.
func (l *Loader) resolve(name string) (string, error) {
	from, err := l.FS.Resolve(l.From)
	if err != nil {
		return "", status.Errorf(status.LoadFile, "%w", err)
	}
	at, err := l.FS.Resolve(name)
	if err != nil {
		return "", status.Errorf(status.LoadFile, "%w", err)
	}
	if at != from && !strings.HasPrefix(at, from+string(filepath.Separator)) {
		return "", status.Errorf(status.LoadFile, "%s is a link that leads out of the directory that LOAD may read (setting load_directory)", clip(name))
	}
	return at, nil
}

// find lists the TsFiles of a directory and those below it; a file is its own list.
func (l *Loader) find(out []string, name string, depth int) ([]string, error) {
	name, err := l.resolve(name)
	if err != nil {
		return out, err
	}
	info, err := l.FS.Stat(name)
	if err != nil {
		return out, status.Errorf(status.LoadFile, "%w", err)
	}
	if !info.Dir {
		if depth == 0 || strings.HasSuffix(name, ".tsfile") {
			out = append(out, name)
		}
		if len(out) > maxLoadFiles {
			return out, status.Errorf(status.LoadFile, "The directory has more than %d TsFiles", maxLoadFiles)
		}
		return out, nil
	}
	if depth > maxLoadDepth {
		return out, status.Errorf(status.LoadFile, "The directories are nested more than %d levels", maxLoadDepth)
	}
	names, err := l.FS.List(name)
	if err != nil {
		return out, status.Errorf(status.LoadFile, "%w", err)
	}
	for _, n := range names {
		if out, err = l.find(out, filepath.Join(name, n), depth+1); err != nil {
			return out, err
		}
	}
	return out, nil
}

// loading is one LOAD.
type loading struct {
	*Backend
	from    *Loader
	session *rpc.Session
	st      *sql.Load
}

// file loads one TsFile with the mods file beside it.
func (l *loading) file(ctx context.Context, name string) (err error) {
	ev := &event.Sealed{Type: int16(request.TypeFileSeal)}
	sources := []string{name}
	if _, e := l.from.FS.Stat(name + ".mods"); e == nil {
		ev.Type = int16(request.TypeFileSealWithMod)
		sources = []string{name + ".mods", name}
	}
	defer func() {
		if err != nil {
			l.from.drop(ev)
		}
	}()
	for i := range sources {
		if sources[i], err = l.from.resolve(sources[i]); err != nil { // the mods file may be a link too
			return err
		}
		part, err := l.from.copy(ctx, sources[i])
		if part.Stored != "" {
			ev.Parts = append(ev.Parts, part)
		}
		if err != nil {
			return status.Errorf(status.LoadFile, "The file cannot be copied: %w", err)
		}
	}
	if err := l.from.FS.SyncDir(l.from.Files); err != nil {
		return status.Errorf(status.LoadFile, "The file is not durable: %w", err)
	}
	devices, ok, err := l.Catalog.FileSchema(ev)
	switch {
	case err != nil:
		return status.Errorf(status.LoadFile, "%w", err)
	case !ok:
		return status.Errorf(status.LoadFile, "This is not a TsFile that can be read")
	}
	for i := range devices {
		if err := l.database(ctx, devices[i].Path); err != nil {
			return err
		}
	}
	if err := l.Ingest.File(ctx, origin(l.session), ev); err != nil {
		return err
	}
	if l.st.Delete {
		for _, src := range append(sources, name+".resource") {
			if err := l.from.FS.Remove(src); err != nil && src != name+".resource" {
				l.Logger.Warn("exec: a loaded file could not be removed", "file", src, "error", err)
			}
		}
	}
	return nil
}

// database makes the database of a device at the level that the statement names.
func (l *loading) database(ctx context.Context, device string) error {
	if l.st.Level <= 0 || l.Catalog.DatabaseConflict(device) != "" {
		return nil
	}
	at, ok := ancestor(device+".x", l.st.Level)
	if !ok || at == device+".x" {
		return status.Errorf(status.LoadFile, "The device %s has no level %d for a database", clip(device), l.st.Level)
	}
	return l.plan(ctx, l.session)(request.CreateDatabasePlan(at, request.NoTTL))
}

// copy copies a file into the folder of sealed files and makes its content durable.
func (l *Loader) copy(ctx context.Context, src string) (part event.Part, err error) {
	in, err := l.FS.Open(src)
	if err != nil {
		return part, err
	}
	defer in.Close()
	part = event.Part{Name: filepath.Base(src)}
	stored := storedName(part.Name)
	out, err := l.FS.Create(filepath.Join(l.Files, stored))
	if err != nil {
		return part, err
	}
	part.Stored = stored
	sum := xxhash.New()
	buf := make([]byte, 256<<10)
	for err == nil {
		var n int
		if err = ctx.Err(); err != nil {
			break
		}
		n, err = in.Read(buf)
		if n > 0 {
			_, _ = sum.Write(buf[:n]) // a hash has no way to fail
			part.Length += int64(n)
			if _, e := out.Write(buf[:n]); e != nil {
				err = e
			}
		}
	}
	if errors.Is(err, io.EOF) {
		err = out.Sync()
	}
	if e := out.Close(); err == nil {
		err = e
	}
	part.Sum = sum.Sum64()
	return part, err
}

// drop removes the copies of a file that did not join.
func (l *Loader) drop(ev *event.Sealed) {
	for i := range ev.Parts {
		_ = l.FS.Remove(filepath.Join(l.Files, ev.Parts[i].Stored)) // an orphan is removed at the next start
	}
}

// storedName is unique in the folder and shows where the file came from.
func storedName(name string) string {
	return fmt.Sprintf("load-%x-%s", time.Now().UnixNano(), name)
}
