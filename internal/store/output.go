package store

import (
	"errors"
	"io"
	"math"
	"path"

	"github.com/cespare/xxhash/v2"

	"github.com/sluice-gateway/sluice/internal/store/manifest"
	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// spillSuffix ends the name of the index entries of a file that is being written, and
// manyDevices is from how many on they are not kept in memory.
const (
	spillSuffix = ".index" + vfs.TempSuffix
	manyDevices = 20_000
)

// output writes the files of one part of a flush: one, or several if a device does not
// fit behind what its file has.
type output struct {
	s     *Store
	head  manifest.File // what all files have in common
	name  func(part int) string
	files []manifest.File // finished
	many  bool            // devices: keep index entries in a file of their own

	out *target
	w   *tsfile.Writer
	cur manifest.File
}

// target is a file that is being written under a temporary name.
type target struct {
	fs   vfs.FS
	name string // final, with its folder
	f    vfs.File
	sum  *xxhash.Digest
	size int64

	index vfs.File // spilled index entries; nil: they are in memory
}

func create(fsys vfs.FS, name string) (*target, error) {
	f, err := fsys.Create(name + vfs.TempSuffix)
	if err != nil {
		return nil, err
	}
	return &target{fs: fsys, name: name, f: f, sum: xxhash.New()}, nil
}

// Write implements io.Writer.
func (t *target) Write(b []byte) (int, error) {
	n, err := t.f.Write(b)
	_, _ = t.sum.Write(b[:n]) // a hash does not fail
	t.size += int64(n)
	return n, err
}

// spill returns a file for index entries, which goes with the target's temporary name.
func (t *target) spill() (tsfile.Spill, error) {
	f, err := t.fs.Create(t.name + spillSuffix)
	if err != nil {
		return nil, err
	}
	t.index = f
	return f, nil
}

func (t *target) unspill() {
	if t.index != nil {
		_ = t.index.Close()
		_ = t.fs.Remove(t.name + spillSuffix) // the next Open removes it otherwise
		t.index = nil
	}
}

// finish makes the content durable and gives the file its name, which is durable after
// a SyncDir.
func (t *target) finish() error {
	t.unspill()
	err := t.f.Sync()
	if e := t.f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = t.fs.Rename(t.name+vfs.TempSuffix, t.name)
	}
	if err != nil {
		_ = t.fs.Remove(t.name + vfs.TempSuffix) // the next Open removes it otherwise
	}
	return err
}

// abandon removes the file.
func (t *target) abandon() {
	t.unspill()
	_ = t.f.Close()
	_ = t.fs.Remove(t.name + vfs.TempSuffix)
}

// write appends rows; devices come in order, the times of a device ascend.
func (o *output) write(t *tablet.Tablet) error {
	if o.w != nil {
		err := o.w.Write(t)
		if err == nil {
			o.note(t)
			return nil
		}
		if !misfit(err) {
			return err
		}
		if err := o.finish(); err != nil {
			return err
		}
	}
	var err error
	if o.out, err = create(o.s.cfg.FS, path.Join(o.s.cfg.Dir, o.name(len(o.files)))); err != nil {
		return err
	}
	o.cur = o.head
	o.cur.Name, o.cur.Lo, o.cur.Hi = o.name(len(o.files)), math.MaxInt64, math.MinInt64
	opt := tsfile.WriterOptions{}
	if o.many {
		if opt.Spill, err = o.out.spill(); err != nil {
			return err
		}
	}
	if o.w, err = tsfile.NewWriter(o.out, opt); err != nil {
		return err
	}
	if err := o.w.Write(t); err != nil {
		return err
	}
	o.note(t)
	return nil
}

// misfit reports whether rows only need another file.
func misfit(err error) bool {
	return errors.Is(err, tsfile.ErrNewColumn) || errors.Is(err, tsfile.ErrDeviceOrder) || errors.Is(err, tsfile.ErrType) ||
		errors.Is(err, tsfile.ErrAlignment) || errors.Is(err, tsfile.ErrTimeOrder)
}

func (o *output) note(t *tablet.Tablet) {
	o.cur.Lo, o.cur.Hi = min(o.cur.Lo, t.Times[0]), max(o.cur.Hi, t.Times[len(t.Times)-1])
}

// finish closes the present file.
func (o *output) finish() error {
	err := o.w.Close()
	o.w = nil
	if err != nil {
		o.out.abandon()
		o.out = nil
		return err
	}
	err = o.out.finish()
	o.cur.Bytes, o.cur.Sum = o.out.size, o.out.sum.Sum64()
	o.out = nil
	if err == nil {
		o.files = append(o.files, o.cur)
	}
	return err
}

// end closes or abandons what is open.
func (o *output) end(abandon bool) error {
	switch {
	case o.out == nil:
		return nil
	case abandon || o.w == nil:
		o.out.abandon()
		o.out, o.w = nil, nil
		return nil
	}
	return o.finish()
}

var _ io.Writer = (*target)(nil)
