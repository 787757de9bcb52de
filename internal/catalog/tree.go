package catalog

import (
	"slices"
	"strings"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// indexFrom is the number of series from which a device has an index by name.
const indexFrom = 16

// series is one measurement of a device.
type series struct {
	name   string // interned
	labels *Labels
	typ    tablet.DataType
	enc    tablet.Encoding
	comp   tablet.Compressor
}

func (s *series) schema() tablet.Schema {
	return tablet.Schema{Name: s.name, Type: s.typ, Encoding: s.enc, Compressor: s.comp}
}

// device holds its series in order of creation, so that the i-th column of a tablet
// is usually the i-th series.
type device struct {
	path     string
	db       *database
	template *template // active on it, nil: none; its series follow the device's own
	aligned  bool
	aliases  bool // a series may have an alias
	series   []series
	index    map[string]int32 // nil while there are few
}

// count is the number of series, those of the template included.
func (d *device) count() int {
	if d.template == nil {
		return len(d.series)
	}
	return len(d.series) + len(d.template.series)
}

// at returns the series at a place that find gave, or less than count.
func (d *device) at(i int) *series {
	if i < len(d.series) {
		return &d.series[i]
	}
	return &d.template.series[i-len(d.series)]
}

type database struct {
	path    string
	devices int
	ttl     int64 // milliseconds, 0: none
}

// find returns the place of a series, -1 if there is none; hint is tried first.
func (d *device) find(hint int, name string) int {
	if hint < d.count() && d.at(hint).name == name {
		return hint
	}
	if i := d.own(name); i >= 0 || d.template == nil {
		return i
	}
	for i := range d.template.series {
		if d.template.series[i].name == name {
			return len(d.series) + i
		}
	}
	return -1
}

// own returns the place of a series that is not of the template.
func (d *device) own(name string) int {
	if d.index != nil {
		if i, ok := d.index[name]; ok {
			return int(i)
		}
		return -1
	}
	for i := range d.series {
		if d.series[i].name == name {
			return i
		}
	}
	return -1
}

// byAlias returns the place of the series with an alias, -1 if there is none.
func (d *device) byAlias(alias string) int {
	if !d.aliases {
		return -1
	}
	return slices.IndexFunc(d.series, func(s series) bool { return s.labels != nil && s.labels.Alias == alias })
}

func (d *device) add(s series) {
	d.series = append(d.series, s)
	d.aliases = d.aliases || s.labels != nil && s.labels.Alias != ""
	if d.index != nil {
		d.index[s.name] = int32(len(d.series) - 1)
		return
	}
	if len(d.series) > indexFrom {
		d.reindex()
	}
}

func (d *device) reindex() {
	d.index = nil
	if len(d.series) <= indexFrom {
		return
	}
	d.index = make(map[string]int32, len(d.series))
	for i := range d.series {
		d.index[d.series[i].name] = int32(i)
	}
}

// tree is the state of a catalog: what a snapshot holds.
type tree struct {
	devices map[string]*device
	dbs     map[string]*database
	ttls    map[string]int64 // path or path.** in normal form -> milliseconds
	templates
	names    map[string]string // measurement names, once each
	inner    map[string]int32  // proper prefixes of devices -> devices below
	nseries  int
	kept     keptList
	revision uint64 // grows with every change of what a snapshot holds
	shape    uint64 // grows when a device comes or goes
}

func newTree() *tree {
	return &tree{
		devices:   map[string]*device{},
		dbs:       map[string]*database{},
		ttls:      map[string]int64{},
		names:     map[string]string{},
		inner:     map[string]int32{},
		templates: templates{byName: map[string]*template{}, set: map[string]*template{}},
	}
}

func (t *tree) intern(name string) string {
	if s, ok := t.names[name]; ok {
		return s
	}
	s := strings.Clone(name)
	t.names[s] = s
	return s
}

// prefixes calls fn with every proper prefix of a normal path from the longest to
// "root", until fn returns false.
func prefixes(path string, fn func(prefix string) bool) {
	for i := cutLast(path); i > 0; i = cutLast(path[:i]) {
		if !fn(path[:i]) {
			return
		}
	}
}

// cutLast returns the offset of the last dot outside back-quotes, -1 if none.
func cutLast(path string) int {
	quoted := false
	for i := len(path) - 1; i >= 0; i-- {
		switch {
		case path[i] == '`':
			quoted = !quoted
		case path[i] == '.' && !quoted:
			return i
		}
	}
	return -1
}

// databaseOf returns the database that holds a path, nil if there is none.
func (t *tree) databaseOf(path string) *database {
	if db := t.dbs[path]; db != nil {
		return db
	}
	var found *database
	prefixes(path, func(p string) bool {
		found = t.dbs[p]
		return found == nil
	})
	return found
}

// dbConflict returns the database that keeps path from becoming one: itself, one
// above or one below.
func (t *tree) dbConflict(path string) *database {
	if db := t.databaseOf(path); db != nil {
		return db
	}
	for p, db := range t.dbs {
		if strings.HasPrefix(p, path) && p[len(path)] == '.' {
			return db
		}
	}
	return nil
}

// newDatabaseFor returns the path of the database to make for a device that has none:
// the first level under root, or deeper if databases below that level exist already.
// Empty: there is no such place.
func (t *tree) newDatabaseFor(path string) string {
	var levels []string
	prefixes(path+".x", func(p string) bool {
		if p != "root" {
			levels = append(levels, p)
		}
		return true
	})
	for i := len(levels) - 1; i >= 0; i-- {
		if t.dbConflict(levels[i]) == nil {
			return levels[i]
		}
	}
	return ""
}

func (t *tree) addDatabase(path string) *database {
	db := &database{path: strings.Clone(path)}
	t.dbs[db.path] = db
	t.revision++
	return db
}

// addDevice makes a device, with its database if it has none.
func (t *tree) addDevice(path string, aligned bool) *device {
	db := t.databaseOf(path)
	if db == nil {
		if p := t.newDatabaseFor(path); p != "" {
			db = t.addDatabase(p)
		}
	}
	d := &device{path: strings.Clone(path), db: db, aligned: aligned}
	if db != nil {
		db.devices++
	}
	t.devices[d.path] = d
	prefixes(d.path, func(p string) bool {
		t.inner[p]++
		return true
	})
	t.revision++
	t.shape++
	return d
}

func (t *tree) removeDevice(d *device) {
	delete(t.devices, d.path)
	if d.db != nil {
		d.db.devices--
	}
	prefixes(d.path, func(p string) bool {
		if t.inner[p]--; t.inner[p] <= 0 {
			delete(t.inner, p)
		}
		return true
	})
	t.nseries -= d.count()
	if d.template != nil {
		d.template.devices--
	}
	t.revision++
	t.shape++
}

func (t *tree) addSeries(d *device, s tablet.Schema, l *Labels) {
	d.add(series{name: t.intern(s.Name), labels: l, typ: s.Type, enc: s.Encoding, comp: s.Compressor})
	t.nseries++
	t.revision++
}

// blocked returns the existing path that keeps device.measurement from being made: a
// series above the device, or a device or inner node where the series would be.
// Empty: none.
func (t *tree) blocked(path string, known bool, measurement string) string {
	if !known {
		at := ""
		prefixes(path+".x", func(p string) bool {
			i := cutLast(p)
			if i < 0 {
				return false
			}
			if d := t.devices[p[:i]]; d != nil && d.find(d.count(), p[i+1:]) >= 0 {
				at = p
			}
			return at == ""
		})
		if at != "" {
			return at
		}
	}
	if known && t.inner[path] == 0 {
		return "" // nothing below the device but its series
	}
	full := path + "." + measurement
	if t.devices[full] != nil || t.inner[full] > 0 {
		return full
	}
	return ""
}
