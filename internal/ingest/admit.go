package ingest

import (
	"fmt"
	"strings"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/status"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// admission decides what of one tablet can be written.
type admission struct {
	cat     *catalog.Catalog
	t       *tablet.Tablet // replaced by what may be written; nil: nothing
	v       *catalog.Verdict
	fresh   *overlay
	convert bool // values may change their type
	partial bool // what is refused is left out, the rest is written
	refused []refusal
}

// refusal is a measurement that cannot be written.
type refusal struct {
	column int
	code   status.Code
	reason string
}

// run resolves the tablet against the catalog. After an error a.t is what may be
// written all the same, nil if nothing. news means that the schema must grow;
// without an overlay nothing more is decided then.
func (a *admission) run() (news bool, err error) {
	if n := len(a.t.Columns); n > maxColumns {
		a.t = nil
		return false, status.Errorf(status.IllegalParameter, "The write has %d measurements of one device, at most %d are taken.", n, maxColumns)
	}
	for i := range a.t.Columns {
		a.t.Columns[i].Category = tablet.Field
	}
	a.cat.Resolve(a.t, a.v)
	if a.v.Renamed {
		if err := a.t.Validate(); err != nil {
			a.t = nil
			return false, status.Errorf(status.Semantic, "The write names a series twice, by its name and its alias: %w", err)
		}
	}
	if len(a.v.New) > 0 {
		if err := a.normalize(); err != nil {
			a.t = nil
			return false, err
		}
	}
	if len(a.v.New) > 0 && a.fresh == nil {
		return true, nil
	}
	news = len(a.v.New) > 0
	if news {
		if err := a.create(); err != nil {
			a.t = nil
			return true, err
		}
	}
	for _, c := range a.v.Conflicts {
		a.conflict(c)
	}
	return news, a.verdict()
}

// normalize brings the names into normal form and resolves again. What was found in
// the catalog is in normal form already.
func (a *admission) normalize() error {
	t, changed := a.t, false
	if !a.v.Known {
		device, err := tablet.Normalize(t.Device)
		if err != nil {
			return status.Errorf(status.IllegalPath, "%s is not a legal path: %w", clip(t.Device), err)
		}
		if device == "root" {
			return status.Errorf(status.IllegalPath, "root is not a legal device: a device lies below root")
		}
		changed = device != t.Device
		t.Device = device
	}
	for _, i := range a.v.New {
		c := &t.Columns[i]
		name, err := tablet.NormalizeMeasurement(c.Name)
		if err != nil {
			return status.Errorf(status.IllegalPath, "%s is not a legal measurement: %w", clip(c.Name), err)
		}
		changed = changed || name != c.Name
		c.Name = name
		defaults(&c.Schema)
	}
	if changed {
		if err := t.Validate(); err != nil { // two spellings of one name
			return status.Errorf(status.Semantic, "The write is not valid: %w", err)
		}
		a.cat.Resolve(t, a.v)
	}
	return nil
}

// defaults completes a schema that names neither encoding nor compressor.
func defaults(s *tablet.Schema) {
	unset := s.Encoding == tablet.Plain && s.Compressor == tablet.Uncompressed
	if unset || !s.Encoding.Valid() {
		s.Encoding = tablet.DefaultEncoding(s.Type)
	}
	if unset || !s.Compressor.Valid() {
		s.Compressor = tablet.LZ4
	}
}

// create checks whether the new series may be created and notes them in the overlay.
func (a *admission) create() error {
	if !a.v.Known {
		if !a.cat.Place(a.t.Device) {
			return status.Errorf(status.DatabaseExists, "No database can be created for %s: databases exist below it", clip(a.t.Device))
		}
		a.t.Aligned = a.fresh.alignment(a.t.Device, a.t.Aligned)
	}
	for _, i := range a.v.New {
		c := &a.t.Columns[i]
		if at := a.cat.Blocked(a.t.Device, c.Name); at != "" {
			a.refuse(i, status.PathExists, fmt.Sprintf("Path [%s] already exist", clip(at)))
			continue
		}
		if s, ok := a.fresh.add(a.t.Device, c.Schema); !ok {
			c.Encoding, c.Compressor = s.Encoding, s.Compressor
			if s.Type != c.Type {
				a.v.Conflicts = append(a.v.Conflicts, catalog.Conflict{Column: i, Type: s.Type})
			}
		}
	}
	return nil
}

// conflict converts a column to the type of its series, or refuses it.
func (a *admission) conflict(c catalog.Conflict) {
	col := &a.t.Columns[c.Column]
	from := col.Type
	if a.convert {
		if out, err := tablet.Convert(col, a.t.Rows(), c.Type); err == nil {
			out.Encoding, out.Compressor = col.Encoding, col.Compressor // of the series
			*col = out
			return
		}
	}
	a.refuse(c.Column, status.Metadata, fmt.Sprintf("data type of %s.%s is not consistent, registered type %s, inserting type %s",
		clip(a.t.Device), clip(col.Name), c.Type, from))
}

func (a *admission) refuse(column int, code status.Code, reason string) {
	a.refused = append(a.refused, refusal{column: column, code: code, reason: reason})
}

// verdict turns refusals into an error and leaves in a.t what may be written.
func (a *admission) verdict() error {
	if len(a.refused) == 0 {
		return nil
	}
	out := make(map[int]bool, len(a.refused))
	names := make([]string, 0, len(a.refused))
	for _, r := range a.refused {
		out[r.column] = true
		names = append(names, a.t.Columns[r.column].Name)
	}
	const most = 20
	if len(names) > most {
		names = append(names[:most], "...")
	}
	first := a.refused[0]
	err := status.Errorf(status.Metadata, "Fail to insert measurements [%s] caused by [%s]", clip(strings.Join(names, ", ")), first.reason)
	switch {
	case !a.partial:
		a.t = nil
		err.Code = first.code
	case len(out) == len(a.t.Columns):
		a.t = nil
	default:
		a.t = a.t.Project(func(i int) bool { return !out[i] })
	}
	return err
}

// overlay holds the series that one call creates, so that its tablets are checked
// against each other. The zero value is empty.
type overlay struct {
	aligned map[string]bool          // new devices
	series  map[string]tablet.Schema // new series by full path
}

// alignment returns how a new device is aligned: as its first tablet says.
func (o *overlay) alignment(device string, aligned bool) bool {
	if v, ok := o.aligned[device]; ok {
		return v
	}
	if o.aligned == nil {
		o.aligned = map[string]bool{}
	}
	o.aligned[device] = aligned
	return aligned
}

// add notes a new series; false and its schema if it is noted already.
func (o *overlay) add(device string, s tablet.Schema) (tablet.Schema, bool) {
	path := device + "." + s.Name
	if old, ok := o.series[path]; ok {
		return old, false
	}
	if o.series == nil {
		o.series = map[string]tablet.Schema{}
	}
	o.series[path] = s
	return s, true
}

func clip(s string) string {
	const most = 300
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
