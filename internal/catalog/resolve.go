package catalog

import (
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// Verdict is how a tablet fits the catalog. A reused Verdict keeps its memory.
type Verdict struct {
	New       []int      // columns whose series does not exist
	Conflicts []Conflict // columns whose series has another type
	Known     bool       // the device exists
	Renamed   bool       // columns that named a series by its alias have its name now: two may have the same
}

// Conflict is a column whose series has another type.
type Conflict struct {
	Column int
	Type   tablet.DataType // of the series
}

// Resolve compares a tablet with the catalog. Of what exists it takes over into the
// tablet: the device's alignment and each series' encoding and compressor. It
// allocates nothing if nothing is new and nothing conflicts. A device that is not in
// normal form is simply unknown.
func (c *Catalog) Resolve(t *tablet.Tablet, v *Verdict) {
	v.New, v.Conflicts, v.Renamed = v.New[:0], v.Conflicts[:0], false
	c.mu.RLock()
	defer c.mu.RUnlock()
	d := c.tree.devices[t.Device]
	v.Known = d != nil
	if d == nil {
		resolveNew(c.tree, t, v)
		return
	}
	t.Aligned, t.Device = d.aligned, d.path
	for i := range t.Columns {
		col := &t.Columns[i]
		j := d.find(i, col.Name)
		if j < 0 && d.aliases {
			j = d.byAlias(col.Name)
			v.Renamed = v.Renamed || j >= 0
		}
		if j < 0 {
			v.New = append(v.New, i)
			continue
		}
		s := d.at(j)
		col.Name, col.Encoding, col.Compressor = s.name, s.enc, s.comp
		if col.Type != s.typ {
			v.Conflicts = append(v.Conflicts, Conflict{Column: i, Type: s.typ})
		}
	}
}

// Lookup returns the schema of a series, named by its name or its alias, or the one a
// template gives it. device must be in normal form.
func (c *Catalog) Lookup(device, measurement string) (tablet.Schema, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	d := c.tree.devices[device]
	if d == nil {
		if tp, _ := c.tree.templateFor(device); tp != nil {
			if s := tp.find(measurement); s != nil {
				return s.schema(), true
			}
		}
		return tablet.Schema{}, false
	}
	i := d.find(0, measurement)
	if i < 0 {
		i = d.byAlias(measurement)
	}
	if i >= 0 {
		return d.at(i).schema(), true
	}
	return tablet.Schema{}, false
}

// Device tells whether a device exists and is aligned.
func (c *Catalog) Device(path string) (aligned, exists bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	d := c.tree.devices[path]
	return d != nil && d.aligned, d != nil
}

// Blocked returns the existing path that keeps the series device.measurement from
// being created: a series above it, or a device or inner node in its place. Empty:
// nothing does.
func (c *Catalog) Blocked(device, measurement string) string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.tree.blocked(device, c.tree.devices[device] != nil, measurement)
}

// DatabaseConflict returns the database that keeps path from becoming one: itself,
// one above it, or one below it. Empty: none.
func (c *Catalog) DatabaseConflict(path string) string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if db := c.tree.dbConflict(path); db != nil {
		return db.path
	}
	return ""
}

// Place reports whether a device has a database or can get one made.
func (c *Catalog) Place(device string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.tree.databaseOf(device) != nil || c.tree.newDatabaseFor(device) != ""
}

// AliasTaken reports whether a device has a series with that alias or name.
func (c *Catalog) AliasTaken(device, alias string) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	d := c.tree.devices[device]
	if d == nil {
		return false
	}
	return d.find(0, alias) >= 0 || d.byAlias(alias) >= 0
}

// resolveNew is Resolve for a device that does not exist: all is new, but what a template
// says of it holds.
func resolveNew(t *tree, tb *tablet.Tablet, v *Verdict) {
	tpl, _ := t.templateFor(tb.Device)
	if tpl != nil {
		tb.Aligned = tpl.aligned
	}
	for i := range tb.Columns {
		v.New = append(v.New, i)
		if tpl == nil {
			continue
		}
		col := &tb.Columns[i]
		if s := tpl.find(col.Name); s != nil {
			col.Encoding, col.Compressor = s.enc, s.comp
			if col.Type != s.typ {
				v.Conflicts = append(v.Conflicts, Conflict{Column: i, Type: s.typ})
			}
		}
	}
}
