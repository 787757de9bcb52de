package commitlog

import (
	"errors"
	"io/fs"

	"github.com/sluice-gateway/sluice/internal/vfs"
)

// indexWriter appends to the index file of the segment that is written to.
// Nothing depends on it for safety, so a failure is logged and ends it until the
// segment is sealed, when the whole file is written anew.
type indexWriter struct {
	*place
	num   uint64
	f     vfs.File // nil after a failure
	size  int64    // bytes of the file
	done  covered  // by the file
	count int      // blocks in the file
	saved bool     // sealed and synced
}

// create starts an empty index file.
func (x *indexWriter) create() {
	x.size, x.count, x.done = 0, 0, covered{end: segmentHeader}
	f, err := x.fs.Create(x.idxName(x.num))
	if err != nil {
		x.fail(err)
		return
	}
	x.f = f
	x.append(appendIndexHeader(nil, x.num, x.id))
}

// resume goes on with a file of which the first size bytes are good.
func (x *indexWriter) resume(c *indexContent) {
	f, err := x.fs.OpenReadWrite(x.idxName(x.num))
	if err != nil {
		x.fail(err)
		return
	}
	x.f = f
	if err := f.Truncate(c.valid); err != nil {
		x.fail(err)
		return
	}
	x.size, x.done, x.count = c.valid, c.covered, len(c.blocks)
}

func (x *indexWriter) append(b []byte) {
	if x.f == nil {
		return
	}
	if _, err := x.f.WriteAt(b, x.size); err != nil {
		x.fail(err)
		return
	}
	x.size += int64(len(b))
}

func (x *indexWriter) fail(err error) {
	x.logger.Warn("the index of a segment cannot be written; it is rebuilt later", "segment", x.num, "err", err)
	x.close()
}

func (x *indexWriter) close() {
	if x.f != nil {
		_ = x.f.Close() // it is checked when it is read
		x.f = nil
	}
}

// due reports whether enough records follow what the file covers.
func (x *indexWriter) due(end int64) bool {
	return x.f != nil && end-x.done.end >= checkpointBytes
}

// checkpoint appends the closed blocks that the file does not have. They cover
// the bytes before the open block, or up to c if there is none. The writer is
// the only one that changes the index, so it may read it without the lock.
func (x *indexWriter) checkpoint(ix *index, c covered) {
	if ix.used {
		c = covered{end: ix.open.off, last: ix.open.first - 1}
	}
	if x.f == nil || c.end <= x.done.end {
		return
	}
	x.append(appendChunk(nil, x.num, c, ix.blocks[x.count:]))
	x.done, x.count = c, len(ix.blocks)
}

// seal writes what is missing and the trailer, and syncs. It starts over with a
// new file if an earlier write failed.
func (x *indexWriter) seal(seg *segment) {
	if x.f == nil {
		x.create()
	}
	end := covered{end: seg.end, last: seg.last}
	blocks := seg.index.snapshot()
	var b []byte
	if end != x.done {
		b = appendChunk(nil, x.num, end, blocks[x.count:])
	}
	b = appendTrailer(b, &trailer{num: seg.num, first: seg.first, last: seg.last, end: seg.end, extent: seg.index.total()})
	x.append(b)
	if x.f == nil {
		return
	}
	if err := x.f.Sync(); err != nil {
		x.fail(err)
		return
	}
	x.saved = true
	x.close()
}

// discard removes the file.
func (x *indexWriter) discard() {
	x.close()
	if err := x.fs.Remove(x.idxName(x.num)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		x.logger.Warn("an index that is not needed could not be removed", "segment", x.num, "err", err)
	}
}
