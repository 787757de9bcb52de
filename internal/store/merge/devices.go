package merge

import (
	"fmt"
	"iter"
	"slices"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile"
)

// Devices yields the devices of all layers in the order of a version 3 file, with their
// series. At the first error it yields it and stops. Memory: one device of each file, and
// the names of a version 4 file whose devices have another order.
func Devices(inputs []Input) iter.Seq2[Device, error] {
	return func(yield func(Device, error) bool) {
		lists := make([]*deviceList, 0, len(inputs))
		defer func() {
			for _, l := range lists {
				l.stop()
			}
		}()
		for i := range inputs {
			l, err := newDeviceList(&inputs[i])
			if err != nil {
				yield(Device{}, err)
				return
			}
			lists = append(lists, l)
			if err := l.advance(); err != nil {
				yield(Device{}, err)
				return
			}
		}
		var u unionDevice
		for {
			d, err := u.next(lists)
			if err == nil && d == nil {
				return
			}
			if err != nil {
				yield(Device{}, err)
				return
			}
			if !yield(*d, nil) {
				return
			}
		}
	}
}

// deviceList goes through the devices of one layer.
type deviceList struct {
	in   *Input
	pull func() (string, *tsfile.Device, error, bool)
	stop func()

	name string // of the current device; "" at the end
	dev  *tsfile.Device
	done bool
}

func newDeviceList(in *Input) (*deviceList, error) {
	l := &deviceList{in: in, stop: func() {}}
	if in.Mem != nil {
		names := slices.Collect(in.Mem.Devices())
		slices.SortFunc(names, tsfile.ComparePaths)
		l.pull = func() (string, *tsfile.Device, error, bool) { return popName(&names) }
		return l, nil
	}
	ordered, err := pathOrder(in.File)
	if err != nil {
		return nil, err
	}
	if ordered {
		next, stop := iter.Pull2(in.File.Devices())
		l.stop = stop
		l.pull = func() (string, *tsfile.Device, error, bool) {
			d, err, ok := next()
			if !ok || err != nil {
				return "", nil, err, ok
			}
			return d.ID.String(), d, nil, true
		}
		return l, nil
	}
	var names []string
	for d, err := range in.File.Devices() {
		if err != nil {
			return nil, err
		}
		names = append(names, d.ID.String())
	}
	slices.SortFunc(names, tsfile.ComparePaths)
	l.pull = func() (string, *tsfile.Device, error, bool) {
		name, _, _, ok := popName(&names)
		if !ok {
			return "", nil, nil, false
		}
		d, err := findDevice(in.File, name)
		return name, d, err, true
	}
	return l, nil
}

func popName(names *[]string) (string, *tsfile.Device, error, bool) {
	if len(*names) == 0 {
		return "", nil, nil, false
	}
	n := (*names)[0]
	*names = (*names)[1:]
	return n, nil, nil, true
}

func findDevice(r *tsfile.Reader, name string) (*tsfile.Device, error) {
	id, err := r.DeviceID(name)
	if err != nil {
		return nil, err
	}
	d, err := r.Device(id)
	if err == nil && d == nil {
		err = &tsfile.CorruptError{Offset: r.Footer().Offset, Structure: "index", Reason: fmt.Sprintf("device %s is listed but not found", name)}
	}
	return d, err
}

// pathOrder reports whether the devices of a file come in the order of their paths, as
// those of version 3 do.
func pathOrder(r *tsfile.Reader) (bool, error) {
	if r.Footer().Version == 3 {
		return true, nil
	}
	last, first := "", true
	for d, err := range r.Devices() {
		if err != nil {
			return false, err
		}
		name := d.ID.String()
		if !first && tsfile.ComparePaths(last, name) >= 0 {
			return false, nil
		}
		last, first = name, false
	}
	return true, nil
}

func (l *deviceList) advance() error {
	last := l.name
	name, dev, err, ok := l.pull()
	if err != nil {
		return err
	}
	l.name, l.dev, l.done = name, dev, !ok
	if ok && last != "" && tsfile.ComparePaths(last, name) >= 0 {
		return &tsfile.CorruptError{Structure: "index", Reason: fmt.Sprintf("device %s behind %s", name, last)}
	}
	return nil
}

// unionDevice joins what the layers know of one device.
type unionDevice struct {
	out   Device
	index map[string]seat
	cur   tsfile.ChunkCursor
}

// seat is a column of a union.
type seat struct {
	i      int
	filled bool // its schema is of a layer that has values
}

// next returns the first device of lists and moves those that have it; nil at the end.
func (u *unionDevice) next(lists []*deviceList) (*Device, error) {
	first := ""
	for _, l := range lists {
		if !l.done && (first == "" || tsfile.ComparePaths(l.name, first) < 0) {
			first = l.name
		}
	}
	if first == "" {
		return nil, nil
	}
	u.out = Device{Name: first}
	u.index = map[string]seat{}
	for _, l := range lists {
		if l.done || l.name != first {
			continue
		}
		if l.in.Mem != nil {
			for _, t := range l.in.Mem.Tablets(first) {
				u.out.Aligned = t.Aligned
				for i := range t.Columns {
					c := &t.Columns[i]
					u.put(c.Schema, c.Nulls.Count(len(t.Times)) < len(t.Times))
				}
			}
		} else if err := u.file(l); err != nil {
			return nil, err
		}
		if err := l.advance(); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(u.out.Columns, func(a, b tablet.Schema) int { return tsfile.ComparePaths(a.Name, b.Name) })
	return &u.out, nil
}

// put adds a series of a layer. One without values there, which may be a deleted one of
// another type, does not count where there are others.
func (u *unionDevice) put(s tablet.Schema, filled bool) {
	at, ok := u.index[s.Name]
	switch {
	case !ok:
		at.i = len(u.out.Columns)
		u.out.Columns = append(u.out.Columns, s)
	case filled || !at.filled:
		u.out.Columns[at.i] = s
	}
	at.filled = at.filled || filled
	u.index[s.Name] = at
}

// file adds the series of a file; encoding and compressor stand in the last chunk's header.
func (u *unionDevice) file(l *deviceList) error {
	r := l.in.File
	u.out.Aligned = false
	for s, err := range r.Series(l.dev) {
		if err != nil {
			return err
		}
		if s.Time {
			u.out.Aligned = true
			continue
		}
		if len(s.Chunks) == 0 {
			continue
		}
		if err := r.OpenChunk(&u.cur, s, len(s.Chunks)-1, 256); err != nil {
			return err
		}
		u.put(u.cur.Schema(), s.Stats.Count > 0)
	}
	return nil
}
