package translate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/pipe/unpack"
	"github.com/sluice-gateway/sluice/internal/request"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/tsfile/mods"
)

// File is a sealed transfer as it goes to the target.
type File struct {
	Sealed event.Sealed // seal type, names, lengths and parameters to send
	AsRows bool         // the target does not read such a file: send its points instead
	open   map[string]func() (plugin.File, error)
	files  plugin.Files
}

// Open opens a part of Sealed. Reading a converted one backwards starts it anew.
func (f *File) Open(p *event.Part) (plugin.File, error) {
	if open := f.open[p.Stored]; open != nil {
		return open()
	}
	return f.files.Open(p.Stored)
}

// The suffixes of mods files.
const (
	textMods   = ".mods"
	binaryMods = ".mods2"
)

// databaseKey begins the seal parameter that names the database of a TsFile.
const databaseKey = "DATABASE_NAME_"

// Prepare translates a sealed transfer. The error is one of the disk; a file that
// cannot be read here passes as it came.
func Prepare(files plugin.Files, s *event.Sealed, to request.Layout) (*File, Verdict, string, error) {
	f := &File{Sealed: *s, files: files}
	if to == request.LayoutAsDecoded {
		return f, Send, "", nil
	}
	if !unpack.IsTsFile(s) {
		v, why := f.snapshot(to)
		return f, v, why, nil
	}
	v, why, err := f.tsFile(to)
	var bad *unpack.Bad
	if errors.As(err, &bad) {
		f.Sealed, f.AsRows = *s, false
		return f, Send, "", nil
	}
	return f, v, why, err
}

// snapshot gives a schema or config snapshot the parameters of the release.
func (f *File) snapshot(to request.Layout) (Verdict, string) {
	s := &f.Sealed
	t := request.Type(s.Type)
	if t != request.TypeSchemaSnapshotSeal && t != request.TypeConfigSnapshotSeal {
		return Send, ""
	}
	has := func(key string) bool {
		return slices.ContainsFunc(s.Params, func(p event.Param) bool { return p.Key == key })
	}
	switch to {
	case request.Layout12:
		return LeaveOut, fmt.Sprintf("a pipe to IoTDB 1.2 carries no snapshots (%s)", t)
	case request.Layout13:
		if has("table") && !has("tree") {
			return LeaveOut, fmt.Sprintf("IoTDB 1.3 has no tables (%s)", t)
		}
		known := []string{"PathPattern", "Database", "Type", "fileType"}
		s.Params = slices.DeleteFunc(slices.Clone(s.Params), func(p event.Param) bool { return !slices.Contains(known, p.Key) })
		if t == request.TypeSchemaSnapshotSeal && len(s.Parts) > 2 {
			s.Parts = slices.Clone(s.Parts[:2]) // the third holds attributes of tables
		}
		for n := len(s.Parts); n > 1 && s.Parts[n-1].Absent; n = len(s.Parts) {
			s.Parts = s.Parts[:n-1]
		}
	case request.Layout20:
		if !has("tree") && !has("table") {
			empty := ""
			s.Params = append(slices.Clone(s.Params), event.Param{Key: "tree", Value: &empty})
		}
	}
	return Send, ""
}

// tsFile decides how a TsFile travels.
func (f *File) tsFile(to request.Layout) (Verdict, string, error) {
	main, beside := unpack.Parts(&f.Sealed)
	src, err := f.files.Open(main.Stored)
	if err != nil {
		return Send, "", err
	}
	defer src.Close()
	r, err := tsfile.Open(src, main.Length, tsfile.Limits{})
	if err != nil {
		return Send, "", &unpack.Bad{Err: err}
	}
	if len(r.Footer().Tables) > 0 {
		if to != request.Layout20 {
			return Bury, fmt.Sprintf("IoTDB %s has no tables: a TsFile of the table model has no equivalent", to), nil
		}
		return Send, "", nil
	}
	var list []mods.Deletion
	if beside != nil {
		if list, err = unpack.ReadMods(f.files, beside); err != nil {
			return Send, "", err
		}
		list = slices.DeleteFunc(list, func(d mods.Deletion) bool { return d.Table != "" })
	}
	version := r.Footer().Version
	want, newer, err := wanted(r, to)
	if err != nil {
		return Send, "", &unpack.Bad{Err: err}
	}
	bounded := slices.ContainsFunc(list, func(d mods.Deletion) bool { return d.Offset >= 0 && d.Offset <= r.Footer().Separator })
	binary := beside != nil && to == request.Layout20
	if to == request.Layout12 && (len(list) > 0 || newer) || bounded && (want != version || binary) {
		f.AsRows = true
		return Send, "", nil
	}
	parts := []event.Part{*main}
	if want != version {
		if parts[0], err = f.converted(*main, want); err != nil {
			return Send, "", err
		}
	}
	if len(list) > 0 {
		p, err := f.rewritten(*main, *beside, list, to)
		if err != nil {
			return Send, "", err
		}
		parts = append([]event.Part{p}, parts...)
	}
	f.seal(parts, to)
	return Send, "", nil
}

// seal chooses the seal of the parts: 1.3 takes type 9 with exactly two names and no
// parameters, 1.2 only type 5.
func (f *File) seal(parts []event.Part, to request.Layout) {
	s := &f.Sealed
	s.Parts = parts
	if len(parts) > 1 {
		s.Type = int16(request.TypeFileSealWithMod)
	} else if to != request.Layout20 {
		s.Type = int16(request.TypeFileSeal)
	}
	if to != request.Layout20 {
		s.Params = nil
		return
	}
	s.Params = slices.Clone(s.Params)
	for i := range s.Params {
		p := &s.Params[i]
		if strings.HasPrefix(p.Key, databaseKey) && request.IsTree(p.Value) {
			p.Value = nil // earlier 2.0 takes any name for a database of tables
		}
	}
}

// wanted returns the format version for a target, and whether the file has data types
// that 1.2 does not know.
func wanted(r *tsfile.Reader, to request.Layout) (version byte, newer bool, err error) {
	version = r.Footer().Version
	if to != request.Layout20 {
		version = 3
	}
	last := ""
	for d, err := range r.Devices() {
		if err != nil {
			return 0, false, err
		}
		if to == request.Layout13 {
			break // neither order nor types matter
		}
		name := d.ID.String()
		if to == request.Layout20 && version == 3 && last != "" && !tsfile.SameOrder(last, name) {
			return 4, false, nil
		}
		last = name
		if to != request.Layout12 {
			continue
		}
		if newer, err = newerTypes(r.Series(d)); newer || err != nil {
			return version, newer, err
		}
	}
	return version, newer, nil
}

func newerTypes(all iter.Seq2[*tsfile.Series, error]) (bool, error) {
	for s, err := range all {
		if err != nil {
			return false, err
		}
		if !s.Time && s.Type > tablet.Text {
			return true, nil
		}
	}
	return false, nil
}

// converted makes the part of a file in another format version. Its length is found by
// converting once into nothing.
func (f *File) converted(p event.Part, version byte) (event.Part, error) {
	open := func() (plugin.File, error) { return newStream(f.files, p, version) }
	s, err := newStream(f.files, p, version)
	if err != nil {
		return p, err
	}
	defer s.Close()
	var n counter
	if err := tsfile.Convert(s.r, &n, version); err != nil {
		return p, &unpack.Bad{Err: err}
	}
	out := event.Part{Name: p.Name, Length: int64(n), Stored: p.Stored + fmt.Sprintf(" as version %d", version)}
	f.replace(out.Stored, open)
	return out, nil
}

func (f *File) replace(stored string, open func() (plugin.File, error)) {
	if f.open == nil {
		f.open = map[string]func() (plugin.File, error){}
	}
	f.open[stored] = open
}

// rewritten makes the mods part in the form of the release.
func (f *File) rewritten(main, beside event.Part, list []mods.Deletion, to request.Layout) (event.Part, error) {
	var b []byte
	suffix := textMods
	for _, d := range list {
		if to == request.Layout20 {
			b, suffix = mods.AppendBinary(b, d), binaryMods
			continue
		}
		if d.Offset < 0 || d.Offset > math.MaxInt64/2 {
			d.Offset = math.MaxInt64
		}
		var err error
		if b, err = mods.AppendText(b, d); err != nil {
			return beside, &unpack.Bad{Err: err}
		}
	}
	out := event.Part{Name: main.Name + suffix, Length: int64(len(b)), Stored: beside.Stored + " rewritten"}
	f.replace(out.Stored, func() (plugin.File, error) { return memory{bytes.NewReader(b)}, nil })
	return out, nil
}

type memory struct{ *bytes.Reader }

// Close implements io.Closer.
func (memory) Close() error { return nil }

// counter counts what is written to it.
type counter int64

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

var _ io.Writer = (*counter)(nil)
