package commitlog

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// loader brings a directory into memory.
type loader struct {
	*place
	shelf *shelf
	meter *meter
	files []segmentFile
}

// segmentFile is what the directory and the header tell about a segment.
type segmentFile struct {
	num    uint64
	size   int64
	head   segmentHead
	reason string // what is wrong with the header, if anything
}

// load reads the directory, fills the shelf and returns a writer that goes on
// where the log ends.
func (ld *loader) load() (*writer, error) {
	w := &writer{shelf: ld.shelf, meter: ld.meter}
	names, err := ld.list()
	if err != nil {
		return nil, err
	}
	if n := len(ld.files); n > 0 {
		w.num = ld.files[n-1].num
	}
	if err := ld.clean(names); err != nil {
		return nil, err
	}
	if err := ld.identify(); err != nil {
		return nil, err
	}
	ld.salt = saltOf(ld.id)
	if err := ld.tidy(); err != nil {
		return nil, err
	}
	next := uint64(0) // 0 = the first segment says where the log begins
	for i := range ld.files {
		seg, err := ld.segment(i, next, w)
		if err != nil {
			return nil, err
		}
		if seg.last >= seg.first || !seg.sealed {
			ld.shelf.segs = append(ld.shelf.segs, seg)
			next = seg.last + 1
		}
	}
	ld.shelf.next = max(next, 1)
	if len(ld.files) > 0 { // the names may be no more than visible
		if err := ld.fs.SyncDir(ld.dir); err != nil {
			return nil, errors.Join(err, w.close())
		}
	}
	return w, nil
}

// list finds the segments, reads their headers and returns all names.
func (ld *loader) list() (names []string, err error) {
	names, err = ld.fs.List(ld.dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if num, ok := numberOf(name, ".log"); ok {
			f, err := ld.head(num)
			if err != nil {
				return nil, err
			}
			ld.files = append(ld.files, f)
		}
	}
	slices.SortFunc(ld.files, func(a, b segmentFile) int { return cmp.Compare(a.num, b.num) })
	return names, nil
}

// clean removes index files without a segment and what WriteFile left.
func (ld *loader) clean(names []string) error {
	for _, name := range names {
		num, ok := numberOf(name, ".idx")
		orphan := ok && !slices.ContainsFunc(ld.files, func(f segmentFile) bool { return f.num == num })
		if orphan || name == cursorsName+vfs.TempSuffix {
			if err := ld.fs.Remove(filepath.Join(ld.dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// numberOf takes the number out of a file's name.
func numberOf(name, suffix string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, suffix)
	if !ok || len(digits) < 10 {
		return 0, false
	}
	num, err := strconv.ParseUint(digits, 10, 63)
	return num, err == nil && num > 0 && fmt.Sprintf("%010d", num) == digits
}

// head reads the header of a segment.
func (ld *loader) head(num uint64) (segmentFile, error) {
	sf := segmentFile{num: num}
	f, err := ld.fs.Open(ld.logName(num))
	if err != nil {
		return sf, err
	}
	defer f.Close()
	if sf.size, err = f.Size(); err != nil {
		return sf, err
	}
	b := make([]byte, segmentHeader)
	n, err := f.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return sf, err
	}
	sf.head, sf.reason, err = decodeSegmentHead(b[:n], num)
	return sf, err
}

// identify finds the identity of the log, which every record's checksum needs:
// in a segment's header, else in an index file.
func (ld *loader) identify() error {
	for i := range ld.files {
		f := &ld.files[i]
		if f.reason != "" {
			continue
		}
		if ld.id == 0 {
			ld.id = f.head.id
		} else if f.head.id != ld.id {
			f.reason = "the segment belongs to another log"
		}
	}
	if ld.id != 0 {
		return nil
	}
	full := (*segmentFile)(nil)
	for i := range ld.files {
		f := &ld.files[i]
		c, err := readIndex(ld.fs, ld.idxName(f.num), f.num)
		if (err == nil || errors.Is(err, errIndex)) && c.id != 0 {
			ld.id = c.id
			return nil
		}
		if f.size > segmentHeader {
			full = f
		}
	}
	if full != nil {
		return &CorruptError{Segment: full.num, Reason: full.reason + ", and no other file of the log tells its identity", From: 1}
	}
	for ld.id == 0 {
		ld.id = newID()
	}
	return nil
}

// tidy removes segments that were never used: their header was not finished, or
// the next one begins with the same position.
func (ld *loader) tidy() error {
	var kept []segmentFile
	for i, f := range ld.files {
		unused := f.reason != "" && f.size <= segmentHeader
		if i+1 < len(ld.files) && f.reason == "" {
			n := ld.files[i+1]
			unused = n.reason == "" && n.head.first == f.head.first
		}
		if !unused {
			kept = append(kept, f)
			continue
		}
		ld.logger.Warn("a segment that was never used is removed", "segment", f.num, "bytes", f.size)
		if err := ld.fs.Remove(ld.logName(f.num)); err != nil {
			return err
		}
		if err := ld.fs.Remove(ld.idxName(f.num)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	ld.files = kept
	return nil
}

// segment loads the i-th segment; next is the position after the one before, or
// 0 if it is the first.
func (ld *loader) segment(i int, next uint64, w *writer) (*segment, error) {
	f := &ld.files[i]
	seg := &segment{num: f.num, first: f.head.first, head: f.reason, sum: emptyExtent()}
	if f.reason != "" {
		ld.damaged(f.num, 0, f.reason)
		seg.first = max(next, 1)
		if t, _, ok, err := readTrailer(ld.fs, ld.idxName(f.num), f.num); err == nil && ok {
			seg.first = t.first
		}
	}
	if next != 0 && seg.first > next {
		ld.damaged(f.num, 0, fmt.Sprintf("positions %d to %d are missing before it", next, seg.first-1))
	}
	if i+1 == len(ld.files) {
		return seg, ld.newest(seg, f, w)
	}
	limit := uint64(0)
	if n := &ld.files[i+1]; n.reason == "" {
		limit = n.head.first
	}
	return seg, ld.sealed(seg, f, limit)
}

// damaged logs and counts a damaged place.
func (ld *loader) damaged(num uint64, off int64, reason string) {
	ld.meter.damage()
	ld.logger.Error("the log is damaged", "segment", num, "offset", off, "reason", reason)
}

// sealed loads a segment that is not the newest. limit is the first position of
// the next one, 0 if that is not known.
func (ld *loader) sealed(seg *segment, f *segmentFile, limit uint64) error {
	ok, err := ld.fromTrailer(seg, f, limit)
	if ok || err != nil {
		return err
	}
	ld.logger.Warn("the index of a segment is missing or damaged and is rebuilt", "segment", seg.num)
	file, err := ld.fs.Open(ld.logName(seg.num))
	if err != nil {
		return err
	}
	defer file.Close()
	last := uint64(unknown)
	if limit != 0 {
		last = limit - 1
	}
	wk := &walk{f: file, num: seg.num, salt: ld.salt, off: segmentHeader, limit: f.size, want: seg.first}
	ix, err := wk.index(last)
	if err != nil {
		return err
	}
	for _, b := range ix.snapshot() {
		if b.flags&flagDamaged != 0 {
			ld.damaged(seg.num, b.off, "found while rebuilding the index: records in this block cannot be read")
		}
	}
	seg.index, seg.end, seg.last, seg.sealed = ix, wk.off, wk.want-1, true
	seg.sum = ix.total()
	if seg.last < seg.first {
		return nil
	}
	x := indexWriter{place: ld.place, num: seg.num}
	x.seal(seg)
	if x.saved {
		seg.index = nil
	}
	seg.disk = seg.end + x.size
	return nil
}

// fromTrailer takes what the trailer of the index file says, if it fits.
func (ld *loader) fromTrailer(seg *segment, f *segmentFile, limit uint64) (bool, error) {
	t, size, ok, err := readTrailer(ld.fs, ld.idxName(seg.num), seg.num)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil || !ok || t.first != seg.first || limit != 0 && t.last+1 != limit {
		return false, err
	}
	if t.end > f.size {
		ld.damaged(seg.num, f.size, fmt.Sprintf("the file has %d bytes of %d", f.size, t.end))
	}
	seg.last, seg.end, seg.sum, seg.sealed = t.last, t.end, t.extent, true
	seg.disk = t.end + size
	return true, nil
}

// index goes through all records up to position last and builds their index. A
// damaged place is marked in it. The walk ends after the last record.
func (w *walk) index(last uint64) (*index, error) {
	ix := &index{}
	for w.want <= last {
		h, err := w.header()
		if err == nil {
			_, err = w.payload(&h)
		}
		if err == nil {
			ix.add(w.off, &h)
			w.advance(&h)
			continue
		}
		var ce *CorruptError
		if err != io.EOF && !errors.As(err, &ce) {
			return nil, err
		}
		if err == io.EOF && last == unknown {
			break
		}
		off, want := w.off, w.want
		ok, err := w.resync(last)
		if err != nil {
			return nil, err
		}
		if !ok && last == unknown { // nobody knows whether more was there
			w.off, w.want = off, want
			break
		}
		ix.damage(off, want)
		if !ok {
			w.want = last + 1
		}
	}
	return ix, nil
}
