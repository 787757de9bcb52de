package catalog

import (
	"slices"
	"strings"
	"sync"

	"github.com/sluice-gateway/sluice/internal/tablet"
)

// SeriesInfo describes one series. Its maps must not be changed.
type SeriesInfo struct {
	Device   string
	Database string // empty if the device has none
	Aligned  bool
	tablet.Schema
	Labels   *Labels // nil: none
	Template bool    // it is a measurement of the template that is active on the device
}

// Path returns the full name of the series.
func (s *SeriesInfo) Path() string { return s.Device + "." + s.Name }

// DeviceInfo describes one device.
type DeviceInfo struct {
	Path     string
	Database string
	Aligned  bool
	Template string // active on the device; empty: none
	TTL      int64  // milliseconds, Forever: none
}

// DatabaseInfo describes one database.
type DatabaseInfo struct {
	Path string
	TTL  int64 // milliseconds; 0: none, of a rule Forever
}

// sortedPaths caches the devices in tree order until a device comes or goes.
type sortedPaths struct {
	mu    sync.Mutex
	tree  *tree
	shape uint64
	list  []*device
}

// devices returns the devices in tree order. c.mu must be held.
func (c *Catalog) devices() []*device {
	s := &c.sorted
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tree == c.tree && s.shape == c.tree.shape {
		return s.list
	}
	list := make([]*device, 0, len(c.tree.devices))
	for _, d := range c.tree.devices {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b *device) int { return ComparePaths(a.path, b.path) })
	s.tree, s.shape, s.list = c.tree, c.tree.shape, list
	return list
}

// ComparePaths orders normal paths as a walk of the tree meets them: a node before
// its children, children by name.
func ComparePaths(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] == b[i] {
			continue
		}
		switch {
		case a[i] == '.':
			return -1
		case b[i] == '.':
			return 1
		}
		return int(a[i]) - int(b[i])
	}
	return len(a) - len(b)
}

// Series calls fn with every series that m selects, in tree order of the devices and
// by name within a device, until fn returns false. fn must not call the catalog.
func (c *Catalog) Series(m tablet.Matcher, fn func(SeriesInfo) bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if p, ok := m.(*tablet.Pattern); ok && p.Concrete() {
		c.tree.candidates(p, func(d *device) { eachSeries(d, m, fn) })
		return
	}
	for _, d := range c.devices() {
		if !eachSeries(d, m, fn) {
			return
		}
	}
}

func eachSeries(d *device, m tablet.Matcher, fn func(SeriesInfo) bool) bool {
	cover := m.Device(d.path)
	if cover == tablet.NoSeries {
		return true
	}
	order := make([]int, d.count())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(d.at(a).name, d.at(b).name) })
	db := ""
	if d.db != nil {
		db = d.db.path
	}
	for _, i := range order {
		s := d.at(i)
		if cover != tablet.AllSeries && !m.MatchSeries(d.path, s.name) {
			continue
		}
		if !fn(SeriesInfo{Device: d.path, Database: db, Aligned: d.aligned, Schema: s.schema(), Labels: s.labels, Template: i >= len(d.series)}) {
			return false
		}
	}
	return true
}

// Devices calls fn with every device whose path matches, in tree order, until fn
// returns false. A nil pattern matches all. fn must not call the catalog.
func (c *Catalog) Devices(p *tablet.Pattern, fn func(DeviceInfo) bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, d := range c.devices() {
		if p != nil && !p.MatchPath(d.path) {
			continue
		}
		info := DeviceInfo{Path: d.path, Aligned: d.aligned, TTL: ttlOf(c.tree, d.path)}
		if d.db != nil {
			info.Database = d.db.path
		}
		if d.template != nil {
			info.Template = d.template.name
		}
		if !fn(info) {
			return
		}
	}
}

// Databases returns the databases whose path matches, in tree order. A nil pattern
// matches all.
func (c *Catalog) Databases(p *tablet.Pattern) []DatabaseInfo {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []DatabaseInfo
	for _, db := range c.tree.dbs {
		if p == nil || p.MatchPath(db.path) {
			out = append(out, DatabaseInfo{Path: db.path, TTL: db.ttl})
		}
	}
	slices.SortFunc(out, func(a, b DatabaseInfo) int { return ComparePaths(a.Path, b.Path) })
	return out
}

// TTL returns the milliseconds that points of a device are kept, 0: for ever. The device
// need not exist.
func TTL(c *Catalog, device string) int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	switch ttl := ttlOf(c.tree, device); ttl {
	case Forever:
		return 0
	default:
		return max(ttl, 1)
	}
}

// ttlOf returns the TTL of the longest rule that holds for a device, Forever if none. A
// rule for a.** holds below a, not for a itself, as in IoTDB.
func ttlOf(t *tree, path string) int64 {
	if len(t.ttls) == 0 {
		return Forever
	}
	if ttl, ok := t.ttls[path]; ok {
		return ttl
	}
	ttl := int64(Forever)
	prefixes(path, func(p string) bool {
		v, ok := t.ttls[p+".**"]
		if !ok && t.dbs[p] != nil {
			v, ok = t.ttls[p]
		}
		if ok {
			ttl = v
		}
		return !ok
	})
	return ttl
}

// TTLs returns the rules of a catalog, in tree order: the path is a device, a database or
// ends with .**
func TTLs(c *Catalog) []DatabaseInfo {
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := make([]DatabaseInfo, 0, len(c.tree.ttls))
	for path, ttl := range c.tree.ttls {
		out = append(out, DatabaseInfo{Path: path, TTL: ttl})
	}
	slices.SortFunc(out, func(a, b DatabaseInfo) int { return ComparePaths(a.Path, b.Path) })
	return out
}
