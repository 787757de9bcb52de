package exec

import (
	"slices"
	"strings"

	"github.com/sluice-gateway/sluice/internal/auth"
	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// count runs COUNT statements.
func (b view) count(st *sql.Count) (*result.Result, error) {
	switch st.What {
	case "timeseries":
		return b.countSeries(st)
	case "nodes":
		return b.countNodes(st)
	}
	p, err := patternOf(st.Pattern)
	if err != nil {
		return nil, err
	}
	if st.What == "databases" {
		n := int64(0)
		for _, db := range b.Catalog.Databases(p) {
			if b.sees(db.Path) || b.rights.Has(auth.ManageDatabase) {
				n++
			}
		}
		return oneNumber("count(database):int32", n)
	}
	c := conditions(st.Where)
	if err := c.check("DEVICE", "TEMPLATE"); err != nil {
		return nil, err
	}
	n := int64(0)
	b.Catalog.Devices(p, func(d catalog.DeviceInfo) bool {
		if b.sees(d.Path) && c.device(&d) {
			n++
		}
		return true
	})
	return oneNumber("count(devices):int64", n)
}

func oneNumber(column string, n int64) (*result.Result, error) {
	t := newTable(column)
	t.number(n)
	return t.result()
}

func (b view) countSeries(st *sql.Count) (*result.Result, error) {
	p, err := seriesPattern(st.Pattern)
	if err != nil {
		return nil, err
	}
	c := conditions(st.Where)
	if err := c.check("TIMESERIES", "DATATYPE", "TAGS", "ATTRIBUTES"); err != nil {
		return nil, err
	}
	if !st.ByLevel {
		n := int64(0)
		b.series(p, func(s *catalog.SeriesInfo) bool {
			if c.series(s) {
				n++
			}
			return true
		})
		return oneNumber("count(timeseries):int64", n)
	}
	var order []string // tree order
	counts := map[string]int64{}
	b.series(p, func(s *catalog.SeriesInfo) bool {
		if !c.series(s) {
			return true
		}
		at, ok := ancestor(s.Path(), st.Level)
		if !ok {
			return true
		}
		if counts[at]++; counts[at] == 1 {
			order = append(order, at)
		}
		return true
	})
	t := newTable("Column", "count(timeseries):int64")
	for _, at := range order {
		t.text(at)
		t.number(counts[at])
	}
	return t.result()
}

// ancestor returns the node of a path at a level, root being 0; false if the path ends
// above it.
func ancestor(path string, level int) (string, bool) {
	quoted := false
	for i := range len(path) {
		switch {
		case path[i] == '`':
			quoted = !quoted
		case path[i] == '.' && !quoted:
			if level == 0 {
				return path[:i], true
			}
			level--
		}
	}
	return path, level == 0
}

// countNodes counts the different nodes at a level that a pattern selects or that lie
// above what it selects.
func (b view) countNodes(st *sql.Count) (*result.Result, error) {
	p, err := seriesPattern(st.Pattern)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	note := func(path string) {
		if at, ok := ancestor(path, st.Level); ok {
			seen[at] = true
		}
	}
	b.eachNode(p, note)
	above := func(path string) { // nodes without points
		if at, ok := ancestor(path, st.Level); ok && !seen[at] && p.MatchPath(at) {
			seen[at] = true
		}
	}
	b.Catalog.Devices(nil, func(d catalog.DeviceInfo) bool {
		if b.sees(d.Path) {
			above(d.Path)
		}
		return true
	})
	return oneNumber("count(nodes):int64", int64(len(seen)))
}

// eachNode calls fn with the databases, devices and series that a pattern selects and
// the user may see.
func (b view) eachNode(p *tablet.Pattern, fn func(path string)) {
	for _, db := range b.Catalog.Databases(p) {
		if b.sees(db.Path) {
			fn(db.Path)
		}
	}
	b.Catalog.Devices(p, func(d catalog.DeviceInfo) bool {
		if b.sees(d.Path) {
			fn(d.Path)
		}
		return true
	})
	b.series(p, func(s *catalog.SeriesInfo) bool {
		fn(s.Path())
		return true
	})
}

// nodeTypes of SHOW CHILD PATHS.
const (
	nodeInternal   = "INTERNAL"
	nodeDatabase   = "DATABASE"
	nodeDevice     = "DEVICE"
	nodeTimeseries = "TIMESERIES"
)

// showChild runs SHOW CHILD PATHS and SHOW CHILD NODES. A pattern stands for all nodes
// it matches.
func (b view) showChild(st *sql.ShowChild) (*result.Result, error) {
	path := st.Pattern
	if len(path.Nodes) == 0 {
		path = sql.Path{Nodes: []string{"root", "**"}}
	}
	parent, err := compile(path)
	if err != nil {
		return nil, err
	}
	all, err := tablet.CompilePattern("root.**")
	if err != nil {
		return nil, err
	}
	kinds := b.children(parent, all)
	list := make([]string, 0, len(kinds))
	for p := range kinds {
		list = append(list, p)
	}
	slices.Sort(list)
	t := newTable("ChildPaths", "NodeTypes")
	if st.Nodes {
		t = newTable("ChildNodes")
	}
	w := newWindow(st.Limit)
	for _, p := range list {
		if st.Nodes {
			if w.take() {
				t.text(p[lastDot(p)+1:])
			}
			continue
		}
		if w.take() {
			t.text(p, kinds[p])
		}
	}
	return t.result()
}

// children returns the paths one level below what parent matches, with their types.
func (b view) children(parent, all *tablet.Pattern) map[string]string {
	kinds := map[string]string{}
	note := func(path, kind string) {
		for at := len(path); at > 0; at = lastDot(path[:at]) {
			up := lastDot(path[:at])
			if up < 0 {
				return
			}
			have := kinds[path[:at]]
			if have != "" && have != nodeInternal && at < len(path) {
				continue
			}
			if !parent.MatchPath(path[:up]) {
				continue
			}
			if at < len(path) {
				if have == "" {
					kinds[path[:at]] = nodeInternal
				}
				continue
			}
			kinds[path] = kind
		}
	}
	b.Catalog.Devices(nil, func(d catalog.DeviceInfo) bool {
		if b.sees(d.Path) {
			note(d.Path, nodeDevice)
		}
		return true
	})
	for _, db := range b.Catalog.Databases(nil) {
		if b.sees(db.Path) {
			note(db.Path, nodeDatabase)
		}
	}
	b.series(all, func(s *catalog.SeriesInfo) bool {
		if parent.MatchPath(s.Device) {
			note(s.Path(), nodeTimeseries)
		}
		return true
	})
	return kinds
}

// lastDot returns the place of the last dot outside back-quotes, -1 if there is none.
func lastDot(path string) int {
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

// withBelow adds what the rule of a database means for the paths below it: IoTDB lists
// both.
func withBelow(c *catalog.Catalog, rules []catalog.DatabaseInfo) (out []catalog.DatabaseInfo) {
	for i, r := range rules {
		out = append(out, r)
		below := r.Path + ".**"
		if c.DatabaseConflict(r.Path) == r.Path && (i+1 == len(rules) || rules[i+1].Path != below) {
			out = append(out, catalog.DatabaseInfo{Path: below, TTL: r.TTL})
		}
	}
	return out
}

// showTTL runs SHOW ALL TTL and SHOW TTL ON.
func (b view) showTTL(st *sql.ShowTTL) (*result.Result, error) {
	var patterns []*tablet.Pattern
	for _, p := range st.Paths {
		q, err := compile(p)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, q)
	}
	t := newTable("Device", "TTL(ms)")
	rules := catalog.TTLs(b.Catalog)
	if everything := (catalog.DatabaseInfo{Path: "root.**", TTL: catalog.Forever}); len(rules) == 0 || rules[0].Path != everything.Path {
		rules = slices.Insert(rules, 0, everything)
	}
	for _, r := range withBelow(b.Catalog, rules) {
		show := len(patterns) == 0
		for _, p := range patterns {
			show = show || p.String() == r.Path || p.MatchPath(r.Path)
		}
		if show && (r.Path == "root.**" || b.sees(strings.TrimSuffix(r.Path, ".**"))) {
			t.text(r.Path, ttlText(r.TTL))
		}
	}
	return t.result()
}
