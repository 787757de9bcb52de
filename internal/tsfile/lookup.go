package tsfile

import (
	"sort"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/tsfile/stat"
	"github.com/sluice-gateway/sluice/internal/tsfile/wire"
)

// Lookup returns the wanted series of a device, each in its place, nil where there is
// none, and the time column of an aligned device. Entries of others are passed over.
func (r *Reader) Lookup(d *Device, names []string) (time *Series, found []*Series, err error) {
	found = make([]*Series, len(names))
	if d.root.kind != leafMeasurement {
		return lookupEach(r, d, names, found)
	}
	l := lookup{r: r, names: names, found: found, run: -1}
	if len(names) < fewNames {
		err = l.each(d)
	} else {
		err = l.all(d)
	}
	if err != nil {
		return nil, nil, err
	}
	return l.time, found, checkLookup(l.time, found)
}

// fewNames is from how many names on all entries of a device are looked at.
const fewNames = 4

// lookup finds entries in the runs of one device.
type lookup struct {
	r     *Reader
	names []string
	found []*Series
	time  *Series
	next  int            // the name that is likely to come
	index map[string]int // of many names; nil: not needed so far

	run  int // whose bytes b is; -1: none
	base int64
	b    []byte
}

// all looks at the entries of all runs.
func (l *lookup) all(d *Device) error {
	for i := range d.root.children {
		if err := l.read(&d.root, i); err != nil {
			return err
		}
		if err := l.skim(func(name []byte) (int, bool) { return l.place(name), false }); err != nil {
			return err
		}
	}
	return nil
}

// each looks for one name after the other.
func (l *lookup) each(d *Device) error {
	value := false
	for i, name := range l.names {
		if !l.r.foot.Bloom.MayContain(d.ID.String(), name) {
			continue
		}
		if err := l.one(d, i, name); err != nil {
			return err
		}
		if l.found[i] != nil && l.found[i].Time {
			l.found[i] = nil
		}
		value = value || l.found[i] != nil && l.found[i].Value
	}
	if !value {
		return nil
	}
	return l.one(d, timeColumn, "")
}

// one looks for the entry of a name, which is that at i.
func (l *lookup) one(d *Device, i int, name string) error {
	n := &d.root
	run := sort.Search(len(n.children), func(k int) bool { return ComparePaths(n.children[k].name, name) > 0 }) - 1
	if run < 0 {
		return nil
	}
	if err := l.read(n, run); err != nil {
		return err
	}
	return l.skim(func(have []byte) (int, bool) {
		if string(have) == name {
			return i, true
		}
		return absent, ComparePaths(string(have), name) > 0
	})
}

// Places of an entry beside those of the names.
const (
	absent     = -1
	timeColumn = -2
)

// place returns where an entry belongs.
func (l *lookup) place(name []byte) int {
	if l.next < len(l.names) && l.names[l.next] == string(name) {
		l.next++
		return l.next - 1
	}
	if len(name) == 0 {
		return timeColumn
	}
	if l.index == nil {
		l.index = make(map[string]int, len(l.names))
		for i, n := range l.names {
			l.index[n] = i
		}
	}
	i, ok := l.index[string(name)]
	if !ok {
		return absent
	}
	l.next = i + 1
	return i
}

// read reads the entries that child i of a leaf covers.
func (l *lookup) read(n *indexNode, i int) error {
	if i == l.run {
		return nil
	}
	from, to := n.span(i)
	if to-from > int64(l.r.lim.MetaBytes) {
		return corrupt(from, "series entries", "%d bytes, at most %d", to-from, l.r.lim.MetaBytes)
	}
	b, err := l.r.read(from, int(to-from), "series entries")
	l.run, l.base, l.b = i, from, b
	return err
}

// skim walks through the entries of a run. want says where one belongs, and whether no
// other is needed.
func (l *lookup) skim(want func(name []byte) (place int, last bool)) error {
	c := &wire.Cursor{B: l.b}
	for c.Off < len(l.b) {
		start := c.Off
		c.U8()
		name, null := c.Text()
		if null {
			c.Fail("name is null")
		}
		place, last := want(name)
		if place == absent || c.Failed() {
			t := tablet.DataType(c.U8())
			size := c.Uv()
			stat.Read(c, t)
			c.Bytes(int(size))
			if c.Failed() {
				return corrupt(l.base+int64(start), "series entry", "%s", c.Reason)
			}
		} else {
			c.Off = start
			s, err := l.r.readSeries(c, l.base)
			if err != nil {
				return err
			}
			l.take(place, s)
		}
		if last {
			return nil
		}
	}
	return nil
}

func (l *lookup) take(place int, s *Series) {
	switch {
	case s.Time:
		l.time = s
	case place >= 0:
		l.found[place] = s
	}
}

func lookupEach(r *Reader, d *Device, names []string, found []*Series) (time *Series, _ []*Series, err error) {
	value := false
	for i, n := range names {
		if found[i], err = r.Find(d, n); err != nil {
			return nil, nil, err
		}
		if found[i] != nil && found[i].Time {
			found[i] = nil
		}
		value = value || found[i] != nil && found[i].Value
	}
	if value {
		if time, err = findTime(r, d); err != nil {
			return nil, nil, err
		}
	}
	return time, found, checkLookup(time, found)
}

func findTime(r *Reader, d *Device) (*Series, error) {
	t, err := r.find(d, "")
	if t != nil && !t.Time {
		t = nil
	}
	return t, err
}

// checkLookup: every value column must have a chunk for every chunk of the time column.
func checkLookup(time *Series, found []*Series) error {
	for _, x := range found {
		switch {
		case x == nil:
		case x.Value && time == nil:
			return corrupt(x.Offset, "series entry of "+x.Name, "value column without a time column")
		case time != nil && !x.Value:
			return corrupt(x.Offset, "series entry of "+x.Name, "not aligned in an aligned device")
		case time != nil && len(x.Chunks) != len(time.Chunks):
			return corrupt(x.Offset, "series entry of "+x.Name, "%d chunks, the time column has %d", len(x.Chunks), len(time.Chunks))
		}
	}
	return nil
}
