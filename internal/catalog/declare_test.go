package catalog

import (
	"reflect"
	"testing"

	"github.com/sluice-gateway/sluice/internal/tablet"
	"github.com/sluice-gateway/sluice/internal/vfs"
)

// TestDeclaredAfterItsPoints: an IoTDB sends points and the declaration of their series
// on two connections; what a series is does not depend on which comes first.
func TestDeclaredAfterItsPoints(t *testing.T) {
	type declared struct {
		tablet.Schema
		Labels
	}
	declare := func(c *Catalog, name, alias string, typ tablet.DataType, tags map[string]string) declared {
		n := NewSeries{Schema: tablet.Schema{Name: name, Type: typ, Encoding: tablet.Gorilla, Compressor: tablet.Zstd}, Alias: alias, Tags: tags}
		c.tree.applyChange(&Change{Kind: CreateSeries, Path: "root.d", Series: []NewSeries{n}})
		p, err := tablet.CompilePattern("root.d." + name)
		must(t, err)
		var d declared
		c.Series(p, func(s SeriesInfo) bool {
			d.Schema = s.Schema
			if s.Labels != nil {
				d.Labels = *s.Labels
			}
			return true
		})
		return d
	}
	unit := map[string]string{"unit": "pcs"}
	l := &memLog{}
	c := open(t, vfs.NewMem(1), l)
	l.write(t, c, tabletEvent("root.d", "a", "b", "c"))
	before := c.tree.revision
	if s := declare(c, "a", "first", tablet.Int32, unit); s.Encoding != tablet.Gorilla || s.Compressor != tablet.Zstd || s.Alias != "first" || !reflect.DeepEqual(s.Tags, unit) {
		t.Errorf("declared after its points: %+v", s)
	}
	if c.tree.revision == before {
		t.Error("no snapshot would hold it")
	}
	if s := declare(c, "a", "second", tablet.Int32, map[string]string{"unit": "kg"}); s.Alias != "first" || !reflect.DeepEqual(s.Tags, unit) {
		t.Errorf("declared again: %+v", s)
	}
	before = c.tree.revision
	declare(c, "a", "first", tablet.Int32, unit)
	if c.tree.revision != before {
		t.Error("a repeated declaration makes a snapshot")
	}
	if s := declare(c, "b", "x", tablet.Int64, unit); s.Type != tablet.Int32 || s.Alias != "" || s.Encoding == tablet.Gorilla || s.Tags != nil {
		t.Errorf("declared with another type: %+v", s)
	}
	if s := declare(c, "b", "first", tablet.Int32, unit); s.Alias != "" || !reflect.DeepEqual(s.Tags, unit) {
		t.Errorf("declared with the alias of another: %+v", s)
	}
	if s := declare(c, "c", "a", tablet.Int32, nil); s.Alias != "" {
		t.Errorf("declared with the name of another as alias: %+v", s)
	}
}
