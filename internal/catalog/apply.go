package catalog

import (
	"fmt"
	"strings"

	"github.com/sluice-gateway/sluice/internal/event"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// applyTablet creates what a tablet mentions and the tree lacks.
func (t *tree) applyTablet(tb *tablet.Tablet) {
	d := t.devices[tb.Device]
	for i := range tb.Columns {
		c := &tb.Columns[i]
		if d != nil && d.find(i, c.Name) >= 0 || t.blocked(tb.Device, d != nil, c.Name) != "" {
			continue
		}
		if d == nil {
			if d = (edit{t}).addWritten(tb.Device, tb.Aligned); d.find(i, c.Name) >= 0 {
				continue // of the template
			}
		}
		t.addSeries(d, c.Schema, nil)
	}
}

func (t *tree) applyChange(c *Change) {
	switch c.Kind {
	case CreateDatabase:
		if t.dbConflict(c.Path) == nil {
			db := t.addDatabase(c.Path)
			adopt(t, db)
		}
		if c.TTL >= 0 {
			t.setTTL(c.Path, c.TTL)
		}
	case DeleteDatabase:
		for _, p := range sortedKeys(t.dbs) {
			if c.Pattern.MatchPath(p) {
				t.deleteDatabase(p)
			}
		}
	case CreateSeries:
		t.createSeries(c)
	case DeleteSeries:
		t.deleteSeries(c.Patterns)
	case SetTTL:
		t.setTTL(c.Path, c.TTL)
	case AlterSeries:
		alter(t, c)
	case Template:
		edit{t}.applyTemplate(c.Plan)
	}
}

// adopt gives a new database the devices below it that have none.
func adopt(t *tree, db *database) {
	if t.inner[db.path] == 0 && t.devices[db.path] == nil {
		return
	}
	for p, d := range t.devices {
		if d.db == nil && within(db.path, p) {
			d.db = db
			db.devices++
		}
	}
}

// within reports whether path is prefix or below it.
func within(prefix, path string) bool {
	return strings.HasPrefix(path, prefix) && (len(path) == len(prefix) || path[len(prefix)] == '.')
}

func (t *tree) createSeries(c *Change) {
	d := t.devices[c.Path]
	for i := range c.Series {
		n := &c.Series[i]
		if d != nil && d.find(d.count(), n.Name) >= 0 {
			if d.declare(n) {
				t.revision++
			}
			continue
		}
		if t.blocked(c.Path, d != nil, n.Name) != "" {
			continue
		}
		if d == nil {
			d = t.addDevice(c.Path, c.Aligned)
		}
		t.addSeries(d, n.Schema, n.labels())
	}
}

// declare completes a series whose points came before its declaration: an IoTDB sends
// both on connections of their own, in no order. Labels that it has stay as they are.
func (d *device) declare(n *NewSeries) (changed bool) {
	i := d.own(n.Name)
	if i < 0 || d.series[i].typ != n.Type {
		return false
	}
	s := &d.series[i]
	was := *s
	s.enc, s.comp = n.Encoding, n.Compressor
	if s.labels == nil {
		more := *n
		if d.find(0, n.Alias) >= 0 || d.byAlias(n.Alias) >= 0 {
			more.Alias = ""
		}
		s.labels = more.labels()
		d.aliases = d.aliases || more.Alias != ""
	}
	return *s != was
}

func (t *tree) deleteDatabase(path string) {
	db := t.dbs[path]
	if db == nil {
		return
	}
	for _, d := range t.devices {
		if d.db == db {
			t.removeDevice(d)
		}
	}
	delete(t.dbs, path)
	for p := range t.set {
		if within(path, p) {
			delete(t.set, p)
		}
	}
	for p := range t.ttls {
		if within(path, strings.TrimSuffix(p, ".**")) {
			delete(t.ttls, p)
		}
	}
	t.revision++
}

// candidates calls fn with the devices that a matcher may select series of.
func (t *tree) candidates(m tablet.Matcher, fn func(*device)) {
	if p, ok := m.(*tablet.Pattern); ok && p.Concrete() {
		text := p.String()
		if i := cutLast(text); i > 0 {
			if d := t.devices[text[:i]]; d != nil {
				fn(d)
			}
		}
		return
	}
	for _, d := range t.devices {
		fn(d)
	}
}

func (t *tree) deleteSeries(patterns []tablet.Matcher) {
	for _, m := range patterns {
		t.candidates(m, func(d *device) { t.deleteFrom(d, m) })
	}
}

func (t *tree) deleteFrom(d *device, m tablet.Matcher) {
	all := m.Device(d.path)
	if all == tablet.NoSeries {
		return
	}
	kept := d.series[:0:0]
	if all != tablet.AllSeries {
		for i := range d.series {
			if !m.MatchSeries(d.path, d.series[i].name) {
				kept = append(kept, d.series[i])
			}
		}
	}
	switch {
	case len(kept) == 0 && d.template == nil:
		t.removeDevice(d)
	case len(kept) < len(d.series):
		t.nseries -= len(d.series) - len(kept)
		d.series = kept
		d.reindex()
		t.revision++
	}
}

func (t *tree) setTTL(path string, ttl int64) {
	if ttl < 0 {
		delete(t.ttls, path)
	} else {
		t.ttls[path] = ttl
	}
	if db := t.dbs[strings.TrimSuffix(path, ".**")]; db != nil {
		if db.ttl = max(ttl, 0); ttl == Forever {
			db.ttl = 0
		}
	}
	t.revision++
}

// applyEvent applies one event of the log.
func (t *tree) applyEvent(ev *event.Event, pos uint64) {
	switch ev.Kind {
	case event.Tablet:
		t.applyTablet(ev.Tablet)
	case event.Plan:
		changes, what, err := Changes(ev.Request)
		if err != nil {
			t.keep(pos, ev.Request.Type, what)
			return
		}
		for i := range changes {
			t.applyChange(&changes[i])
		}
	case event.Kept:
		_, what, _ := Changes(ev.Request)
		t.keep(pos, ev.Request.Type, what)
	case event.File:
		t.keep(pos, ev.File.Type, describeFile(ev.File))
	}
}

func describeFile(f *event.Sealed) string {
	if len(f.Parts) == 0 {
		return "a transfer without files"
	}
	last := f.Parts[len(f.Parts)-1]
	return fmt.Sprintf("file %s, %d bytes", last.Name, last.Length)
}
