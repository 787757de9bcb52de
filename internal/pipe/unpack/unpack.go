package unpack

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/pipe/plugin"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/tsfile/mods"
)

// Limits.
const (
	maxMods = 64 << 20 // bytes of a mods file
	maxPage = 64 << 20 // bytes of a page, compressed or not
)

// Request types of the seals of a TsFile.
const (
	sealPlain    = 5
	sealWithMods = 9
)

// Bad says that a file can never be read here.
type Bad struct{ Err error }

// Error returns the reason.
func (b *Bad) Error() string { return b.Err.Error() }

// Unwrap returns the cause.
func (b *Bad) Unwrap() error { return b.Err }

func bad(format string, args ...any) error { return &Bad{Err: fmt.Errorf(format, args...)} }

// Selection is what to read. The zero value reads times from 0 to 0 of everything; see
// Everything.
type Selection struct {
	Device func(device string) tablet.Coverage   // nil: all devices
	Series func(device, measurement string) bool // asked where Device says SomeSeries
	Lo, Hi int64                                 // event times, both included
}

// Everything selects all points.
func Everything() Selection { return Selection{Lo: math.MinInt64, Hi: math.MaxInt64} }

func (s *Selection) device(path string) tablet.Coverage {
	if s.Device == nil {
		return tablet.AllSeries
	}
	return s.Device(path)
}

// Reader yields the selected points of one file. It is for one goroutine.
type Reader struct {
	src  *source
	r    *tsfile.Reader
	mods []deletion
	sel  Selection

	next func() (*tsfile.Device, error, bool)
	stop func()
	scan *tsfile.Scanner // of the current device; nil: take the next one
	path string          // of the current device, in normal form
	cuts map[string][]span
}

// span is a range of times, both included.
type span struct{ lo, hi int64 }

// IsTsFile reports whether a sealed transfer holds a TsFile.
func IsTsFile(f *event.Sealed) bool {
	return f != nil && (f.Type == sealPlain || f.Type == sealWithMods) && len(f.Parts) > 0 && !f.Parts[len(f.Parts)-1].Absent
}

// Parts returns the TsFile of a transfer and the mods beside it, nil if there are none.
func Parts(f *event.Sealed) (file, beside *event.Part) {
	n := len(f.Parts)
	if f.Type == sealWithMods && n > 1 && !f.Parts[n-2].Absent {
		beside = &f.Parts[n-2]
	}
	return &f.Parts[n-1], beside
}

// Open reads footer and mods of a file. The caller closes the reader.
func Open(files plugin.Files, f *event.Sealed, sel Selection) (*Reader, error) {
	if !IsTsFile(f) {
		return nil, bad("the transfer holds no TsFile")
	}
	part, beside := Parts(f)
	file, err := files.Open(part.Stored)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", part.Stored, err)
	}
	x := &Reader{src: &source{f: file}, sel: sel}
	x.r, err = tsfile.Open(x.src, part.Length, tsfile.Limits{PageBytes: maxPage})
	if err == nil && len(x.r.Footer().Tables) > 0 {
		err = errors.New("it is of the table model")
	}
	if err = x.fault(err); err == nil && beside != nil {
		x.mods, err = readMods(files, beside)
	}
	if err != nil {
		_ = file.Close() // the first error is the one to tell
		return nil, err
	}
	x.next, x.stop = iter.Pull2(x.r.Devices())
	return x, nil
}

// Version returns the format version of the file, 3 or 4.
func (x *Reader) Version() byte { return x.r.Footer().Version }

// File returns the reader below.
func (x *Reader) File() *tsfile.Reader { return x.r }

// Close releases the file.
func (x *Reader) Close() error {
	x.stop()
	return x.src.f.Close()
}

// source remembers an error of the disk, which is no damage of the file.
type source struct {
	f   plugin.File
	err error
}

// ReadAt implements io.ReaderAt.
func (s *source) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.f.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// fault tells an error of the disk from damage.
func (x *Reader) fault(err error) error {
	switch {
	case err == nil:
		return nil
	case x.src.err != nil:
		return x.src.err
	}
	var b *Bad
	if errors.As(err, &b) {
		return err
	}
	return &Bad{Err: err}
}

// Next returns the next rows: a tablet of one device that belongs to the caller, with
// ascending times and no row or column of nulls only. io.EOF at the end.
func (x *Reader) Next() (*tablet.Tablet, error) {
	for {
		if x.scan == nil {
			if err := x.device(); err != nil {
				return nil, err
			}
		}
		t, err := x.scan.Next()
		if errors.Is(err, io.EOF) {
			x.scan = nil
			continue
		}
		if err != nil {
			return nil, x.fault(err)
		}
		if t, err = x.own(t); err != nil {
			return nil, err
		}
		if t != nil {
			return t, nil
		}
	}
}

// device opens the next selected device, or returns io.EOF.
func (x *Reader) device() error {
	for {
		d, err, ok := x.next()
		if !ok {
			return io.EOF
		}
		if err != nil {
			return x.fault(err)
		}
		if x.path, err = tablet.Normalize(d.ID.String()); err != nil {
			return bad("device %.300q: %w", d.ID.String(), err)
		}
		cover := x.sel.device(x.path)
		if cover == tablet.NoSeries {
			continue
		}
		names, err := x.series(d, cover)
		if err != nil {
			return x.fault(err)
		}
		if len(names) == 0 {
			continue
		}
		x.scan, err = x.r.Scan(tsfile.Query{Device: d.ID, Measurements: names, From: x.sel.Lo, To: x.sel.Hi})
		return x.fault(err)
	}
}

// series returns the selected measurements of a device as the file spells them, and
// works out what the mods delete of them.
func (x *Reader) series(d *tsfile.Device, cover tablet.Coverage) ([]string, error) {
	var names []string
	x.cuts = nil
	var clock *tsfile.Series
	for s, err := range x.r.Series(d) {
		switch {
		case err != nil:
			return nil, err
		case s.Time:
			clock = s
			continue
		case s.Stats.Count == 0 || s.Stats.End < x.sel.Lo || s.Stats.Start > x.sel.Hi:
			continue
		case !s.Type.Valid():
			return nil, fmt.Errorf("series %.300q has the type %d", s.Name, uint8(s.Type))
		}
		name, err := tablet.NormalizeMeasurement(s.Name)
		if err != nil {
			return nil, fmt.Errorf("series %.300q: %w", s.Name, err)
		}
		if cover == tablet.SomeSeries && !x.sel.Series(x.path, name) {
			continue
		}
		names = append(names, s.Name)
		if cuts := x.deleted(name, s, clock); cuts != nil {
			if x.cuts == nil {
				x.cuts = map[string][]span{}
			}
			x.cuts[name] = cuts
		}
	}
	return names, nil
}

// own makes a tablet of the caller's out of the scanner's, without what is deleted; nil
// if nothing is left.
func (x *Reader) own(t *tablet.Tablet) (*tablet.Tablet, error) {
	t = t.Clone()
	t.Device = x.path
	for i := range t.Columns {
		c := &t.Columns[i]
		name, err := tablet.NormalizeMeasurement(c.Name)
		if err != nil {
			return nil, bad("series %.300q: %w", c.Name, err)
		}
		c.Name, c.Category = name, tablet.Field
		for _, cut := range x.cuts[name] {
			Clear(t, i, cut.lo, cut.hi)
		}
	}
	return Dense(t)
}

// Covered says how much of the file the selection takes, by its index: all of it, or
// nothing. Both may be false.
func (x *Reader) Covered() (all, nothing bool, err error) {
	all, nothing = true, true
	for d, err := range x.r.Devices() {
		if err != nil {
			return false, false, x.fault(err)
		}
		path, err := tablet.Normalize(d.ID.String())
		if err != nil {
			return false, false, bad("device %.300q: %w", d.ID.String(), err)
		}
		cover := x.sel.device(path)
		if cover == tablet.NoSeries {
			all = false
			continue
		}
		for s, err := range x.r.Series(d) {
			if err != nil {
				return false, false, x.fault(err)
			}
			if s.Time || s.Stats.Count == 0 {
				continue
			}
			inside := cover == tablet.AllSeries || x.sel.Series(path, s.Name)
			all = all && inside && s.Stats.Start >= x.sel.Lo && s.Stats.End <= x.sel.Hi
			nothing = nothing && (!inside || s.Stats.End < x.sel.Lo || s.Stats.Start > x.sel.Hi)
		}
		if !all && !nothing {
			break
		}
	}
	return all, nothing, nil
}

// ReadMods reads the deletions of a mods file of either form. Errors are *Bad or of the
// disk.
func ReadMods(files plugin.Files, p *event.Part) ([]mods.Deletion, error) {
	if p.Length > maxMods {
		return nil, bad("its mods have %d bytes, at most %d are read", p.Length, maxMods)
	}
	f, err := files.Open(p.Stored)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", p.Stored, err)
	}
	defer f.Close()
	b := make([]byte, p.Length)
	if n, err := f.ReadAt(b, 0); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("file %s: %w", p.Stored, err)
	}
	read := mods.ReadText
	if len(b) > 0 && b[0] <= 1 { // the kinds of the binary form
		read = mods.ReadBinary
	}
	list, err := read(b)
	if err != nil {
		return nil, bad("its mods: %w", err)
	}
	return list, nil
}
