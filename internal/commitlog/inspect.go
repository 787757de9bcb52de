package commitlog

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// Report is what Inspect finds in a directory.
type Report struct {
	Segments []SegmentInfo
	Cursors  map[string]uint64 // position by name
}

// SegmentInfo describes one segment file.
type SegmentInfo struct {
	Number      uint64
	First, Last uint64    // positions; Last < First = no records
	Created     time.Time // zero if the header is damaged
	Bytes       int64     // of the file
	End         int64     // where its last whole record ends
	Sealed      bool      // its index is complete
	Damage      []*CorruptError
	// Tail is the bytes after End: of an unfinished write in the newest segment,
	// of a write that failed and was repeated elsewhere in the others.
	Tail int64
}

// Inspect reads a log without opening it: no lock, nothing is written, a running
// gateway is not disturbed. Every record is checked; fn, if not nil, is called
// with those that f takes. Damage is reported, not returned as an error; f.Skip
// is not used.
func Inspect(ctx context.Context, fsys vfs.FS, dir string, f Filter, fn func(Entry) error) (Report, error) {
	f = f.sorted()
	in := &inspection{loader: loader{place: &place{fs: fsys, dir: dir, logger: slog.New(slog.DiscardHandler)}}, f: f, fn: fn}
	if _, err := in.list(); err != nil {
		return Report{}, err
	}
	if len(in.files) > 0 {
		if err := in.identify(); err != nil {
			return Report{}, err
		}
	}
	in.salt = saltOf(in.id)
	c, err := loadCursors(fsys, dir, nil)
	if err != nil {
		return Report{}, err
	}
	rep := Report{Cursors: c.positions()}
	for i := range in.files {
		info, err := in.segment(ctx, i)
		if err != nil {
			return rep, err
		}
		rep.Segments = append(rep.Segments, info)
	}
	return rep, nil
}

// inspection is one call of Inspect.
type inspection struct {
	loader
	f    Filter
	fn   func(Entry) error
	next uint64 // position after the segment before
}

// segment reads the i-th segment.
func (in *inspection) segment(ctx context.Context, i int) (SegmentInfo, error) {
	f := &in.files[i]
	info := SegmentInfo{Number: f.num, First: f.head.first, Bytes: f.size}
	if f.reason == "" {
		info.Created = time.Unix(0, f.head.created)
	} else {
		info.First = max(in.next, 1)
		info.Damage = append(info.Damage, &CorruptError{Segment: f.num, Reason: f.reason, From: 1})
	}
	if in.next != 0 && info.First > in.next {
		info.Damage = append(info.Damage, &CorruptError{Segment: f.num, Reason: "a segment before it is missing", From: in.next, To: info.First - 1})
	}
	last := uint64(unknown)
	newest := i+1 == len(in.files)
	if !newest && in.files[i+1].reason == "" {
		last = in.files[i+1].head.first - 1
	}
	t, _, sealed, err := readTrailer(in.fs, in.idxName(f.num), f.num)
	info.Sealed = err == nil && sealed
	safe := covered{end: t.end, last: t.last}
	if !info.Sealed && newest {
		c, err := in.covered(&segment{num: f.num, first: info.First}, f)
		if err != nil {
			return info, err
		}
		safe = c.covered
	}
	file, err := in.fs.Open(in.logName(f.num))
	if err != nil {
		return info, err
	}
	defer file.Close()
	if f.size, err = file.Size(); err != nil { // it may have grown since, and the index with it
		return info, err
	}
	info.Bytes = f.size
	w := &walk{f: file, num: f.num, salt: in.salt, off: segmentHeader, limit: f.size, want: info.First}
	if last == unknown && safe.last >= info.First {
		err = in.records(ctx, w, &info, safe.last)
		w.off = max(w.off, safe.end)
	}
	if err == nil {
		err = in.records(ctx, w, &info, last)
	}
	info.Last, info.End, info.Tail = w.want-1, min(w.off, f.size), max(0, f.size-w.off)
	in.next = w.want
	return info, err
}

// records reads the records of a segment up to position last.
func (in *inspection) records(ctx context.Context, w *walk, info *SegmentInfo, last uint64) error {
	for w.want <= last {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := w.header()
		if err == io.EOF && last == unknown {
			return nil
		}
		if err == io.EOF {
			err = w.corrupt("the records end too early")
		}
		var b []byte
		if err == nil {
			b, err = w.payload(&h)
		}
		var ce *CorruptError
		switch {
		case errors.As(err, &ce):
			if goOn, err := in.pass(w, ce, last); !goOn || err != nil {
				return err
			}
			info.Damage = append(info.Damage, ce)
			continue
		case err != nil:
			return err
		}
		if in.fn != nil && h.pos >= in.f.From && (in.f.To == 0 || h.pos <= in.f.To) && in.f.takes(&h.Label) {
			if err := in.fn(h.entry(b)); err != nil {
				return err
			}
		}
		w.advance(&h)
	}
	return nil
}

// pass goes behind a damaged place, or reports false at the end of what the
// newest segment holds.
func (in *inspection) pass(w *walk, ce *CorruptError, last uint64) (bool, error) {
	if last == unknown {
		return w.pass(ce, last)
	}
	ok, err := w.resync(last)
	if !ok {
		w.want = last + 1
	}
	ce.To = w.want - 1
	return err == nil, err
}
