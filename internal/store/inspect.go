package store

import (
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/internal/store/erase"
	"github.com/sluice-gateway/sluice/internal/store/manifest"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Report is what a folder of a store holds, read without opening the store.
type Report struct {
	Files      []manifest.File // as layers, oldest first; and those that are aside
	Tombstones []erase.Deletion
	Flushed    uint64
	Manifest   manifest.Report
	Snapshots  []manifest.State
	Names      []string // of the snapshots
	Unknown    []string // names that belong to nothing
	Problems   []string
}

// Bytes returns the sizes of all files that the manifest names.
func (r *Report) Bytes() (files, mods int64) {
	for i := range r.Files {
		files += r.Files[i].Bytes
		mods += r.Files[i].Extra
	}
	return files, mods
}

// Inspect reads what a store consists of; nothing is locked or written. Errors are those
// of the manifest or the disk; a running store may remove a file meanwhile.
func Inspect(fsys vfs.FS, dir string) (*Report, error) {
	st, found, err := manifest.Read(fsys, dir)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	r := &Report{Files: st.Files, Flushed: st.Flushed, Manifest: found}
	for _, t := range st.Tombstones {
		d, _ := erase.Of(t.Pos, t.Plan)
		r.Tombstones = append(r.Tombstones, d)
	}
	known := []string{manifest.Name, asideDir, SnapshotsDir}
	for i := range st.Files {
		f := &st.Files[i]
		known = append(known, f.Name, f.Mods)
		r.size(fsys, path.Join(dir, f.Name), f.Bytes)
		if f.Mods != "" {
			r.size(fsys, path.Join(dir, f.Mods), f.Extra)
		}
	}
	names, err := fsys.List(dir)
	if err != nil {
		return r, fmt.Errorf("store: %w", err)
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			r.Unknown = append(r.Unknown, n)
		}
	}
	r.Names, err = (&Store{cfg: Config{FS: fsys, Dir: dir}}).Snapshots()
	for _, n := range r.Names {
		s, _, err := manifest.Read(fsys, path.Join(dir, SnapshotsDir, n))
		if err != nil {
			r.Problems = append(r.Problems, fmt.Sprintf("snapshot %s: %v", n, err))
		}
		r.Snapshots = append(r.Snapshots, s)
	}
	return r, err
}

func (r *Report) size(fsys vfs.FS, name string, want int64) {
	info, err := fsys.Stat(name)
	switch {
	case err != nil:
		r.Problems = append(r.Problems, err.Error())
	case info.Size != want:
		r.Problems = append(r.Problems, fmt.Sprintf("%s: %d bytes, the manifest says %d", name, info.Size, want))
	}
}

// Verify is Inspect that also reads every file whole: its checksum, every page, and
// whether its times are those of the manifest.
func Verify(ctx context.Context, fsys vfs.FS, dir string) (*Report, error) {
	r, err := Inspect(fsys, dir)
	if err != nil {
		return r, err
	}
	for i := range r.Files {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		f := &r.Files[i]
		if f.Flags&manifest.Aside != 0 {
			continue
		}
		for _, p := range verifyFile(fsys, dir, f) {
			r.Problems = append(r.Problems, fmt.Sprintf("%s: %s", f.Name, p))
		}
	}
	return r, nil
}

func verifyFile(fsys vfs.FS, dir string, f *manifest.File) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	o, err := openFile(fsys, newLayer(dir, *f))
	if err != nil {
		return []string{strings.TrimPrefix(err.Error(), "store: ")}
	}
	defer o.f.Close()
	sum := xxhash.New()
	if _, err := io.CopyBuffer(sum, io.NewSectionReader(o.f, 0, f.Bytes), make([]byte, 256<<10)); err != nil {
		say("%v", err)
	}
	if sum.Sum64() != f.Sum {
		say("its checksum is %016x, the manifest says %016x", sum.Sum64(), f.Sum)
	}
	if err := tsfile.Verify(o.f, f.Bytes, tsfile.Limits{PageBytes: maxPage}).Err(); err != nil {
		say("%v", err)
	}
	lo, hi := f.Hi, f.Lo
	first := true
	err = eachDevice(o.r, func(_ string, a, b int64) bool {
		if first {
			lo, hi, first = a, b, false
		}
		lo, hi = min(lo, a), max(hi, b)
		return true
	})
	switch {
	case err != nil:
		say("%v", err)
	case !first && (lo != f.Lo || hi != f.Hi):
		say("its times are %d to %d, the manifest says %d to %d", lo, hi, f.Lo, f.Hi)
	}
	return problems
}
