package exec

import (
	"encoding/json"
	"github.com/sluice-gateway/sluice/internal/auth"
	"strconv"

	"github.com/sluice-gateway/sluice/internal/catalog"
	"github.com/sluice-gateway/sluice/internal/pipe/sql"
	"github.com/sluice-gateway/sluice/internal/result"
	"github.com/sluice-gateway/sluice/internal/rpc"
	"github.com/sluice-gateway/sluice/internal/tablet"
)

// view is what one user sees of the schema.
type view struct {
	*Backend
	rights  *auth.Rights
	session *rpc.Session
}

// sees reports whether the user may see something at, above or below a path.
func (b view) sees(path string) bool { return b.rights.Touches(auth.ReadSchema, path) }

// series calls fn with the series that the user may see.
func (b view) series(m tablet.Matcher, fn func(*catalog.SeriesInfo) bool) {
	visible := b.rights.Visible(auth.ReadSchema)
	b.Catalog.Series(m, func(s catalog.SeriesInfo) bool {
		if visible != nil && !visible(s.Device, s.Name) {
			return true
		}
		return fn(&s)
	})
}

// show runs SHOW and COUNT statements.
func (b view) show(st sql.Statement) (*result.Result, error) {
	switch st := st.(type) {
	case *sql.ShowDatabases:
		return b.showDatabases(st)
	case *sql.ShowDevices:
		return b.showDevices(st)
	case *sql.ShowTimeseries:
		if st.Latest {
			return nil, unsupported("SHOW LATEST TIMESERIES")
		}
		return b.showTimeseries(st)
	case *sql.Count:
		return b.count(st)
	case *sql.ShowChild:
		return b.showChild(st)
	case *sql.ShowTemplates:
		return b.showTemplates(st)
	case *sql.ShowTTL:
		return b.showTTL(st)
	case *sql.Show:
		if st.What == "QUERIES" {
			return b.showQueries()
		}
		return (&node{cfg: &b.cfg, session: b.session}).show(st.What)
	}
	return nil, unsupported("this statement")
}

// patternOf compiles the pattern of a SHOW statement; the zero path is nil: everything.
func patternOf(p sql.Path) (*tablet.Pattern, error) {
	if len(p.Nodes) == 0 {
		return nil, nil
	}
	return compile(p)
}

func (b view) showDatabases(st *sql.ShowDatabases) (*result.Result, error) {
	p, err := patternOf(st.Pattern)
	if err != nil {
		return nil, err
	}
	names := []string{"Database", "SchemaReplicationFactor:int32", "DataReplicationFactor:int32", "TimePartitionOrigin:int64", "TimePartitionInterval:int64"}
	if st.Details {
		names = append(names, "SchemaRegionGroupNum:int32", "MinSchemaRegionGroupNum:int32", "MaxSchemaRegionGroupNum:int32",
			"DataRegionGroupNum:int32", "MinDataRegionGroupNum:int32", "MaxDataRegionGroupNum:int32")
	}
	t := newTable(names...)
	for _, db := range b.Catalog.Databases(p) {
		if !b.sees(db.Path) && !b.rights.Has(auth.ManageDatabase) {
			continue
		}
		t.text(db.Path)
		t.number(1, 1, 0, b.cfg.partition())
		if st.Details {
			t.number(1, 1, 1, 1, 1, 1)
		}
	}
	return t.result()
}

// ttlText is a TTL as SHOW prints it.
func ttlText(ms int64) string {
	if ms == catalog.Forever {
		return "INF"
	}
	return strconv.FormatInt(ms, 10)
}

// window counts rows for LIMIT and OFFSET.
type window struct{ skip, left int64 }

func newWindow(l sql.Limit) *window {
	w := &window{skip: max(0, l.Offset), left: 1<<63 - 1}
	if l.Limit >= 0 {
		w.left = l.Limit
	}
	return w
}

// take reports whether the next row is wanted.
func (w *window) take() bool {
	if w.skip > 0 {
		w.skip--
		return false
	}
	w.left--
	return w.left >= 0
}

func (w *window) done() bool { return w.left <= 0 }

func (b view) showDevices(st *sql.ShowDevices) (*result.Result, error) {
	p, err := patternOf(st.Pattern)
	if err != nil {
		return nil, err
	}
	c := conditions(st.Where)
	if err := c.check("DEVICE", "TEMPLATE"); err != nil {
		return nil, err
	}
	t := newTable("Device", "IsAligned", "Template", "TTL(ms)")
	if st.WithDatabase {
		t = newTable("Device", "Database", "IsAligned", "Template", "TTL(ms)")
	}
	w := newWindow(st.Limit)
	b.Catalog.Devices(p, func(d catalog.DeviceInfo) bool {
		if w.done() || t.full() {
			return false
		}
		if !b.sees(d.Path) || !c.device(&d) || !w.take() {
			return true
		}
		t.text(d.Path)
		if st.WithDatabase {
			t.textOrNull(d.Database)
		}
		t.text(strconv.FormatBool(d.Aligned))
		t.textOrNull(d.Template)
		t.text(ttlText(d.TTL))
		return true
	})
	return t.result()
}

func (b view) showTimeseries(st *sql.ShowTimeseries) (*result.Result, error) {
	p, err := b.byAlias(seriesPattern(st.Pattern))
	if err != nil {
		return nil, err
	}
	c := conditions(st.Where)
	if err := c.check("TIMESERIES", "DATATYPE", "TAGS", "ATTRIBUTES"); err != nil {
		return nil, err
	}
	t := newTable("Timeseries", "Alias", "Database", "DataType", "Encoding", "Compression", "Tags", "Attributes",
		"Deadband", "DeadbandParameters", "ViewType")
	w := newWindow(st.Limit)
	b.series(p, func(s *catalog.SeriesInfo) bool {
		if w.done() || t.full() {
			return false
		}
		if c.series(s) && w.take() {
			t.series(s)
		}
		return true
	})
	return t.result()
}

// byAlias replaces the alias at the end of a path by the name of its series.
func (b view) byAlias(p *tablet.Pattern, err error) (*tablet.Pattern, error) {
	if err != nil || !p.Concrete() {
		return p, err
	}
	device, name, err := tablet.SplitSeries(p.String())
	if err != nil {
		return p, nil // names no series
	}
	if s, ok := b.Catalog.Lookup(device, name); ok && s.Name != name {
		return tablet.CompilePattern(device + "." + s.Name)
	}
	return p, nil
}

func (t *table) series(s *catalog.SeriesInfo) {
	labels := s.Labels
	if labels == nil {
		labels = &catalog.Labels{}
	}
	t.text(s.Path())
	t.textOrNull(labels.Alias)
	t.textOrNull(s.Database)
	t.text(s.Type.String(), s.Encoding.String(), s.Compressor.String())
	for _, m := range []map[string]string{labels.Tags, labels.Attributes} {
		if len(m) == 0 {
			t.null()
			continue
		}
		text, _ := json.Marshal(m) // a map of strings has no way to fail
		t.text(string(text))
	}
	t.null()
	t.null()
	t.text("BASE")
}

// seriesPattern is patternOf for series: the zero path is root.**.
func seriesPattern(p sql.Path) (*tablet.Pattern, error) {
	if len(p.Nodes) == 0 {
		return tablet.CompilePattern("root.**")
	}
	return compile(p)
}
